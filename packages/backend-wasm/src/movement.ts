/** Moving elements: copies, joins, zeros around, other types. */

import {
  collapse,
  contiguousStrides,
  type DType,
  type Region,
  type Shape,
  sizeOf,
  type View,
  walk,
} from '@sensigrad/core'
import { bytesOf, type HeapStorage } from './heap.ts'
import type { Workplace } from './workplace.ts'

/** Writes the elements of `input` to an address, with the given strides in elements. */
function write(
  { heap, main }: Workplace,
  input: View,
  to: number,
  strides: readonly number[],
  operation: string,
): void {
  const size = bytesOf[input.dtype]
  const layout = collapse(input.shape, [input.strides, strides])
  const [from, target] = layout.strides.map(each => each.map(stride => stride * size)) as [number[], number[]]
  const columns = layout.shape.pop() ?? 1
  const [fromColumn, toColumn] = [from.pop() ?? 0, target.pop() ?? 0]
  const rows = layout.shape.pop() ?? 1
  const [fromRow, toRow] = [from.pop() ?? 0, target.pop() ?? 0]
  const move = main.move[size]
  walk(layout.shape, [from, target], [heap.address(input, operation), to], ([source, place]) => {
    move(rows, columns, source!, fromRow, fromColumn, place!, toRow, toColumn)
  })
}

/** The elements of a view, side by side. */
export function copy(at: Workplace, input: View, operation = 'copy'): HeapStorage {
  const output = at.heap.allocate(input.dtype, sizeOf(input.shape), operation)
  write(at, input, at.heap.addressOf(output, operation), contiguousStrides(input.shape), operation)
  return output
}

/** Whether the elements of a view lie side by side in their order. */
export function isDense({ shape, strides }: View): boolean {
  const layout = collapse(shape, [strides])
  return layout.shape.length === 0 || (layout.shape.length === 1 && layout.strides[0]![0] === 1)
}

/** Runs `use` with the address of a view's elements side by side: of its own, or of a copy that lives that long. */
export function withDense<T>(at: Workplace, input: View, operation: string, use: (address: number) => T): T {
  if (isDense(input)) return use(at.heap.address(input, operation))
  const storage = copy(at, input, operation)
  try {
    return use(at.heap.addressOf(storage, operation))
  } finally {
    at.heap.free(storage)
  }
}

/** The elements of a view in another type, side by side. */
export function cast(at: Workplace, input: View, dtype: DType): HeapStorage {
  if (input.dtype === dtype) return copy(at, input, 'cast')
  const count = sizeOf(input.shape)
  const output = at.heap.allocate(dtype, count, 'cast')
  withDense(at, input, 'cast', from => {
    at.main.convert[input.dtype][dtype](count, from, at.heap.addressOf(output, 'cast'))
  })
  return output
}

/** Zeros of the given shape with the input's elements at a region of it. */
export function place(at: Workplace, input: View, shape: Shape, { start, step }: Region): HeapStorage {
  const size = bytesOf[input.dtype]
  const output = at.heap.allocate(input.dtype, sizeOf(shape), 'place')
  const begin = at.heap.addressOf(output, 'place')
  const strides = contiguousStrides(shape)
  const offset = start.reduce((sum, first, axis) => sum + first * strides[axis]!, 0)
  at.main.clear(begin, output.length * size)
  const stepped = strides.map((stride, axis) => stride * step[axis]!)
  write(at, input, begin + offset * size, stepped, 'place')
  return output
}

/** Views that differ only in the length of `axis`, one after the other along it. */
export function concat(at: Workplace, inputs: readonly View[], axis: number): HeapStorage {
  const { dtype, shape: first } = inputs[0]!
  const length = inputs.reduce((total, input) => total + input.shape[axis]!, 0)
  const shape = first.map((size, i) => (i === axis ? length : size))
  const output = at.heap.allocate(dtype, sizeOf(shape), 'concat')
  const strides = contiguousStrides(shape)
  let to = at.heap.addressOf(output, 'concat')
  for (const input of inputs) {
    write(at, input, to, strides, 'concat')
    to += input.shape[axis]! * strides[axis]! * bytesOf[dtype]
  }
  return output
}
