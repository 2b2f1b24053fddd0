/** Moving elements: copies, joins, zeros around, other types. */

import {
  collapse,
  contiguousStrides,
  type Destination,
  type DType,
  type Region,
  type Shape,
  sizeOf,
  type TypedArray,
  type View,
  walk,
} from '@sensigrad/core'
import { outputFor, valuesOf } from './values.ts'

/** Writes the elements of `input` into `target`, the first at `offset`, with the given strides. */
function write(input: View, target: TypedArray, strides: readonly number[], offset: number): void {
  const source = valuesOf(input)
  const {
    shape,
    strides: [from, to],
  } = collapse(input.shape, [input.strides, strides])
  const inner = shape.pop() ?? 1
  const step = from!.pop() ?? 0
  const stride = to!.pop() ?? 0
  const dense = step === 1 && stride === 1
  walk(shape, [from!, to!], [input.offset, offset], ([at, into]) => {
    if (dense) target.set(source.subarray(at!, at! + inner), into!)
    else for (let i = 0; i < inner; i++) target[into! + i * stride] = source[at! + i * step]!
  })
}

/** The elements of a view, side by side. */
export function copy(input: View, into?: Destination): TypedArray {
  return cast(input, input.dtype, into)
}

/** The elements of a view in another type, side by side. */
export function cast(input: View, dtype: DType, into?: Destination): TypedArray {
  const target = outputFor(dtype, sizeOf(input.shape), into)
  if (dtype === 'bool' && input.dtype !== 'bool') {
    const source = copy(input)
    for (let i = 0; i < source.length; i++) target[i] = source[i] === 0 ? 0 : 1
  } else {
    write(input, target, contiguousStrides(input.shape), 0)
  }
  return target
}

/** Zeros of the given shape with the input's elements at a region of it. */
export function place(input: View, shape: Shape, { start, step }: Region, into?: Destination): TypedArray {
  const target = outputFor(input.dtype, sizeOf(shape), into).fill(0)
  const strides = contiguousStrides(shape)
  const offset = start.reduce((sum, first, axis) => sum + first * strides[axis]!, 0)
  write(
    input,
    target,
    strides.map((stride, axis) => stride * step[axis]!),
    offset,
  )
  return target
}

/** Views that differ only in the length of `axis`, one after the other along it. */
export function concat(inputs: readonly View[], axis: number, into?: Destination): TypedArray {
  const first = inputs[0]!
  const length = inputs.reduce((total, input) => total + input.shape[axis]!, 0)
  const shape = first.shape.map((size, i) => (i === axis ? length : size))
  const target = outputFor(first.dtype, sizeOf(shape), into)
  const strides = contiguousStrides(shape)
  let offset = 0
  for (const input of inputs) {
    write(input, target, strides, offset)
    offset += input.shape[axis]! * strides[axis]!
  }
  return target
}
