/** Fixed numbers to prove with, reading them back at once, and how far two lists of numbers are apart. */

import {
  BackendError,
  type DType,
  foldIn,
  isSynchronous,
  key,
  type Shape,
  sizeOf,
  type Tensor,
  type TypedArray,
  tensor,
  uniformValues,
} from '@sensigrad/core'

/**
 * The elements of a tensor, row-major.
 *
 * @throws BackendError when they cannot be read without waiting
 */
export function read(operation: string, x: Tensor): TypedArray {
  if (isSynchronous(x.backend)) return x.backend.readSync(x)
  throw new BackendError(
    operation,
    `tensors on ${x.backend.name} cannot be read without waiting`,
    'Prove on a synchronous backend such as cpu(); conformance(…) proves that another one computes the same',
  )
}

/**
 * A fixed lot of numbers on the backend in use, drawn evenly from an interval; whole ones for int32, 0 or 1 for bool.
 *
 * @param lot    which: each gives other numbers, always the same
 * @param shape  of the tensor
 * @example const x = draw(0, [2, 3], [-1, 1])
 */
export function draw(
  lot: number,
  shape: Shape,
  [low, high]: readonly [number, number] = [-2, 2],
  dtype: DType = 'float64',
): Tensor {
  const values = uniformValues(foldIn(key(2026), lot), sizeOf(shape)).map(u => {
    if (dtype === 'bool') return u < 0.5 ? 0 : 1
    const value = low + (high - low) * u
    return dtype === 'int32' ? Math.round(value) : value
  })
  return tensor(values, { dtype, shape })
}

/** The difference of two numbers, relative to `wanted` above 1; NaN is near to itself and far from all else. */
export function difference(found: number, wanted: number): number {
  if (Object.is(found, wanted) || found === wanted) return 0
  const off = Math.abs(found - wanted) / Math.max(Math.abs(wanted), 1)
  return Number.isNaN(off) ? Number.POSITIVE_INFINITY : off
}
