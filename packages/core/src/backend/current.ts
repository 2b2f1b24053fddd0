/** Which backend new tensors are made on, and where operations compute. Changing it is the one line that moves a program. */

import { BackendError, describeValue, ValueError } from '../errors.ts'
import { type Backend, missingKernels, type View } from './contract.ts'

let current: Backend | undefined

/** While a step is captured: where its kernels are written down, and the backend that they are meant for. */
let capturing: { readonly trace: Backend; readonly target: Backend } | undefined

/**
 * Makes new tensors on `backend` from now on. Tensors that exist stay where they are.
 *
 * @throws BackendError when the backend lacks a kernel family
 * @example useBackend(cpu())
 */
export function useBackend(backend: Backend): void {
  if (typeof backend !== 'object' || backend === null || (backend as unknown) instanceof Promise) {
    const isPromise = (backend as unknown) instanceof Promise
    throw new BackendError(
      'useBackend',
      `the backend is ${describeValue(backend)}`,
      isPromise ? 'Wait for it: useBackend(await wasm())' : 'Give one, such as cpu()',
    )
  }
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
  if (capturing !== undefined) return capturing.trace
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

/** Where an operation on a tensor computes: where it lives or, while a step is captured, where that is written down. */
export function computingOn(x: View & { readonly backend: Backend }): Backend {
  return capturing === undefined ? x.backend : writtenDown(x.backend)
}

/** As `computingOn`, of a backend on which tensors of the step may live. */
function writtenDown(backend: Backend): Backend {
  const { trace, target } = capturing!
  if (backend === trace || backend === target) return trace
  throw new BackendError(
    'capture',
    `the step is for ${target.name}, and a tensor lives on ${backend.name}`,
    'Move it before: tensor(await x.data(), { shape: x.shape, backend }); or it is left from another captured step, which must return what is to outlive it',
  )
}

/** Whether a step is being captured. */
export function isCapturing(): boolean {
  return capturing !== undefined
}

/** Runs `body`, in which operations on tensors of `target` are written down on `trace`. */
export function writingTo<Result>(trace: Backend, target: Backend, body: () => Result): Result {
  return exchanging({ trace, target }, body)
}

/**
 * Runs `body` as if no step were being captured: it computes at once, and nothing of it is replayed. For what is made
 * once and kept between steps, such as the state of an optimiser.
 *
 * @example velocity ??= new Variable(outsideCapture(() => zerosLike(parameter.value)))
 */
export function outsideCapture<Result>(body: () => Result): Result {
  if (typeof body !== 'function') {
    throw new ValueError(
      'outsideCapture',
      `the function is ${describeValue(body)}`,
      'Give one: outsideCapture(() => zeros([3]))',
    )
  }
  return exchanging(undefined, body)
}

function exchanging<Result>(next: typeof capturing, body: () => Result): Result {
  const outer = capturing
  capturing = next
  try {
    return body()
  } finally {
    capturing = outer
  }
}
