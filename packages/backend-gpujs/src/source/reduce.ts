/** Sums and extrema over axes. */

import { collapse, type Reduction, type View } from '@sensigrad/core'
import { foldJob } from './fold.ts'
import type { Job } from './job.ts'

/** Reduces the given axes (sorted, distinct) and drops them; 0 where there is nothing to reduce. */
export function reduceJob(reduction: Reduction, input: View, axes: readonly number[]): Job {
  const rest = [...input.shape.keys()].filter(axis => !axes.includes(axis))
  const part = (which: readonly number[]) =>
    collapse(
      which.map(axis => input.shape[axis]!),
      [which.map(axis => input.strides[axis]!)],
    )
  const [kept, over] = [part(rest), part(axes)]
  return foldJob({
    reduction,
    kept: kept.shape,
    over: over.shape,
    operands: [{ read: input, kept: kept.strides[0]!, over: over.strides[0]! }],
    term: ([value]) => value!,
  })
}
