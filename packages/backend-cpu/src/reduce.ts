/** Sums and extrema over axes. Sums are taken in the order of the elements, in double precision. */

import { allocate, collapse, type Reduction, sizeOf, type TypedArray, type View, walk } from '@sensigrad/core'
import { valuesOf } from './values.ts'

type Fold = (values: TypedArray, start: number, count: number, stride: number, before: number) => number

const folds: Record<Reduction, { readonly empty: number; readonly fold: Fold }> = {
  sum: {
    empty: 0,
    fold(values, start, count, stride, before) {
      let sum = before
      for (let i = 0; i < count; i++) sum += values[start + i * stride]!
      return sum
    },
  },
  max: {
    empty: Number.NEGATIVE_INFINITY,
    fold(values, start, count, stride, before) {
      let largest = before
      for (let i = 0; i < count; i++) largest = Math.max(largest, values[start + i * stride]!)
      return largest
    },
  },
  min: {
    empty: Number.POSITIVE_INFINITY,
    fold(values, start, count, stride, before) {
      let smallest = before
      for (let i = 0; i < count; i++) smallest = Math.min(smallest, values[start + i * stride]!)
      return smallest
    },
  },
}

/** Reduces the given axes (sorted, distinct) and drops them. */
export function reduce(reduction: Reduction, input: View, axes: readonly number[]): TypedArray {
  const { empty, fold } = folds[reduction]
  const kept = [...input.shape.keys()].filter(axis => !axes.includes(axis))
  const lengths = (of: readonly number[]) => of.map(axis => input.shape[axis]!)
  const steps = (of: readonly number[]) => of.map(axis => input.strides[axis]!)
  const output = allocate(input.dtype, sizeOf(lengths(kept)))
  const values = valuesOf(input)

  const over = collapse(lengths(axes), [steps(axes)])
  const inner = over.shape.pop() ?? 1
  const stride = over.strides[0]!.pop() ?? 0
  walk(lengths(kept), [steps(kept)], [input.offset], ([start], position) => {
    let result = empty
    walk(over.shape, over.strides, [start!], ([at]) => {
      result = fold(values, at!, inner, stride, result)
    })
    output[position] = result
  })
  return output
}
