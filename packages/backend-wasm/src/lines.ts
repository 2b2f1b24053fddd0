/** Kernels that work line by line along one axis: gather, scatterAdd, argReduce, argSort and scan. */

import { contiguousStrides, type DType, type Shape, sizeOf, type View } from '@sensigrad/core'
import type { Family } from './family.ts'
import { bytesOf } from './heap.ts'
import { type Bound, loops, type Start, startOf } from './loops.ts'
import type { Workplace } from './workplace.ts'

/** A tensor that is walked line by line, in bytes. */
interface Lined {
  readonly start: Start
  readonly strides: readonly number[]
}

function linesOf({ heap }: Workplace, view: View, operation: string): Lined {
  const size = bytesOf[view.dtype]
  return { start: startOf(heap, view, operation), strides: view.strides.map(stride => stride * size) }
}

function linesOfNew(start: Start, dtype: DType, shape: Shape): Lined {
  return { start, strides: contiguousStrides(shape).map(stride => stride * bytesOf[dtype]) }
}

/** Visits every line along `axis`; `visit` gets where each tensor's line begins. */
function eachLine(
  shape: Shape,
  axis: number,
  tensors: readonly Lined[],
  visit: (starts: readonly number[], line: number) => void,
): Bound {
  const without = (list: readonly number[]) => list.filter((_, i) => i !== axis)
  return loops(
    without(shape),
    tensors.map(({ strides }) => without(strides)),
    tensors.map(({ start }) => start),
    visit,
  )
}

/** Elements along an axis, picked by indices of the output's shape. */
export const gather: Family<'gather'> = {
  gives: ({ dtype }, { shape }) => ({ dtype, length: sizeOf(shape) }),
  bind(at, out, input, indices, axis) {
    const { shape } = indices
    const tensors = [
      linesOf(at, input, 'gather'),
      linesOf(at, indices, 'gather'),
      linesOfNew(out, input.dtype, shape),
    ]
    const [step, indexStep, outStep] = tensors.map(({ strides }) => strides[axis]!)
    const pick = at.main.gather[bytesOf[input.dtype]]
    return eachLine(shape, axis, tensors, ([from, index, to]) => {
      pick(shape[axis]!, from!, step!, index!, indexStep!, to!, outStep!)
    })
  },
}

/** Zeros to which each value is added at its index along an axis, in row-major order. */
export const scatterAdd: Family<'scatterAdd'> = {
  gives: ({ dtype, shape }, _, axis, size) => ({ dtype, length: sizeOf(resized(shape, axis, size)) }),
  bind(at, out, values, indices, axis, size) {
    const { shape, dtype } = values
    const tensors = [
      linesOf(at, values, 'scatterAdd'),
      linesOf(at, indices, 'scatterAdd'),
      linesOfNew(out, dtype, resized(shape, axis, size)),
    ]
    const [step, indexStep, outStep] = tensors.map(({ strides }) => strides[axis]!)
    const [add, settle, clear] = [at.main.scatter[dtype], at.main.settle[dtype], at.main.clear]
    let sums = 0
    const addLines = eachLine(shape, axis, tensors, ([from, index, to]) => {
      add(shape[axis]!, from!, step!, index!, indexStep!, sums)
      settle(size, sums, to!, outStep!)
    })
    return step =>
      at.heap.withScratch(8 * size, 'scatterAdd', scratch => {
        sums = scratch
        clear(sums, 8 * size)
        addLines(step)
      })
  },
}

function resized(shape: Shape, axis: number, size: number): Shape {
  return shape.map((length, i) => (i === axis ? size : length))
}

/** Where along an axis the extremum stands: the first of those that tie, or of NaN. */
export const argReduce: Family<'argReduce'> = {
  gives: (_, { shape }, axis) => ({ dtype: 'int32', length: sizeOf(shape.filter((_, i) => i !== axis)) }),
  bind(at, out, extremum, input, axis) {
    const { shape, dtype } = input
    const lined = linesOf(at, input, 'argReduce')
    const places = linesOfNew(out, 'int32', resized(shape, axis, 1))
    const find = at.main.extremumAt[dtype]
    const isLargest = Number(extremum === 'max')
    return eachLine(shape, axis, [lined, places], ([from, to]) => {
      find(isLargest, shape[axis]!, from!, lined.strides[axis]!, to!)
    })
  },
}

/** The order that sorts the elements along an axis: of those that tie the first comes first; NaN come last. */
export const argSort: Family<'argSort'> = {
  gives: ({ shape }) => ({ dtype: 'int32', length: sizeOf(shape) }),
  bind(at, out, input, axis, descending) {
    const { shape, dtype } = input
    const length = shape[axis]!
    const tensors = [linesOf(at, input, 'argSort'), linesOfNew(out, 'int32', shape)]
    const [step, outStep] = tensors.map(({ strides }) => strides[axis]!)
    const [keysOf, sortByKeys, move] = [at.main.keys[dtype], at.main.sortByKeys, at.main.move[4]]
    let keys = 0
    const sortLines = eachLine(shape, axis, tensors, ([from, to]) => {
      const order = keys + 8 * length
      keysOf(length, descending ? -1 : 1, from!, step!, keys)
      move(1, length, sortByKeys(length, keys, order, order + 4 * length), 0, 4, to!, 0, outStep!)
    })
    return step =>
      at.heap.withScratch(16 * length, 'argSort', scratch => {
        keys = scratch
        sortLines(step)
      })
  },
}

/** hᵢ = fᵢ hᵢ₋₁ + tᵢ along an axis, from h₀ = t₀; carried on in double precision. */
export const scan: Family<'scan'> = {
  gives: (_, { dtype, shape }) => ({ dtype, length: sizeOf(shape) }),
  bind(at, out, factors, terms, axis) {
    const { shape, dtype } = terms
    const tensors = [linesOf(at, factors, 'scan'), linesOf(at, terms, 'scan'), linesOfNew(out, dtype, shape)]
    const [step, termStep, outStep] = tensors.map(({ strides }) => strides[axis]!)
    const recur = at.main.recur[dtype]
    return eachLine(shape, axis, tensors, ([factor, term, to]) => {
      recur(shape[axis]!, factor!, step!, term!, termStep!, to!, outStep!)
    })
  },
}
