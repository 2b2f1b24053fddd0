/** The functions that kernels call lane by lane, for arguments that their vector forms leave out. */

/** a modulo b, with the sign of b where JavaScript's remainder has that of a. */
function mod(a: number, b: number): number {
  const remainder = a % b
  if (remainder === 0) return b < 0 ? -0 : 0
  return remainder < 0 === b < 0 ? remainder : remainder + b
}

const { sin, cos, tan } = Math

/** What kernels import, by name; all take and give numbers. */
export const imported = { sin, cos, tan, mod } as const

/** The name of a function that kernels import. */
export type Imported = keyof typeof imported
