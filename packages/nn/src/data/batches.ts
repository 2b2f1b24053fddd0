/** Data in parts: batches to learn from, shuffled by a key, and a share that is kept back for testing. */

import {
  describeValue,
  gather,
  type Key,
  leavesOf,
  mapTree,
  permutationValues,
  ShapeError,
  type Tensor,
  type TensorTree,
  tensor,
  ValueError,
} from '@sensigrad/core'
import { checkCount, checkFlag, checkOptions } from '../check.ts'

/** How samples are put into batches. */
export interface BatchesOptions {
  /** How many samples a batch has. */
  readonly size: number
  /** The samples come in an order drawn from this key, the same one on every backend; as they are unless given. */
  readonly shuffle?: Key
  /** Whether samples that do not fill a batch are left out; unless said they are a smaller one, the last. */
  readonly dropLast?: boolean
}

/** The batches of one epoch. They are made as they are asked for, and come anew, in the same order, for each loop. */
export interface Batches<Tree extends TensorTree> extends Iterable<Tree> {
  /** How many there are. */
  readonly count: number
}

/**
 * Splits samples into batches, along the first axis.
 *
 * A captured step is captured once for each size of batch: once with `dropLast`, at most twice without.
 *
 * @param samples  a tree of tensors `[samples, …]`
 * @returns trees of tensors `[size, …]`
 * @throws ValueError for what is no tree of tensors, or a size that is none; ShapeError when the tensors do not have
 *         equally many samples
 * @example
 * for (let epoch = 0; epoch < 10; epoch++) {
 *   for (const [x, y] of batches([inputs, targets], { size: 32, shuffle: foldIn(key(7), epoch) })) step(x, y)
 * }
 */
export function batches<const Tree extends TensorTree>(
  samples: Tree,
  options: BatchesOptions,
): Batches<Tree> {
  checkOptions('batches', options, ['size', 'shuffle', 'dropLast'])
  const { size, shuffle, dropLast = false } = options
  checkCount('batches', 'samples in a batch', size)
  checkFlag('batches', 'dropLast', dropLast)
  const total = countOf('batches', samples)
  const order = shuffle === undefined ? undefined : permutationValues(shuffle, total, 'batches')
  const count = (dropLast ? Math.floor : Math.ceil)(total / size)
  return {
    count,
    *[Symbol.iterator]() {
      for (let start = 0; start < count * size; start += size) {
        const end = Math.min(start + size, total)
        yield mapTree('batches', samples, x =>
          order === undefined ? x.slice([start, end]) : rowsOf(x, order.subarray(start, end)),
        ) as Tree
      }
    },
  }
}

/** How samples are parted. */
export interface SplitOptions {
  /** Which share of the samples is kept back, such as 0.2. */
  readonly test: number
  /** Draws which ones: the same ones on every backend. */
  readonly key: Key
}

/**
 * Parts samples at random into those to learn from and those to test on. Both keep the order in which they were drawn.
 *
 * @param samples  a tree of tensors `[samples, …]`
 * @returns trees of the same shape with `round(test · samples)` samples for testing, and with the rest for training
 * @throws ValueError for what is no tree of tensors, or a share that leaves one side empty; ShapeError when the tensors
 *         do not have equally many samples
 * @example const { train, test } = trainTestSplit({ x, y }, { test: 0.2, key: key(7) })
 */
export function trainTestSplit<const Tree extends TensorTree>(
  samples: Tree,
  options: SplitOptions,
): { readonly train: Tree; readonly test: Tree } {
  checkOptions('trainTestSplit', options, ['test', 'key'])
  const { test, key } = options
  const total = countOf('trainTestSplit', samples)
  const kept = typeof test === 'number' && test > 0 && test < 1 ? Math.round(test * total) : 0
  if (kept < 1 || kept >= total) {
    throw new ValueError(
      'trainTestSplit',
      `the share ${describeValue(test)} of ${total} samples leaves one side empty`,
      'Give a number between 0 and 1, such as 0.2',
    )
  }
  const order = permutationValues(key, total, 'trainTestSplit')
  const part = (rows: Int32Array) => mapTree('trainTestSplit', samples, x => rowsOf(x, rows)) as Tree
  return { train: part(order.subarray(kept)), test: part(order.subarray(0, kept)) }
}

/** Some of the samples of a tensor. */
function rowsOf(x: Tensor, rows: Int32Array): Tensor {
  return gather(x, tensor(rows, { backend: x.backend }))
}

/** How many samples each tensor of a tree has. */
function countOf(operation: string, samples: TensorTree): number {
  const [first, ...others] = leavesOf(operation, samples, 'the samples')
  if (first === undefined) throw new ValueError(operation, 'there are no tensors', 'Give some: [x, y]')
  for (const { path, tensor } of [first, ...others]) {
    if (tensor.rank > 0 && tensor.shape[0] === first.tensor.shape[0]) continue
    throw new ShapeError(
      operation,
      tensor.rank === 0
        ? `${path || 'the tensor'} has no axis of samples`
        : `${path} is ${tensor}, but ${first.path} is ${first.tensor}`,
      'Give tensors with equally many samples on the first axis',
    )
  }
  return first.tensor.shape[0]!
}
