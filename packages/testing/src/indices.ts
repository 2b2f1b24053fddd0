/** Going through the elements of a shape, and rows without gaps. */

import { type Shape, sizeOf } from '@sensigrad/core'

/** Every index of a shape, in row-major order. */
export function indicesOf(shape: Shape): number[][] {
  return shape.reduce<number[][]>(
    (indices, length) => indices.flatMap(index => Array.from({ length }, (_, i) => [...index, i])),
    [[]],
  )
}

/** The strides of a shape that lies in memory row by row. */
export function rowMajor(shape: Shape): number[] {
  return shape.map((_, axis) => sizeOf(shape.slice(axis + 1)))
}
