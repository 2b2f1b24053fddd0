/**
 * The scalar functions: one line of calculus for each. A derivative is an expression in the arguments and in
 * the function's own value `y`; forward and reverse mode, every order, and fused chains follow from this table.
 *
 * Kinks and ties: where a function has no derivative, the value here is the convention. At a kink of one
 * argument (`abs`, `relu` at 0) it is 0; at a tie of two (`maximum`, `minimum`) each argument gets one half. Steps
 * (`floor`, `ceil`, `round`, `sign`, `mod`) have the slope of the flat or sloping piece that they stand on, and
 * `atan2` has the slopes 0 at (0, 0).
 */

import { call, constant, type Expression, type ExpressionLike } from './expression.ts'

/** Functions that every backend implements for single elements. */
// biome-ignore format: a family a line
export type ScalarFunction =
  | 'neg' | 'abs' | 'sign' | 'square' | 'sqrt' | 'reciprocal' | 'exp' | 'expm1' | 'log' | 'log1p'
  | 'sin' | 'cos' | 'tan' | 'asin' | 'acos' | 'atan' | 'sinh' | 'cosh' | 'tanh' | 'asinh' | 'acosh' | 'atanh'
  | 'erf' | 'erfc' | 'sigmoid' | 'softplus' | 'relu' | 'floor' | 'ceil' | 'round'
  | 'add' | 'sub' | 'mul' | 'div' | 'mod' | 'pow' | 'atan2' | 'maximum' | 'minimum'
  | 'less' | 'lessEqual' | 'equal' | 'and' | 'or' | 'not' | 'where'

/** What a scalar function takes and gives, its derivative, and where its generated tests sample it. */
export interface ScalarRule {
  /** `numbers` of any type, `floats` only, `booleans`, or a `choice` (a boolean, then two numbers). */
  readonly takes: 'numbers' | 'floats' | 'booleans' | 'choice'
  readonly gives: 'number' | 'boolean'
  readonly arity: 1 | 2 | 3
  /** ∂f/∂argument for each argument, in the arguments and the value y; left out where f is flat. */
  readonly partials?: (y: Expression, ...args: Expression[]) => readonly Expression[]
  /** The slope of f given the slopes of its arguments, where that is better than a sum of partials times slopes. */
  readonly slope?: (slopes: readonly Expression[], ...args: Expression[]) => Expression
  /** An interval on which f is smooth and away from its kinks, for the generated tests. */
  readonly domain: readonly [low: number, high: number]
}

/** Builds expressions: `e.mul(x, e.sigmoid(x))`. Numbers become constants. */
export type ExpressionBuilder = Readonly<
  Record<ScalarFunction, (...operands: ExpressionLike[]) => Expression>
>

const [one, minusOne] = [constant(1), constant(-1)]
const share = (a: Expression, b: Expression) => e.where(e.less(b, a), 1, e.where(e.equal(a, b), 0.5, 0))

const number = { gives: 'number' } as const
const boolean = { gives: 'boolean', domain: [-2, 2] } as const
const float1 = { ...number, takes: 'floats', arity: 1 } as const
const number1 = { ...number, takes: 'numbers', arity: 1 } as const
const number2 = { ...number, takes: 'numbers', arity: 2 } as const
const float2 = { ...number, takes: 'floats', arity: 2 } as const
const choice = { ...number, takes: 'choice', arity: 3 } as const

/** The rule of each scalar function. */
export const scalarRules: Readonly<Record<ScalarFunction, ScalarRule>> = {
  // one argument
  neg: { ...number1, domain: [-3, 3], partials: () => [minusOne] },
  abs: { ...number1, domain: [0.2, 3], partials: (_, x) => [e.sign(x)] },
  sign: { ...number1, domain: [0.2, 3] },
  square: { ...number1, domain: [-2, 2], partials: (_, x) => [e.mul(x, 2)] },
  sqrt: { ...float1, domain: [0.3, 4], partials: y => [e.div(0.5, y)] },
  reciprocal: { ...float1, domain: [0.4, 3], partials: y => [e.neg(e.square(y))] },
  exp: { ...float1, domain: [-3, 2], partials: y => [y] },
  expm1: { ...float1, domain: [-3, 2], partials: (_, x) => [e.exp(x)] },
  log: { ...float1, domain: [0.3, 5], partials: (_, x) => [e.reciprocal(x)] },
  log1p: { ...float1, domain: [-0.6, 4], partials: (_, x) => [e.reciprocal(e.add(x, 1))] },
  sin: { ...float1, domain: [-3, 3], partials: (_, x) => [e.cos(x)] },
  cos: { ...float1, domain: [-3, 3], partials: (_, x) => [e.neg(e.sin(x))] },
  tan: { ...float1, domain: [-1.2, 1.2], partials: y => [e.add(1, e.square(y))] },
  asin: { ...float1, domain: [-0.8, 0.8], partials: (_, x) => [e.reciprocal(e.sqrt(between(x)))] },
  acos: { ...float1, domain: [-0.8, 0.8], partials: (_, x) => [e.neg(e.reciprocal(e.sqrt(between(x))))] },
  atan: { ...float1, domain: [-3, 3], partials: (_, x) => [e.reciprocal(e.add(e.square(x), 1))] },
  sinh: { ...float1, domain: [-2, 2], partials: (_, x) => [e.cosh(x)] },
  cosh: { ...float1, domain: [-2, 2], partials: (_, x) => [e.sinh(x)] },
  tanh: { ...float1, domain: [-3, 3], partials: y => [e.sub(1, e.square(y))] },
  asinh: { ...float1, domain: [-3, 3], partials: (_, x) => [asinhSlope(x)] },
  acosh: { ...float1, domain: [1.3, 4], partials: (_, x) => [acoshSlope(x)] },
  atanh: { ...float1, domain: [-0.8, 0.8], partials: (_, x) => [e.reciprocal(between(x))] },
  erf: { ...float1, domain: [-2, 2], partials: (_, x) => [bell(x)] },
  erfc: { ...float1, domain: [-2, 2], partials: (_, x) => [e.neg(bell(x))] },
  sigmoid: { ...float1, domain: [-4, 4], partials: y => [e.mul(y, e.sub(1, y))] },
  softplus: { ...float1, domain: [-4, 4], partials: (_, x) => [e.sigmoid(x)] },
  relu: { ...number1, domain: [0.2, 3], partials: (_, x) => [e.where(e.less(0, x), 1, 0)] },
  floor: { ...number1, domain: [0.2, 0.8] },
  ceil: { ...number1, domain: [0.2, 0.8] },
  round: { ...number1, domain: [0.6, 1.4] }, // half to even
  // two arguments
  add: { ...number2, domain: [-3, 3], partials: () => [one, one] },
  sub: { ...number2, domain: [-3, 3], partials: () => [one, minusOne] },
  mul: { ...number2, domain: [-3, 3], partials: (_, a, b) => [b, a] },
  div: { ...float2, domain: [0.4, 3], partials: (y, _, b) => [e.reciprocal(b), e.neg(e.div(y, b))] },
  mod: {
    ...number2,
    domain: [2.1, 3.9],
    partials: (y, a, b) => [one, e.neg(e.round(e.div(e.sub(a, y), b)))],
  },
  pow: { ...float2, domain: [0.4, 2.5], partials: (y, a, b) => [powSlope(a, b), powGrowth(y, a)] },
  atan2: { ...float2, domain: [0.4, 3], partials: (_, a, b) => atan2Slopes(a, b) },
  maximum: { ...number2, domain: [-3, 3], partials: (_, a, b) => [share(a, b), share(b, a)] },
  minimum: { ...number2, domain: [-3, 3], partials: (_, a, b) => [share(b, a), share(a, b)] },
  // comparisons and logic, flat everywhere
  less: { ...boolean, takes: 'numbers', arity: 2 },
  lessEqual: { ...boolean, takes: 'numbers', arity: 2 },
  equal: { ...boolean, takes: 'numbers', arity: 2 },
  and: { ...boolean, takes: 'booleans', arity: 2 },
  or: { ...boolean, takes: 'booleans', arity: 2 },
  not: { ...boolean, takes: 'booleans', arity: 1 },
  // choice: the first argument decides, and carries no gradient; slopes are chosen, never masked by 0 · ∞
  where: { ...choice, domain: [-3, 3], slope: ([, a, b], condition) => e.where(condition!, a!, b!) },
}

/** 1 - x² as a product, which keeps its relative accuracy where it is small. */
const between = (x: Expression) => e.mul(e.sub(1, x), e.add(1, x))

/** 1/√(x² - 1) as a product of roots, which neither overflows nor exists below -1, where acosh does not. */
const acoshSlope = (x: Expression) => e.reciprocal(e.mul(e.sqrt(e.sub(x, 1)), e.sqrt(e.add(x, 1))))

/** 2/√π · e^{-x²} */
const bell = (x: Expression) => e.mul(2 / Math.sqrt(Math.PI), e.exp(e.neg(e.square(x))))

/**
 * b/(a² + b²) and -a/(a² + b²), through the quotient of the smaller by the larger, so that no square overflows or
 * vanishes; 0 at a = b = 0.
 */
function atan2Slopes(a: Expression, b: Expression): [Expression, Expression] {
  const [flat, steep] = [e.div(a, b), e.div(b, a)]
  const inverse = (larger: Expression, ratio: Expression) =>
    e.reciprocal(e.mul(larger, e.add(1, e.square(ratio))))
  const [overB, overA] = [inverse(b, flat), inverse(a, steep)]
  const choose = (whenFlat: Expression, whenSteep: Expression) =>
    e.where(e.less(e.abs(b), e.abs(a)), whenSteep, e.where(e.equal(b, 0), 0, whenFlat))
  return [choose(overB, e.mul(steep, overA)), choose(e.neg(e.mul(flat, overB)), e.neg(overA))]
}

/** ∂aᵇ/∂a = b·aᵇ⁻¹, and 0 for a = b = 0, where that is 0 · ∞. (For b = 0 alone it is 0 but not flat in b.) */
function powSlope(a: Expression, b: Expression): Expression {
  const atZero = e.and(e.equal(a, 0), e.equal(b, 0))
  return e.where(atZero, 0, e.mul(b, e.pow(a, e.sub(b, 1))))
}

/** ∂aᵇ/∂b = aᵇ·log a, and 0 where a or aᵇ is 0 even though a logarithm is infinite. */
function powGrowth(y: Expression, a: Expression): Expression {
  return e.where(e.or(e.equal(y, 0), e.equal(a, 0)), 0, e.mul(y, e.log(a)))
}

/** 1/√(x² + 1), which is 1/|x| to every digit where x² might overflow. */
function asinhSlope(x: Expression): Expression {
  const plain = e.reciprocal(e.sqrt(e.add(e.square(x), 1)))
  return e.where(e.less(e.abs(x), 2 ** 30), plain, e.reciprocal(e.abs(x)))
}

/** Builds expressions from scalar functions. */
export const e: ExpressionBuilder = Object.fromEntries(
  Object.keys(scalarRules).map(name => [
    name,
    (...operands: ExpressionLike[]) => call(name as ScalarFunction, ...operands),
  ]),
) as ExpressionBuilder
