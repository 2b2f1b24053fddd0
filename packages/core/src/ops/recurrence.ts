/**
 * Linear recurrences along an axis, hᵢ = aᵢ hᵢ₋₁ + bᵢ, and what they make: running sums and products. Their derivative
 * is a recurrence that runs the other way, so it costs no more, and is right where a factor is zero.
 */

import { computingOn } from '../backend/current.ts'
import { DTypeError } from '../errors.ts'
import { checkOptions, checkTensor } from '../tensor/check.ts'
import { onesLike, zerosLike } from '../tensor/create.ts'
import { isFloat } from '../tensor/dtype.ts'
import { type Axes, broadcastShapes, resolveAxes, resolveAxis } from '../tensor/shape.ts'
import { Tensor } from '../tensor/tensor.ts'
import { broadcastTo } from './broadcast.ts'
import { commonBackend, defineOp, type SingleOp } from './define.ts'
import { add, mul } from './elementwise.ts'
import { concat } from './join.ts'
import { reshape, transpose } from './movement.ts'
import { type Range, slice } from './parts.ts'
import type { ReduceOptions } from './reduce.ts'
import { specify, total } from './specify.ts'

interface Along {
  readonly axis: number
}

/** A range of one axis, and all of the axes before it. */
const along = (axis: number, range: Range): Range[] => [...Array<null>(axis).fill(null), range]
const reversed = (x: Tensor, axis: number) => slice(x, ...along(axis, [-1, undefined, -1]))
/** The elements one place later: zero first, the last one gone. */
const delayed = (x: Tensor, axis: number) =>
  concat([zerosLike(slice(x, ...along(axis, [0, 1]))), slice(x, ...along(axis, [0, -1]))], axis)

/** sᵢ hᵢ₋₁, and 0 where there is no hᵢ₋₁, even beside an infinite s₀. */
function carriedSlope(slopes: Tensor, states: Tensor, axis: number): Tensor {
  const later = slice(slopes, ...along(axis, [1]))
  const before = slice(states, ...along(axis, [0, -1]))
  return concat([zerosLike(slice(slopes, ...along(axis, [0, 1]))), mul(later, before)], axis)
}

const recurrence: SingleOp<Along> = defineOp({
  name: 'linearRecurrence',
  forward([factors, terms], { axis }) {
    const backend = computingOn(terms!)
    return new Tensor(backend, backend.scan(factors!, terms!, axis), terms!.dtype, terms!.shape)
  },
  vjp({ g, inputs: [factors], output, attributes: { axis }, needs }) {
    // b̄ᵢ = ḡᵢ + aᵢ₊₁ b̄ᵢ₊₁ runs backwards, and āᵢ = b̄ᵢ hᵢ₋₁.
    const next = delayed(reversed(factors!, axis), axis)
    const terms = reversed(recurrence.apply([next, reversed(g, axis)], { axis }), axis)
    return [needs[0] ? carriedSlope(terms, output, axis) : undefined, terms]
  },
  jvp({ d: [da, db], inputs: [factors, terms], output, attributes: { axis } }) {
    const carried = da && carriedSlope(da, output, axis)
    const driven = carried && db ? add(carried, db) : (carried ?? db ?? zerosLike(terms!))
    return recurrence.apply([factors!, driven], { axis })
  },
  samples: [
    {
      name: 'down the columns',
      shapes: [[3, 2], [3, 2]], // biome-ignore format: two matrices
      call: (a, b) => linearRecurrence(a, b),
      gives: 'float64[3, 2]',
      value: (a, b) => {
        const h = (i: number, j: number): number => (i === 0 ? b(0, j) : a(i, j) * h(i - 1, j) + b(i, j))
        return h
      },
    },
    {
      name: 'with one factor, along the last axis',
      shapes: [[], [2, 4]],
      call: (a, b) => linearRecurrence(a, b, -1),
      gives: 'float64[2, 4]',
      value: (a, b) => {
        const h = (i: number, j: number): number => (j === 0 ? b(i, 0) : a() * h(i, j - 1) + b(i, j))
        return h
      },
    },
    {
      name: 'of one step',
      shapes: [[1], [1]],
      call: (a, b) => linearRecurrence(a, b),
      gives: 'float64[1]',
      value: (_, b) => b,
    },
  ],
  errors: [
    {
      call: make => linearRecurrence(make([2]), make([2], 'float64')),
      message: /linearRecurrence: float32\[2\] and float64\[2\] are not of one float type/,
    },
    {
      call: make => linearRecurrence(make([2]), make([3])),
      message: /linearRecurrence: shapes do not broadcast/,
    },
    { call: make => linearRecurrence(make([]), make([])), message: /linearRecurrence: there is no axis 0/ },
  ],
})

/**
 * The recurrence hᵢ = aᵢ hᵢ₋₁ + bᵢ along an axis, from h₀ = b₀: a leaky integrator, a linear state space, a running
 * product. (The first factor is not read.)
 *
 * @param factors  a, of a float type; broadcasts with b
 * @param terms    b
 * @returns h, of the shape to which a and b broadcast
 * @throws  DTypeError for mixed or non-float types; ShapeError when the shapes do not fit or there is no such axis
 * @example linearRecurrence(tensor(0.9), x) // x, smoothed by exponentially fading weights
 */
export function linearRecurrence(factors: Tensor, terms: Tensor, axis = 0): Tensor {
  checkTensor('linearRecurrence', 'the factor argument', factors)
  checkTensor('linearRecurrence', 'the term argument', terms)
  if (factors.dtype !== terms.dtype || !isFloat(terms.dtype)) {
    throw new DTypeError(
      'linearRecurrence',
      `${factors} and ${terms} are not of one float type`,
      "Cast first: .cast('float32')",
    )
  }
  commonBackend('linearRecurrence', [factors, terms])
  const shape = broadcastShapes('linearRecurrence', factors.shape, terms.shape)
  const at = resolveAxis('linearRecurrence', axis, shape.length)
  return run(broadcastTo(factors, shape), broadcastTo(terms, shape), at)
}

function run(factors: Tensor, terms: Tensor, axis: number): Tensor {
  return recurrence.apply([factors, terms], { axis })
}

/** @throws ValueError or DTypeError unless `x` is a tensor of numbers */
function checkNumbers(operation: string, x: unknown): asserts x is Tensor {
  checkTensor(operation, 'the argument', x)
  if (x.dtype !== 'bool') return
  throw new DTypeError(operation, `${x} stands where numbers are needed`, "Cast it first: .cast('int32')")
}

/**
 * Running sums along an axis.
 *
 * @throws DTypeError for bools; ShapeError when there is no such axis
 */
export function cumsum(x: Tensor, axis = 0): Tensor {
  checkNumbers('cumsum', x)
  return run(onesLike(x), x, resolveAxis('cumsum', axis, x.rank))
}

/**
 * Running products along an axis. The gradient is right where elements are zero.
 *
 * @throws DTypeError for bools; ShapeError when there is no such axis
 */
export function cumprod(x: Tensor, axis = 0): Tensor {
  checkNumbers('cumprod', x)
  return runningProducts(x, resolveAxis('cumprod', axis, x.rank))
}

/** hᵢ = xᵢ hᵢ₋₁ + 0, from h₀ = x₀. */
function runningProducts(x: Tensor, axis: number): Tensor {
  if (x.shape[axis] === 0) return x
  const first = slice(x, ...along(axis, [0, 1]))
  const rest = slice(x, ...along(axis, [1]))
  return run(x, concat([first, zerosLike(rest)], axis), axis)
}

/**
 * The product over `axis` (all axes unless said). The gradient is right where elements are zero.
 *
 * @throws DTypeError for bools; ShapeError for an axis that is not there
 */
export function prod(x: Tensor, axis?: Axes, options: ReduceOptions = {}): Tensor {
  checkNumbers('prod', x)
  checkOptions('prod', options, '{ keepDims: true }', ['keepDims'])
  const axes = resolveAxes('prod', axis, x.rank)
  const others = [...x.shape.keys()].filter(at => !axes.includes(at))
  const rest = others.map(at => x.shape[at]!)
  const line = axes.reduce((size, at) => size * x.shape[at]!, 1)
  const lined = reshape(transpose(x, [...others, ...axes]), [...rest, line])
  const last = others.length
  const whole =
    line === 0 ? onesLike(lined.sum(last)) : slice(runningProducts(lined, last), ...along(last, -1))
  return options.keepDims
    ? reshape(
        whole,
        x.shape.map((length, at) => (axes.includes(at) ? 1 : length)),
      )
    : whole
}

specify({
  name: 'cumsum',
  samples: [
    {
      name: 'down the columns',
      shapes: [[4, 2]],
      call: x => cumsum(x),
      gives: 'float64[4, 2]',
      value: x => (i, j) => total(i + 1, k => x(k, j)),
    },
    {
      name: 'of nothing',
      shapes: [[2, 0]],
      call: x => cumsum(x, 1),
      gives: 'float64[2, 0]',
      value: () => () => 0,
    },
  ],
  errors: [
    { call: make => cumsum(make([2]), 1), message: /cumsum: there is no axis 1/ },
    { call: make => cumsum(make([2], 'bool')), message: /cumsum: bool\[2\] stands where numbers are needed/ },
  ],
})

const product = (count: number, factor: (k: number) => number): number =>
  Array.from({ length: count }, (_, k) => factor(k)).reduce((a, b) => a * b, 1)

specify({
  name: 'cumprod',
  samples: [
    {
      name: 'along rows',
      shapes: [[2, 4]],
      call: x => cumprod(x, -1),
      gives: 'float64[2, 4]',
      value: x => (i, j) => product(j + 1, k => x(i, k)),
    },
    {
      name: 'with a zero among them',
      shapes: [[4]],
      call: x => cumprod(x.mul(tensorLike(x, [1, 0, 1, 1]))),
      gives: 'float64[4]',
      value: x => i => product(i + 1, k => (k === 1 ? 0 : x(k))),
    },
    { name: 'of nothing', shapes: [[0]], call: x => cumprod(x), gives: 'float64[0]', value: () => () => 1 },
  ],
  errors: [
    { call: make => cumprod(make([]), 0), message: /cumprod: there is no axis 0/ },
    { call: make => cumprod(make([2], 'bool')), message: /cumprod: bool\[2\] stands/ },
  ],
})

const tensorLike = (x: Tensor, flags: readonly number[]): Tensor =>
  concat(flags.map(flag => (flag === 1 ? onesLike(x.slice([0, 1])) : zerosLike(x.slice([0, 1])))))

specify({
  name: 'prod',
  samples: [
    {
      name: 'of all',
      shapes: [[2, 2]],
      call: x => prod(x),
      gives: 'float64[]',
      value: x => () => x(0, 0) * x(0, 1) * x(1, 0) * x(1, 1),
    },
    {
      name: 'of outer axes, kept',
      shapes: [[2, 2, 2]],
      call: x => prod(x, [0, 2], { keepDims: true }),
      gives: 'float64[1, 2, 1]',
      value: x => (_, j) => product(4, k => x(k >> 1, j, k & 1)),
    },
    {
      name: 'with two zeros among the factors',
      shapes: [[4]],
      call: x => prod(x.mul(tensorLike(x, [0, 1, 0, 1]))),
      gives: 'float64[]',
      value: () => () => 0,
    },
    {
      name: 'of nothing',
      shapes: [[0, 2]],
      call: x => prod(x, 0).add(x.sum(0)),
      gives: 'float64[2]',
      value: () => () => 1,
    },
  ],
  errors: [
    { call: make => prod(make([2]), 1), message: /prod: there is no axis 1/ },
    { call: make => prod(make([2], 'bool')), message: /prod: bool\[2\] stands/ },
  ],
})
