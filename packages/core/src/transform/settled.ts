/** Results as the caller may keep them. */

import { stopGradient } from '../ops/alias.ts'
import { isRecording } from '../tape/recorder.ts'
import { Tensor } from '../tensor/tensor.ts'

/**
 * A result outside of its transform: where no other transform is running, its tensors must not hold on to their
 * tape. Tensors are looked for in arrays and plain objects; all else is handed on as it is.
 */
export function settled<Result>(result: Result): Result {
  if (isRecording()) return result
  const visit = (node: unknown): unknown => {
    if (node instanceof Tensor) return stopGradient(node)
    if (Array.isArray(node)) return node.map(visit)
    if (typeof node !== 'object' || node === null || Object.getPrototypeOf(node) !== Object.prototype)
      return node
    return Object.fromEntries(Object.entries(node).map(([name, child]) => [name, visit(child)]))
  }
  return visit(result) as Result
}
