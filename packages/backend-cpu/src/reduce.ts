/**
 * Sums and extrema over axes. Each result is taken over its elements in their row-major order and in double
 * precision, whichever way the memory is walked, so a view and its copy give the same bits.
 */

import {
  collapse,
  type Destination,
  type Reduction,
  sizeOf,
  type TypedArray,
  type View,
  walk,
} from '@sensigrad/core'
import { outputFor, valuesOf } from './values.ts'

interface Rule {
  /** The result over no elements. */
  readonly empty: number
  /** What `before` becomes when `count` elements join it. */
  run(values: TypedArray, start: number, count: number, stride: number, before: number): number
  /** Adds an element to each of many results. */
  row(values: TypedArray, start: number, stride: number, results: Float64Array): void
}

const rules: Record<Reduction, Rule> = {
  sum: {
    empty: 0,
    run(values, start, count, stride, before) {
      let sum = before
      for (let i = 0; i < count; i++) sum += values[start + i * stride]!
      return sum
    },
    row(values, start, stride, results) {
      for (let i = 0; i < results.length; i++) results[i]! += values[start + i * stride]!
    },
  },
  max: {
    empty: Number.NEGATIVE_INFINITY,
    run(values, start, count, stride, before) {
      let largest = before
      for (let i = 0; i < count; i++) largest = Math.max(largest, values[start + i * stride]!)
      return largest
    },
    row(values, start, stride, results) {
      for (let i = 0; i < results.length; i++) results[i] = Math.max(results[i]!, values[start + i * stride]!)
    },
  },
  min: {
    empty: Number.POSITIVE_INFINITY,
    run(values, start, count, stride, before) {
      let smallest = before
      for (let i = 0; i < count; i++) smallest = Math.min(smallest, values[start + i * stride]!)
      return smallest
    },
    row(values, start, stride, results) {
      for (let i = 0; i < results.length; i++) results[i] = Math.min(results[i]!, values[start + i * stride]!)
    },
  },
}

/** Axes of a view as loops: the outer ones to walk, and the innermost as a run. */
function loopsOver(view: View, axes: readonly number[]) {
  const { shape, strides } = collapse(
    axes.map(axis => view.shape[axis]!),
    [axes.map(axis => view.strides[axis]!)],
  )
  return { count: shape.pop() ?? 1, stride: strides[0]!.pop() ?? 0, shape, strides }
}

/** Reduces the given axes (sorted, distinct) and drops them. */
export function reduce(
  reduction: Reduction,
  input: View,
  axes: readonly number[],
  into?: Destination,
): TypedArray {
  const { empty, run, row } = rules[reduction]
  const keptAxes = [...input.shape.keys()].filter(axis => !axes.includes(axis))
  const kept = loopsOver(input, keptAxes)
  const over = loopsOver(input, axes)
  const output = outputFor(input.dtype, sizeOf(kept.shape) * kept.count, into)
  const values = valuesOf(input)

  const runs = (start: number): number => {
    if (over.shape.length === 0) return run(values, start, over.count, over.stride, empty)
    let result = empty
    walk(over.shape, over.strides, [start], ([at]) => {
      result = run(values, at!, over.count, over.stride, result)
    })
    return result
  }
  const rowByRow = (start: number, results: Float64Array): void => {
    results.fill(empty)
    walk([...over.shape, over.count], [[...over.strides[0]!, over.stride]], [start], ([at]) => {
      row(values, at!, kept.stride, results)
    })
  }

  // Follow the memory: through the elements of one result, or through the results of one row.
  const byRows = kept.count >= 8 && Math.abs(kept.stride) < Math.abs(over.stride)
  const results = new Float64Array(byRows ? kept.count : 0)
  walk(kept.shape, kept.strides, [input.offset], ([start], position) => {
    const first = position * kept.count
    if (byRows) {
      rowByRow(start!, results)
      output.set(results, first)
    } else {
      for (let i = 0; i < kept.count; i++) output[first + i] = runs(start! + i * kept.stride)
    }
  })
  return output
}
