/** The scalar functions as anyone would write them down, to compare backends with. */
import type { ScalarFunction } from '@sensigrad/core'

/** 2/√π · e^{-x²} Σ 2ⁿ x²ⁿ⁺¹/(2n+1)!!, whose terms are all of one sign. */
function erf(x: number): number {
  if (!(Math.abs(x) < 3)) return Math.sign(x) * (1 - erfcByFraction(Math.abs(x)))
  let [term, sum] = [x, 0]
  for (let n = 1; n < 100; n++) {
    sum += term
    term *= (2 * x * x) / (2 * n + 1)
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum
}

/** e^{-x²}/√π · 1/(x + ½/(x + 1/(x + 3/2/(x + …)))), for x of 2 or more. */
function erfcByFraction(x: number): number {
  let below = x
  for (let k = 100; k > 0; k--) below = x + k / 2 / below
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / below
}

function roundHalfToEven(a: number): number {
  const [below, part] = [Math.floor(a), a - Math.floor(a)]
  if (part === 0.5) return below % 2 === 0 ? below : below + 1
  return part > 0.5 ? below + 1 : below
}

function flooredRemainder(a: number, b: number): number {
  if (Math.abs(b) === Number.POSITIVE_INFINITY && Number.isFinite(a)) return a * b >= 0 || a === 0 ? a : b
  return a - b * Math.floor(a / b)
}

/** Each scalar function over numbers, and booleans as 0 and 1. Arguments that it does not take are ignored. */
export const scalarReference: Readonly<
  Record<ScalarFunction, (a: number, b: number, c: number) => number | boolean>
> = {
  neg: a => 0 - a,
  abs: a => (a < 0 ? 0 - a : a),
  sign: a => (a > 0 ? 1 : a < 0 ? -1 : a),
  square: a => a ** 2,
  sqrt: a => Math.sqrt(a),
  reciprocal: a => a ** -1,
  exp: a => Math.exp(a),
  expm1: a => Math.expm1(a),
  log: a => Math.log(a),
  log1p: a => Math.log1p(a),
  sin: a => Math.sin(a),
  cos: a => Math.cos(a),
  tan: a => Math.sin(a) / Math.cos(a),
  asin: a => Math.atan2(a, Math.sqrt((1 - a) * (1 + a))),
  acos: a => Math.atan2(Math.sqrt((1 - a) * (1 + a)), a),
  atan: a => Math.atan2(a, 1),
  sinh: a => (Math.exp(a) - Math.exp(-a)) / 2,
  cosh: a => (Math.exp(a) + Math.exp(-a)) / 2,
  tanh: a => Math.tanh(a),
  asinh: a => Math.sign(a) * Math.log(Math.abs(a) + Math.sqrt(a * a + 1)),
  acosh: a => Math.log(a + Math.sqrt((a - 1) * (a + 1))),
  atanh: a => Math.log((1 + a) / (1 - a)) / 2,
  erf,
  erfc: a => (a < 2 ? 1 - erf(a) : erfcByFraction(a)),
  sigmoid: a => (a < 0 ? Math.exp(a) / (1 + Math.exp(a)) : 1 / (1 + Math.exp(-a))),
  softplus: a => (a > 40 ? a : Math.log1p(Math.exp(a))),
  relu: a => (a > 0 ? a : Number.isNaN(a) ? a : 0),
  floor: a => Math.floor(a),
  ceil: a => -Math.floor(-a),
  round: roundHalfToEven,
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  mod: flooredRemainder,
  pow: (a, b) => a ** b,
  atan2: (a, b) => Math.atan2(a, b),
  maximum: (a, b) => (Number.isNaN(a) || a > b ? a : b),
  minimum: (a, b) => (Number.isNaN(a) || a < b ? a : b),
  less: (a, b) => a < b,
  lessEqual: (a, b) => a < b || a === b,
  equal: (a, b) => a <= b && a >= b,
  and: (a, b) => a === 1 && b === 1,
  or: (a, b) => a === 1 || b === 1,
  not: a => a === 0,
  where: (condition, a, b) => (condition === 1 ? a : b),
}
