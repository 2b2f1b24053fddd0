/** Whether a replay gave what the step itself gives. */

import type { SynchronousBackend } from '../backend/contract.ts'
import { ValueError } from '../errors.ts'
import { isFloat } from '../tensor/dtype.ts'
import type { Tensor } from '../tensor/tensor.ts'

/** How far numbers of a type may part, relative to the largest: rewrites sum in another order, and round less often. */
const tolerances = { float32: 1e-4, float64: 1e-9 }

/** @throws ValueError where a replay and the step itself part by more than rounding */
export function checkEqual(backend: SynchronousBackend, what: string, found: Tensor, expected: Tensor): void {
  const [a, b] = [backend.readSync(found), backend.readSync(expected)]
  let largest = 0
  for (const value of b) if (Number.isFinite(value)) largest = Math.max(largest, Math.abs(value))
  const allowed = isFloat(expected.dtype) ? tolerances[expected.dtype] * largest : 0
  for (let i = 0; i < b.length; i++) {
    if (Object.is(a[i], b[i]) || Math.abs(a[i]! - b[i]!) <= allowed) continue
    throw new ValueError(
      'capture',
      `the replay parts from the step itself: element ${i} of ${what} is ${a[i]}, and the step gives ${b[i]}`,
      'The step depends on something that is neither an argument nor a variable: pass it as an argument, keep it in a Variable, or use setting(() => …) for a number',
    )
  }
}
