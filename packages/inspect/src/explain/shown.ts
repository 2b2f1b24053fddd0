/** The elements of a tensor that an explanation shows: all of a small one, else the one that matters. */

import type { DType, Shape, Tensor } from '@sensigrad/core'

/** How many elements are shown whole. */
export const fewElements = 12

/** A tensor, as far as it is shown. */
export interface Shown {
  readonly dtype: DType
  readonly shape: Shape
  /** All elements, row-major, of a small tensor. */
  readonly elements?: readonly number[]
  /** The largest |x|, and where it stands. */
  readonly largest: number
  readonly at: readonly number[]
  /** The root of the mean of the squares. */
  readonly rms: number
}

/** What is shown of a tensor. */
export async function shownOf(x: Tensor): Promise<Shown> {
  const values = Array.from(await x.data())
  const place = largestPlace(values)
  const squares = values.reduce((sum, value) => sum + value * value, 0)
  return {
    dtype: x.dtype,
    shape: x.shape,
    ...(values.length <= fewElements && { elements: values }),
    largest: Math.abs(values[place] ?? 0),
    at: indexOf(x.shape, place),
    rms: Math.sqrt(squares / Math.max(values.length, 1)),
  }
}

/** The place of the largest |x|, or of the first NaN. */
export function largestPlace(values: ArrayLike<number>): number {
  let best = 0
  for (let k = 0; k < values.length; k++) {
    if (Number.isNaN(values[k]!)) return k
    if (Math.abs(values[k]!) > Math.abs(values[best]!)) best = k
  }
  return best
}

/** The index of the element at a place, row-major. */
export function indexOf(shape: Shape, place: number): number[] {
  const index: number[] = []
  let rest = place
  for (const length of [...shape].reverse()) {
    index.unshift(rest % length)
    rest = Math.floor(rest / length)
  }
  return index
}

/** The place of the element at an index, or -1 where there is none. */
export function placeOf(shape: Shape, index: readonly number[]): number {
  const fits =
    index.length === shape.length && index.every((at, i) => Number.isInteger(at) && at >= 0 && at < shape[i]!)
  return fits ? index.reduce((place, at, i) => place * shape[i]! + at, 0) : -1
}

/** The largest difference of two lists, as a share of the largest number of the second. */
export function relativeGap(found: ArrayLike<number>, wanted: ArrayLike<number>): number {
  let [gap, largest] = [0, 0]
  for (let k = 0; k < wanted.length; k++) {
    const [a, b] = [found[k]!, wanted[k]!]
    largest = Math.max(largest, Math.abs(b))
    if (Object.is(a, b) || a === b) continue
    const difference = Math.abs(a - b)
    gap = Math.max(gap, Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference)
  }
  return gap === 0 ? 0 : gap / Math.max(largest, Number.MIN_VALUE)
}
