/** Moving elements: copies, joins, zeros around, other types. */

import { collapse, contiguousStrides, type Shape, sizeOf, type View } from '@sensigrad/core'
import type { Family } from './family.ts'
import { bytesOf } from './heap.ts'
import { type Bound, loops, type Start, startOf } from './loops.ts'
import type { Workplace } from './workplace.ts'

/** Writes the elements of `input`, the first at `to`, with the given strides in elements. */
function write(
  { heap, main }: Workplace,
  input: View,
  to: Start,
  strides: readonly number[],
  operation: string,
): Bound {
  const size = bytesOf[input.dtype]
  const layout = collapse(input.shape, [input.strides, strides])
  const [from, target] = layout.strides.map(each => each.map(stride => stride * size)) as [number[], number[]]
  const columns = layout.shape.pop() ?? 1
  const [fromColumn, toColumn] = [from.pop() ?? 0, target.pop() ?? 0]
  const rows = layout.shape.pop() ?? 1
  const [fromRow, toRow] = [from.pop() ?? 0, target.pop() ?? 0]
  const move = main.move[size]
  return loops(layout.shape, [from, target], [startOf(heap, input, operation), to], at =>
    move(rows, columns, at[0]!, fromRow, fromColumn, at[1]!, toRow, toColumn),
  )
}

/** Writes the elements of a view side by side. */
export function writeDense(at: Workplace, input: View, out: Start, operation: string): Bound {
  return write(at, input, out, contiguousStrides(input.shape), operation)
}

/** The elements of a view, side by side. */
export const copy: Family<'copy'> = {
  gives: ({ dtype, shape }) => ({ dtype, length: sizeOf(shape) }),
  bind: (at, out, input) => writeDense(at, input, out, 'copy'),
}

/** Whether the elements of a view lie side by side in their order. */
export function isDense({ shape, strides }: View): boolean {
  const layout = collapse(shape, [strides])
  return layout.shape.length === 0 || (layout.shape.length === 1 && layout.strides[0]![0] === 1)
}

/** What `make` makes of a view's elements side by side: of a copy, which is made anew at each run. */
export function onCopy(at: Workplace, input: View, operation: string, make: (from: Start) => Bound): Bound {
  const copied = { address: 0, advance: 0, isNew: true as const }
  const fill = writeDense(at, input, copied, operation)
  const use = make(copied)
  const bytes = sizeOf(input.shape) * bytesOf[input.dtype]
  return step =>
    at.heap.withScratch(bytes, operation, address => {
      copied.address = address
      fill(step)
      use(step)
    })
}

/** The elements of a view in another type, side by side. */
export const cast: Family<'cast'> = {
  gives: ({ shape }, dtype) => ({ dtype, length: sizeOf(shape) }),
  bind(at, out, input, dtype) {
    if (input.dtype === dtype) return writeDense(at, input, out, 'cast')
    const count = sizeOf(input.shape)
    const convert = at.main.convert[input.dtype][dtype]
    const converted = (from: Start) => loops([], [], [from, out], ([x, y]) => convert(count, x!, y!))
    return isDense(input) ? converted(startOf(at.heap, input, 'cast')) : onCopy(at, input, 'cast', converted)
  },
}

/** Zeros of the given shape with the input's elements at a region of it. */
export const place: Family<'place'> = {
  gives: ({ dtype }, shape) => ({ dtype, length: sizeOf(shape) }),
  bind(at, out, input, shape, { start, step }) {
    const size = bytesOf[input.dtype]
    const strides = contiguousStrides(shape)
    const offset = start.reduce((sum, first, axis) => sum + first * strides[axis]!, 0)
    const stepped = strides.map((stride, axis) => stride * step[axis]!)
    const region = { ...out, address: out.address + offset * size }
    const bytes = sizeOf(shape) * size
    const clear = loops([], [], [out], ([to]) => at.main.clear(to!, bytes))
    const fill = write(at, input, region, stepped, 'place')
    return step => {
      clear(step)
      fill(step)
    }
  },
}

/** Views that differ only in the length of `axis`, one after the other along it. */
export const concat: Family<'concat'> = {
  gives(inputs, axis) {
    return { dtype: inputs[0]!.dtype, length: sizeOf(joined(inputs, axis)) }
  },
  bind(at, out, inputs, axis) {
    const strides = contiguousStrides(joined(inputs, axis))
    let { address } = out
    const parts = inputs.map(input => {
      const part = write(at, input, { ...out, address }, strides, 'concat')
      address += input.shape[axis]! * strides[axis]! * bytesOf[input.dtype]
      return part
    })
    return step => {
      for (const part of parts) part(step)
    }
  },
}

function joined(inputs: readonly View[], axis: number): Shape {
  const length = inputs.reduce((total, input) => total + input.shape[axis]!, 0)
  return inputs[0]!.shape.map((size, i) => (i === axis ? length : size))
}
