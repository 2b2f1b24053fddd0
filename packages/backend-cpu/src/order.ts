/** Where elements stand in the order of their axis: extrema, and sorting. */

import { type Destination, type Extremum, sizeOf, type TypedArray, type View } from '@sensigrad/core'
import { eachLine, rowMajor } from './lines.ts'
import { outputFor, valuesOf } from './values.ts'

/** Where along an axis the extremum stands: the first of those that tie, or of NaN. */
export function argReduce(extremum: Extremum, input: View, axis: number, into?: Destination): TypedArray {
  const output = outputFor('int32', sizeOf(input.shape.filter((_, i) => i !== axis)), into)
  const values = valuesOf(input)
  const [length, step] = [input.shape[axis]!, input.strides[axis]!]
  const sign = extremum === 'max' ? 1 : -1
  let line = 0
  eachLine(input.shape, axis, [input], ([start]) => {
    let [best, at] = [sign * values[start!]!, 0]
    for (let i = 1; i < length && !Number.isNaN(best); i++) {
      const value = sign * values[start! + i * step]!
      if (value > best || Number.isNaN(value)) [best, at] = [value, i]
    }
    output[line++] = at
  })
  return output
}

/** The order that sorts the elements along an axis: of those that tie the first comes first; NaN come last. */
export function argSort(input: View, axis: number, descending: boolean, into?: Destination): TypedArray {
  const { shape } = input
  const output = outputFor('int32', sizeOf(shape), into)
  const values = valuesOf(input)
  const target = rowMajor(shape)
  const [step, outStep] = [input.strides[axis]!, target.strides[axis]!]
  const sign = descending ? -1 : 1
  const line = new Float64Array(shape[axis]!)
  const order = new Int32Array(line.length)
  const compare = (i: number, k: number): number => {
    const [a, b] = [line[i]!, line[k]!]
    if (a < b) return -sign
    if (a > b) return sign
    return Number(Number.isNaN(a)) - Number(Number.isNaN(b)) || i - k
  }
  eachLine(shape, axis, [input, target], ([start, outStart]) => {
    for (let i = 0; i < line.length; i++) line[i] = values[start! + i * step]!
    for (let i = 0; i < order.length; i++) order[i] = i
    order.sort(compare)
    for (let i = 0; i < order.length; i++) output[outStart! + i * outStep] = order[i]!
  })
  return output
}
