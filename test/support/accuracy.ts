/** How far the scalar functions of a backend are from their exact values, over arguments of every size. */

import {
  type DType,
  type Expression,
  expressions,
  type ScalarFunction,
  type SynchronousBackend,
} from '@sensigrad/core'
import { type Exact, exact, type Inexact } from './exact-functions.ts'

const { e, input } = expressions

/** The float types. */
export type Float = Extract<DType, 'float32' | 'float64'>

/** The values of a scalar function at arguments that are given operand by operand. */
export function valuesOn(
  backend: SynchronousBackend,
  name: ScalarFunction,
  dtype: Float,
  operands: readonly (readonly number[])[],
): number[] {
  const layout = { dtype, shape: [operands[0]!.length], strides: [1], offset: 0 } as const
  const upload = (values: readonly number[]) =>
    backend.upload(dtype === 'float32' ? Float32Array.from(values) : Float64Array.from(values), dtype)
  const inputs = operands.map(values => ({ ...layout, storage: upload(values) }))
  const expression: Expression = e[name](...inputs.map((_, i) => input(i)))
  const storage = backend.map(expression, inputs, layout.shape, dtype)
  const values = [...backend.readSync({ ...layout, storage })]
  for (const each of [...inputs, { storage }]) backend.free(each.storage)
  return values
}

/** The distance of a number from an exact value, in units of the last place of that. */
export function ulps(found: number, { value, exponent }: Exact, dtype: Float): number {
  const [digits, least, largest] = dtype === 'float32' ? [23, -126, 127] : [52, -1022, 1023]
  const size = Math.floor(Math.log2(Math.abs(value.high))) + exponent
  if (!Number.isFinite(found)) {
    const isBeyond = scaled(Math.abs(value.high), exponent - largest) >= 2 - 2 ** -digits
    return isBeyond && Math.sign(found) === Math.sign(value.high) ? 0 : Number.POSITIVE_INFINITY
  }
  const unit = Math.max(size, least) - digits - exponent
  return Math.abs(scaled(found, -exponent) - value.high - value.low) / 2 ** unit
}

/** x·2ⁿ, in two steps as 2ⁿ may overflow. */
function scaled(x: number, n: number): number {
  const half = Math.trunc(n / 2)
  return x * 2 ** half * 2 ** (n - half)
}

/** The largest distance over arguments, and where it is. */
export function worst(
  found: readonly number[],
  values: readonly Exact[],
  operands: readonly (readonly number[])[],
  dtype: Float,
): { readonly ulps: number; readonly at: readonly number[] } {
  let [largest, place] = [0, 0]
  for (const [i, value] of found.entries()) {
    const distance = ulps(value, values[i]!, dtype)
    if (!(distance <= largest)) [largest, place] = [distance, i]
  }
  return { ulps: largest, at: operands.map(values => values[place]!) }
}

/** 32 bits that look drawn, the same for the same number (the finaliser of MurmurHash3). */
function hash(n: number): number {
  let bits = Math.imul(n ^ (n >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return (bits ^ (bits >>> 16)) >>> 0
}

/** A number of the interval [0, 1) for each i, with all its 52 digits. */
const drawn = (i: number): number => hash(2 * i + 1) / 2 ** 32 + (hash(2 * i + 2) >>> 12) / 2 ** 52

/** Numbers of both signs with so many of each exponent of two, from the least to the largest. */
function sizes(count: number, least: number, largest: number): number[] {
  return Array.from({ length: count }, (_, i) => {
    const exponent = least + (Math.floor(i / 2) % (largest - least + 1))
    return scaled(i % 2 === 0 ? 1 + drawn(i) : -1 - drawn(i), exponent)
  })
}

/** Where a function is finite and not 0, and known exactly; the whole line unless said. */
const domains: Partial<Record<Inexact, readonly [number, number]>> = {
  exp: [-745, 709],
  expm1: [-Number.MAX_VALUE, 709],
  log: [0, Number.MAX_VALUE],
  log1p: [-1, Number.MAX_VALUE],
  sin: [-1e9, 1e9],
  cos: [-1e9, 1e9],
  tan: [-1e9, 1e9],
  asin: [-1, 1],
  acos: [-1, 1],
  sinh: [-710, 710],
  cosh: [-710, 710],
  acosh: [1, Number.MAX_VALUE],
  atanh: [-1, 1],
  erfc: [-Number.MAX_VALUE, 27],
  sigmoid: [-745, Number.MAX_VALUE],
  softplus: [-745, Number.MAX_VALUE],
}

/** Arguments of a function: of every exponent, more of them from 2⁻²⁰ to 2¹⁰ and around 1, the same at every call. */
export function argumentsOf(name: Inexact, dtype: Float, count: number): number[][] {
  const round = dtype === 'float32' ? Math.fround : (x: number) => x
  const [least, largest] = dtype === 'float32' ? [-149, 127] : [-1074, 1023]
  const around = sizes(count / 8, dtype === 'float32' ? -23 : -52, -2).map(x => 1 + x)
  const all = [
    ...sizes(count / 4, least, largest),
    ...sizes(count / 4, -20, 10),
    ...sizes((3 * count) / 8, -4, 2),
    ...around,
    ...around.map(x => -x),
  ].map(round)
  const [from, to] = domains[name] ?? [-Number.MAX_VALUE, Number.MAX_VALUE]
  if (name === 'pow') return powers(all, round, least, largest)
  if (name === 'atan2') return pairs(all, round)
  return [all.filter(x => x !== 0 && x > from && x < to)]
}

/** Bases with exponents that lead to results of all sizes, or with small whole exponents. */
function powers(
  bases: readonly number[],
  round: (x: number) => number,
  least: number,
  largest: number,
): number[][] {
  const found = bases.map((x, i) => {
    const whole = Math.round(40 * drawn(7 * i)) - 20
    if (i % 4 === 0) return [x, whole] as const
    const size = Math.log2(Math.abs(x))
    return [Math.abs(x), round((least + (largest - least) * drawn(3 * i)) / size)] as const
  })
  const isIn = (size: number) => size > least && size < largest
  const kept = found.filter(
    ([a, b]) => a !== 0 && b !== 0 && Number.isFinite(b) && isIn(b * Math.log2(Math.abs(a))),
  )
  return [kept.map(([a]) => a), kept.map(([, b]) => b)]
}

/** Numbers with others of a size like theirs. */
function pairs(all: readonly number[], round: (x: number) => number): number[][] {
  const ys = all.filter(y => Math.abs(y) > 2 ** -400 && Math.abs(y) < 2 ** 400)
  return [ys, ys.map((y, i) => round(y * (i % 3 === 0 ? -1 : 1) * 8 ** (4 * drawn(5 * i) - 2)))]
}

/** The exact values at such arguments. */
export function exactly(name: Inexact, operands: readonly (readonly number[])[]): Exact[] {
  return operands[0]!.map((_, i) => exact(name, ...operands.map(values => values[i]!)))
}
