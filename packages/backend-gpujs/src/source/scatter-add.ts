/** Values that are added where indices say. */

import type { View } from '@sensigrad/core'
import { foldJob } from './fold.ts'
import type { Job } from './job.ts'
import { collapsedAround, replaced, viewed } from './places.ts'

/**
 * Zeros, `size` of them along the axis, to which each value is added at its index. Kernels cannot add to where others
 * add, so each element looks through all the values of its line: the work is that of a product with a one-hot matrix.
 */
export function scatterAddJob(values: View, indices: View, axis: number, size: number): Job {
  const layout = collapsedAround(axis, values.shape, [viewed(values), viewed(indices)])
  const kept = replaced(layout.shape, layout.axis, size)
  const operand = (read: View, strides: readonly number[]) => ({
    read,
    kept: replaced(strides, layout.axis, 0),
    over: [strides[layout.axis]!],
  })
  return foldJob({
    reduction: 'sum',
    kept,
    over: [values.shape[axis]!],
    operands: [operand(values, layout.strides[0]!), operand(indices, layout.strides[1]!)],
    term: ([value, at], index) => `(Math.abs(${at} - ${index[layout.axis]}) < 0.5 ? ${value} : 0)`,
  })
}
