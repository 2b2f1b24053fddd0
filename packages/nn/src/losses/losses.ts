/** Losses: one number for how far outputs are from targets, a mean over everything. */

import {
  arange,
  checkTensor,
  DTypeError,
  isSynchronous,
  logSoftmax,
  ShapeError,
  type Tensor,
  ValueError,
  where,
} from '@sensigrad/core'

/**
 * The mean of squared differences.
 *
 * @param output  any shape
 * @param target  the same shape and type
 * @throws ShapeError when the shapes differ: they do not broadcast here
 */
export function meanSquaredError(output: Tensor, target: Tensor): Tensor {
  checkTensor('meanSquaredError', 'the output', output)
  checkTensor('meanSquaredError', 'the target', target)
  if (String(output.shape) !== String(target.shape)) {
    throw new ShapeError(
      'meanSquaredError',
      `output ${output} and target ${target} differ`,
      'Give them one shape',
    )
  }
  return output.sub(target).square().mean()
}

/**
 * The mean of -log p(label), p being the softmax of the logits along the last axis.
 *
 * @param logits  `[…, classes]`
 * @param labels  int32 `[…]`, each from 0 to classes - 1
 * @throws ShapeError or DTypeError when the labels do not fit; ValueError for one that is no class, where values can
 *         be read at once (elsewhere it adds 0 to the sum)
 */
export function crossEntropy(logits: Tensor, labels: Tensor): Tensor {
  checkTensor('crossEntropy', 'the tensor of logits', logits)
  checkTensor('crossEntropy', 'the tensor of labels', labels)
  if (labels.dtype !== 'int32') {
    throw new DTypeError(
      'crossEntropy',
      `the labels are ${labels}`,
      "Give class numbers: tensor(labels, { dtype: 'int32' })",
    )
  }
  if (String(logits.shape.slice(0, -1)) !== String(labels.shape) || logits.rank === 0) {
    throw new ShapeError(
      'crossEntropy',
      `logits ${logits} and labels ${labels} do not fit`,
      'Logits have the shape of the labels and one axis more, the classes',
    )
  }
  checkLabels(labels, logits.shape.at(-1)!)
  const classes = arange(logits.shape.at(-1)!, { backend: logits.backend })
  const chosen = labels.expandDims(-1).equal(classes)
  return where(chosen, logSoftmax(logits), 0).sum(-1).mean().neg()
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
