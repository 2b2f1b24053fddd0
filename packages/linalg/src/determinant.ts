/** Determinants and their logarithms, by the LU decomposition. */

import {
  concat,
  defineMultiOp,
  defineOp,
  GradientError,
  mul,
  onesLike,
  type Range,
  reshape,
  slice,
  stack,
  type Tensor,
  transpose,
} from '@sensigrad/core'
import { checkMatrices, sizesOf } from './check.ts'
import { batchOf, nameOf } from './host.ts'
import { determinantOf, type LU, logDeterminantOf, luOf } from './lu.ts'
import { constantLike, innerProduct } from './parts.ts'
import { determinant2, positive, positiveElements, regular, regularElements } from './samples.ts'
import { inverse } from './solve.ts'

const logDeterminantOp = defineMultiOp<undefined>({
  name: 'logDeterminant',
  forward([a]) {
    const found = luOf('logDeterminant', a!).map(logDeterminantOf)
    const part = (k: 0 | 1) =>
      batchOf(
        a!,
        found.map(pair => Float64Array.of(pair[k])),
        [],
      )
    return [part(0), part(1)]
  },
  // d log|det a| = tr(a⁻¹ ȧ); the sign is flat.
  vjp: ({ gs: [, g], inputs: [a] }) => [g && mul(asMatrices(g), slopeOf(a!))],
  jvp: ({ d: [d], inputs: [a] }) => [undefined, d && innerProduct(slopeOf(a!), d)],
  samples: [
    {
      name: 'a matrix',
      shapes: [[2, 2]],
      call: a => logDeterminant(regular(a))[1],
      gives: 'float64[]',
      value: a => () => Math.log(determinant2(regularElements(a))),
    },
    {
      name: 'a negative determinant',
      shapes: [[2, 2]],
      call: a => logDeterminant(slice(regular(a), [1, undefined, -1]))[1],
      gives: 'float64[]',
      value: a => () => Math.log(determinant2(regularElements(a))),
    },
    {
      name: 'the sign',
      shapes: [[2, 2]],
      call: a => logDeterminant(slice(regular(a), [1, undefined, -1]))[0],
      gives: 'float64[]',
      value: () => () => -1,
    },
    {
      name: 'a batch',
      shapes: [[2, 1, 1]],
      call: a => logDeterminant(regular(a))[1],
      gives: 'float64[2]',
      value: a => n => Math.log(a(n, 0, 0) + 8),
    },
    {
      name: 'x xᵀ + 2 I',
      shapes: [[2, 3]],
      call: x => logDeterminant(positive(x))[1],
      gives: 'float64[]',
      value: x => () => Math.log(determinant2(positiveElements(x, 3))),
    },
  ],
  errors: [
    { call: make => logDeterminant(make([2, 3])), message: /logDeterminant: float32\[2, 3\] is not square/ },
    { call: make => logDeterminant(make([2])), message: /logDeterminant: float32\[2\] is no matrix/ },
    {
      call: make => logDeterminant(make([2, 2], 'int32')),
      message: /logDeterminant: int32\[2, 2\] is not of a/,
    },
    {
      call: make => logDeterminant(make([1, 1]).div(0)),
      message: /logDeterminant: element \[0, 0\] is Infinity/,
    },
    { call: () => logDeterminant(3 as never), message: /logDeterminant: the matrix is 3/ },
  ],
})

/**
 * The sign of each determinant and the logarithm of its modulus, which neither overflows nor vanishes: 0 and -∞ for a
 * singular matrix. The sign has no gradient (its slope is 0).
 *
 * @param a  `[…, n, n]`, finite
 * @returns both `[…]`, without the last two axes
 * @throws  ShapeError for other shapes; DTypeError for other types; NonFiniteError for NaN or infinity; BackendError
 *          where values cannot be read without waiting; GradientError where a singular matrix is differentiated
 * @example logDeterminant(tensor([[0, 2], [2, 0]])) // [-1, log 4]
 */
export function logDeterminant(a: Tensor): readonly [sign: Tensor, logarithm: Tensor] {
  checkMatrices('logDeterminant', a, 'square')
  const [sign, logarithm] = logDeterminantOp.apply([a], undefined)
  return [sign!, logarithm!]
}

/** a⁻ᵀ @throws GradientError where a is singular */
function slopeOf(a: Tensor): Tensor {
  const singular = luOf('logDeterminant', a).findIndex(({ zeroPivot }) => zeroPivot !== undefined)
  if (singular < 0) return transpose(inverse(a))
  throw new GradientError(
    'logDeterminant',
    `${nameOf(a, singular)} is singular: the logarithm has no slope at a determinant of 0`,
    'Take determinant, which has one, or add a small multiple of the identity',
  )
}

const determinantOp = defineOp<undefined>({
  name: 'determinant',
  forward: ([a]) =>
    batchOf(
      a!,
      luOf('determinant', a!).map(factors => Float64Array.of(determinantOf(factors))),
      [],
    ),
  vjp: ({ g, inputs: [a], output }) => [mul(asMatrices(g), cofactorsOf(a!, output))],
  jvp: ({ d: [d], inputs: [a], output }) => d && innerProduct(cofactorsOf(a!, output), d),
  samples: [
    {
      name: 'two rows',
      shapes: [[2, 2]],
      call: a => determinant(a),
      gives: 'float64[]',
      value: a => () => determinant2(a),
    },
    {
      name: 'three rows',
      shapes: [[3, 3]],
      call: a => determinant(a),
      gives: 'float64[]',
      value: a => () =>
        [0, 1, 2].reduce((sum, k) => {
          const [l, m] = [(k + 1) % 3, (k + 2) % 3]
          return sum + a(0, k) * (a(1, l) * a(2, m) - a(1, m) * a(2, l))
        }, 0),
    },
    {
      name: 'a number',
      shapes: [[1, 1]],
      call: a => determinant(a),
      gives: 'float64[]',
      value: a => () => a(0, 0),
    },
    {
      name: 'a batch with a singular matrix in it',
      shapes: [[2, 2]],
      call: a => determinant(stack([a, mul(slice(a, [0, 1]).broadcastTo([2, 2]), 0.5)])),
      gives: 'float64[2]',
      value: a => n => (n === 0 ? determinant2(a) : 0),
    },
  ],
  errors: [
    { call: make => determinant(make([3, 2])), message: /determinant: float32\[3, 2\] is not square/ },
    {
      call: make => determinant(make([2, 2], 'int32')),
      message: /determinant: int32\[2, 2\] is not of a float/,
    },
    { call: make => determinant(make([0, 0])), message: /determinant: float32\[0, 0\] is a matrix without/ },
    { call: make => determinant(make([1, 1]).div(0)), message: /determinant: element \[0, 0\] is Infinity/ },
    { call: () => determinant('a' as never), message: /determinant: the matrix is 'a'/ },
  ],
})

/**
 * The determinant of each matrix. It has all its derivatives at singular matrices too, at a price there and, up to 16
 * rows, near them: n² determinants of n - 1 rows for the first.
 *
 * @param a  `[…, n, n]`, finite
 * @returns `[…]`, without the last two axes
 * @throws  ShapeError for other shapes; DTypeError for other types; NonFiniteError for NaN or infinity; BackendError
 *          where values cannot be read without waiting
 * @example determinant(tensor([[1, 2], [3, 4]])) // -2
 */
export function determinant(a: Tensor): Tensor {
  checkMatrices('determinant', a, 'square')
  return determinantOp.apply([a], undefined)
}

/**
 * The slopes of the determinant: the minors with their signs, or det a · a⁻ᵀ where that is as good. The inverse of a
 * nearly singular matrix is large, and in derivatives of higher order its terms cancel.
 */
function cofactorsOf(a: Tensor, determinants: Tensor): Tensor {
  if (luOf('determinant', a).every(isFarFromSingular))
    return mul(asMatrices(determinants), transpose(inverse(a)))
  if (sizesOf(a)[0] === 1) return onesLike(a)
  const minors = without(without(a, -2), -1) // […, i, j, n - 1, n - 1], without row i and column j
  return mul(
    determinant(minors),
    constantLike(a, (i, j) => ((i + j) % 2 === 0 ? 1 : -1)),
  )
}

/** Whether no pivot is 0, or, of a matrix whose minors cost little, small beside the largest. */
function isFarFromSingular({ size, factors, zeroPivot }: LU): boolean {
  if (zeroPivot !== undefined) return false
  const pivots = Array.from({ length: size }, (_, i) => Math.abs(factors[i * (size + 1)]!))
  return size > 16 || Math.min(...pivots) > 1e-3 * Math.max(...pivots)
}

/** All that remain of x when each index of `axis` is left out in turn, along a new axis before the last two. */
function without(x: Tensor, axis: -1 | -2): Tensor {
  const at = x.rank + axis
  const part = (...range: [number, number]): Tensor => {
    const whole: Range[] = Array.from({ length: at }, () => null)
    return slice(x, ...whole, range)
  }
  const length = x.shape[at]!
  const left = Array.from({ length }, (_, i) => concat([part(0, i), part(i + 1, length)], at))
  return stack(left, x.rank - 2)
}

const asMatrices = (x: Tensor): Tensor => reshape(x, [...x.shape, 1, 1])
