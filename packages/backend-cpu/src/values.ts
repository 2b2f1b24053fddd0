/** The storage of this backend is a typed array; only this file knows how to get at it. */

import { allocate, type Destination, type DType, type TypedArray, type View } from '@sensigrad/core'

/** The array that a view looks into. */
export function valuesOf(view: View): TypedArray {
  return view.storage as TypedArray
}

/** The array that a kernel writes: new, or the part of a destination that is meant. Its elements may be anything. */
export function outputFor(dtype: DType, length: number, into?: Destination): TypedArray {
  if (into === undefined) return allocate(dtype, length)
  return (into.storage as TypedArray).subarray(into.offset, into.offset + length)
}
