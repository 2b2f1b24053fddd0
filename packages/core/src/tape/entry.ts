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

/**
 * An entry in as few objects as can be: a long tape lives in memory that the garbage collector moves, so each costs time.
 * A list of one output is therefore made when somebody asks for it.
 */
export class RecordedEntry implements Entry {
  readonly id: number
  readonly op: Op
  readonly inputs: readonly Tensor[]
  readonly attributes: unknown
  readonly made: Tensor | readonly Tensor[]
  readonly scope: string
  place = 0

  constructor(
    id: number,
    op: Op,
    inputs: readonly Tensor[],
    attributes: unknown,
    made: Tensor | readonly Tensor[],
    scope: string,
  ) {
    this.id = id
    this.op = op
    this.inputs = inputs
    this.attributes = attributes
    this.made = made
    this.scope = scope
  }

  get outputs(): readonly Tensor[] {
    return isList(this.made) ? this.made : [this.made]
  }
}

/** Whether these are several outputs of an operation, or the one that it has. */
export function isList(made: Tensor | readonly Tensor[]): made is readonly Tensor[] {
  return Array.isArray(made)
}
