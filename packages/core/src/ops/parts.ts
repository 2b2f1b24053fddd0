/** A part of a tensor, and zeros around one: each is the other's adjoint. */

import type { Region } from '../backend/contract.ts'
import { computingOn } from '../backend/current.ts'
import { describeValue, ShapeError, ValueError } from '../errors.ts'
import { checkList, checkTensor } from '../tensor/check.ts'
import type { Shape } from '../tensor/shape.ts'
import { Tensor } from '../tensor/tensor.ts'
import { defineOp, type SingleOp } from './define.ts'
import { reshape } from './movement.ts'
import { specify } from './specify.ts'

/** A part of an axis: all of it (`null`), one index (which drops the axis), or `[start, stop, step]`. */
export type Range = null | number | readonly [start: number, stop?: number | undefined, step?: number]

/** A part of a tensor and the shape that comes of taking it (`slice`) or of filling zeros around it (`place`). */
interface Placement extends Region {
  readonly shape: Shape
}

const sliceOp: SingleOp<Placement> = defineOp({
  name: 'slice',
  linear: true,
  forward: ([x], { start, step, shape }) =>
    x!.view(
      shape,
      x!.strides.map((stride, axis) => stride * step[axis]!),
      x!.offset + start.reduce((offset, first, axis) => offset + first * x!.strides[axis]!, 0),
    ),
  vjp: ({ g, inputs: [x], attributes: { start, step } }) => [
    place.apply([g], { start, step, shape: x!.shape }),
  ],
  samples: [
    {
      name: 'rows',
      shapes: [[4, 3]],
      call: x => slice(x, [1, 3]),
      gives: 'float64[2, 3]',
      value: x => (i, j) => x(i + 1, j),
    },
    {
      name: 'every second column, backwards',
      shapes: [[2, 5]],
      call: x => slice(x, null, [4, 0, -2]),
      gives: 'float64[2, 2]',
      value: x => (i, j) => x(i, 4 - 2 * j),
    },
    {
      name: 'one row',
      shapes: [[4, 3]],
      call: x => slice(x, -1),
      gives: 'float64[3]',
      value: x => j => x(3, j),
    },
  ],
  errors: [
    { call: make => slice(make([3]), 3), message: /slice: index 3 lies outside axis 0 of size 3/ },
    { call: make => slice(make([3]), [0, 3, 0]), message: /slice: the step 0/ },
    { call: make => slice(make([3]), null, null), message: /slice: 2 ranges for 1 axes/ },
    { call: make => slice(make([3]), [0.5, 2]), message: /slice: 0.5 is no place on axis 0/ },
    { call: make => slice(make([3]), [0, Number.NaN]), message: /slice: NaN is no place on axis 0/ },
  ],
})

/**
 * A part of a tensor, as a view.
 *
 * @param ranges  one for each axis from the first; axes without one are taken whole. Negative starts and stops
 *                count from the end; a negative step walks backwards (its default stop is the beginning)
 * @throws ShapeError for an index outside its axis or too many ranges; ValueError for a step of 0 or a fraction
 * @example slice(x, 0)                  // the first row
 * @example slice(x, null, [0, -1, 2])   // every second column but the last
 */
export function slice(x: Tensor, ...ranges: Range[]): Tensor {
  checkTensor('slice', 'the argument', x)
  if (ranges.length > x.rank) {
    throw new ShapeError(
      'slice',
      `${ranges.length} ranges for ${x.rank} axes`,
      'Give at most one for each axis',
    )
  }
  const parts = x.shape.map((length, axis) => resolveRange(ranges[axis] ?? null, length, axis))
  const part = sliceOp.apply([x], {
    start: parts.map(({ start }) => start),
    step: parts.map(({ step }) => step),
    shape: parts.map(({ length }) => length),
  })
  return reshape(
    part,
    part.shape.filter((_, axis) => typeof ranges[axis] !== 'number'),
  )
}

function resolveRange(
  range: Range,
  size: number,
  axis: number,
): { start: number; step: number; length: number } {
  if (range === null) return { start: 0, step: 1, length: size }
  if (typeof range === 'number') {
    const start = range < 0 ? range + size : range
    if (!Number.isInteger(range) || start < 0 || start >= size) {
      throw new ShapeError(
        'slice',
        `index ${range} lies outside axis ${axis} of size ${size}`,
        `Give a whole number from ${-size} to ${size - 1}`,
      )
    }
    return { start, step: 1, length: 1 }
  }
  if (!Array.isArray(range) || range[0] === undefined || range.length > 3) {
    throw new ValueError(
      'slice',
      `${describeValue(range)} is no range of axis ${axis}`,
      'Give null, an index or [start, stop, step]',
    )
  }
  const [from, to, step = 1] = range as Exclude<Range, null | number>
  if (!Number.isInteger(step) || step === 0) {
    throw new ValueError('slice', `the step ${step} leads nowhere`, 'Give a whole number other than 0')
  }
  const broken = [from, to ?? 0].find(at => typeof at !== 'number' || Math.trunc(at) !== at)
  if (broken !== undefined) {
    throw new ValueError(
      'slice',
      `${describeValue(broken)} is no place on axis ${axis}`,
      'Give whole numbers (or Infinity)',
    )
  }
  const [lowest, highest] = step > 0 ? [0, size] : [-1, size - 1]
  const clamp = (at: number) => Math.min(Math.max(at < 0 ? at + size : at, lowest), highest)
  const start = clamp(from)
  const stop = to === undefined ? (step > 0 ? size : -1) : clamp(to)
  return { start, step, length: Math.max(0, Math.ceil((stop - start) / step)) }
}

/** Zeros with the input's elements at a region of them: the adjoint of `slice`, as `slice` is of it. */
const place: SingleOp<Placement> = defineOp({
  name: 'place',
  linear: true,
  forward([x], { shape, start, step }) {
    const backend = computingOn(x!)
    return new Tensor(backend, backend.place(x!, shape, { start, step }), x!.dtype, shape)
  },
  vjp: ({ g, inputs: [x], attributes: { start, step } }) => [
    sliceOp.apply([g], { start, step, shape: x!.shape }),
  ],
  samples: [
    {
      name: 'zeros around a matrix',
      shapes: [[2, 2]],
      call: x =>
        pad(x!, [
          [1, 0],
          [0, 2],
        ]),
      gives: 'float64[3, 4]',
      value: x => (i, j) => (i > 0 && j < 2 ? x(i - 1, j) : 0),
    },
  ],
  errors: [{ call: make => pad(make([2]), [[1, -1]]), message: /pad: the width -1/ }],
})

/** Zeros of `shape` with the elements of `x` at a region of them, for operations that have checked both. */
export function placeAt(x: Tensor, shape: Shape, region: Region): Tensor {
  return place.apply([x], { ...region, shape })
}

/**
 * Zeros around a tensor.
 *
 * @param widths  how many before and after, for each axis
 * @throws ShapeError when there is not one pair for each axis; ValueError for a negative width
 */
export function pad(x: Tensor, widths: readonly (readonly [before: number, after: number])[]): Tensor {
  checkTensor('pad', 'the argument', x)
  checkList('pad', 'the widths', widths, 'pad(x, [[1, 1]])')
  for (const pair of widths) checkList('pad', 'the widths of an axis', pair, '[before, after]')
  if (widths.length !== x.rank) {
    throw new ShapeError(
      'pad',
      `${widths.length} pairs of widths for ${x.rank} axes`,
      'Give one for each axis',
    )
  }
  for (const pair of widths) {
    if (pair.length !== 2) {
      throw new ValueError('pad', `${pair.length} widths are given for an axis`, 'Give [before, after]')
    }
    for (const width of pair) {
      if (Number.isInteger(width) && width >= 0) continue
      throw new ValueError(
        'pad',
        `the width ${describeValue(width)} is no number of zeros`,
        'Give whole numbers, zero or more',
      )
    }
  }
  return place.apply([x], {
    shape: x.shape.map((length, axis) => widths[axis]![0] + length + widths[axis]![1]),
    start: widths.map(([before]) => before),
    step: widths.map(() => 1),
  })
}

specify({
  name: 'pad',
  samples: [
    {
      name: 'around a matrix',
      shapes: [[2, 1]],
      call: x => pad(x, [[1, 0], [0, 2]]), // biome-ignore format: widths
      gives: 'float64[3, 3]',
      value: x => (i, j) => (i > 0 && j === 0 ? x(i - 1, 0) : 0),
    },
    { name: 'nothing', shapes: [[2]], call: x => pad(x, [[0, 0]]), gives: 'float64[2]', value: x => x },
  ],
  errors: [
    { call: make => pad(make([2]), [[1, -1]]), message: /pad: the width -1 is no number of zeros/ },
    { call: make => pad(make([2, 2]), [[1, 1]]), message: /pad: 1 pairs of widths for 2 axes/ },
    { call: make => pad(make([2]), 1 as never), message: /pad: the widths are 1/ },
  ],
})
