/** The storage of this backend is a typed array; only this file knows how to get at it. */

import type { TypedArray, View } from '@sensigrad/core'

/** The array that a view looks into. */
export function valuesOf(view: View): TypedArray {
  return view.storage as TypedArray
}
