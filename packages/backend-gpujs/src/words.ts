/** What went wrong, as users are told. A command may run after the call that gave it, and is still named after that. */

import { BackendError, currentScope, withScope } from '@sensigrad/core'
import type { Device } from './device.ts'
import type { Mode } from './modes.ts'

/** The error for whoever uses a GPU that is gone. */
export function lost(operation: string, mode: Mode): BackendError {
  return new BackendError(
    operation,
    `the GPU was lost (${mode}), and all tensors on it`,
    `Make another backend, await gpujs({ mode: '${mode}' }), build the model on it, and restore what was saved last: docs/gpu.md shows how`,
  )
}

/** An error as users are told: one of ours stays, and one of gpu.js says in which kernel it was thrown. */
export function inWords(error: unknown, operation: string, scope: string, device: Device): unknown {
  if (device.isLost()) return lost(operation, device.mode)
  if (!(error instanceof Error) || 'operation' in error) return error
  const told = madeIn(
    scope,
    () =>
      new BackendError(
        operation,
        `gpu.js failed: ${error.message.split('\n')[0]}`,
        'Report it with the operation and its shapes, or take another mode or backend',
      ),
  )
  told.cause = error
  return told
}

/** An error that names the scope of the call, be it made during the call or later. */
export function madeIn<Made extends Error>(scope: string, make: () => Made): Made {
  return currentScope() === '' ? withScope(scope, make) : make()
}
