/** The instructions that kernels are made of, by the type of their lanes. */

/** What a kernel computes in: four float32, two float64 or four int32. Booleans are masks of the same width. */
export type Lane = 'f32' | 'f64' | 'i32'

/** Instructions on vectors that leave a vector. */
const shared = {
  not: 0x4d,
  and: 0x4e,
  or: 0x50,
  xor: 0x51,
  choose: 0x52, // bitselect: the second where a bit of the third is 0
} as const

// biome-ignore format: a table
const f32 = {
  abs: 0xe0, neg: 0xe1, sqrt: 0xe3, ceil: 0x67, floor: 0x68, nearest: 0x6a,
  demote: 0x5e, add: 0xe4, sub: 0xe5, mul: 0xe6, div: 0xe7, min: 0xe8, max: 0xe9, pmin: 0xea, pmax: 0xeb,
  eq: 0x41, ne: 0x42, lt: 0x43, gt: 0x44, le: 0x45,
  fusedAdd: 0x105, fusedSub: 0x106, select: 0x10b,
  wholeAdd: 0xae, wholeSub: 0xb1, wholeEq: 0x37, wholeNe: 0x38, toFloat: 0xfa,
  shiftLeft: 0xab, shiftRight: 0xac, shiftRightZero: 0xad,
} as const

// biome-ignore format: a table
const f64 = {
  promote: 0x5f, ofWhole: 0xfe, truncate: 0x7a, abs: 0xec, neg: 0xed, sqrt: 0xef, ceil: 0x74, floor: 0x75, nearest: 0x94,
  add: 0xf0, sub: 0xf1, mul: 0xf2, div: 0xf3, min: 0xf4, max: 0xf5, pmin: 0xf6, pmax: 0xf7,
  eq: 0x47, ne: 0x48, lt: 0x49, gt: 0x4a, le: 0x4b,
  fusedAdd: 0x107, fusedSub: 0x108, select: 0x10c,
  wholeAdd: 0xce, wholeSub: 0xd1, wholeEq: 0xd6, wholeNe: 0xd7,
  shiftLeft: 0xcb, shiftRight: 0xcc, shiftRightZero: 0xcd,
} as const

// biome-ignore format: a table
const i32 = {
  ofDouble: 0xfc, abs: 0xa0, neg: 0xa1, add: 0xae, sub: 0xb1, mul: 0xb5, min: 0xb6, max: 0xb8,
  eq: 0x37, ne: 0x38, lt: 0x39, gt: 0x3b, le: 0x3d,
  wholeEq: 0x37, wholeNe: 0x38, select: 0x10b,
  shiftLeft: 0xab, shiftRight: 0xac, shiftRightZero: 0xad,
} as const

/**
 * Names of instructions. `fusedAdd` is a·b + c, `fusedSub` c - a·b; both, and `select`, need relaxed SIMD. `promote` and
 * `ofWhole` give the lower two lanes of float32 or int32 as float64, `demote` and `ofDouble` go back and leave 0 above.
 */
export type Instruction = keyof typeof shared | keyof typeof f32 | keyof typeof f64 | keyof typeof i32

/** The number of each instruction after the SIMD prefix, by lane type. */
export const opcodes: Readonly<Record<Lane, Readonly<Partial<Record<Instruction, number>>>>> = {
  f32: { ...shared, ...f32 },
  f64: { ...shared, ...f64 },
  i32: { ...shared, ...i32 },
}

/** Getting a lane out as the number that imported functions take, and putting their result back. */
// biome-ignore format: a table
export const lanes = {
  f32: { count: 4, shift: 2, extract: 0x1f, replace: 0x20, widen: 0xbb, narrow: 0xb6, splat: 0x09 },
  f64: { count: 2, shift: 3, extract: 0x21, replace: 0x22, widen: undefined, narrow: undefined, splat: 0x0a },
  i32: { count: 4, shift: 2, extract: 0x1b, replace: 0x1c, widen: undefined, narrow: undefined, splat: 0x09 },
} as const
