/** Reading: the elements of a view, brought to the host and put into an array of their type. */

import {
  allocate,
  contiguousStrides,
  type DType,
  sizeOf,
  type TypedArray,
  type View,
  walk,
} from '@sensigrad/core'
import type { Kernels } from './kernels.ts'
import type { Steps } from './queue.ts'
import type { Runner } from './runner.ts'
import { copyJob } from './source/elements.ts'

/** The elements of a view, row-major, in an array of their own. */
export function* read(runner: Runner, kernels: Kernels, view: View): Steps<TypedArray> {
  const { shape, strides, dtype } = view
  const size = sizeOf(shape)
  const found = allocate(dtype, size)
  if (size === 0) return found
  const whole = yield* runner.readWhole(view)
  if (whole !== undefined) {
    pick(found, dtype, whole.values, shape, strides, whole.offset)
    return found
  }
  const texture = yield* runner.run(copyJob(view), 0, undefined)
  texture.hold()
  try {
    pick(found, dtype, yield* kernels.read(texture), shape, contiguousStrides(shape), 0)
  } finally {
    texture.letGo()
  }
  return found
}

function pick(
  into: TypedArray,
  dtype: DType,
  values: Float32Array,
  shape: View['shape'],
  strides: readonly number[],
  offset: number,
): void {
  walk(shape, [strides], [offset], ([at], position) => {
    const value = values[at!]!
    into[position] = dtype === 'bool' ? Number(value !== 0) : value
  })
}
