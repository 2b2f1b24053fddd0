/** Tensors that captured steps lend: their numbers change from call to call, unlike those of all others. */

import type { Storage, View } from '../backend/contract.ts'

/** The memory that they lie in. */
export const lentStorages = new WeakSet<Storage>()

/** Whether the numbers of a tensor change when the step that lends it is called. */
export function isLent({ storage }: View): boolean {
  return lentStorages.has(storage)
}
