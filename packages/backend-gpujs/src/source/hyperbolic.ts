/** Hyperbolic functions and what is made of exponentials alike. */

import { exp, expm1, log1p, logarithm } from './exponential.ts'
import { fit, horner } from './fit.ts'
import type { Text } from './text.ts'

const { LN2 } = Math

/** sinh(x)/x in x², for |x| ≤ 1. */
const smallSinh = fit(square => Math.sinh(Math.sqrt(square)) / Math.sqrt(square), 0, 1, 4)

/** Beyond it, 1 beside x² is nothing, and x² might overflow. */
const wide = 1e4

/** A value with the sign of x. */
export function signed(text: Text, x: string, value: string): string {
  return text.value(`${x} < 0 ? 0 - ${value} : ${value}`)
}

export function sinh(text: Text, x: string): string {
  const a = text.value(`Math.abs(${x})`)
  const half = exp(text, text.value(`${a} * 0.5`)) // whose square, halved, overflows no sooner than sinh
  const far = text.value(`(0.5 * ${half}) * ${half} - 0.5 / ${half} / ${half}`)
  const small = text.value(`Math.min(${a}, 1)`)
  const square = text.value(`${small} * ${small}`)
  return signed(text, x, text.value(`${a} < 1 ? ${a} * ${horner(smallSinh, square)} : ${far}`))
}

export function cosh(text: Text, x: string): string {
  const half = exp(text, text.value(`Math.abs(${x}) * 0.5`))
  return text.value(`(0.5 * ${half}) * ${half} + 0.5 / ${half} / ${half}`)
}

export function tanh(text: Text, x: string): string {
  const growth = expm1(text, text.value(`2 * Math.min(Math.abs(${x}), 10)`))
  return signed(text, x, text.value(`${growth} / (${growth} + 2)`))
}

/** sign(x)·log(1 + (a + a²/(1 + √(1 + a²)))), a = |x|. */
export function asinh(text: Text, x: string): string {
  const a = text.value(`Math.abs(${x})`)
  const small = text.value(`Math.min(${a}, ${wide})`)
  const square = text.value(`${small} * ${small}`)
  const excess = text.value(`${small} + ${square} / (1 + Math.sqrt(1 + ${square}))`)
  return signed(text, x, logarithmOfSum(text, a, excess))
}

/** log(1 + (t + √(t(x + 1)))), t = x - 1. */
export function acosh(text: Text, x: string): string {
  const small = text.value(`Math.min(${x}, ${wide})`)
  const t = text.value(`${small} - 1`)
  const excess = text.value(`${t} + Math.sqrt(${t} * (${small} + 1))`)
  const outcome = logarithmOfSum(text, x, excess)
  return text.value(`${x} < 1 ? Math.sqrt(${x} - 1) : ${outcome}`)
}

/** log(1 + excess), or log(2a) where a is wide. */
function logarithmOfSum(text: Text, a: string, excess: string): string {
  const isWide = text.value(`${a} > ${wide} ? 1 : 0`)
  const beyond = text.value(`${isWide} > 0 ? ${a} - 1 : ${excess}`)
  const inner = text.value(`${isWide} > 0 ? ${a} : 1 + ${excess}`)
  const outcome = logarithm(text, inner, beyond)
  return text.value(`${outcome} + (${isWide} > 0 ? ${LN2} : 0)`)
}

export function atanh(text: Text, x: string): string {
  const a = text.value(`Math.abs(${x})`)
  const outcome = log1p(text, text.value(`2 * ${a} / (1 - ${a})`))
  return signed(text, x, text.value(`0.5 * ${outcome}`))
}

/** 1/(1 + e⁻ˣ), by the exponential that does not overflow. */
export function sigmoid(text: Text, x: string): string {
  const z = exp(text, text.value(`0 - Math.abs(${x})`))
  return text.value(`(${x} < 0 ? ${z} : 1) / (1 + ${z})`)
}

/** log(1 + eˣ) = max(x, 0) + log(1 + e⁻ᵃ), a = |x|. */
export function softplus(text: Text, x: string): string {
  const z = exp(text, text.value(`0 - Math.abs(${x})`))
  return text.value(`Math.max(${x}, 0) + ${log1p(text, z)}`)
}
