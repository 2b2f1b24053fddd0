/** The scalar functions as anyone would write them down, to compare backends with. */
import type { ScalarFunction } from '@sensigrad/core'

type Value = number | boolean

/** Each scalar function over numbers and booleans. */
export const scalarReference: Readonly<Record<ScalarFunction, (a: number, b: number, c: number) => Value>> = {
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
  tanh: a => Math.tanh(a),
  sigmoid: a => (a < 0 ? Math.exp(a) / (1 + Math.exp(a)) : 1 / (1 + Math.exp(-a))),
  softplus: a => (a > 40 ? a : Math.log1p(Math.exp(a))),
  relu: a => (a > 0 ? a : Number.isNaN(a) ? a : 0),
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  pow: (a, b) => a ** b,
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
