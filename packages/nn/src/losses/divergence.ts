/** Losses of distributions and of directions, and of margins: what is compared is more than a number or a class. */

import {
  checkTensor,
  DTypeError,
  type Expression,
  elementwise,
  stopGradient,
  type Tensor,
  where,
} from '@sensigrad/core'
import { checkAmount, checkLoss, checkPair, type LossOptions, reduced } from './reduction.ts'

/** t·(log t - log q), and 0 where t is: there its slope is taken for 0, which log t would make infinite. */
const relativeEntropy = elementwise('klDivergence', (e, log: Expression, t: Expression) =>
  e.where(e.equal(t, 0), 0, e.mul(t, e.sub(e.log(t), log))),
)

/**
 * The mean Kullback–Leibler divergence D(t ‖ q) = Σ t·(log t - log q) of distributions along the last axis: how much is
 * lost by taking q for t. PyTorch's `kl_div` gives that mean for `reduction='batchmean'`; its `'mean'` divides by the
 * number of classes, too.
 *
 * @param output   log q, such as `logSoftmax(logits)`, `[…, classes]`
 * @param target   t, probabilities, the same shape and type
 * @param options  `{ reduction: 'sum' }` for the sum, `'none'` for that of each distribution, `[…]`
 * @throws ShapeError when the shapes differ; DTypeError when the types do
 * @example klDivergence(logSoftmax(student.call(x)), softmax(teacher.call(x)))
 */
export function klDivergence(output: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  checkLoss('klDivergence', options)
  checkPair('klDivergence', output, target)
  checkAxis('klDivergence', output)
  return reduced('klDivergence', relativeEntropy(output, target).sum(-1), options)
}

/** What losses with a margin can be told. */
export interface MarginOptions extends LossOptions {
  readonly margin?: number
}

const hingeOf = elementwise('hinge', (e, output: Expression, target: Expression, margin: Expression) =>
  e.relu(e.sub(margin, e.mul(output, target))),
)

/**
 * The mean of max(0, margin - t·x), the loss of support vector machines (Cortes and Vapnik, 1995; Keras' `hinge`).
 * PyTorch's `hinge_embedding_loss` is another one.
 *
 * @param output   x, any shape
 * @param target   t, -1 or 1, the same shape and type
 * @param options  margin, 1 unless said, and `{ reduction: 'sum' }` or `'none'`
 * @throws ShapeError when the shapes differ; ValueError for a margin below 0
 * @example hinge(model.call(x), y)
 */
export function hinge(output: Tensor, target: Tensor, options: MarginOptions = {}): Tensor {
  checkLoss('hinge', options, ['margin'])
  const { margin = 1 } = options
  checkAmount('hinge', 'margin', margin, 0)
  checkPair('hinge', output, target)
  return reduced('hinge', hingeOf(output, target, margin), options)
}

/**
 * The mean of 1 - cos of the angle between vectors along the last axis. A vector of zeros has the cosine 0 with any
 * other one, and no gradient.
 *
 * @param output   `[…, size]`
 * @param target   the same shape and type
 * @param options  `{ reduction: 'sum' }` or `'none'`, which gives `[…]`
 * @throws ShapeError when the shapes differ; DTypeError when the types do
 * @example cosineDistance(model.call(x), y)
 */
export function cosineDistance(output: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  checkLoss('cosineDistance', options)
  checkPair('cosineDistance', output, target)
  checkAxis('cosineDistance', output)
  return reduced('cosineDistance', cosine(output, target).neg().add(1), options)
}

const apart = elementwise('cosineEmbedding', (e, cosine: Expression, label: Expression, margin: Expression) =>
  e.where(e.less(0, label), e.sub(1, cosine), e.relu(e.sub(cosine, margin))),
)

/**
 * The mean of 1 - cos for pairs of vectors that belong together, and of max(0, cos - margin) for those that do not, as
 * PyTorch's `cosine_embedding_loss`.
 *
 * @param first    `[…, size]`
 * @param second   the same shape and type
 * @param labels   `[…]`, of the type of the vectors: 1 for a pair that belongs together, -1 for another
 * @param options  margin, 0 unless said, and `{ reduction: 'sum' }` or `'none'`
 * @throws ShapeError when shapes do not fit; DTypeError when types differ; ValueError for a margin below 0
 * @example cosineEmbedding(model.call(a), model.call(b), tensor([1, -1]), { margin: 0.5 })
 */
export function cosineEmbedding(
  first: Tensor,
  second: Tensor,
  labels: Tensor,
  options: MarginOptions = {},
): Tensor {
  checkLoss('cosineEmbedding', options, ['margin'])
  const { margin = 0 } = options
  checkAmount('cosineEmbedding', 'margin', margin, 0)
  checkPair('cosineEmbedding', first, second, ['first', 'second'])
  checkAxis('cosineEmbedding', first)
  const cosines = cosine(first, second)
  checkPair('cosineEmbedding', cosines, labels, ['pairs', 'labels'])
  return reduced('cosineEmbedding', apart(cosines, labels, margin), options)
}

/** The cosine of the angle between vectors along the last axis; 0, and flat, where one is zero. */
function cosine(a: Tensor, b: Tensor): Tensor {
  return directionOf(a).mul(directionOf(b)).sum(-1)
}

/** x/‖x‖, and zeros where x is. It does not change with the size of x, which is taken out first: squares may overflow. */
function directionOf(x: Tensor): Tensor {
  const most = stopGradient(x.abs().max(-1, { keepDims: true }))
  const isZero = most.equal(0)
  const scaled = x.div(where(isZero, 1, most))
  const squares = where(isZero, 1, scaled.square().sum(-1, { keepDims: true }))
  return where(isZero, 0, scaled.div(squares.sqrt()))
}

/** @throws DTypeError for numbers without an axis along which they belong together */
function checkAxis(loss: string, x: Tensor): void {
  checkTensor(loss, 'the output', x)
  if (x.rank > 0) return
  throw new DTypeError(loss, `${x} has no axis`, 'Give tensors whose last axis is the one that is compared')
}
