/** Which backend new tensors are made on. Changing it is the one line that moves a program. */

import { BackendError, describeValue } from '../errors.ts'
import { type Backend, missingKernels } from './contract.ts'

let current: Backend | undefined

/**
 * Makes new tensors on `backend` from now on. Tensors that exist stay where they are.
 *
 * @throws BackendError when the backend lacks a kernel family
 * @example useBackend(cpu())
 */
export function useBackend(backend: Backend): void {
  const missing = missingKernels(backend)
  if (missing.length > 0) {
    throw new BackendError(
      'useBackend',
      `${backend.name ?? describeValue(backend)} lacks the kernels ${missing.join(', ')}`,
      'Implement every kernel family of the backend contract',
    )
  }
  current = backend
}

/**
 * The backend that new tensors are made on.
 *
 * @throws BackendError when none was chosen
 */
export function currentBackend(): Backend {
  if (current === undefined) {
    throw new BackendError(
      'currentBackend',
      'no backend is in use',
      "Import 'sensigrad', which brings the CPU backend, or call useBackend(…)",
    )
  }
  return current
}

/** Whether a backend was chosen, so that a default need not replace it. */
export function hasBackend(): boolean {
  return current !== undefined
}
