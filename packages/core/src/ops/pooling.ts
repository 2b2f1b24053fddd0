/** Pooling along the last axis or the last two: the largest element of each window, or the mean of its elements. */

import { DTypeError, ShapeError } from '../errors.ts'
import { checkOptions, checkTensor } from '../tensor/check.ts'
import { full, ones } from '../tensor/create.ts'
import { isFloat } from '../tensor/dtype.ts'
import { sizeOf } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { div } from './elementwise.ts'
import { concat } from './join.ts'
import { max, sum } from './reduce.ts'
import { type Elements, specify, total } from './specify.ts'
import {
  checkFit,
  type Padding,
  type PerAxis,
  paddingPerAxis,
  padLast,
  perAxis,
  span,
  surrounded,
  type Widths,
} from './window-options.ts'
import { patchesOf, type WindowPlan } from './windows.ts'

/** What all pooling may be told. */
export interface PoolOptions {
  /** The number of elements in a window. */
  readonly size: PerAxis
  /** The steps from one window to the next: as many as the window is long, unless said. */
  readonly stride?: PerAxis | undefined
  /** How much is laid around the axes, half a window at most: nothing unless said. */
  readonly padding?: Padding
}

/** What pooling of the largest may be told. */
export interface MaxPoolOptions extends PoolOptions {
  /** The steps from one element of a window to the next: 1 unless said. */
  readonly dilation?: PerAxis
}

/** What pooling of the mean may be told. */
export interface AveragePoolOptions extends PoolOptions {
  /** Whether the zeros around the axes count as elements of the mean: they do unless said. */
  readonly countPadding?: boolean
}

const known = ['size', 'stride', 'padding', 'dilation', 'countPadding']

/** The arguments of pooling, checked. */
interface Pool extends WindowPlan {
  readonly padding: readonly Widths[]
}

function checkPool(operation: string, rank: number, x: Tensor, options: MaxPoolOptions): Pool {
  checkTensor(operation, 'the argument', x)
  checkOptions(operation, options, '{ size: 2 }', known)
  if (!isFloat(x.dtype)) {
    throw new DTypeError(operation, `${x} is not of a float type`, "Cast it first: .cast('float32')")
  }
  if (x.rank < rank || x.shape.slice(-rank).includes(0)) {
    throw new ShapeError(
      operation,
      `${x} has nothing to pool over`,
      rank === 1 ? 'Give a last axis of one element or more' : 'Give two last axes of one element or more',
    )
  }
  const size = perAxis(operation, 'size', options.size, rank)
  const stride = perAxis(operation, 'stride', options.stride ?? size, rank)
  const dilation = perAxis(operation, 'dilation', options.dilation ?? 1, rank)
  const padding = paddingPerAxis(operation, options.padding ?? 0, rank)
  for (const [i, widths] of padding.entries()) {
    const [spanned, axis] = [span(size[i]!, dilation[i]!), x.rank - rank + i]
    const widest = Math.max(...widths)
    if (2 * widest > spanned) {
      throw new ShapeError(
        operation,
        `the padding ${widest} is more than half of a window that spans ${spanned} elements`,
        'Some windows would lie outside the input: give less padding',
      )
    }
    checkFit(operation, spanned, axis, x.shape[axis]!, widths)
  }
  return { size, stride, dilation, padding }
}

function poolMax(operation: string, rank: number, x: Tensor, options: MaxPoolOptions): Tensor {
  const pool = checkPool(operation, rank, x, options)
  return max(patchesOf(surroundedByLowest(x, pool.padding), pool), windowAxes(x, rank))
}

/** The tensor with -∞ around its last axes. */
function surroundedByLowest(x: Tensor, padding: readonly Widths[]): Tensor {
  return padding.reduce((y, [before, after], i) => {
    const axis = x.rank - padding.length + i
    const lowest = (length: number) =>
      full(
        y.shape.map((whole, at) => (at === axis ? length : whole)),
        Number.NEGATIVE_INFINITY,
        y,
      )
    return before + after === 0 ? y : concat([lowest(before), y, lowest(after)], axis)
  }, x)
}

/** The axes of the windows' elements in […lead, …size, …counts]. */
function windowAxes(x: Tensor, rank: number): number[] {
  return Array.from({ length: rank }, (_, i) => x.rank - rank + i)
}

function poolAverage(operation: string, rank: number, x: Tensor, options: AveragePoolOptions): Tensor {
  checkOptions(operation, options, '{ size: 2 }', known)
  const pool = checkPool(operation, rank, x, { ...options, dilation: 1 }) // whatever untyped callers ask for
  const sums = sum(patchesOf(padLast(x, pool.padding), pool), windowAxes(x, rank))
  if (options.countPadding ?? true) return div(sums, sizeOf(pool.size))
  const inside = padLast(ones(x.shape.slice(-rank), x), pool.padding)
  return div(sums, sum(patchesOf(inside, pool), windowAxes(inside, rank)))
}

/** The largest of f(k) for k from 0 to `count` - 1, for the values of samples. */
const largestOf = (count: number, f: (k: number) => number) =>
  Math.max(...Array.from({ length: count }, (_, k) => f(k)))
const lowestAround = (x: Elements, lengths: readonly number[]) =>
  surrounded(x, lengths, Number.NEGATIVE_INFINITY)

/**
 * The largest element of each window along the last axis; -∞ lies around it where there is `padding`. Elements that tie
 * share the gradient evenly.
 *
 * @param x  […, length]: [batch, channels, length], or any axes before the last
 * @returns  […, ⌊(length + padding - dilation·(size - 1) - 1)/stride⌋ + 1]
 * @throws ShapeError when the window is longer than the axis or the padding than half a window; DTypeError for what is
 * not of a float type; ValueError for a size, stride, dilation or padding that is none
 * @example maxPool1d(tensor([1, 3, 2, 4]), { size: 2 })   // [3, 4]
 */
export function maxPool1d(x: Tensor, options: MaxPoolOptions): Tensor {
  return poolMax('maxPool1d', 1, x, options)
}

specify({
  name: 'maxPool1d',
  samples: [
    {
      name: 'pairs, and a rest',
      shapes: [[2, 1, 5]],
      call: x => maxPool1d(x, { size: 2 }),
      gives: 'float64[2, 1, 2]',
      value: x => (b, c, i) => largestOf(2, k => x(b, c, 2 * i + k)),
    },
    {
      name: 'overlapping, spread out, with padding',
      shapes: [[2, 5]],
      call: x => maxPool1d(x, { size: 3, stride: 1, dilation: 2, padding: [[2, 1]] }),
      gives: 'float64[2, 4]',
      value: x => (c, i) => largestOf(3, k => lowestAround(x, [5])(c, i + 2 * k - 2)),
    },
    {
      name: 'one element',
      shapes: [[3]],
      call: x => maxPool1d(x, { size: 1 }),
      gives: 'float64[3]',
      value: x => i => x(i),
    },
  ],
  errors: [
    {
      call: make => maxPool1d(make([2, 3]), { size: 2, dilation: 3 }),
      message: /maxPool1d: the window spans 4 elements, but axis 1 has 3/,
    },
    {
      call: make => maxPool1d(make([2, 8]), { size: 3, padding: 2 }),
      message: /maxPool1d: the padding 2 is more than half of a window that spans 3 elements/,
    },
    { call: make => maxPool1d(make([]), { size: 1 }), message: /maxPool1d: float32\[\] has nothing to pool/ },
    { call: make => maxPool1d(make([2, 0]), { size: 1 }), message: /maxPool1d: .* has nothing to pool/ },
    { call: make => maxPool1d(make([4]), { size: 0 }), message: /maxPool1d: the size is 0/ },
    { call: make => maxPool1d(make([4]), {} as never), message: /maxPool1d: the size is undefined/ },
    { call: make => maxPool1d(make([4]), { size: 2, stride: -1 }), message: /maxPool1d: the stride is -1/ },
    {
      call: make => maxPool1d(make([4]), { size: 2, dilation: 0.5 }),
      message: /maxPool1d: the dilation is 0\.5/,
    },
    {
      call: make => maxPool1d(make([4]), { size: 2, padding: 'same' as never }),
      message: /maxPool1d: the padding is 'same'/,
    },
    { call: make => maxPool1d(make([4]), 2 as never), message: /maxPool1d: the options are 2/ },
    { call: make => maxPool1d(make([4], 'int32'), { size: 2 }), message: /maxPool1d: int32\[4\] is not of/ },
    { call: () => maxPool1d([1] as never, { size: 1 }), message: /maxPool1d: the argument is an array/ },
  ],
})

/**
 * The largest element of each window along the last two axes: what `maxPool1d` does along one. Options are one number
 * for both axes or `[height, width]`.
 *
 * @param x  […, height, width]: [batch, channels, height, width], or any axes before the last two
 * @throws ShapeError, DTypeError and ValueError as `maxPool1d`
 * @example maxPool2d(zeros([1, 3, 8, 8]), { size: 3, stride: 2, padding: 1 }) // float32[1, 3, 4, 4]
 */
export function maxPool2d(x: Tensor, options: MaxPoolOptions): Tensor {
  return poolMax('maxPool2d', 2, x, options)
}

specify({
  name: 'maxPool2d',
  samples: [
    {
      name: 'squares',
      shapes: [[1, 2, 4, 4]],
      call: x => maxPool2d(x, { size: 2 }),
      gives: 'float64[1, 2, 2, 2]',
      value: x => (b, c, i, j) => largestOf(2, k => largestOf(2, l => x(b, c, 2 * i + k, 2 * j + l))),
    },
    {
      name: 'overlapping, each axis its own way, with padding',
      shapes: [[2, 3, 4]],
      call: x => maxPool2d(x, { size: [2, 3], stride: [1, 2], padding: [0, 1], dilation: [2, 1] }),
      gives: 'float64[2, 1, 2]',
      value: x => (c, i, j) =>
        largestOf(2, k => largestOf(3, l => lowestAround(x, [3, 4])(c, i + 2 * k, 2 * j + l - 1))),
    },
    {
      name: 'an empty batch',
      shapes: [[0, 1, 2, 2]],
      call: x => maxPool2d(x, { size: 2 }),
      gives: 'float64[0, 1, 1, 1]',
      value: () => () => 0,
    },
  ],
  errors: [
    {
      call: make => maxPool2d(make([4]), { size: 2 }),
      message: /maxPool2d: float32\[4\] has nothing to pool/,
    },
    {
      call: make => maxPool2d(make([4, 2]), { size: [2, 3] }),
      message: /maxPool2d: the window spans 3 elements, but axis 1 has 2/,
    },
    {
      call: make => maxPool2d(make([4, 4]), { size: [2, 2, 2] }),
      message: /maxPool2d: the size has 3 entries for 2 axes/,
    },
  ],
})

/**
 * The mean of each window along the last axis. The zeros of `padding` count as elements unless `countPadding` is false.
 *
 * @param x  […, length]: [batch, channels, length], or any axes before the last
 * @returns  […, ⌊(length + padding - size)/stride⌋ + 1]
 * @throws ShapeError when the window is longer than the axis or the padding than half a window; DTypeError for what is
 * not of a float type; ValueError for a size, stride or padding that is none
 * @example averagePool1d(tensor([1, 3, 2, 4]), { size: 2 })   // [2, 3]
 */
export function averagePool1d(x: Tensor, options: AveragePoolOptions): Tensor {
  return poolAverage('averagePool1d', 1, x, options)
}

specify({
  name: 'averagePool1d',
  samples: [
    {
      name: 'pairs, and a rest',
      shapes: [[2, 1, 5]],
      call: x => averagePool1d(x, { size: 2 }),
      gives: 'float64[2, 1, 2]',
      value: x => (b, c, i) => total(2, k => x(b, c, 2 * i + k)) / 2,
    },
    {
      name: 'overlapping, among zeros',
      shapes: [[2, 4]],
      call: x => averagePool1d(x, { size: 3, stride: 2, padding: 1 }),
      gives: 'float64[2, 2]',
      value: x => (c, i) => total(3, k => surrounded(x, [4])(c, 2 * i + k - 1)) / 3,
    },
    {
      name: 'overlapping, zeros not counted',
      shapes: [[3]],
      call: x => averagePool1d(x, { size: 3, stride: 1, padding: 1, countPadding: false }),
      gives: 'float64[3]',
      value: x => i => total(3, k => surrounded(x, [3])(i + k - 1)) / (i === 1 ? 3 : 2),
    },
  ],
  errors: [
    {
      call: make => averagePool1d(make([2, 3]), { size: 4 }),
      message: /averagePool1d: the window spans 4 elements, but axis 1 has 3/,
    },
    {
      call: make => averagePool1d(make([4]), { size: 2, padding: [[0, 2]] }),
      message: /averagePool1d: the padding 2 is more than half/,
    },
    { call: make => averagePool1d(make([4]), { size: 1.5 }), message: /averagePool1d: the size is 1\.5/ },
    {
      call: make => averagePool1d(make([4], 'bool'), { size: 2 }),
      message: /averagePool1d: bool\[4\] is not/,
    },
    { call: make => averagePool1d(make([4]), undefined as never), message: /averagePool1d: the options are/ },
  ],
})

/**
 * The mean of each window along the last two axes: what `averagePool1d` does along one. Options are one number for both
 * axes or `[height, width]`.
 *
 * @param x  […, height, width]: [batch, channels, height, width], or any axes before the last two
 * @throws ShapeError, DTypeError and ValueError as `averagePool1d`
 * @example averagePool2d(zeros([1, 3, 8, 8]), { size: 2 }) // float32[1, 3, 4, 4]
 */
export function averagePool2d(x: Tensor, options: AveragePoolOptions): Tensor {
  return poolAverage('averagePool2d', 2, x, options)
}

specify({
  name: 'averagePool2d',
  samples: [
    {
      name: 'squares',
      shapes: [[1, 2, 4, 4]],
      call: x => averagePool2d(x, { size: 2 }),
      gives: 'float64[1, 2, 2, 2]',
      value: x => (b, c, i, j) => total(2, k => total(2, l => x(b, c, 2 * i + k, 2 * j + l))) / 4,
    },
    {
      name: 'overlapping, each axis its own way, zeros not counted',
      shapes: [[2, 2, 3]],
      call: x => averagePool2d(x, { size: [1, 2], stride: 1, padding: [0, [1, 0]], countPadding: false }),
      gives: 'float64[2, 2, 3]',
      value: x => (c, i, j) => total(2, l => surrounded(x, [2, 3])(c, i, j + l - 1)) / (j === 0 ? 1 : 2),
    },
  ],
  errors: [
    {
      call: make => averagePool2d(make([4]), { size: 2 }),
      message: /averagePool2d: float32\[4\] has nothing/,
    },
    {
      call: make => averagePool2d(make([4, 4]), { size: 2, padding: [1] }),
      message: /averagePool2d: the padding has 1 entry for 2 axes/,
    },
  ],
})
