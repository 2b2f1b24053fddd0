/** How far scalar functions of a backend are from their values, in units of the last place, over samples of all sizes. */
import { expressions, type ScalarFunction, type SynchronousBackend } from '@sensigrad/core'

const { e, input, erf, erfc } = expressions

const small = (x: number) => Math.exp(-Math.abs(x))

/** The functions of one argument, in the double precision of the host. */
export const references = {
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log1p: Math.log1p,
  tanh: Math.tanh,
  sigmoid: x => (x < 0 ? small(x) / (1 + small(x)) : 1 / (1 + small(x))),
  softplus: x => Math.max(x, 0) + Math.log1p(small(x)),
  erf,
  erfc,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  sinh: Math.sinh,
  cosh: Math.cosh,
  asinh: Math.asinh,
  acosh: Math.acosh,
  atanh: Math.atanh,
  sqrt: Math.sqrt,
  reciprocal: x => 1 / x,
} as const satisfies Partial<Record<ScalarFunction, (x: number) => number>>

/** A function whose accuracy can be told. */
export type Measured = keyof typeof references

/** The values of a function on a backend. */
export function valuesOn(backend: SynchronousBackend, name: ScalarFunction, x: Float32Array | Float64Array) {
  const dtype = x instanceof Float32Array ? 'float32' : 'float64'
  const of = { dtype, shape: [x.length], strides: [1], offset: 0 } as const
  const from = backend.upload(x.slice(), dtype)
  const to = backend.map(e[name](input(0)), [{ ...of, storage: from }], of.shape, dtype)
  const values = backend.readSync({ ...of, storage: to })
  backend.free(from)
  backend.free(to)
  return values
}

/** Every 40009th pattern of bits that is a finite float32. */
export function floats32(): Float32Array {
  const bits = Uint32Array.from({ length: 2 ** 32 / 40009 }, (_, i) => i * 40009)
  return new Float32Array(bits.buffer).filter(Number.isFinite)
}

/** float64 of both signs from 2⁻⁶⁰ to 2¹⁰, the same number of each size. */
export function floats64(): Float64Array {
  const digit = (i: number) => 1 + ((i * 0.6180339887498949) % 1)
  return Float64Array.from({ length: 2 * 70 * 300 }, (_, i) => {
    return (i % 2 === 0 ? 1 : -1) * digit(i) * 2 ** ((Math.floor(i / 2) % 70) - 60)
  })
}

/** The distance between two numbers of a type, in units of the last place of the second. */
export function ulps(found: number, exact: number, dtype: 'float32' | 'float64'): number {
  const wanted = dtype === 'float32' ? Math.fround(exact) : exact
  if (Object.is(found, wanted) || found === wanted) return 0
  if (!Number.isFinite(found) || !Number.isFinite(wanted)) return Number.POSITIVE_INFINITY
  const [digits, least] = dtype === 'float32' ? [23, -126] : [52, -1022]
  const exponent = Math.max(Math.floor(Math.log2(Math.abs(exact))), least)
  return Math.abs(found - exact) / 2 ** Math.max(exponent - digits, -1074)
}

/** The largest distance over a sample, and where it is. */
export function worst(backend: SynchronousBackend, name: Measured, x: Float32Array | Float64Array) {
  const values = valuesOn(backend, name, x)
  const dtype = x instanceof Float32Array ? 'float32' : 'float64'
  let result = { ulps: 0, at: Number.NaN }
  for (const [i, value] of values.entries()) {
    const distance = ulps(value, references[name](x[i]!), dtype)
    if (distance > result.ulps) result = { ulps: distance, at: x[i]! }
  }
  return result
}
