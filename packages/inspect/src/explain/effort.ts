/** What a file may ask for when it is computed again: a short one can speak of tensors that no memory holds. */

import { type Shape, ShapeError, sizeOf, type Tensor } from '@sensigrad/core'
import type { EntryRecord } from '../record/record.ts'

/** How many elements all entries together may read and give. */
const most = 2 ** 26

/** Counts the elements that the entries of a record read and give, before each is computed. */
export class Effort {
  #spent = 0

  /**
   * @param operands    what the entry reads; views that repeat elements count as often as they repeat them
   * @param attributes  those of its operation, which fit the operands
   * @throws ShapeError when that would be too much
   */
  spend({ id, op, text }: EntryRecord, operands: readonly Tensor[], attributes: unknown): void {
    const read = operands.reduce((sum, { size }) => sum + size, 0)
    this.#spent += read + sizeGiven(op, operands, (attributes ?? {}) as Sizes)
    if (this.#spent <= most) return
    throw new ShapeError(
      'replay',
      `with %${id} = ${text} the record comes to ${this.#spent} elements, of at most ${most}`,
      'Replay the tape itself, or record a smaller one',
    )
  }
}

/** What attributes say of how much there will be. */
interface Sizes {
  readonly shape?: Shape
  readonly size?: number
  readonly axis?: number
}

/** How many elements an operation gives that may be more than it reads. */
function sizeGiven(op: string, [a, b]: readonly Tensor[], { shape = [], size = 0, axis = 0 }: Sizes): number {
  if (op === 'place' || op === 'broadcastTo') return sizeOf(shape)
  if (op === 'windows') return a!.size * size
  if (op === 'scatter') return sizeOf(a!.shape.filter((_, i) => i !== axis)) * size
  if (op === 'matmul') return sizeOf(a!.shape.slice(0, -1)) * (b!.rank > 1 ? b!.shape.at(-1)! : 1)
  return 0
}
