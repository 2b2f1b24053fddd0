/**
 * The scalar functions to about 30 digits, written from their series and identities: what backends are measured against.
 * They take finite arguments at which the value is finite and not 0.
 */

import type { ScalarFunction } from '@sensigrad/core'
import { add, type Double2, div, mul, neg, type Operand, polynomial, sqrt, sub } from './double-double.ts'

/** value·2^exponent. */
export interface Exact {
  readonly value: Double2
  readonly exponent: number
}

const exactly = (value: Operand, exponent = 0): Exact => ({
  value: typeof value === 'number' ? { high: value, low: 0 } : value,
  exponent,
})

const log2 = { high: Math.LN2, low: 2.3190468138462996e-17 }
const pi = { high: Math.PI, low: 1.2246467991473532e-16 }
const halfPi = mul(pi, 0.5)
const twoOverRootPi = { high: 1.1283791670955126, low: 1.533545961316588e-17 }
/** π/2 to 160 digits of two. */
const halfPiParts = [1.5707963267948966, 6.123233995736766e-17, -1.4973849048591833e-33] as const

const inverseFactorials: Double2[] = [{ high: 1, low: 0 }]
for (let n = 1; n < 44; n++) inverseFactorials.push(div(inverseFactorials[n - 1]!, n))
const evenTerms = inverseFactorials.filter((_, n) => n % 2 === 0).map((c, i) => (i % 2 === 0 ? c : neg(c)))
const oddTerms = inverseFactorials.filter((_, n) => n % 2 === 1).map((c, i) => (i % 2 === 0 ? c : neg(c)))
/** atanh s/s in powers of s². */
const atanhTerms = Array.from({ length: 24 }, (_, k) => div(1, 2 * k + 1))

const high = (x: Operand): number => (typeof x === 'number' ? x : x.high)
/** x·2ⁿ, in two steps as 2ⁿ may overflow. */
const scale = (x: Operand, n: number): Double2 =>
  mul(mul(x, 2 ** Math.trunc(n / 2)), 2 ** (n - Math.trunc(n / 2)))

/** eʳ - 1 for |r| < 1: (1 + e)² - 1 = e (2 + e), eight times. */
function expm1Near(r: Operand): Double2 {
  const part = mul(r, 2 ** -8)
  let e = mul(part, polynomial(inverseFactorials.slice(1, 14), part))
  for (let i = 0; i < 8; i++) e = mul(e, add(e, 2))
  return e
}

/** eˣ = 2ⁿ·eʳ */
function exp(x: Operand): Exact {
  const n = Math.round(high(x) / Math.LN2)
  return exactly(add(expm1Near(sub(x, mul(log2, n))), 1), n)
}

/** eˣ for |x| < 600. */
const expPlain = (x: Operand): Double2 => scale(exp(x).value, exp(x).exponent)

function expm1(x: Operand): Double2 {
  return Math.abs(high(x)) < 0.7 ? expm1Near(x) : sub(expPlain(x), 1)
}

/** log(1 + f) = 2 atanh(f/(2 + f)) for f near 0. */
function logNear(f: Operand): Double2 {
  const s = div(f, add(f, 2))
  return mul(mul(s, 2), polynomial(atanhTerms, mul(s, s)))
}

/** log x = log m + e·log 2 */
function log(x: Operand): Double2 {
  let e = Math.floor(Math.log2(high(x)))
  if (high(x) > Math.SQRT2 * 2 ** e) e++
  return add(logNear(sub(scaleDown(x, e), 1)), mul(log2, e))
}

/** x/2ᵉ by numbers that products may have. */
function scaleDown(x: Operand, e: number): Double2 {
  const { high, low } = typeof x === 'number' ? { high: x, low: 0 } : x
  const half = Math.trunc(e / 2)
  const by = (value: number) => value * 2 ** -half * 2 ** -(e - half)
  return { high: by(high), low: by(low) }
}

const log1p = (x: Operand): Double2 => (Math.abs(high(x)) < 0.3 ? logNear(x) : log(add(x, 1)))

/** sin and cos of an angle up to 2. */
function sineAndCosine(r: Operand): readonly [Double2, Double2] {
  const square = mul(r, r)
  return [mul(r, polynomial(oddTerms, square)), polynomial(evenTerms, square)]
}

/** sin and cos for |x| < 2³⁰. */
function circular(x: number): readonly [sine: Double2, cosine: Double2] {
  const q = Math.round((2 * x) / Math.PI)
  const r = halfPiParts.reduce<Double2>((left, part) => sub(left, mul(part, q)), { high: x, low: 0 })
  const [sine, cosine] = sineAndCosine(r)
  return [
    [sine, cosine],
    [cosine, neg(sine)],
    [neg(sine), neg(cosine)],
    [neg(cosine), sine],
  ][((q % 4) + 4) % 4] as [Double2, Double2]
}

/** The host's angle, and what is left to the tangent x. */
function atan(x: Operand): Double2 {
  const rightAngle = high(x) < 0 ? neg(halfPi) : halfPi
  if (Math.abs(high(x)) > 2 ** 120) return rightAngle
  if (Math.abs(high(x)) > 1) return sub(rightAngle, atan(div(1, x)))
  const near = Math.atan(high(x))
  const [sine, cosine] = sineAndCosine(near)
  return add(near, div(sub(mul(x, cosine), sine), add(cosine, mul(x, sine))))
}

function acos(x: number): Double2 {
  if (Math.abs(x) < 2 ** -120) return halfPi
  const angle = atan(div(sqrt(mul(sub(1, x), add(x, 1))), x))
  return x < 0 ? add(pi, angle) : angle
}

const asin = (x: number): Double2 =>
  Math.abs(x) === 1 ? mul(halfPi, x) : atan(div(x, sqrt(mul(sub(1, x), add(x, 1)))))

function sinh(x: number): Exact {
  const { value, exponent } = exp(Math.abs(x))
  if (Math.abs(x) > 50) return exactly(mul(value, Math.sign(x)), exponent - 1)
  const e = expm1(Math.abs(x))
  return exactly(mul(add(e, div(e, add(e, 1))), Math.sign(x)), -1)
}

function cosh(x: number): Exact {
  const a = exp(Math.abs(x))
  if (Math.abs(x) > 50) return exactly(a.value, a.exponent - 1)
  const e = expPlain(x)
  return exactly(add(e, div(1, e)), -1)
}

function tanh(x: number): Double2 {
  const e = expm1(2 * Math.max(-40, Math.min(40, x)))
  return div(e, add(e, 2))
}

function asinh(x: number): Double2 {
  const a = Math.abs(x)
  const square = a < 2 ** 60 ? mul(a, a) : undefined
  const value = square ? log1p(add(a, div(square, add(sqrt(add(square, 1)), 1)))) : add(log(a), log2)
  return x < 0 ? neg(value) : value
}

function acosh(x: number): Double2 {
  if (x > 2 ** 60) return add(log(x), log2)
  const t = sub(x, 1)
  return log1p(add(t, sqrt(mul(t, add(t, 2)))))
}

const atanh = (x: number): Double2 =>
  mul(log1p(div(2 * Math.abs(x), sub(1, Math.abs(x)))), 0.5 * Math.sign(x))

/** 2x/√π·e^{-x²} Σ (2x²)ⁿ/(2n + 1)!!, whose terms are all positive. */
function erfNear(x: number): Double2 {
  const square = mul(x, x)
  let [term, sum]: [Double2, Double2] = [
    { high: 1, low: 0 },
    { high: 1, low: 0 },
  ]
  for (let n = 1; term.high > 1e-33 * sum.high; n++) {
    term = div(mul(term, mul(square, 2)), 2 * n + 1)
    sum = add(sum, term)
  }
  return mul(mul(twoOverRootPi, x), mul(expPlain(neg(square)), sum))
}

/** e^{-x²}/√π over the continued fraction x + ½/(x + 1/(x + 1½/(x + …))), for x ≥ 3. */
function erfcFar(x: number): Exact {
  let fraction: Double2 = { high: x, low: 0 }
  for (let n = Math.ceil(40 + 500 / x); n > 0; n--) fraction = add(div(n / 2, fraction), x)
  const { value, exponent } = exp(neg(mul(x, x)))
  return exactly(div(mul(value, mul(twoOverRootPi, 0.5)), fraction), exponent)
}

function erfc(x: number): Exact {
  if (x >= 3) return erfcFar(x)
  if (x > -3) return exactly(sub(1, erfNear(x)))
  return exactly(sub(2, tail(-x)))
}

/** erfc x for x ≥ 3, beside 1. */
function tail(x: number): Double2 {
  const { value, exponent } = erfcFar(Math.min(x, 12))
  return scale(value, exponent)
}

const erf = (x: number): Double2 =>
  Math.abs(x) < 3 ? erfNear(x) : mul(sub(1, tail(Math.abs(x))), Math.sign(x))

function sigmoid(x: number): Exact {
  if (x < -600) return exp(x)
  return x < 0
    ? exactly(div(expPlain(x), add(expPlain(x), 1)))
    : exactly(div(1, add(expPlain(-Math.min(x, 100)), 1)))
}

function softplus(x: number): Exact {
  if (x < -100) return exp(x)
  return exactly(add(Math.max(x, 0), log1p(expPlain(-Math.min(Math.abs(x), 200)))))
}

function pow(a: number, b: number): Exact {
  const { value, exponent } = exp(mul(log(Math.abs(a)), b))
  return exactly(a < 0 && Math.abs(b % 2) === 1 ? neg(value) : value, exponent)
}

function atan2(y: number, x: number): Double2 {
  const size = -Math.floor(Math.log2(Math.max(Math.abs(y), Math.abs(x))))
  const [above, below] = [y, x].map(each => scaleDown(Math.abs(each), -size)) as [Double2, Double2]
  const angle = below.high === 0 ? halfPi : atan(div(above, below))
  const turned = x < 0 ? sub(pi, angle) : angle
  return y < 0 ? neg(turned) : turned
}

/** Functions that are their argument, times a slope, where that is tiny. */
const straight: Partial<Record<ScalarFunction, Double2>> = Object.fromEntries(
  ['expm1', 'log1p', 'sin', 'tan', 'asin', 'atan', 'sinh', 'tanh', 'asinh', 'atanh', 'erf'].map(name => [
    name,
    name === 'erf' ? twoOverRootPi : { high: 1, low: 0 },
  ]),
)

const plain =
  (f: (...of: number[]) => Double2) =>
  (...of: number[]) =>
    exactly(f(...of))

/** Each function that is more than an instruction. */
const functions = {
  exp,
  expm1: x => (x > 50 ? exp(x) : exactly(expm1(Math.max(x, -100)))),
  log: plain(log),
  log1p: plain(log1p),
  sin: plain(x => circular(x)[0]),
  cos: plain(x => circular(x)[1]),
  tan: plain(x => div(...circular(x))),
  asin: plain(asin),
  acos: plain(acos),
  atan: plain(atan),
  sinh,
  cosh,
  tanh: plain(tanh),
  asinh: plain(asinh),
  acosh: plain(acosh),
  atanh: plain(atanh),
  erf: plain(erf),
  erfc,
  sigmoid,
  softplus,
  pow,
  atan2: plain(atan2),
} as const satisfies Partial<Record<ScalarFunction, (...of: number[]) => Exact>>

/** A function whose exact values are known here. */
export type Inexact = keyof typeof functions

/** Their names. */
export const inexact = Object.keys(functions) as Inexact[]

/** The value of a function at finite arguments where it is finite and not 0; sin, cos and tan up to 2³⁰. */
export function exact(name: Inexact, ...of: readonly number[]): Exact {
  const [x = 0] = of
  const slope = Math.abs(x) < 2 ** -60 ? straight[name] : undefined
  if (slope) return exactly(mul(slope, x * 2 ** 200), -200)
  return (functions[name] as (...of: readonly number[]) => Exact)(...of)
}
