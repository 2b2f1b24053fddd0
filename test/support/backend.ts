/** The backend that the properties run on, tensors on it, and reading them without waiting. */
import { cpu } from '@sensigrad/backend-cpu'
import {
  type NestedArray,
  type Shape,
  type SynchronousBackend,
  type Tensor,
  type TypedArray,
  tensor,
  useBackend,
} from '@sensigrad/core'

export { draw } from '@sensigrad/testing'

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
