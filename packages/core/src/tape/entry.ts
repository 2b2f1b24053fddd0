/** One line of a tape: which operation made which tensors from which. */

import type { Op } from '../ops/define.ts'
import type { Tensor } from '../tensor/tensor.ts'

/** A recorded operation. Ids grow with time, so the order of ids is an order of evaluation. */
export interface Entry {
  readonly id: number
  readonly op: Op
  readonly inputs: readonly Tensor[]
  readonly attributes: unknown
  /** One tensor for most operations; several for those that split a tensor or decompose a matrix. */
  readonly outputs: readonly Tensor[]
  /** The path of the module that computed it, or `''`. */
  readonly scope: string
  /**
   * Where it stands in the tape that was cut last, or stood in a list while that was cut. Only a hint, since an entry may
   * belong to several tapes: it holds where the list has this entry at this place.
   */
  place: number
}
