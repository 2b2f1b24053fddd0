/**
 * Order along an axis: extrema's places, sorting. A permutation is constant near a point where no elements tie, so
 * gradients go through it to where each element came from; at a tie the order of the elements decides.
 */

import type { Extremum } from '../backend/contract.ts'
import { computingOn } from '../backend/current.ts'
import { describeValue, ShapeError, ValueError } from '../errors.ts'
import { checkOptions, checkTensor } from '../tensor/check.ts'
import { resolveAxis } from '../tensor/shape.ts'
import { Tensor } from '../tensor/tensor.ts'
import { takeAlongAxis } from './indexing.ts'
import { expandDims, reshape } from './movement.ts'
import { slice } from './parts.ts'
import type { ReduceOptions } from './reduce.ts'
import { specify } from './specify.ts'

function argExtremum(name: 'argMax' | 'argMin', extremum: Extremum) {
  return (x: Tensor, axis?: number, options: ReduceOptions = {}): Tensor => {
    checkTensor(name, 'the argument', x)
    checkOptions(name, options, '{ keepDims: true }', ['keepDims'])
    const lined = axis === undefined ? reshape(x, [x.size]) : x
    const at = resolveAxis(name, axis ?? 0, lined.rank)
    if (lined.shape[at] === 0) {
      throw new ValueError(name, `axis ${at} of ${lined} is empty`, 'The extremum of nothing has no place')
    }
    const shape = lined.shape.filter((_, i) => i !== at)
    const backend = computingOn(x)
    const found = new Tensor(backend, backend.argReduce(extremum, lined, at), 'int32', shape)
    if (!options.keepDims) return found
    return axis === undefined
      ? reshape(
          found,
          x.shape.map(() => 1),
        )
      : expandDims(found, at)
  }
}

/** Where along an axis the largest element stands (in the flattened tensor, unless an axis is given): int32. The first of those that tie, or of NaN. */
export const argMax: (x: Tensor, axis?: number, options?: ReduceOptions) => Tensor = argExtremum(
  'argMax',
  'max',
)
/** Where along an axis the smallest element stands (in the flattened tensor, unless an axis is given): int32. The first of those that tie, or of NaN. */
export const argMin: (x: Tensor, axis?: number, options?: ReduceOptions) => Tensor = argExtremum(
  'argMin',
  'min',
)

for (const [name, call, better] of [
  ['argMax', argMax, (a: number, b: number) => a > b],
  ['argMin', argMin, (a: number, b: number) => a < b],
] as const) {
  const best = (length: number, at: (k: number) => number) =>
    Array.from({ length }, (_, k) => k).reduce((best, k) => (better(at(k), at(best)) ? k : best), 0)
  specify({
    name,
    samples: [
      {
        name: 'in rows',
        shapes: [[2, 4]],
        call: x => call(x, -1),
        gives: 'int32[2]',
        value: x => i => best(4, k => x(i, k)),
      },
      {
        name: 'in columns, kept',
        shapes: [[4, 2]],
        call: x => call(x, 0, { keepDims: true }),
        gives: 'int32[1, 2]',
        value: x => (_, j) => best(4, k => x(k, j)),
      },
      {
        name: 'of all',
        shapes: [[2, 3]],
        call: x => call(x),
        gives: 'int32[]',
        value: x => () => best(6, k => x(Math.floor(k / 3), k % 3)),
      },
    ],
    errors: [
      { call: make => call(make([2, 0]), 1), message: /: axis 1 of float32\[2, 0\] is empty/ },
      { call: make => call(make([2]), 1), message: /: there is no axis 1/ },
      { call: () => call(3 as unknown as Tensor), message: /: the argument is 3/ },
    ],
  })
}

/** How `argSort` and `sort` order. */
export interface SortOptions {
  /** The largest first. */
  readonly descending?: boolean
}

/**
 * The order that sorts the elements along an axis: `takeAlongAxis(x, argSort(x, axis), axis)` is sorted. Of those that
 * tie the first comes first; NaN come last.
 *
 * @returns int32, of x's shape
 * @throws  ShapeError when there is no such axis
 */
export function argSort(x: Tensor, axis = -1, options: SortOptions = {}): Tensor {
  return order('argSort', x, axis, options)
}

function order(operation: string, x: Tensor, axis: number, options: SortOptions): Tensor {
  checkTensor(operation, 'the argument', x)
  checkOptions(operation, options, '{ descending: true }', ['descending'])
  const at = resolveAxis(operation, axis, x.rank)
  const backend = computingOn(x)
  return new Tensor(backend, backend.argSort(x, at, options.descending ?? false), 'int32', x.shape)
}

/**
 * The elements along an axis in ascending order (or descending); NaN come last. Gradients go to where each came from.
 *
 * @throws ShapeError when there is no such axis
 */
export function sort(x: Tensor, axis = -1, options: SortOptions = {}): Tensor {
  return takeAlongAxis(x, order('sort', x, axis, options), axis)
}

/**
 * The k largest elements along an axis, the largest first, and where they stand.
 *
 * @returns `[values, indices]`, the indices int32
 * @throws  ShapeError when the axis has fewer than k elements; ValueError when k is no whole number
 */
export function topK(x: Tensor, k: number, axis = -1): [values: Tensor, indices: Tensor] {
  checkTensor('topK', 'the argument', x)
  const at = resolveAxis('topK', axis, x.rank)
  if (!Number.isInteger(k) || k < 0) {
    throw new ValueError('topK', `k is ${describeValue(k)}`, 'Give a whole number, zero or more')
  }
  if (k > x.shape[at]!) {
    throw new ShapeError(
      'topK',
      `axis ${at} of ${x} has fewer than ${k} elements`,
      `Give at most ${x.shape[at]}`,
    )
  }
  const first = [...Array<null>(at).fill(null), [0, k] as const]
  const indices = slice(order('topK', x, at, { descending: true }), ...first)
  return [takeAlongAxis(x, indices, at), indices]
}

const sorted = (values: number[], sign: number) => values.sort((a, b) => sign * (a - b))

specify({
  name: 'sort',
  samples: [
    {
      name: 'rows',
      shapes: [[2, 4]],
      call: x => sort(x),
      gives: 'float64[2, 4]',
      value: x => (i, j) => sorted([x(i, 0), x(i, 1), x(i, 2), x(i, 3)], 1)[j]!,
    },
    {
      name: 'columns, the largest first',
      shapes: [[3, 2]],
      call: x => sort(x, 0, { descending: true }),
      gives: 'float64[3, 2]',
      value: x => (i, j) => sorted([x(0, j), x(1, j), x(2, j)], -1)[i]!,
    },
    { name: 'nothing', shapes: [[2, 0]], call: x => sort(x), gives: 'float64[2, 0]', value: () => () => 0 },
  ],
  errors: [
    { call: make => sort(make([2]), 1), message: /sort: there is no axis 1/ },
    { call: () => sort([1] as unknown as Tensor), message: /sort: the argument is an array/ },
  ],
})

specify({
  name: 'argSort',
  samples: [
    {
      name: 'rows',
      shapes: [[2, 3]],
      call: x => argSort(x),
      gives: 'int32[2, 3]',
      value: x => (i, j) =>
        sorted(
          [0, 1, 2].map(k => x(i, k)),
          1,
        ).map(v => [0, 1, 2].find(k => x(i, k) === v)!)[j]!,
    },
  ],
  errors: [{ call: make => argSort(make([2]), 1), message: /argSort: there is no axis 1/ }],
})

specify({
  name: 'topK',
  samples: [
    {
      name: 'the two largest of rows',
      shapes: [[2, 4]],
      call: x => topK(x, 2)[0],
      gives: 'float64[2, 2]',
      value: x => (i, j) => sorted([x(i, 0), x(i, 1), x(i, 2), x(i, 3)], -1)[j]!,
    },
    {
      name: 'the largest of columns',
      shapes: [[3, 2]],
      call: x => topK(x, 1, 0)[0],
      gives: 'float64[1, 2]',
      value: x => (_, j) => Math.max(x(0, j), x(1, j), x(2, j)),
    },
  ],
  errors: [
    { call: make => topK(make([3]), 4), message: /topK: axis 0 of float32\[3\] has fewer than 4 elements/ },
    { call: make => topK(make([3]), 1.5), message: /topK: k is 1.5/ },
    { call: make => topK(make([3]), 1, 2), message: /topK: there is no axis 2/ },
  ],
})
