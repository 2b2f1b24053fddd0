/** What a function reads besides its arguments. */

import type { Tensor } from '../tensor/tensor.ts'
import type { Entry } from './entry.ts'
import { isRecorded } from './recorder.ts'

/**
 * The recorded tensors that a computation read and did not make.
 *
 * @param outputs  what it computed
 * @param inputs   the aliases of its arguments
 * @param first    the id of the first entry that it could make
 */
export function closedOver(outputs: readonly Tensor[], inputs: readonly Tensor[], first: number): Tensor[] {
  const seen = new Set<Entry>(inputs.flatMap(({ entry }) => entry ?? []))
  const outer = new Set<Tensor>()
  const pending = [...outputs]
  for (let tensor = pending.pop(); tensor !== undefined; tensor = pending.pop()) {
    const { entry } = tensor
    if (entry === undefined || !isRecorded(tensor) || seen.has(entry)) continue
    if (entry.id < first) {
      outer.add(tensor)
    } else {
      seen.add(entry)
      pending.push(...entry.inputs)
    }
  }
  return [...outer]
}
