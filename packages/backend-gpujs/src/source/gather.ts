/** Elements that are picked by indices along an axis. */

import { sizeOf, type View } from '@sensigrad/core'
import type { Job } from './job.ts'
import { collapsedAround, coordinates, elementAt, moved, viewed } from './places.ts'
import { Text } from './text.ts'

/** Elements along an axis, picked by indices of the output's shape. Indices outside of the axis pick its ends. */
export function gatherJob(input: View, indices: View, axis: number): Job {
  const { shape } = indices
  const size = input.shape[axis]!
  const layout = collapsedAround(axis, shape, [viewed(input), viewed(indices)])
  const [from, at] = layout.strides
  const text = new Text()
  const index = coordinates(text, text.element, layout.shape)
  const picked = text.value(`Math.max(0, Math.min(${size - 1}, ${elementAt(1, index, at!)}))`)
  const place = moved(index, layout.axis, picked)
  return text.job(elementAt(0, place, from!), sizeOf(shape), [input, indices])
}
