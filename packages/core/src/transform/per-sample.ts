/** One call for each sample of a batch: per-example gradients, losses, Jacobians. */

import { describeValue, ShapeError, ValueError } from '../errors.ts'
import { stack } from '../ops/join.ts'
import { unstack } from '../ops/split.ts'
import { checkFunction, checkSynchronous } from '../tape/record.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { leavesLike, leavesOf, rebuildTree, type TensorTree } from '../tensor/tree.ts'

/**
 * The function that calls f for each sample of a batch and stacks what it gives. Beside `grad` it gives per-example
 * gradients: their norms, variances, products with one another.
 *
 * @param f  takes anything (parameters, say), then tensors or trees that are one sample; returns a tensor or a tree
 * @returns a function of the same arguments but batches in the place of samples, each tensor with one more axis in front;
 *          returns what f gives, with that axis in front
 * @throws  ShapeError when the batches differ in length; ValueError for an empty batch
 * @example const gradients = perSample(grad(loss))(weights, xs, ys) // [batch, ...weights.shape]
 */
export function perSample<X, Sample extends readonly TensorTree[], Output extends TensorTree>(
  f: (x: X, ...sample: Sample) => Output,
): (x: X, ...batch: Sample) => Output {
  checkFunction('perSample', f)
  return (x, ...batch) => {
    const leaves = leavesOf('perSample', batch, 'the batch').map(({ tensor }) => tensor)
    checkBatch(leaves)
    const columns = leaves.map(leaf => unstack(leaf))
    const outputs = columns[0]!.map((_, i) => {
      const sample = rebuildTree(
        batch,
        columns.map(column => column[i]!),
      )
      const output = f(x, ...sample)
      checkSynchronous('perSample', output)
      return output
    })
    const first = leavesOf('perSample', outputs[0]!, 'what the function returned')
    const parts = outputs.map((output, i) =>
      leavesLike('perSample', output, first, `the result for sample ${i}`),
    )
    return rebuildTree(
      outputs[0]!,
      first.map((_, j) => stack(parts.map(part => part[j]!))),
    )
  }
}

function checkBatch(leaves: readonly Tensor[]): void {
  const [first] = leaves
  if (first === undefined) {
    throw new ValueError('perSample', 'there is no batch', 'Give one behind the first argument')
  }
  for (const leaf of leaves) {
    if (leaf.rank > 0 && leaf.shape[0] === first.shape[0]) continue
    throw new ShapeError(
      'perSample',
      `${leaf} and ${first} are no batches of one length`,
      'The first axis of every tensor behind the first argument counts the samples',
    )
  }
  if (first.shape[0] === 0) {
    throw new ValueError('perSample', `${describeValue(first)} ${first} has no samples`, 'Give at least one')
  }
}
