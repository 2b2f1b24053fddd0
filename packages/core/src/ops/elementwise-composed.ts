/** Elementwise functions that are expressions of several scalar functions, each of them one kernel. */

import { ValueError } from '../errors.ts'
import type { Expression } from '../expression/expression.ts'
import type { ExpressionBuilder } from '../expression/functions.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { elementwise, type TensorLike, where } from './elementwise.ts'
import { type Elements, specify } from './specify.ts'

/** The value of a sample: f of the elements of x. */
export const each =
  (f: (x: number) => number) =>
  (x: Elements) =>
  (...index: number[]) =>
    f(x(...index))

/**
 * 1/√x; infinite at 0, NaN below.
 *
 * @throws DTypeError for int32 and bool
 * @example rsqrt(tensor([4, 16])) // 0.5, 0.25
 */
export const rsqrt: (x: TensorLike) => Tensor = elementwise('rsqrt', (e, x: Expression) =>
  e.reciprocal(e.sqrt(x)),
)

specify({
  name: 'rsqrt',
  samples: [
    {
      name: 'of a matrix',
      shapes: [[2, 3]],
      domain: [0.3, 4],
      call: x => rsqrt(x),
      gives: 'float64[2, 3]',
      value: each(x => x ** -0.5),
    },
    {
      name: 'of nothing',
      shapes: [[0, 2]],
      call: x => rsqrt(x),
      gives: 'float64[0, 2]',
      value: () => () => Number.NaN,
    },
  ],
  errors: [
    { call: make => rsqrt(make([2], 'int32')), message: /rsqrt: int32\[2\] is not of a float type/ },
    { call: () => rsqrt('4' as never), message: /rsqrt: '4' is no tensor or number/ },
  ],
})

const below = (e: ExpressionBuilder, x: Expression, high: Expression) => e.where(e.less(high, x), high, x)
const above = (e: ExpressionBuilder, x: Expression, low: Expression) => e.where(e.less(x, low), low, x)

/** x between bounds: the slope at a bound is that of x. Shared with `hardtanh`, which differs in its name only. */
export const between = (name: string): ((x: TensorLike, low: TensorLike, high: TensorLike) => Tensor) => {
  const bounded = elementwise(name, (e, x: Expression, low: Expression, high: Expression) =>
    below(e, above(e, x, low), high),
  )
  return (x, low, high) => {
    if (typeof low === 'number' && typeof high === 'number' && low > high) {
      throw new ValueError(name, `the bounds are ${low} and ${high}`, 'Give the lower one first')
    }
    return bounded(x, low, high)
  }
}

const clipBetween = between('clip')
const clipAbove = elementwise('clip', above)
const clipBelow = elementwise('clip', below)

/**
 * x, but `low` where it is less and `high` where it is greater; NaN stays. Where the bounds cross, `high` holds.
 *
 * At a bound the slope is that of x: 1 by x and 0 by the bound.
 *
 * @param low   a number or a tensor that broadcasts with x; left out or `undefined`, there is no lower bound
 * @param high  likewise
 * @throws ValueError without any bound, or when both are numbers and `low` is the greater
 * @throws DTypeError for mixed types; ShapeError when shapes do not broadcast
 * @example clip(x, 0, 1)
 * @example clip(x, undefined, 6)
 */
export function clip(x: TensorLike, low?: TensorLike, high?: TensorLike): Tensor {
  if (low !== undefined && high !== undefined) return clipBetween(x, low, high)
  if (low !== undefined) return clipAbove(x, low)
  if (high !== undefined) return clipBelow(x, high)
  throw new ValueError('clip', 'there are no bounds', 'Give clip(x, low, high), or undefined for one of them')
}

specify({
  name: 'clip',
  samples: [
    {
      name: 'between numbers',
      shapes: [[3, 4]],
      call: x => clip(x, -0.7, 0.9),
      gives: 'float64[3, 4]',
      value: each(x => Math.min(Math.max(x, -0.7), 0.9)),
    },
    {
      name: 'from below, by a tensor that broadcasts',
      shapes: [[3, 2], [2]],
      call: (x, low) => clip(x, low),
      gives: 'float64[3, 2]',
      value: (x, low) => (i, j) => Math.max(x(i, j), low!(j)),
    },
    {
      name: 'from above',
      shapes: [[4], [1]],
      call: (x, high) => clip(x, undefined, high),
      gives: 'float64[4]',
      value: (x, high) => i => Math.min(x(i), high!(0)),
    },
    {
      name: 'between tensors, which may cross',
      shapes: [[9], [9], [9]],
      call: (x, low, high) => clip(x, low, high),
      gives: 'float64[9]',
      value: (x, low, high) => i => Math.min(Math.max(x(i), low!(i)), high!(i)),
    },
  ],
  errors: [
    { call: make => clip(make([2])), message: /clip: there are no bounds/ },
    { call: make => clip(make([2]), 2, 1), message: /clip: the bounds are 2 and 1/ },
    { call: make => clip(make([2]), null as never, 1), message: /clip: null is no tensor or number/ },
    { call: make => clip(make([2]), make([3])), message: /clip: shapes do not broadcast/ },
    { call: make => clip(make([2], 'int32'), 0.5), message: /clip: 0\.5 is no int32/ },
    { call: make => clip(make([2], 'bool'), 0), message: /clip: bool\[2\] stands where a number is needed/ },
  ],
})

/**
 * a ≠ b, as bool; true where either is NaN.
 *
 * @throws DTypeError for bool (use `xor`) and mixed types; ShapeError when shapes do not broadcast
 */
export const notEqual: (a: TensorLike, b: TensorLike) => Tensor = elementwise(
  'notEqual',
  (e, a: Expression, b: Expression) => e.not(e.equal(a, b)),
)

specify({
  name: 'notEqual',
  samples: [
    {
      name: 'deciding where a row differs from a number or itself',
      shapes: [[2, 3], [3]],
      call: (a, b) => where(notEqual(a, a.mul(1)), a, b),
      gives: 'float64[2, 3]',
      value: (_, b) => (_i, j) => b(j),
    },
    {
      name: 'of numbers that differ',
      shapes: [[4], []],
      call: (a, b) => where(notEqual(a, b), a, b),
      gives: 'float64[4]',
      value: a => i => a(i),
    },
  ],
  errors: [
    { call: make => notEqual(make([2], 'bool'), 0), message: /notEqual: bool\[2\] stands where a number/ },
    { call: make => notEqual(make([2]), make([3])), message: /notEqual: shapes do not broadcast/ },
  ],
})

/**
 * One of both but not the other, of bools.
 *
 * @throws DTypeError for numbers; ShapeError when shapes do not broadcast
 */
export const xor: (a: TensorLike, b: TensorLike) => Tensor = elementwise(
  'xor',
  (e, a: Expression, b: Expression) => e.and(e.or(a, b), e.not(e.and(a, b))),
)

specify({
  name: 'xor',
  samples: [
    {
      name: 'of signs',
      shapes: [[3, 3], [3]],
      call: (a, b) => where(xor(a.less(0), b.less(0)), a, b),
      gives: 'float64[3, 3]',
      value: (a, b) => (i, j) => (a(i, j) < 0 === b(j) < 0 ? b(j) : a(i, j)),
    },
  ],
  errors: [
    { call: make => xor(make([2]), true), message: /xor: float32\[2\] stands where a bool is needed/ },
    { call: make => xor(make([2], 'bool'), 1), message: /xor: 1 stands where a boolean is needed/ },
  ],
})

/**
 * Whether each element is NaN, as bool.
 *
 * @throws DTypeError for bool
 */
// biome-ignore lint/suspicious/noShadowRestrictedNames: the name that every array library has for it
export const isNaN: (x: TensorLike) => Tensor = elementwise('isNaN', (e, x: Expression) =>
  e.not(e.equal(x, x)),
)

specify({
  name: 'isNaN',
  samples: [
    {
      name: 'deciding where a root exists',
      shapes: [[8]],
      call: x => where(isNaN(x.sqrt()), x.square(), x),
      gives: 'float64[8]',
      value: x => i => (x(i) < 0 ? x(i) ** 2 : x(i)),
    },
  ],
  errors: [
    { call: make => isNaN(make([2], 'bool')), message: /isNaN: bool\[2\] stands where a number is needed/ },
  ],
})

/**
 * Whether each element is neither NaN nor infinite, as bool.
 *
 * @throws DTypeError for bool
 */
// biome-ignore lint/suspicious/noShadowRestrictedNames: the name that every array library has for it
export const isFinite: (x: TensorLike) => Tensor = elementwise('isFinite', (e, x: Expression) =>
  e.equal(e.sub(x, x), 0),
)

specify({
  name: 'isFinite',
  samples: [
    {
      name: 'deciding where a logarithm exists',
      shapes: [[8]],
      call: x => where(isFinite(x.log()), x.square(), x),
      gives: 'float64[8]',
      value: x => i => (x(i) > 0 ? x(i) ** 2 : x(i)),
    },
  ],
  errors: [
    { call: make => isFinite(make([2], 'bool')), message: /isFinite: bool\[2\] stands where a number/ },
  ],
})

/**
 * a > b, as bool.
 *
 * @throws DTypeError for bools
 */
export const greater: (a: TensorLike, b: TensorLike) => Tensor = elementwise(
  'greater',
  (e, a: Expression, b: Expression) => e.less(b, a),
)

/**
 * a ≥ b, as bool.
 *
 * @throws DTypeError for bools
 */
export const greaterEqual: (a: TensorLike, b: TensorLike) => Tensor = elementwise(
  'greaterEqual',
  (e, a: Expression, b: Expression) => e.lessEqual(b, a),
)

for (const [name, call, holds] of [
  ['greater', greater, (a: number, b: number) => a > b],
  ['greaterEqual', greaterEqual, (a: number, b: number) => a >= b],
] as const) {
  specify({
    name,
    samples: [
      {
        name: 'of a matrix and a row',
        shapes: [[2, 3], [3]],
        call: (a, b) => call(a, b),
        gives: 'bool[2, 3]',
        value: (a, b) => (i, j) => Number(holds(a(i, j), b(j))),
      },
      {
        name: 'at a tie',
        shapes: [[2]],
        call: x => call(x, x),
        gives: 'bool[2]',
        value: () => () => Number(holds(0, 0)),
      },
    ],
    errors: [
      {
        call: make => call(make([2]), make([3])),
        message: /: shapes do not broadcast: \[3\] and \[2\]|\[2\] and \[3\]/,
      },
      { call: make => call(make([2], 'bool'), 0), message: /: bool\[2\] stands where a number is needed/ },
    ],
  })
}
