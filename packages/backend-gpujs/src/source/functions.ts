/**
 * A formula for each scalar function. What GPUs call exp, log, sin or tanh differs from one to the next and may be
 * right to three digits only (WGSL promises sin and cos to 2⁻¹¹), so all that is not plain arithmetic or a square root
 * is made of polynomials: it is then as accurate everywhere as float32 sums and products are.
 *
 * Nothing here counts on NaN or infinities. Where arithmetic would need them on its way to a finite value, a formula
 * goes another way.
 */

import type { ScalarFunction } from '@sensigrad/core'
import { erf, erfc } from './error-function.ts'
import { exp, expm1, log, log1p, pow } from './exponential.ts'
import { acosh, asinh, atanh, cosh, sigmoid, sinh, softplus, tanh } from './hyperbolic.ts'
import type { Text } from './text.ts'
import { acos, asin, atan, atan2, cos, sin, tan } from './trigonometric.ts'

/** Writes what a formula needs, and gives the expression of its value. Operands are names or numbers; booleans 0 or 1. */
export type Formula = (text: Text, a: string, b: string, c: string) => string

/** The formulas. */
export const formulas: Readonly<Record<ScalarFunction, Formula>> = {
  neg: (_, a) => `0 - ${a}`,
  abs: (_, a) => `Math.abs(${a})`,
  sign: (_, a) => `(${a} > 0 ? 1 : 0) - (${a} < 0 ? 1 : 0)`,
  square: (_, a) => `${a} * ${a}`,
  sqrt: (_, a) => `Math.sqrt(${a})`,
  reciprocal: (_, a) => `1 / ${a}`,
  exp,
  expm1,
  log,
  log1p,
  sin,
  cos,
  tan,
  asin,
  acos,
  atan,
  sinh,
  cosh,
  tanh,
  asinh,
  acosh,
  atanh,
  erf,
  erfc,
  sigmoid,
  softplus,
  relu: (_, a) => `Math.max(${a}, 0)`,
  floor: (_, a) => `Math.floor(${a})`,
  ceil: (_, a) => `Math.ceil(${a})`,
  round,
  add: (_, a, b) => `${a} + ${b}`,
  sub: (_, a, b) => `${a} - ${b}`,
  mul: (_, a, b) => `${a} * ${b}`,
  div: (_, a, b) => `${a} / ${b}`,
  mod,
  pow,
  atan2,
  maximum: (_, a, b) => `Math.max(${a}, ${b})`,
  minimum: (_, a, b) => `Math.min(${a}, ${b})`,
  less: (_, a, b) => `${a} < ${b} ? 1 : 0`,
  lessEqual: (_, a, b) => `${a} <= ${b} ? 1 : 0`,
  equal: (_, a, b) => `${a} === ${b} ? 1 : 0`,
  and: (_, a, b) => `${a} * ${b}`,
  or: (_, a, b) => `Math.max(${a}, ${b})`,
  not: (_, a) => `1 - ${a}`,
  where: (_, a, b, c) => `${a} > 0.5 ? ${b} : ${c}`,
}

/** The nearest integer, and of two the even one. (⌊a + ½⌋ would round a + ½ first.) */
function round(text: Text, a: string): string {
  const low = text.value(`Math.floor(${a})`)
  const part = text.value(`${a} - ${low}`)
  const isOdd = text.value(`${low} - 2 * Math.floor(${low} * 0.5)`)
  return `${low} + (${part} > 0.5 ? 1 : (${part} < 0.5 ? 0 : ${isOdd}))`
}

/** a - b·⌊a/b⌋, mended where the quotient is off by one; 0 for b = 0. */
function mod(text: Text, a: string, b: string): string {
  const raw = text.value(`${a} - ${b} * Math.floor(${a} / ${b})`)
  const ofSign = text.value(`${raw} * ${b} < 0 ? ${raw} + ${b} : ${raw}`)
  const inside = text.value(`Math.abs(${ofSign}) >= Math.abs(${b}) ? ${ofSign} - ${b} : ${ofSign}`)
  return `${b} === 0 ? 0 : ${inside}`
}
