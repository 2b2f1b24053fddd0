/**
 * Elementwise operations. All of them are one operation, `map(expression, inputs)`; the functions below name
 * its most common expressions. Operands broadcast, and numbers take the type of the tensors beside them.
 */

import { computingOn } from '../backend/current.ts'
import { describeValue, ValueError } from '../errors.ts'
import { forwardRule, reverseRule } from '../expression/differentiate.ts'
import { call, type Expression, input, isExpression } from '../expression/expression.ts'
import { formatExpression } from '../expression/format.ts'
import { e, type ScalarFunction } from '../expression/functions.ts'
import { signatureOf } from '../expression/signature.ts'
import type { DType } from '../tensor/dtype.ts'
import { Tensor } from '../tensor/tensor.ts'
import { defineOp, type SingleOp } from './define.ts'
import { areAlike, inputsOf } from './operands.ts'

/** What elementwise operations take. */
export type TensorLike = Tensor | number | boolean

/** What a `map` evaluates. */
export interface MapAttributes {
  readonly expression: Expression
}

/** An expression of tensors of one shape. The derivative of a map is again a map. */
export const map: SingleOp<MapAttributes> = defineOp({
  name: 'map',
  forward(inputs, { expression }) {
    const { shape } = inputs[0]!
    const backend = computingOn(inputs[0]!)
    const dtype = signatureOf(expression).gives === 'boolean' ? 'bool' : numberTypeOf(inputs)
    return new Tensor(backend, backend.map(expression, inputs, shape, dtype), dtype, shape)
  },
  vjp({ g, inputs, output, attributes: { expression }, needs }) {
    const shares = new Array<Tensor | undefined>(inputs.length)
    for (let i = 0; i < inputs.length; i++) {
      const rule = needs[i] ? reverseRule(expression, i) : 'none'
      if (rule === 'none') shares[i] = undefined
      else if (rule === 'pass') shares[i] = g
      else shares[i] = map.apply(poolOf(rule.operands, g, output, inputs), rule)
    }
    return shares
  },
  jvp({ d, inputs, output, attributes: { expression } }) {
    const moving = [...d.keys()].filter(i => d[i] !== undefined)
    const rule = forwardRule(expression, moving)
    const pool = [output, ...inputs.flatMap((x, i) => [x, d[i]])]
    if (rule === 'none') return undefined
    return map.apply(
      rule.operands.map(index => pool[index]!),
      rule,
    )
  },
  format: (operands, { expression }) => formatExpression(expression, operands),
  samples: [],
  errors: [
    {
      call: make => make([2, 3]).add(make([2])),
      message: /add: shapes do not broadcast: \[2, 3\] and \[2\]/,
    },
    {
      call: make => make([2]).mul(make([2], 'float64')),
      message: /mul: float32\[2\] and float64\[2\] are mixed/,
    },
    { call: make => make([2], 'int32').exp(), message: /exp: int32\[2\] is not of a float type/ },
    { call: make => make([2]).and(make([2])), message: /and: float32\[2\] stands where a bool is needed/ },
    { call: make => make([2]).add(true), message: /add: true stands where a number is needed/ },
    { call: make => make([2]).less(0).and(1), message: /and: 1 stands where a boolean is needed/ },
    { call: make => make([2], 'int32').add(0.5), message: /add: 0.5 is no int32/ },
    { call: make => make([2]).greater(make([3])), message: /greater: .* \[2\] and \[3\]/ },
  ],
})

/** The type of the numbers among the inputs, which is one. */
function numberTypeOf(inputs: readonly Tensor[]): DType {
  for (const { dtype } of inputs) if (dtype !== 'bool') return dtype
  return 'float32'
}

/** The operands of a reverse rule, from the pool `[ḡ, y, x₀, x₁, …]`. */
function poolOf(operands: readonly number[], g: Tensor, output: Tensor, inputs: readonly Tensor[]): Tensor[] {
  const picked = new Array<Tensor>(operands.length)
  for (let i = 0; i < operands.length; i++) {
    const index = operands[i]!
    picked[i] = index === 0 ? g : index === 1 ? output : inputs[index - 2]!
  }
  return picked
}

/**
 * The function that gives the value of an expression at each element of its operands, which broadcast.
 *
 * @param operation  the name that errors give: DTypeError for wrong or mixed element types, ShapeError when shapes do
 *                   not broadcast
 */
function evaluator(operation: string, expression: Expression): (operands: readonly TensorLike[]) => Tensor {
  const attributes = { expression }
  const signature = signatureOf(expression, operation)
  const isNumeric = signature.inputs.every(kind => kind === 'number')
  return operands =>
    isNumeric && operands.length >= signature.inputs.length && areAlike(operands)
      ? map.apply(operands, attributes)
      : map.apply(inputsOf(operation, signature, operands), attributes)
}

/**
 * Makes an elementwise function of your own: one kernel, its derivatives of every order included.
 *
 * @param name   for messages
 * @param build  gets the expression builder and the arguments, and returns the expression
 * @throws ValueError where the function returns no expression, or one that mixes numbers and booleans
 * @example const swish = elementwise('swish', (e, x, beta) => e.mul(x, e.sigmoid(e.mul(beta, x))))
 */
export function elementwise<Arguments extends readonly Expression[]>(
  name: string,
  build: (builder: typeof e, ...args: Arguments) => Expression,
): (...operands: { [K in keyof Arguments]: TensorLike }) => Tensor {
  if (typeof build !== 'function') {
    throw new ValueError(
      'elementwise',
      `the function of ${describeValue(name)} is ${describeValue(build)}`,
      'Give one such as (e, x) => e.mul(x, x)',
    )
  }
  const args = Array.from({ length: build.length - 1 }, (_, i) => input(i))
  const expression = build(e, ...(args as unknown as Arguments))
  if (!isExpression(expression)) {
    throw new ValueError(
      name,
      `the function returned ${describeValue(expression)}`,
      'Return an expression, such as e.mul(x, x)',
    )
  }
  const evaluate = evaluator(name, expression)
  return (...operands) => {
    if (operands.length !== args.length) {
      throw new ValueError(name, `${operands.length} arguments were given`, `It takes ${args.length}`)
    }
    return evaluate(operands)
  }
}

const [x0, x1, x2] = [input(0), input(1), input(2)]

function unary(name: ScalarFunction): (x: TensorLike) => Tensor {
  const evaluate = evaluator(name, call(name, x0))
  return x => evaluate([x])
}

function binary(name: ScalarFunction): (a: TensorLike, b: TensorLike) => Tensor {
  const evaluate = evaluator(name, call(name, x0, x1))
  return (a, b) => evaluate([a, b])
}

/** -x */
export const neg: (x: TensorLike) => Tensor = unary('neg')
/** |x|; its derivative at 0 is 0. */
export const abs: (x: TensorLike) => Tensor = unary('abs')
/** -1, 0 or 1. */
export const sign: (x: TensorLike) => Tensor = unary('sign')
/** x² */
export const square: (x: TensorLike) => Tensor = unary('square')
/** √x; NaN below 0, and an infinite derivative at 0. */
export const sqrt: (x: TensorLike) => Tensor = unary('sqrt')
/** 1/x */
export const reciprocal: (x: TensorLike) => Tensor = unary('reciprocal')
/** eˣ */
export const exp: (x: TensorLike) => Tensor = unary('exp')
/** eˣ - 1, accurate near 0. */
export const expm1: (x: TensorLike) => Tensor = unary('expm1')
/** The natural logarithm; NaN below 0. */
export const log: (x: TensorLike) => Tensor = unary('log')
/** log(1 + x), accurate near 0. */
export const log1p: (x: TensorLike) => Tensor = unary('log1p')
/** sin x, x in radians. */
export const sin: (x: TensorLike) => Tensor = unary('sin')
/** cos x, x in radians. */
export const cos: (x: TensorLike) => Tensor = unary('cos')
/** tan x, x in radians. */
export const tan: (x: TensorLike) => Tensor = unary('tan')
/** The angle in [-π/2, π/2] whose sine is x; NaN outside [-1, 1]. */
export const asin: (x: TensorLike) => Tensor = unary('asin')
/** The angle in [0, π] whose cosine is x; NaN outside [-1, 1]. */
export const acos: (x: TensorLike) => Tensor = unary('acos')
/** The angle in [-π/2, π/2] whose tangent is x. */
export const atan: (x: TensorLike) => Tensor = unary('atan')
/** (eˣ - e⁻ˣ)/2, accurate near 0. */
export const sinh: (x: TensorLike) => Tensor = unary('sinh')
/** (eˣ + e⁻ˣ)/2 */
export const cosh: (x: TensorLike) => Tensor = unary('cosh')
/** tanh x */
export const tanh: (x: TensorLike) => Tensor = unary('tanh')
/** The number whose sinh is x. */
export const asinh: (x: TensorLike) => Tensor = unary('asinh')
/** The number ≥ 0 whose cosh is x; NaN below 1. */
export const acosh: (x: TensorLike) => Tensor = unary('acosh')
/** The number whose tanh is x; NaN outside [-1, 1]. */
export const atanh: (x: TensorLike) => Tensor = unary('atanh')
/** The error function, 2/√π · ∫₀ˣ e^{-t²} dt. */
export const erf: (x: TensorLike) => Tensor = unary('erf')
/** 1 - erf x, accurate where it is tiny. */
export const erfc: (x: TensorLike) => Tensor = unary('erfc')
/** 1/(1 + e⁻ˣ) */
export const sigmoid: (x: TensorLike) => Tensor = unary('sigmoid')
/** log(1 + eˣ), without overflow. */
export const softplus: (x: TensorLike) => Tensor = unary('softplus')
/** max(x, 0); its derivative at 0 is 0. */
export const relu: (x: TensorLike) => Tensor = unary('relu')
/** The largest whole number ≤ x, in the type of x; flat, a constant to gradients. */
export const floor: (x: TensorLike) => Tensor = unary('floor')
/** The smallest whole number ≥ x, in the type of x; flat, a constant to gradients. */
export const ceil: (x: TensorLike) => Tensor = unary('ceil')
/** The nearest whole number, in the type of x; a half goes to the even one. Flat, a constant to gradients. */
export const round: (x: TensorLike) => Tensor = unary('round')
/** a + b */
export const add: (a: TensorLike, b: TensorLike) => Tensor = binary('add')
/** a - b */
export const sub: (a: TensorLike, b: TensorLike) => Tensor = binary('sub')
/** a · b, element by element. */
export const mul: (a: TensorLike, b: TensorLike) => Tensor = binary('mul')
/** a / b, floats only. */
export const div: (a: TensorLike, b: TensorLike) => Tensor = binary('div')
/** The remainder a - b·⌊a/b⌋, with the sign of b. For b = 0 NaN, and in int32 unspecified. */
export const mod: (a: TensorLike, b: TensorLike) => Tensor = binary('mod')
/** aᵇ; NaN for a negative a and a b that is not whole. */
export const pow: (a: TensorLike, b: TensorLike) => Tensor = binary('pow')
/** The angle of the point (b, a), in [-π, π]: tan⁻¹ a/b in the right quadrant. Its slopes at (0, 0) are 0. */
export const atan2: (a: TensorLike, b: TensorLike) => Tensor = binary('atan2')
/** The larger of a and b; NaN if either is. At a tie each gets half the gradient. */
export const maximum: (a: TensorLike, b: TensorLike) => Tensor = binary('maximum')
/** The smaller of a and b; NaN if either is. At a tie each gets half the gradient. */
export const minimum: (a: TensorLike, b: TensorLike) => Tensor = binary('minimum')
/** a < b, as bool. */
export const less: (a: TensorLike, b: TensorLike) => Tensor = binary('less')
/** a ≤ b, as bool. */
export const lessEqual: (a: TensorLike, b: TensorLike) => Tensor = binary('lessEqual')
/** a = b, as bool. */
export const equal: (a: TensorLike, b: TensorLike) => Tensor = binary('equal')
/** Both, of bools. */
export const and: (a: TensorLike, b: TensorLike) => Tensor = binary('and')
/** Either or both, of bools. */
export const or: (a: TensorLike, b: TensorLike) => Tensor = binary('or')
/** The opposite, of bools. */
export const not: (a: TensorLike) => Tensor = unary('not')

const chosen = evaluator('where', call('where', x0, x1, x2))

/**
 * `a` where `condition` holds, else `b`.
 *
 * Both branches are computed, and a zero cotangent goes back to the one not taken, where a rule that multiplies it by
 * an infinite slope makes NaN: `where(x.greater(0), x.sqrt(), 0)` at 0. Choose inside of `elementwise`, where slopes are
 * chosen as well, or keep the argument away: `where(c, where(c, x, 1).sqrt(), 0)`.
 *
 * @param condition  a bool tensor
 */
export function where(condition: TensorLike, a: TensorLike, b: TensorLike): Tensor {
  return chosen([condition, a, b])
}
