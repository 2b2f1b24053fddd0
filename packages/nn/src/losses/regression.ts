/** Losses of numbers: how far outputs lie from targets, element by element. */

import { type Expression, elementwise, type Tensor } from '@sensigrad/core'
import { checkAmount, checkLoss, checkPair, type LossOptions, reduced } from './reduction.ts'

/**
 * The mean of squared differences.
 *
 * @param output   any shape
 * @param target   the same shape and type
 * @param options  `{ reduction: 'sum' }` for their sum, `'none'` for a tensor of them
 * @throws ShapeError when the shapes differ: they do not broadcast here
 * @example meanSquaredError(model.call(x), y)
 */
export function meanSquaredError(output: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  checkLoss('meanSquaredError', options)
  checkPair('meanSquaredError', output, target)
  return reduced('meanSquaredError', output.sub(target).square(), options)
}

/**
 * The mean of absolute differences. Where output and target are equal its slope is 0.
 *
 * @param output   any shape
 * @param target   the same shape and type
 * @param options  `{ reduction: 'sum' }` for their sum, `'none'` for a tensor of them
 * @throws ShapeError when the shapes differ: they do not broadcast here
 * @example meanAbsoluteError(model.call(x), y)
 */
export function meanAbsoluteError(output: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  checkLoss('meanAbsoluteError', options)
  checkPair('meanAbsoluteError', output, target)
  return reduced('meanAbsoluteError', output.sub(target).abs(), options)
}

/** What `huber` can be told. */
export interface HuberOptions extends LossOptions {
  /** Where the parabola becomes a line; 1 unless said. */
  readonly delta?: number
}

const huberOf = elementwise('huber', (e, difference: Expression, delta: Expression) => {
  const size = e.abs(difference)
  const line = e.mul(delta, e.sub(size, e.mul(delta, 0.5)))
  return e.where(e.less(delta, size), line, e.mul(e.square(difference), 0.5))
})

/**
 * The mean of half the squared difference d²/2 as far as |d| ≤ delta, and of delta·(|d| - delta/2) beyond: outliers pull
 * no harder than delta (Huber, 1964, eq. 2.6). As PyTorch's `huber_loss`.
 *
 * @param output   any shape
 * @param target   the same shape and type
 * @param options  delta, and `{ reduction: 'sum' }` or `'none'`
 * @throws ShapeError when the shapes differ; ValueError unless delta is positive
 * @example huber(model.call(x), y, { delta: 0.5 })
 */
export function huber(output: Tensor, target: Tensor, options: HuberOptions = {}): Tensor {
  checkLoss('huber', options, ['delta'])
  const { delta = 1 } = options
  checkAmount('huber', 'delta', delta, 0, true)
  checkPair('huber', output, target)
  return reduced('huber', huberOf(output.sub(target), delta), options)
}
