/**
 * Sums and extrema over axes. What lies side by side is reduced in vectors: the elements of one result, or neighbouring
 * results. Any other view is copied so that the elements of each result lie side by side.
 */

import { collapse, contiguousStrides, type Reduction, sizeOf, type View } from '@sensigrad/core'
import type { Family } from './family.ts'
import { bytesOf } from './heap.ts'
import { type Bound, loops, type Start, startOf } from './loops.ts'
import { onCopy } from './movement.ts'
import type { Workplace } from './workplace.ts'

const numbers: Readonly<Record<Reduction, number>> = { sum: 0, max: 1, min: 2 }
const empty: Readonly<Record<Reduction, number>> = {
  sum: 0,
  max: Number.NEGATIVE_INFINITY,
  min: Number.POSITIVE_INFINITY,
}

/** Reduces the given axes (sorted, distinct) and drops them. */
export const reduce: Family<'reduce'> = {
  gives: (_, { dtype, shape }, axes) => ({
    dtype,
    length: sizeOf(shape.filter((_, axis) => !axes.includes(axis))),
  }),

  bind(at, out, reduction, input, axes) {
    const keptAxes = [...input.shape.keys()].filter(axis => !axes.includes(axis))
    const [kept, over] = [loopsOver(input, keptAxes), loopsOver(input, axes)]
    const results = sizeOf(kept.shape)
    const { dtype } = input
    if (sizeOf(over.shape) === 0) {
      return loops([], [], [out], ([to]) => {
        const first = to! / bytesOf[dtype]
        at.heap.arrays[dtype].fill(empty[reduction], first, first + results)
      })
    }
    const [count, step] = [over.shape[0] ?? 1, over.strides[0] ?? 1]
    const isRun = over.shape.length <= 1 && (step === 1 || count === 1)
    const areRows = over.shape.length <= 1 && kept.strides.at(-1) === 1
    if (isRun || areRows) return eachPart(at, numbers[reduction], input, kept, count, step, isRun, out)

    const order = [...keptAxes, ...axes]
    const turned = {
      ...input,
      shape: order.map(axis => input.shape[axis]!),
      strides: order.map(axis => input.strides[axis]!),
    }
    const size = sizeOf(over.shape)
    const runs = at.main.runs[dtype]
    return onCopy(at, turned, 'reduce', copied =>
      loops([], [], [copied, out], ([from, to]) => {
        runs(numbers[reduction], results, size * bytesOf[dtype], size, from!, to!)
      }),
    )
  },
}

/** Some axes of a view, joined as far as they can be. */
function loopsOver({ shape, strides }: View, axes: readonly number[]) {
  const layout = collapse(
    axes.map(axis => shape[axis]!),
    [axes.map(axis => strides[axis]!)],
  )
  return { shape: layout.shape, strides: layout.strides[0]! }
}

/** Reduces runs, or rows, of each part of the results that is one loop. */
function eachPart(
  { heap, main }: Workplace,
  reduction: number,
  input: View,
  kept: { readonly shape: number[]; readonly strides: number[] },
  count: number,
  step: number,
  isRun: boolean,
  out: Start,
): Bound {
  const { dtype } = input
  const size = bytesOf[dtype]
  const outer = contiguousStrides(kept.shape)
  outer.pop()
  const results = kept.shape.pop() ?? 1
  const resultStep = (kept.strides.pop() ?? 0) * size
  const strides = [kept.strides, outer].map(each => each.map(stride => stride * size))
  const [runs, rows] = [main.runs[dtype], main.reduceRows[dtype]]
  return loops(kept.shape, strides, [startOf(heap, input, 'reduce'), out], ([from, to]) => {
    if (isRun) runs(reduction, results, resultStep, count, from!, to!)
    else rows(reduction, results, count, step * size, from!, to!)
  })
}
