/**
 * Activation functions, each of them one kernel whose derivatives follow from its expression. Parameters are operands:
 * numbers, or tensors that broadcast with x and get gradients as well.
 */

import type { Expression } from '../expression/expression.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { elementwise, type TensorLike } from './elementwise.ts'
import { between, each } from './elementwise-composed.ts'
import { specify } from './specify.ts'

/**
 * log σ(x) = -log(1 + e⁻ˣ), without overflow: x far below 0, and -e⁻ˣ far above.
 *
 * @throws DTypeError for int32 and bool
 */
export const logSigmoid: (x: TensorLike) => Tensor = elementwise('logSigmoid', (e, x: Expression) => {
  const isBelow = e.less(x, 0)
  const rest = e.log1p(e.exp(e.where(isBelow, x, e.neg(x))))
  return e.where(isBelow, e.sub(x, rest), e.neg(rest))
})

specify({
  name: 'logSigmoid',
  samples: [
    {
      name: 'of a matrix',
      shapes: [[2, 3]],
      call: x => logSigmoid(x),
      gives: 'float64[2, 3]',
      value: each(x => Math.log(1 / (1 + Math.exp(-x)))),
    },
    { name: 'of nothing', shapes: [[0]], call: x => logSigmoid(x), gives: 'float64[0]', value: each(x => x) },
  ],
  errors: [
    { call: make => logSigmoid(make([2], 'int32')), message: /logSigmoid: int32\[2\] is not of a float/ },
    { call: () => logSigmoid('1' as never), message: /logSigmoid: '1' is no tensor or number/ },
  ],
})

const leakyReluOf = elementwise('leakyRelu', (e, x: Expression, slope: Expression) =>
  e.where(e.less(0, x), x, e.mul(slope, x)),
)

/**
 * x above 0, and slope·x below. At 0 the derivative is that of below, `slope`.
 *
 * @param slope  a number or a tensor that broadcasts with x
 * @throws DTypeError for mixed types; ShapeError when shapes do not broadcast
 * @example leakyRelu(x, 0.2)
 */
export function leakyRelu(x: TensorLike, slope: TensorLike = 0.01): Tensor {
  return leakyReluOf(x, slope)
}

specify({
  name: 'leakyRelu',
  samples: [
    {
      name: 'with the usual slope',
      shapes: [[3, 2]],
      call: x => leakyRelu(x),
      gives: 'float64[3, 2]',
      value: each(x => Math.max(x, 0.01 * x)),
    },
    {
      name: 'with a slope for each column',
      shapes: [[3, 2], [2]],
      call: (x, slope) => leakyRelu(x, slope),
      gives: 'float64[3, 2]',
      value: (x, slope) => (i, j) => x(i, j) * (x(i, j) > 0 ? 1 : slope!(j)),
    },
  ],
  errors: [
    { call: make => leakyRelu(make([2], 'int32')), message: /leakyRelu: 0\.01 is no int32/ },
    { call: make => leakyRelu(make([2]), make([3])), message: /leakyRelu: shapes do not broadcast/ },
    { call: make => leakyRelu(make([2]), 'steep' as never), message: /leakyRelu: 'steep' is no tensor/ },
  ],
})

const eluOf = elementwise('elu', (e, x: Expression, alpha: Expression) =>
  e.where(e.less(0, x), x, e.mul(alpha, e.expm1(x))),
)

/**
 * x above 0, and alpha·(eˣ - 1) below. At 0 the derivatives are those of below: alpha, to every order.
 *
 * @param alpha  a number or a tensor that broadcasts with x
 * @throws DTypeError for int32, bool and mixed types; ShapeError when shapes do not broadcast
 * @example elu(x, 0.5)
 */
export function elu(x: TensorLike, alpha: TensorLike = 1): Tensor {
  return eluOf(x, alpha)
}

specify({
  name: 'elu',
  samples: [
    {
      name: 'on both sides',
      shapes: [[3, 3]],
      call: x => elu(x),
      gives: 'float64[3, 3]',
      value: each(x => (x > 0 ? x : Math.exp(x) - 1)),
    },
    {
      name: 'with an alpha for each column',
      shapes: [[3, 2], [2]],
      call: (x, alpha) => elu(x, alpha),
      gives: 'float64[3, 2]',
      value: (x, alpha) => (i, j) => (x(i, j) > 0 ? x(i, j) : alpha!(j) * (Math.exp(x(i, j)) - 1)),
    },
  ],
  errors: [
    { call: make => elu(make([2], 'int32')), message: /elu: int32\[2\] is not of a float type/ },
    { call: make => elu(make([2]), make([2], 'float64')), message: /elu: .* are mixed/ },
    { call: make => elu(make([2]), null as never), message: /elu: null is no tensor or number/ },
  ],
})

/** The fixed point of mean 0 and variance 1 (Klambauer, Unterthiner, Mayr and Hochreiter, 2017). */
const [seluScale, seluAlpha] = [1.0507009873554805, 1.6732632423543772]

/**
 * λx above 0 and λα·(eˣ - 1) below, which keeps the mean 0 and variance 1 of activations from layer to layer
 * (Klambauer et al., "Self-Normalizing Neural Networks", 2017). At 0 the derivatives are those of below: λα.
 *
 * @throws DTypeError for int32 and bool
 */
export const selu: (x: TensorLike) => Tensor = elementwise('selu', (e, x: Expression) =>
  e.where(e.less(0, x), e.mul(seluScale, x), e.mul(seluScale * seluAlpha, e.expm1(x))),
)

specify({
  name: 'selu',
  samples: [
    {
      name: 'on both sides',
      shapes: [[3, 3]],
      call: x => selu(x),
      gives: 'float64[3, 3]',
      value: each(x => 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * (Math.exp(x) - 1))),
    },
  ],
  errors: [{ call: make => selu(make([2], 'int32')), message: /selu: int32\[2\] is not of a float type/ }],
})

const hardtanhBetween = between('hardtanh')

/**
 * x between two bounds, as `clip`: the slope at a bound is that of x, 1.
 *
 * @throws ValueError when both bounds are numbers and `low` is the greater; DTypeError for mixed types
 * @example hardtanh(x, 0, 6)
 */
export function hardtanh(x: TensorLike, low: TensorLike = -1, high: TensorLike = 1): Tensor {
  return hardtanhBetween(x, low, high)
}

specify({
  name: 'hardtanh',
  samples: [
    {
      name: 'between -1 and 1',
      shapes: [[3, 3]],
      call: x => hardtanh(x),
      gives: 'float64[3, 3]',
      value: each(x => Math.min(Math.max(x, -1), 1)),
    },
    {
      name: 'between other bounds',
      shapes: [[5]],
      call: x => hardtanh(x, -0.3, 1.1),
      gives: 'float64[5]',
      value: each(x => Math.min(Math.max(x, -0.3), 1.1)),
    },
  ],
  errors: [
    { call: make => hardtanh(make([2]), 1, -1), message: /hardtanh: the bounds are 1 and -1/ },
    { call: make => hardtanh(make([2], 'bool')), message: /hardtanh: bool\[2\] stands where a number/ },
  ],
})

/**
 * x/(1 + |x|); its second derivative, which jumps at 0, is 0 there.
 *
 * @throws DTypeError for int32 and bool
 */
export const softsign: (x: TensorLike) => Tensor = elementwise('softsign', (e, x: Expression) => {
  // Far out, the slope of the quotient would be the difference of two numbers that are nearly one.
  const far = e.where(e.less(x, 0), e.sub(e.reciprocal(e.sub(1, x)), 1), e.sub(1, e.reciprocal(e.add(1, x))))
  return e.where(e.less(e.abs(x), 1), e.div(x, e.add(1, e.abs(x))), far)
})

specify({
  name: 'softsign',
  samples: [
    {
      name: 'on both sides',
      shapes: [[2, 3]],
      call: x => softsign(x),
      gives: 'float64[2, 3]',
      value: each(x => x / (1 + Math.abs(x))),
    },
  ],
  errors: [
    { call: make => softsign(make([2], 'int32')), message: /softsign: int32\[2\] is not of a float type/ },
  ],
})
