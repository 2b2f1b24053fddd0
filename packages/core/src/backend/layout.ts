/** Walking strided views: what backends share when they turn a view into loops. */

import type { Shape } from '../tensor/shape.ts'

/** A shape and, for each view, its strides, with as few axes as the strides allow. */
export interface CollapsedLayout {
  readonly shape: number[]
  readonly strides: number[][]
}

/**
 * Joins neighbouring axes that every view walks in one stride and drops axes of size one, so that loops get
 * long and few: contiguous views of any rank become one axis.
 */
export function collapse(shape: Shape, strides: readonly (readonly number[])[]): CollapsedLayout {
  const lengths: number[] = []
  const steps: number[][] = strides.map(() => [])
  for (let axis = 0; axis < shape.length; axis++) {
    const length = shape[axis]!
    if (length === 1) continue
    const last = lengths.length - 1
    const joins = last >= 0 && steps.every((step, view) => step[last] === strides[view]![axis]! * length)
    if (joins) {
      lengths[last]! *= length
      steps.forEach((step, view) => {
        step[last] = strides[view]![axis]!
      })
    } else {
      lengths.push(length)
      for (const [view, step] of steps.entries()) step.push(strides[view]![axis]!)
    }
  }
  return { shape: lengths, strides: steps }
}

/**
 * Visits every position of `shape` in row-major order and tells where each view stands there.
 *
 * @param visit  gets the running offsets (one array, reused) and the count of positions visited before
 */
export function walk(
  shape: Shape,
  strides: readonly (readonly number[])[],
  offsets: readonly number[],
  visit: (offsets: readonly number[], position: number) => void,
): void {
  const rank = shape.length
  const index = new Array<number>(rank).fill(0)
  const at = [...offsets]
  if (shape.includes(0)) return
  for (let position = 0; ; position++) {
    visit(at, position)
    let axis = rank - 1
    for (; axis >= 0; axis--) {
      index[axis]!++
      for (let view = 0; view < at.length; view++) at[view]! += strides[view]![axis]!
      if (index[axis]! < shape[axis]!) break
      for (let view = 0; view < at.length; view++) at[view]! -= strides[view]![axis]! * shape[axis]!
      index[axis] = 0
    }
    if (axis < 0) return
  }
}
