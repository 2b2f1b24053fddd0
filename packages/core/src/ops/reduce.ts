/** Reductions: sums and extrema over axes, and what is composed of them. */

import type { Reduction } from '../backend/contract.ts'
import { computingOn } from '../backend/current.ts'
import { ValueError } from '../errors.ts'
import { checkFloat, checkOptions, checkTensor } from '../tensor/check.ts'
import { smallestNormal } from '../tensor/dtype.ts'
import { type Axes, resolveAxes } from '../tensor/shape.ts'
import { Tensor } from '../tensor/tensor.ts'
import { stopGradient } from './alias.ts'
import { broadcastTo } from './broadcast.ts'
import { cast } from './cast.ts'
import { defineOp } from './define.ts'
import { abs, div, equal, exp, less, log, maximum, mul, sqrt, square, sub, where } from './elementwise.ts'
import { reshape } from './movement.ts'
import { type Elements, type ErrorCase, specify, total } from './specify.ts'

interface ReduceAttributes {
  readonly axes: readonly number[]
}

/** Which axes a reduction takes (all, unless said), and whether they stay as axes of size 1. */
export interface ReduceOptions {
  readonly keepDims?: boolean
}

const kept = (x: Tensor, axes: readonly number[]) =>
  x.shape.map((length, axis) => (axes.includes(axis) ? 1 : length))
const dropped = (x: Tensor, axes: readonly number[]) => x.shape.filter((_, axis) => !axes.includes(axis))

function reduced(reduction: Reduction, x: Tensor, axes: readonly number[]): Tensor {
  const backend = computingOn(x)
  return new Tensor(backend, backend.reduce(reduction, x, axes), x.dtype, dropped(x, axes))
}

const sumOp = defineOp<ReduceAttributes>({
  name: 'sum',
  linear: true,
  forward: ([x], { axes }) => reduced('sum', x!, axes),
  vjp: ({ g, inputs: [x], attributes: { axes } }) => [broadcastTo(reshape(g, kept(x!, axes)), x!.shape)],
  samples: [
    {
      name: 'all',
      shapes: [[2, 3]],
      call: x => sum(x),
      gives: 'float64[]',
      value: x => () => total(2, i => total(3, j => x(i, j))),
    },
    {
      name: 'one axis',
      shapes: [[2, 3]],
      call: x => sum(x, 0),
      gives: 'float64[3]',
      value: x => j => total(2, i => x(i, j)),
    },
    {
      name: 'two axes, kept',
      shapes: [[2, 3, 2]],
      call: x => sum(x, [0, 2], { keepDims: true }),
      gives: 'float64[1, 3, 1]',
      value: x => (_, j) => total(2, i => total(2, k => x(i, j, k))),
    },
    { name: 'nothing', shapes: [[0, 3]], call: x => sum(x, 0), gives: 'float64[3]', value: () => () => 0 },
  ],
  errors: [
    { call: make => sum(make([2]), 1), message: /sum: there is no axis 1 in a tensor of 1 axes/ },
    { call: make => sum(make([2, 2]), [0, -2]), message: /sum: axes \[0, -2\] name one axis twice/ },
  ],
})

function extremum(name: 'max' | 'min') {
  const op = defineOp<ReduceAttributes>({
    name,
    forward: ([x], { axes }) => reduced(name, x!, axes),
    vjp: ({ g, inputs: [x], output, attributes: { axes } }) => [
      mul(winners(x!, output, axes), broadcastTo(reshape(g, kept(x!, axes)), x!.shape)),
    ],
    jvp: ({ d: [d], inputs: [x], output, attributes: { axes } }) =>
      d && sum(mul(winners(x!, output, axes), d), axes),
    samples: [
      {
        name: 'all',
        shapes: [[2, 3]],
        call: x => (name === 'max' ? max : min)(x),
        gives: 'float64[]',
        value: x => () => Math[name](x(0, 0), x(0, 1), x(0, 2), x(1, 0), x(1, 1), x(1, 2)),
      },
      {
        name: 'one axis',
        shapes: [[3, 2]],
        call: x => (name === 'max' ? max : min)(x, 1),
        gives: 'float64[3]',
        value: x => i => Math[name](x(i, 0), x(i, 1)),
      },
    ],
    errors: [
      {
        call: make => (name === 'max' ? max : min)(make([0, 2]), 0),
        message: /: axis 0 of float32\[0, 2\] is empty/,
      },
    ],
  })
  return op
}

/** The share of each element in the extremum: 1 for a single winner, 1/n for n that tie. */
function winners(x: Tensor, extreme: Tensor, axes: readonly number[]): Tensor {
  const won = cast(equal(x, reshape(extreme, kept(x, axes))), x.dtype)
  return div(won, sum(won, axes, { keepDims: true }))
}

const maxOp = extremum('max')
const minOp = extremum('min')

function reduce(operation: string, op: typeof sumOp, x: Tensor, axis: Axes, options: ReduceOptions): Tensor {
  checkTensor(operation, 'the argument', x)
  checkOptions(operation, options, '{ keepDims: true }', ['keepDims'])
  const axes = resolveAxes(operation, axis, x.rank)
  const empty = axes.find(at => x.shape[at] === 0)
  if (empty !== undefined && op !== sumOp) {
    throw new ValueError(
      operation,
      `axis ${empty} of ${x} is empty`,
      'The extremum of nothing does not exist',
    )
  }
  const counted = op === sumOp && x.dtype === 'bool' ? cast(x, 'int32') : x
  const reduced = axes.length === 0 ? counted : op.apply([counted], { axes })
  return options.keepDims ? reshape(reduced, kept(x, axes)) : reduced
}

/** The sum over `axis` (all axes unless said); of bools, how many are true, as int32. */
export function sum(x: Tensor, axis?: Axes, options: ReduceOptions = {}): Tensor {
  return reduce('sum', sumOp, x, axis, options)
}

/** The largest element over `axis`; NaN if one is; of bools, whether any is true. Elements that tie share the gradient evenly. */
export function max(x: Tensor, axis?: Axes, options: ReduceOptions = {}): Tensor {
  return reduce('max', maxOp, x, axis, options)
}

/** The smallest element over `axis`; NaN if one is; of bools, whether all are true. Elements that tie share the gradient evenly. */
export function min(x: Tensor, axis?: Axes, options: ReduceOptions = {}): Tensor {
  return reduce('min', minOp, x, axis, options)
}

/**
 * The mean over `axis`.
 *
 * @throws ValueError when an axis is empty; DTypeError for what is not of a float type
 */
export function mean(x: Tensor, axis?: Axes, options: ReduceOptions = {}): Tensor {
  checkFloat('mean', x)
  checkOptions('mean', options, '{ keepDims: true }', ['keepDims'])
  const count = resolveAxes('mean', axis, x.rank).reduce((product, at) => product * x.shape[at]!, 1)
  if (count === 0) throw new ValueError('mean', `${x} has no elements to average`, 'Give at least one')
  return div(sum(x, axis, options), count)
}

/**
 * The Euclidean norm over `axis`. Elements are scaled by the largest of them, so that norms far below or above
 * one neither vanish nor overflow; the gradient of the norm of zeros is zero.
 *
 * @throws DTypeError for what is not of a float type
 */
export function norm(x: Tensor, axis?: Axes, options: ReduceOptions = {}): Tensor {
  checkFloat('norm', x)
  checkOptions('norm', options, '{ keepDims: true }', ['keepDims'])
  if (x.size === 0) return sum(x, axis, options)
  const axes = resolveAxes('norm', axis, x.rank)
  const largest = max(abs(stopGradient(x)), axes, { keepDims: true })
  const isZero = equal(largest, 0)
  const scale = where(less(largest, Number.POSITIVE_INFINITY), maximum(largest, smallestNormal(x.dtype)), 1)
  const squares = sum(square(div(x, scale)), axes, { keepDims: true })
  const length = mul(scale, where(isZero, 0, sqrt(where(isZero, 1, squares))))
  return options.keepDims ? length : reshape(length, dropped(x, axes))
}

/**
 * log Σ eˣ over `axis`, without overflow.
 *
 * @throws DTypeError for what is not of a float type; ValueError when an axis is empty
 */
export function logSumExp(x: Tensor, axis?: Axes, options: ReduceOptions = {}): Tensor {
  checkFloat('logSumExp', x)
  checkOptions('logSumExp', options, '{ keepDims: true }', ['keepDims'])
  const axes = resolveAxes('logSumExp', axis, x.rank)
  const { sums, shift } = shifted('logSumExp', x, axes)
  const result = sums.add(shift)
  return options.keepDims ? result : reshape(result, dropped(x, axes))
}

/** x - m and log Σ eˣ⁻ᵐ, with m, the largest element: apart, since m may have no digits left for the logarithm. */
function shifted(
  operation: string,
  x: Tensor,
  axes: readonly number[],
): { centred: Tensor; sums: Tensor; shift: Tensor } {
  const largest = reduce(operation, maxOp, stopGradient(x), axes, { keepDims: true })
  const shift = where(less(abs(largest), Number.POSITIVE_INFINITY), largest, 0) // ∞ - ∞ is NaN
  const centred = sub(x, shift)
  return { centred, sums: log(sum(exp(centred), axes, { keepDims: true })), shift }
}

function logSoftmaxOf(operation: string, x: Tensor, axis: number): Tensor {
  checkFloat(operation, x)
  const { centred, sums } = shifted(operation, x, resolveAxes(operation, axis, x.rank))
  return sub(centred, sums)
}

/**
 * log softmax along one axis (the last unless said).
 *
 * @throws as `logSumExp`
 */
export function logSoftmax(x: Tensor, axis = -1): Tensor {
  return logSoftmaxOf('logSoftmax', x, axis)
}

/**
 * eˣ / Σ eˣ along one axis (the last unless said), without overflow.
 *
 * @throws as `logSumExp`
 */
export function softmax(x: Tensor, axis = -1): Tensor {
  return exp(logSoftmaxOf('softmax', x, axis))
}

const inRow = (x: Elements, i: number) => [0, 1, 2].map(j => x(i, j))
const added = (values: readonly number[]) => values.reduce((a, b) => a + b, 0)
const isFloatOnly = (name: string, call: (x: Tensor) => unknown): ErrorCase => ({
  call: make => call(make([2], 'int32')),
  message: new RegExp(`${name}: int32\\[2\\] is not of a float type`),
})

specify({
  name: 'mean',
  samples: [
    {
      name: 'of rows',
      shapes: [[2, 3]],
      call: x => mean(x, 1),
      gives: 'float64[2]',
      value: x => i => added(inRow(x, i)) / 3,
    },
    {
      name: 'of all, kept',
      shapes: [[2, 3]],
      call: x => mean(x, undefined, { keepDims: true }),
      gives: 'float64[1, 1]',
      value: x => () => added([0, 1].flatMap(i => inRow(x, i))) / 6,
    },
  ],
  errors: [
    { call: make => mean(make([0, 2]), 0), message: /mean: float32\[0, 2\] has no elements to average/ },
    isFloatOnly('mean', x => mean(x)),
  ],
})

specify({
  name: 'norm',
  samples: [
    {
      name: 'of rows',
      shapes: [[2, 3]],
      call: x => norm(x, -1),
      gives: 'float64[2]',
      value: x => i => Math.sqrt(added(inRow(x, i).map(each => each ** 2))),
    },
    {
      name: 'of nothing',
      shapes: [[0, 2]],
      call: x => norm(x, 0),
      gives: 'float64[2]',
      value: () => () => 0,
    },
  ],
  errors: [
    isFloatOnly('norm', x => norm(x)),
    { call: make => norm(make([2]), 1), message: /norm: there is no axis 1/ },
  ],
})

specify({
  name: 'logSumExp',
  samples: [
    {
      name: 'of rows',
      shapes: [[2, 3]],
      call: x => logSumExp(x, 1),
      gives: 'float64[2]',
      value: x => i => Math.log(added(inRow(x, i).map(Math.exp))),
    },
  ],
  errors: [
    isFloatOnly('logSumExp', x => logSumExp(x)),
    { call: make => logSumExp(make([0, 2]), 0), message: /logSumExp: axis 0 of float32\[0, 2\] is empty/ },
    { call: make => logSumExp(make([2]), 1), message: /logSumExp: there is no axis 1/ },
  ],
})

specify({
  name: 'softmax',
  samples: [
    {
      name: 'of rows',
      shapes: [[2, 3]],
      call: x => softmax(x),
      gives: 'float64[2, 3]',
      value: x => (i, j) => Math.exp(x(i, j)) / added(inRow(x, i).map(Math.exp)),
    },
    {
      name: 'of columns',
      shapes: [[2, 3]],
      call: x => softmax(x, 0),
      gives: 'float64[2, 3]',
      value: x => (i, j) => Math.exp(x(i, j)) / (Math.exp(x(0, j)) + Math.exp(x(1, j))),
    },
  ],
  errors: [
    isFloatOnly('softmax', x => softmax(x)),
    { call: make => softmax(make([2]), 1), message: /softmax: there is no axis 1/ },
  ],
})

specify({
  name: 'logSoftmax',
  samples: [
    {
      name: 'of rows',
      shapes: [[2, 3]],
      call: x => logSoftmax(x),
      gives: 'float64[2, 3]',
      value: x => (i, j) => x(i, j) - Math.log(added(inRow(x, i).map(Math.exp))),
    },
  ],
  errors: [
    isFloatOnly('logSoftmax', x => logSoftmax(x)),
    { call: make => logSoftmax(make([2]), 1), message: /logSoftmax: there is no axis 1/ },
  ],
})
