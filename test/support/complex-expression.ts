/** Core's expressions over complex numbers, so that their derivatives can be taken by the complex step. */
import type { Expression, ScalarFunction } from '@sensigrad/core'
import { add, atan, atanh, type Complex, cos, erf, exp, inverse, mul, sqrt, sub } from './complex.ts'

type Analytic = (a: Complex, b: Complex, c: Complex) => Complex

const zero: Complex = [0, 0]
const one: Complex = [1, 0]
const neg = (a: Complex): Complex => sub([-0, -0], a)
const log = ([a, b]: Complex): Complex => [Math.log(Math.hypot(a, b)), Math.atan2(b, a)]
const div = (a: Complex, b: Complex): Complex => mul(a, inverse(b))
const sin = ([a, b]: Complex): Complex => [Math.sin(a) * Math.cosh(b), Math.cos(a) * Math.sinh(b)]
const asin = (a: Complex): Complex => atan(div(a, sqrt(sub(one, mul(a, a)))))

/** The scalar functions that are analytic. The others have kinks or steps, or give booleans. */
const analytic: Partial<Record<ScalarFunction, Analytic>> = {
  neg,
  square: a => mul(a, a),
  sqrt,
  reciprocal: inverse,
  exp,
  expm1: ([a, b]) => [Math.expm1(a) * Math.cos(b) - 2 * Math.sin(b / 2) ** 2, Math.exp(a) * Math.sin(b)],
  log,
  log1p: ([a, b]) => [Math.log1p(a), Math.atan2(b, 1 + a)], // for a tiny b, whose square is lost beside 1
  sin,
  cos,
  tan: a => div(sin(a), cos(a)),
  asin,
  acos: a => sub([Math.PI / 2, 0], asin(a)),
  atan,
  sinh: ([a, b]) => [Math.sinh(a) * Math.cos(b), Math.cosh(a) * Math.sin(b)],
  cosh: ([a, b]) => [Math.cosh(a) * Math.cos(b), Math.sinh(a) * Math.sin(b)],
  tanh: ([a, b]) => {
    const below = Math.cosh(2 * a) + Math.cos(2 * b)
    return [Math.sinh(2 * a) / below, Math.sin(2 * b) / below]
  },
  asinh: a => atanh(div(a, sqrt(add(one, mul(a, a))))),
  acosh: a => atanh(div(sqrt(sub(mul(a, a), one)), a)),
  atanh,
  erf,
  erfc: a => sub(one, erf(a)),
  sigmoid: a => inverse(add(one, exp(neg(a)))),
  softplus: a => log(add(one, exp(a))),
  add,
  sub,
  mul,
  div,
  pow: (a, b) => exp(mul(b, log(a))),
  atan2: (a, b) => atan(div(a, b)), // for a positive b
}

/** What derivatives contain beside analytic functions: choices, made by the real parts. */
const choices: Partial<Record<ScalarFunction, Analytic>> = {
  abs: a => (a[0] < 0 ? neg(a) : a),
  less: ([a], [b]) => [Number(a < b), 0],
  equal: ([a], [b]) => [Number(a === b), 0],
  or: ([a], [b]) => [Math.max(a, b), 0],
  and: ([a], [b]) => [a * b, 0],
  where: (condition, a, b) => (condition[0] !== 0 ? a : b),
}

/** Whether a scalar function has a complex form here. */
export function isAnalytic(name: ScalarFunction): boolean {
  return name in analytic
}

/** The value of an expression at complex inputs; `y` stands for its output node. */
export function evaluateComplex(expression: Expression, inputs: readonly Complex[], y?: Complex): Complex {
  const visit = (node: Expression): Complex => {
    if (node.kind === 'input') return inputs[node.index]!
    if (node.kind === 'constant') return [node.value, 0]
    if (node.kind === 'output') return y!
    const [a, b = zero, c = zero] = node.operands.map(visit)
    const f = analytic[node.name] ?? choices[node.name]
    if (f === undefined) throw new Error(`${node.name} has no complex form`)
    return f(a!, b, c)
  }
  return visit(expression)
}
