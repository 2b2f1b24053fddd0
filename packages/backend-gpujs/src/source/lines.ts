/** Lines along one axis: what the kernels share that look at an axis as a whole. */

import type { View } from '@sensigrad/core'
import { collapsedAround, viewed } from './places.ts'

/** An axis of a view: what stands beside it, how to read along it. */
export interface Lines {
  readonly input: View
  readonly axis: number
  /** The shape with as few axes as may be, and strides. */
  readonly shape: readonly number[]
  readonly strides: readonly number[]
  /** How many elements a line has. */
  readonly length: number
}

export function linesOf(input: View, axis: number): Lines {
  const layout = collapsedAround(axis, input.shape, [viewed(input)])
  return {
    input,
    axis: layout.axis,
    shape: layout.shape,
    strides: layout.strides[0]!,
    length: input.shape[axis]!,
  }
}
