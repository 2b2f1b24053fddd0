/** Losses of classes: how improbable the right ones are to a model that gives logits. */

import {
  arange,
  checkTensor,
  DTypeError,
  describeValue,
  type Expression,
  elementwise,
  isSynchronous,
  logSoftmax,
  ShapeError,
  softplus,
  Tensor,
  ValueError,
  where,
} from '@sensigrad/core'
import { checkLoss, checkPair, type LossOptions, reduced } from './reduction.ts'

/** What `crossEntropy` can be told. */
export interface CrossEntropyOptions extends LossOptions {
  /** This share of each target goes to all classes alike (Szegedy et al., CVPR 2016, §7); 0 unless said. */
  readonly labelSmoothing?: number
  /** How much each class counts, `[classes]`. With labels the mean is then that of samples weighted by their class. */
  readonly classWeights?: Tensor
}

/**
 * The mean of -log p(label), p being the softmax of the logits along the last axis; with a distribution as the target,
 * the mean of -Σ t(class)·log p(class). All as PyTorch's `cross_entropy`, but for the place of the classes.
 *
 * @param logits   `[…, classes]`
 * @param target   labels, int32 `[…]`, each from 0 to classes - 1; or the probabilities of all classes, `[…, classes]`
 * @param options  smoothing and weights, and `{ reduction: 'sum' }` or `'none'`, which gives `[…]`
 * @throws ShapeError or DTypeError when the targets do not fit; ValueError for a label that is no class, where values can
 *         be read at once (elsewhere it adds 0 to the sum)
 * @example crossEntropy(model.call(x), labels, { labelSmoothing: 0.1 })
 */
export function crossEntropy(logits: Tensor, target: Tensor, options: CrossEntropyOptions = {}): Tensor {
  checkLoss('crossEntropy', options, ['labelSmoothing', 'classWeights'])
  checkTensor('crossEntropy', 'the tensor of logits', logits)
  checkTensor('crossEntropy', 'the tensor of labels', target)
  const { labelSmoothing = 0, classWeights, reduction = 'mean' } = options
  const chosen = target.dtype === 'int32' ? choiceOf(logits, target) : undefined
  if (chosen === undefined) checkDistribution(logits, target)
  checkSmoothing(labelSmoothing)
  checkWeights(logits, classWeights)

  const classes = logits.shape.at(-1)!
  const logs = logSoftmax(logits)
  let shares = chosen ? where(chosen, logs, 0) : weighted(target, logs)
  if (labelSmoothing > 0) shares = shares.mul(1 - labelSmoothing).add(logs.mul(labelSmoothing / classes))
  if (classWeights !== undefined) shares = shares.mul(classWeights)
  const losses = shares.sum(-1)
  if (reduction === 'mean' && chosen && classWeights) {
    return losses
      .sum()
      .div(where(chosen, classWeights, 0).sum())
      .neg()
  }
  return reduced('crossEntropy', losses, options).neg()
}

/** t·log p, and 0 where t is 0 and p is, too: a class that is masked by a logit of -∞ costs nothing unless it is wanted. */
const weighted = elementwise('crossEntropy', (e, t: Expression, log: Expression) =>
  e.where(e.and(e.equal(t, 0), e.less(log, -3e38)), 0, e.mul(t, log)),
)

/** Which class each label is, bool `[…, classes]`. */
function choiceOf(logits: Tensor, labels: Tensor): Tensor {
  if (String(logits.shape.slice(0, -1)) !== String(labels.shape) || logits.rank === 0) {
    throw new ShapeError(
      'crossEntropy',
      `logits ${logits} and labels ${labels} do not fit`,
      'Logits have the shape of the labels and one axis more, the classes',
    )
  }
  const classes = logits.shape.at(-1)!
  checkLabels(labels, classes)
  return labels.expandDims(-1).equal(arange(classes, { backend: logits.backend }))
}

function checkLabels(labels: Tensor, classes: number): void {
  if (!isSynchronous(labels.backend)) return
  const wrong = labels.backend.readSync(labels).find(label => label < 0 || label >= classes)
  if (wrong === undefined) return
  throw new ValueError(
    'crossEntropy',
    `the label ${wrong} is none of ${classes} classes`,
    `Count them from 0 to ${classes - 1}`,
  )
}

/** @throws DTypeError or ShapeError unless targets are probabilities of the classes, which are of the logits' type */
function checkDistribution(logits: Tensor, target: Tensor): void {
  if (target.dtype !== logits.dtype || (target.rank < logits.rank && logits.rank > 0)) {
    throw new DTypeError(
      'crossEntropy',
      `the labels are ${target}`,
      "Give class numbers: tensor(labels, { dtype: 'int32' })",
    )
  }
  if (String(target.shape) === String(logits.shape) && logits.rank > 0) return
  throw new ShapeError(
    'crossEntropy',
    `logits ${logits} and probabilities ${target} do not fit`,
    'Give them one shape, whose last axis are the classes',
  )
}

/** @throws ValueError unless a share is left to the targets */
function checkSmoothing(share: unknown): void {
  if (typeof share === 'number' && share >= 0 && share <= 1) return
  throw new ValueError(
    'crossEntropy',
    `the labelSmoothing ${describeValue(share)} does not lie in [0, 1]`,
    'Give a share such as 0.1',
  )
}

/** @throws ShapeError, DTypeError or ValueError unless weights are a tensor of the logits' type, one for each class */
function checkWeights(logits: Tensor, weights: Tensor | undefined): void {
  if (weights === undefined) return
  checkTensor('crossEntropy', 'classWeights', weights)
  const classes = logits.shape.at(-1)!
  if (String(weights.shape) !== String([classes])) {
    throw new ShapeError(
      'crossEntropy',
      `the classWeights are ${weights}, and there are ${classes} classes`,
      'Give one for each class',
    )
  }
  if (weights.dtype === logits.dtype) return
  throw new DTypeError(
    'crossEntropy',
    `logits ${logits} and classWeights ${weights} are mixed`,
    `Cast the weights first: .cast('${logits.dtype}')`,
  )
}

/** What `binaryCrossEntropy` can be told. */
export interface BinaryCrossEntropyOptions extends LossOptions {
  /** How much more an occurrence counts than an absence: a number, or a tensor that broadcasts; 1 unless said. */
  readonly positiveWeight?: number | Tensor
}

/**
 * The mean of -t·log σ(x) - (1 - t)·log(1 - σ(x)) for logits x, as PyTorch's `binary_cross_entropy_with_logits`: in terms
 * of softplus, so that nothing overflows and small losses keep their digits.
 *
 * @param logits   any shape
 * @param target   the probability that it occurs, from 0 to 1; the same shape and type
 * @param options  `{ positiveWeight }` by which the first term is multiplied, and `{ reduction: 'sum' }` or `'none'`
 * @throws ShapeError when the shapes differ; DTypeError when the types do
 * @example binaryCrossEntropy(model.call(x), labels.cast('float32'))
 */
export function binaryCrossEntropy(
  logits: Tensor,
  target: Tensor,
  options: BinaryCrossEntropyOptions = {},
): Tensor {
  checkLoss('binaryCrossEntropy', options, ['positiveWeight'])
  const { positiveWeight } = options
  checkPair('binaryCrossEntropy', logits, target, ['logits', 'target'])
  const occurring = target.mul(softplus(logits.neg()))
  const missing = target.neg().add(1).mul(softplus(logits))
  if (positiveWeight === undefined) return reduced('binaryCrossEntropy', occurring.add(missing), options)
  const isWeight = Number.isFinite(positiveWeight) && Number(positiveWeight) >= 0
  if (!(positiveWeight instanceof Tensor || isWeight)) {
    throw new ValueError(
      'binaryCrossEntropy',
      `the positiveWeight is ${describeValue(positiveWeight)}`,
      'Give a finite number ≥ 0, or a tensor that broadcasts with the logits',
    )
  }
  return reduced('binaryCrossEntropy', occurring.mul(positiveWeight).add(missing), options)
}
