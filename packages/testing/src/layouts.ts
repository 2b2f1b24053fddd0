/** The same tensor in other memory: what no operation may notice. What lies between the elements is NaN. */

import { sizeOf, Tensor } from '@sensigrad/core'
import { indicesOf, rowMajor } from './indices.ts'
import { read } from './values.ts'

/** Ways to lay out a float tensor. Each gives a tensor of equal shape, type and values. */
export const layouts: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  'in transposed memory': x => laidOut(x, rowMajor([...x.shape].reverse()).reverse(), 0),
  'spread out in larger memory': x => {
    const strides = rowMajor(x.shape.map(length => 2 * length + 1))
    const offset = strides.reduce((sum, stride) => sum + stride, 3)
    return laidOut(
      x,
      strides.map(stride => 2 * stride),
      offset,
    )
  },
  'stored backwards': x => {
    const strides = rowMajor(x.shape)
    return laidOut(
      x,
      strides.map(stride => -stride),
      Math.max(sizeOf(x.shape) - 1, 0),
    )
  },
}

/** The tensor's first part along axis 0, repeated without a copy; and the same, written out. */
export function repeated(x: Tensor): [view: Tensor, copy: Tensor] {
  if (x.rank === 0 || x.size === 0) return [x, x]
  const view = x.slice([0, 1]).broadcastTo(x.shape)
  return [view, new Tensor(x.backend, x.backend.copy(view), x.dtype, x.shape)]
}

function laidOut(x: Tensor, strides: readonly number[], offset: number): Tensor {
  const places = indicesOf(x.shape).map(index =>
    index.reduce((place, i, axis) => place + i * strides[axis]!, offset),
  )
  const values = read('layouts', x)
  const memory = new Float64Array(Math.max(offset, ...places) + 3).fill(Number.NaN)
  for (const [i, place] of places.entries()) memory[place] = values[i]!
  return new Tensor(x.backend, x.backend.upload(memory, x.dtype), x.dtype, x.shape, strides, offset)
}
