/**
 * Sums and extrema over axes. What lies side by side is reduced in vectors: the elements of one result, or neighbouring
 * results. Any other view is copied so that the elements of each result lie side by side.
 */

import { collapse, type Reduction, sizeOf, type View, walk } from '@sensigrad/core'
import { bytesOf, type HeapStorage } from './heap.ts'
import { copy } from './movement.ts'
import type { Workplace } from './workplace.ts'

const numbers: Readonly<Record<Reduction, number>> = { sum: 0, max: 1, min: 2 }
const empty: Readonly<Record<Reduction, number>> = {
  sum: 0,
  max: Number.NEGATIVE_INFINITY,
  min: Number.POSITIVE_INFINITY,
}

/** Some axes of a view, joined as far as they can be. */
function loopsOver({ shape, strides }: View, axes: readonly number[]) {
  const layout = collapse(
    axes.map(axis => shape[axis]!),
    [axes.map(axis => strides[axis]!)],
  )
  return { shape: layout.shape, strides: layout.strides[0]! }
}

/** Reduces the given axes (sorted, distinct) and drops them. */
export function reduce(
  at: Workplace,
  reduction: Reduction,
  input: View,
  axes: readonly number[],
): HeapStorage {
  const keptAxes = [...input.shape.keys()].filter(axis => !axes.includes(axis))
  const [kept, over] = [loopsOver(input, keptAxes), loopsOver(input, axes)]
  const results = sizeOf(kept.shape)
  const output = at.heap.allocate(input.dtype, results, 'reduce')
  if (sizeOf(over.shape) === 0) {
    at.heap.elements(output).fill(empty[reduction])
    return output
  }
  const begin = at.heap.addressOf(output, 'reduce')
  const [count, step] = [over.shape[0] ?? 1, over.strides[0] ?? 1]
  const isRun = over.shape.length <= 1 && (step === 1 || count === 1)
  const areRows = over.shape.length <= 1 && kept.strides.at(-1) === 1
  if (isRun || areRows) walkResults(at, numbers[reduction], input, kept, count, step, isRun, begin)
  else {
    const order = [...keptAxes, ...axes]
    const turned = {
      ...input,
      shape: order.map(axis => input.shape[axis]!),
      strides: order.map(axis => input.strides[axis]!),
    }
    const dense = copy(at, turned, 'reduce')
    const size = sizeOf(over.shape)
    const runs = at.main.runs[input.dtype]
    runs(
      numbers[reduction],
      results,
      size * bytesOf[input.dtype],
      size,
      at.heap.addressOf(dense, 'reduce'),
      begin,
    )
    at.heap.free(dense)
  }
  return output
}

/** Reduces runs, or rows, of each part of the results that is one loop. */
function walkResults(
  { heap, main }: Workplace,
  reduction: number,
  input: View,
  kept: { readonly shape: number[]; readonly strides: number[] },
  count: number,
  step: number,
  isRun: boolean,
  out: number,
): void {
  const { dtype } = input
  const size = bytesOf[dtype]
  const results = kept.shape.pop() ?? 1
  const resultStep = (kept.strides.pop() ?? 0) * size
  const outer = kept.strides.map(stride => stride * size)
  const [runs, rows] = [main.runs[dtype], main.reduceRows[dtype]]
  walk(kept.shape, [outer], [heap.address(input, 'reduce')], ([from], position) => {
    const to = out + position * results * size
    if (isRun) runs(reduction, results, resultStep, count, from!, to)
    else rows(reduction, results, count, step * size, from!, to)
  })
}
