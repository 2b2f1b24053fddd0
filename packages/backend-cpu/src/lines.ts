/** Lines along one axis: what the kernels that work along an axis share. */

import { contiguousStrides, type Shape, walk } from '@sensigrad/core'

/** How a tensor is walked, line by line. */
interface Lined {
  readonly strides: readonly number[]
  readonly offset: number
}

/** A new row-major tensor of a shape, to be walked beside views. */
export function rowMajor(shape: Shape): Lined {
  return { strides: contiguousStrides(shape), offset: 0 }
}

/**
 * Visits every line along `axis`: the tensors agree on all other axes, and each is stepped along the line by its own
 * stride there.
 *
 * @param visit  gets where in its memory each tensor's line begins (one array, reused)
 */
export function eachLine(
  shape: Shape,
  axis: number,
  tensors: readonly Lined[],
  visit: (starts: readonly number[]) => void,
): void {
  const without = (list: readonly number[]) => list.filter((_, i) => i !== axis)
  walk(
    without(shape),
    tensors.map(({ strides }) => without(strides)),
    tensors.map(({ offset }) => offset),
    visit,
  )
}
