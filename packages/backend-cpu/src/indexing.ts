/** Picking elements by index along an axis, and adding them back there. */

import { type Destination, sizeOf, type TypedArray, type View } from '@sensigrad/core'
import { eachLine, rowMajor } from './lines.ts'
import { outputFor, valuesOf } from './values.ts'

/** Elements along an axis, picked by indices of the output's shape. */
export function gather(input: View, indices: View, axis: number, into?: Destination): TypedArray {
  const { shape } = indices
  const output = outputFor(input.dtype, sizeOf(shape), into)
  const [from, at] = [valuesOf(input), valuesOf(indices)]
  const target = rowMajor(shape)
  const [step, indexStep, outStep] = [input, indices, target].map(({ strides }) => strides[axis]!)
  eachLine(shape, axis, [input, indices, target], ([start, indexStart, outStart]) => {
    for (let i = 0; i < shape[axis]!; i++) {
      output[outStart! + i * outStep!] = from[start! + at[indexStart! + i * indexStep!]! * step!]!
    }
  })
  return output
}

/** Zeros to which each value is added at its index along an axis, in double precision and in row-major order. */
export function scatterAdd(
  values: View,
  indices: View,
  axis: number,
  size: number,
  into?: Destination,
): TypedArray {
  const { shape } = values
  const wide = shape.map((length, i) => (i === axis ? size : length))
  const output = outputFor(values.dtype, sizeOf(wide), into)
  const [from, at] = [valuesOf(values), valuesOf(indices)]
  const target = rowMajor(wide)
  const [step, indexStep, outStep] = [values, indices, target].map(({ strides }) => strides[axis]!)
  const sums = new Float64Array(size)
  eachLine(shape, axis, [values, indices, target], ([start, indexStart, outStart]) => {
    sums.fill(0)
    for (let i = 0; i < shape[axis]!; i++)
      sums[at[indexStart! + i * indexStep!]!]! += from[start! + i * step!]!
    for (let i = 0; i < size; i++) output[outStart! + i * outStep!] = sums[i]!
  })
  return output
}
