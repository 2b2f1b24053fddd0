/** The backend that the properties run on, tensors on it, and reading them without waiting. */
import { cpu } from '@sensigrad/backend-cpu'
import {
  type DType,
  foldIn,
  key,
  type NestedArray,
  type Shape,
  type SynchronousBackend,
  sizeOf,
  type Tensor,
  type TypedArray,
  tensor,
  uniformValues,
  useBackend,
} from '@sensigrad/core'

useBackend(cpu())

/** The elements of a tensor that lives on a synchronous backend. */
export function read(x: Tensor): TypedArray {
  return (x.backend as SynchronousBackend).readSync(x)
}

/** The elements as plain numbers, for comparisons. */
export function numbers(...tensors: readonly Tensor[]): number[] {
  return tensors.flatMap(x => [...read(x)])
}

/** A float64 tensor. */
export function f64(values: NestedArray | TypedArray, shape?: Shape): Tensor {
  return tensor(values, { dtype: 'float64', ...(shape && { shape }) })
}

/** A fixed lot of numbers, drawn evenly from an interval; whole ones for int32, one of two for bool. */
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

/** The largest relative difference (absolute below 1). NaN is as far from a number as can be, and near to itself. */
export function gap(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY
  return Array.from(expected, (wanted, i) => {
    const got = actual[i]!
    if (Object.is(got, wanted) || got === wanted) return 0
    const difference = Math.abs(got - wanted) / Math.max(Math.abs(wanted), 1)
    return Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference
  }).reduce((largest, difference) => Math.max(largest, difference), 0)
}
