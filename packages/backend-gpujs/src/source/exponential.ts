/** Exponentials and logarithms: powers of two are split off by comparing, and the rest is a polynomial. */

import { fit, horner } from './fit.ts'
import { largest, type Text } from './text.ts'

const { LN2, SQRT2 } = Math

/** The smallest float32 that is not denormal, and its logarithm; GPUs may take what is smaller for 0. */
const smallest = 2 ** -126
const deepest = -87.33

/** (eʳ - 1)/r for |r| ≤ ln(2)/2. */
const growth = fit(r => (r === 0 ? 1 : Math.expm1(r) / r), -0.35, 0.35, 6)

/** 2·atanh(u/2)/u = log(m)/u in u², for the u = 2(m - 1)/(m + 1) of an m in [1/√2, √2]. */
const logarithmic = fit(square => (2 * Math.atanh(Math.sqrt(square) / 2)) / Math.sqrt(square), 0, 0.1184, 3)

const bits = [64, 32, 16, 8, 4, 2, 1]

/** ln 2 in two parts: k times the first is exact for the k that occur. */
const [ln2High, ln2Low] = [355 / 512, LN2 - 355 / 512]

/** eˣ; 0 where that is denormal. */
export function exp(text: Text, x: string): string {
  const bounded = text.value(`Math.max(${deepest}, Math.min(89, ${x}))`)
  const k = text.value(`Math.floor(${bounded} * ${Math.LOG2E} + 0.5)`)
  const r = text.value(`(${bounded} - ${k} * ${ln2High}) - ${k} * (${ln2Low})`)
  // at most 2¹²⁷, so that nothing overflows before eˣ does, and at least 2⁻¹²⁶, since GPUs need not divide by more
  const isUp = text.value(`${k} > 0 ? 1 : 0`)
  const p = text.value(`(1 + ${isUp}) * (1 + ${r} * ${horner(growth, r)})`)
  const power = text.value(`${k} - ${isUp}`)
  const scale = powerOfTwo(text, text.value(`Math.abs(${power})`))
  return text.value(`${x} < ${deepest} ? 0 : (${power} < 0 ? ${p} / ${scale} : ${p} * ${scale})`)
}

/** 2ᵏ for an integer k in 0 … 127. */
function powerOfTwo(text: Text, k: string): string {
  let rest = k
  const factors: string[] = []
  for (const bit of bits) {
    factors.push(text.value(`${rest} >= ${bit} ? ${2 ** bit} : 1`))
    rest = text.value(`${rest} >= ${bit} ? ${rest} - ${bit} : ${rest}`)
  }
  return text.value(factors.join(' * '))
}

/** eˣ - 1, right where x is small. */
export function expm1(text: Text, x: string): string {
  const far = exp(text, x)
  const small = text.value(`Math.max(-0.35, Math.min(0.35, ${x}))`)
  return text.value(`Math.abs(${x}) < 0.34 ? ${small} * ${horner(growth, small)} : ${far} - 1`)
}

/** log x; minus the largest float32 for 0. */
export function log(text: Text, x: string): string {
  return logarithm(text, x, text.value(`${x} - 1`))
}

/** log(1 + x), right where x is small. */
export function log1p(text: Text, x: string): string {
  return logarithm(text, text.value(`1 + ${x}`), x)
}

/** log y, given y - 1, which the caller may know better than as y less 1. */
export function logarithm(text: Text, y: string, excess: string): string {
  // y or 1/y is m·2ᵏ with m in [1, 2)
  const bounded = text.value(`Math.max(${smallest}, Math.min(${largest}, ${y}))`)
  let m = text.value(`${bounded} < 1 ? 1 / ${bounded} : ${bounded}`)
  const powers: string[] = []
  for (const bit of bits) {
    powers.push(text.value(`${m} >= ${2 ** bit} ? ${bit} : 0`))
    m = text.value(`${m} >= ${2 ** bit} ? ${m} * ${2 ** -bit} : ${m}`)
  }
  const isNear = text.value(`${y} > 0.71 && ${y} < 1.41 ? 1 : 0`)
  const isUpper = text.value(`${m} > ${SQRT2} ? 1 : 0`)
  const half = text.value(`${isUpper} > 0 ? ${m} * 0.5 : ${m}`)
  // twice (m - 1)/(m + 1), which is not denormal where the excess is not
  const near = text.value(`${excess} / (1 + 0.5 * ${excess})`)
  const u = text.value(`${isNear} > 0 ? ${near} : 2 * (${half} - 1) / (${half} + 1)`)
  const part = text.value(`${u} * ${horner(logarithmic, text.value(`${u} * ${u}`))}`)
  const k = text.value(`${powers.join(' + ')} + ${isUpper}`)
  const whole = text.value(`${k} * ${ln2High} + (${k} * (${ln2Low}) + ${part})`)
  const signed = text.value(`${isNear} > 0 ? ${part} : (${bounded} < 1 ? 0 - ${whole} : ${whole})`)
  const atZero = text.value(`${y} < ${smallest} ? -${largest} : ${signed}`)
  return text.value(`${y} < 0 ? Math.sqrt(${y}) : ${atZero}`) // no number, where there is such a thing
}

/** aᵇ: by products for small whole constants b, otherwise through the logarithm of |a|. */
export function pow(text: Text, a: string, b: string): string {
  const exponent = Number(b.replace(/[()]/g, ''))
  if (Number.isInteger(exponent) && Math.abs(exponent) <= 16) return wholePower(text, a, exponent)
  if (Math.abs(exponent) === 0.5) return exponent > 0 ? `Math.sqrt(${a})` : `1 / Math.sqrt(${a})`
  const size = exp(text, text.value(`${b} * ${log(text, text.value(`Math.abs(${a})`))}`))
  const isWhole = text.value(`Math.floor(${b}) === ${b} ? 1 : 0`)
  const isOdd = text.value(`${b} - 2 * Math.floor(${b} * 0.5) === 1 ? 1 : 0`)
  const ofNegative = text.value(`${isWhole} > 0 ? (${isOdd} > 0 ? 0 - ${size} : ${size}) : Math.sqrt(${a})`)
  const ofZero = text.value(`${b} > 0 ? 0 : ${largest}`)
  const general = text.value(`${a} < 0 ? ${ofNegative} : (${a} > 0 ? ${size} : ${ofZero})`)
  const simple = text.value(`${b} === 1 ? ${a} : (${b} === 2 ? ${a} * ${a} : ${general})`)
  return text.value(`${b} === 0 ? 1 : ${simple}`)
}

/** aⁿ by squaring. */
function wholePower(text: Text, a: string, n: number): string {
  if (n === 0) return '1'
  if (n < 0) return `1 / ${text.value(wholePower(text, a, -n))}`
  if (n === 1) return a
  const half = text.value(wholePower(text, a, Math.floor(n / 2)))
  return n % 2 === 0 ? `${half} * ${half}` : `${half} * ${half} * ${a}`
}
