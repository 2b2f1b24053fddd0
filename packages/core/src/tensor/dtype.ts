/** Element types: their names, the typed arrays that hold them, and which of them carry gradients. */

import { ValueError } from '../errors.ts'

/** The element types. `float32` is the default; `bool` is stored as one byte, 0 or 1. */
export type DType = 'float32' | 'float64' | 'int32' | 'bool'

/** The typed array that holds each element type on the host. */
export interface ArrayOf {
  float32: Float32Array
  float64: Float64Array
  int32: Int32Array
  bool: Uint8Array
}

/** Host memory of any element type. */
export type TypedArray = ArrayOf[DType]

const constructors = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  bool: Uint8Array,
} as const

/** Every element type, in the order in which the documentation lists them. */
export const dtypes: readonly DType[] = Object.keys(constructors) as DType[]

/**
 * A new typed array of `size` zeros.
 *
 * @throws ValueError when there is no room for so many
 */
export function allocate<D extends DType>(dtype: D, size: number): ArrayOf[D] {
  try {
    return new constructors[dtype](size) as ArrayOf[D]
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    const bytes = size * constructors[dtype].BYTES_PER_ELEMENT
    throw new ValueError(
      'allocate',
      `there is no room for ${size} elements of ${dtype} (${(bytes / 2 ** 30).toPrecision(3)} GiB)`,
      'Make it smaller, or work in parts',
    )
  }
}

/** The element type that a typed array holds, or `undefined` where sensigrad has none for it. */
export function dtypeOf(values: ArrayBufferView): DType | undefined {
  return dtypes.find(dtype => values instanceof constructors[dtype])
}

/** Whether tensors of this type carry gradients. */
export function isFloat(dtype: DType): dtype is 'float32' | 'float64' {
  return dtype === 'float32' || dtype === 'float64'
}

/** The distance from 1 to the next number, which sets the tolerances of checks. */
export function epsilon(dtype: 'float32' | 'float64'): number {
  return dtype === 'float32' ? 2 ** -23 : 2 ** -52
}

/** The largest finite number. */
export function largest(dtype: 'float32' | 'float64'): number {
  return dtype === 'float32' ? (2 - 2 ** -23) * 2 ** 127 : Number.MAX_VALUE
}

/** The smallest positive number with all its digits, whose reciprocal is finite. */
export function smallestNormal(dtype: 'float32' | 'float64'): number {
  return dtype === 'float32' ? 2 ** -126 : 2 ** -1022
}
