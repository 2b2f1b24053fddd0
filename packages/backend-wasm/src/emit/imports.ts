/** The functions that kernels call lane by lane, for want of a vector form or because theirs is as fast. */

import { expressions } from '@sensigrad/core'

const { erfc } = expressions

/** a modulo b, with the sign of b where JavaScript's remainder has that of a. */
function mod(a: number, b: number): number {
  const remainder = a % b
  if (remainder === 0) return b < 0 ? -0 : 0
  return remainder < 0 === b < 0 ? remainder : remainder + b
}

// biome-ignore format: a list
const { sin, cos, tan, asin, acos, atan, sinh, cosh, asinh, acosh, atanh, pow, atan2 } = Math

/** What kernels import, by name; all take and give numbers. */
export const imported = {
  sin,
  cos,
  tan,
  asin,
  acos,
  atan,
  sinh,
  cosh,
  asinh,
  acosh,
  atanh,
  erfc,
  pow,
  atan2,
  mod,
} as const

/** The name of a function that kernels import. */
export type Imported = keyof typeof imported
