/** Products of matrices. */

import { collapse, type View } from '@sensigrad/core'
import { foldJob } from './fold.ts'
import type { Job } from './job.ts'

/** Matrix products: `[...batch, m, k] × [...batch, k, n] → [...batch, m, n]`, equal batches. */
export function contractJob(a: View, b: View): Job {
  const rank = a.shape.length
  const [left, right] = [a.strides, b.strides]
  const { shape, strides } = collapse(
    [...a.shape.slice(0, -1), b.shape[rank - 1]!],
    [
      [...left.slice(0, -1), 0],
      [...right.slice(0, -2), 0, right[rank - 1]!],
    ],
  )
  return foldJob({
    reduction: 'sum',
    kept: shape,
    over: [a.shape[rank - 1]!],
    operands: [
      { read: a, kept: strides[0]!, over: [left[rank - 1]!] },
      { read: b, kept: strides[1]!, over: [right[rank - 2]!] },
    ],
    term: ([x, y]) => `${x} * ${y}`,
  })
}
