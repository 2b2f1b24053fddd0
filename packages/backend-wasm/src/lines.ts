/** Kernels that work line by line along one axis: gather, scatterAdd, argReduce, argSort and scan. */

import { contiguousStrides, type Extremum, type Shape, sizeOf, type View, walk } from '@sensigrad/core'
import { bytesOf, type HeapStorage } from './heap.ts'
import type { Workplace } from './workplace.ts'

/** A tensor that is walked line by line, in bytes. */
interface Lined {
  readonly address: number
  readonly strides: readonly number[]
}

function linesOf({ heap }: Workplace, view: View, operation: string): Lined {
  const size = bytesOf[view.dtype]
  return { address: heap.address(view, operation), strides: view.strides.map(stride => stride * size) }
}

function linesOfNew({ heap }: Workplace, storage: HeapStorage, shape: Shape, operation: string): Lined {
  const size = bytesOf[storage.dtype]
  const strides = contiguousStrides(shape).map(stride => stride * size)
  return { address: heap.addressOf(storage, operation), strides }
}

/** Visits every line along `axis`; `visit` gets where each tensor's line begins. */
function eachLine(
  shape: Shape,
  axis: number,
  tensors: readonly Lined[],
  visit: (starts: readonly number[], line: number) => void,
): void {
  const without = (list: readonly number[]) => list.filter((_, i) => i !== axis)
  walk(
    without(shape),
    tensors.map(({ strides }) => without(strides)),
    tensors.map(({ address }) => address),
    visit,
  )
}

/** Elements along an axis, picked by indices of the output's shape. */
export function gather(at: Workplace, input: View, indices: View, axis: number): HeapStorage {
  const { shape } = indices
  const output = at.heap.allocate(input.dtype, sizeOf(shape), 'gather')
  const tensors = [
    linesOf(at, input, 'gather'),
    linesOf(at, indices, 'gather'),
    linesOfNew(at, output, shape, 'gather'),
  ]
  const [step, indexStep, outStep] = tensors.map(({ strides }) => strides[axis]!)
  const pick = at.main.gather[bytesOf[input.dtype]]
  eachLine(shape, axis, tensors, ([from, index, out]) => {
    pick(shape[axis]!, from!, step!, index!, indexStep!, out!, outStep!)
  })
  return output
}

/** Zeros to which each value is added at its index along an axis, in row-major order. */
export function scatterAdd(
  at: Workplace,
  values: View,
  indices: View,
  axis: number,
  size: number,
): HeapStorage {
  const { shape, dtype } = values
  const wide = shape.map((length, i) => (i === axis ? size : length))
  const output = at.heap.allocate(dtype, sizeOf(wide), 'scatterAdd')
  const tensors = [
    linesOf(at, values, 'scatterAdd'),
    linesOf(at, indices, 'scatterAdd'),
    linesOfNew(at, output, wide, 'scatterAdd'),
  ]
  const [step, indexStep, outStep] = tensors.map(({ strides }) => strides[axis]!)
  const [add, settle] = [at.main.scatter[dtype], at.main.settle[dtype]]
  at.heap.withScratch(8 * size, 'scatterAdd', sums => {
    at.main.clear(sums, 8 * size)
    eachLine(shape, axis, tensors, ([from, index, out]) => {
      add(shape[axis]!, from!, step!, index!, indexStep!, sums)
      settle(size, sums, out!, outStep!)
    })
  })
  return output
}

/** Where along an axis the extremum stands: the first of those that tie, or of NaN. */
export function argReduce(at: Workplace, extremum: Extremum, input: View, axis: number): HeapStorage {
  const { shape, dtype } = input
  const output = at.heap.allocate('int32', sizeOf(shape.filter((_, i) => i !== axis)), 'argReduce')
  const lined = linesOf(at, input, 'argReduce')
  const places = at.heap.elements(output)
  const find = at.main.extremumAt[dtype]
  eachLine(shape, axis, [lined], ([from], line) => {
    places[line] = find(Number(extremum === 'max'), shape[axis]!, from!, lined.strides[axis]!)
  })
  return output
}

/** The order that sorts the elements along an axis: of those that tie the first comes first; NaN come last. */
export function argSort(at: Workplace, input: View, axis: number, descending: boolean): HeapStorage {
  const { shape, dtype } = input
  const length = shape[axis]!
  const output = at.heap.allocate('int32', sizeOf(shape), 'argSort')
  const tensors = [linesOf(at, input, 'argSort'), linesOfNew(at, output, shape, 'argSort')]
  const [step, outStep] = tensors.map(({ strides }) => strides[axis]!)
  const keysOf = at.main.keys[dtype]
  at.heap.withScratch(16 * length, 'argSort', keys => {
    const order = keys + 8 * length
    const spare = order + 4 * length
    eachLine(shape, axis, tensors, ([from, out]) => {
      keysOf(length, descending ? -1 : 1, from!, step!, keys)
      const sorted = at.main.sortByKeys(length, keys, order, spare)
      at.main.move[4](1, length, sorted, 0, 4, out!, 0, outStep!)
    })
  })
  return output
}

/** hᵢ = factorsᵢ hᵢ₋₁ + termsᵢ along an axis, from h₀ = terms₀; carried on in double precision. */
export function scan(at: Workplace, factors: View, terms: View, axis: number): HeapStorage {
  const { shape, dtype } = terms
  const output = at.heap.allocate(dtype, sizeOf(shape), 'scan')
  const tensors = [
    linesOf(at, factors, 'scan'),
    linesOf(at, terms, 'scan'),
    linesOfNew(at, output, shape, 'scan'),
  ]
  const [step, termStep, outStep] = tensors.map(({ strides }) => strides[axis]!)
  const recur = at.main.recur[dtype]
  eachLine(shape, axis, tensors, ([factor, term, out]) => {
    recur(shape[axis]!, factor!, step!, term!, termStep!, out!, outStep!)
  })
  return output
}
