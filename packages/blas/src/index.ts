/**
 * Large matrix products through the BLAS of the system, where it has one: OpenBLAS, MKL, BLIS or Accelerate. Nothing
 * needs it, and where it is missing everything works as before.
 *
 * @packageDocumentation
 */

import { type Backend, BackendError, describeValue } from '@sensigrad/core'
import { accelerated, type ReachableBackend } from './accelerated.ts'
import { findLibrary } from './library.ts'

export type { Place, ReachableBackend } from './accelerated.ts'

/** How matrix products go through BLAS. */
export interface BlasOptions<Wrapped extends ReachableBackend> {
  /** The backend that does everything else: `cpu()` or `await wasm()`. */
  readonly backend: Wrapped
  /** The name or path of the library; unless said, the usual names are tried. */
  readonly library?: string
  /** On how many threads the library runs, in the whole process: 1 unless said. */
  readonly threads?: number
  /**
   * From so many multiplications on (m·k·n) a product goes through BLAS. Unless said, those do where it was measured to
   * pay: on typed arrays from 4096 on; on WebAssembly from 131072 on, if m, k and n are 16 or more.
   */
  readonly threshold?: number
}

/**
 * The same backend, with large matrix products through BLAS. Its tensors are not those of the backend that was given:
 * it counts as another one.
 *
 * Without koffi (`npm install koffi`) or without a library, products stay as they are, and a line of `info()` says what
 * is missing.
 *
 * @throws BackendError when the library that was given cannot be used, when native code cannot reach the backend's
 *         memory, or for numbers that make no sense
 * @example useBackend(await blas({ backend: await wasm() }))
 */
export async function blas<Wrapped extends ReachableBackend>(
  options: BlasOptions<Wrapped>,
): Promise<Wrapped & { info: NonNullable<Backend['info']> }> {
  if (typeof options !== 'object' || options === null || 'map' in options) {
    throw new BackendError(
      'blas',
      `the options are ${options && typeof options === 'object' ? 'a backend' : describeValue(options)}`,
      'Give { backend: await wasm() }',
    )
  }
  const known = ['backend', 'library', 'threads', 'threshold']
  const strange = Object.keys(options).find(name => !known.includes(name))
  if (strange !== undefined) {
    throw new BackendError('blas', `there is no option ${strange}`, `There is ${known.join(', ')}`)
  }
  const { backend, library, threads = 1, threshold } = options
  checkReachable(backend)
  const isName = library === undefined || (typeof library === 'string' && library !== '')
  check('library', library, isName, 'Give its name or path, or leave it out')
  const isCount = Number.isInteger(threads) && threads >= 1 && threads <= 1024
  check('threads', threads, isCount, 'Give a whole number from 1 to 1024')
  check(
    'threshold',
    threshold,
    threshold === undefined || (typeof threshold === 'number' && threshold >= 0),
    'Give a number of multiplications, 0 for all products',
  )
  return accelerated(backend, await findLibrary(library, threads), threshold)
}

function check(name: string, value: unknown, isRight: boolean, remedy: string): void {
  if (!isRight) throw new BackendError('blas', `${name} is ${describeValue(value)}`, remedy)
}

function checkReachable(backend: ReachableBackend): void {
  const remedy = 'Give cpu() or await wasm()'
  check('backend', backend, typeof backend?.allocate === 'function', remedy)
  if (backend.locate !== undefined) return
  const storage = backend.allocate('float32', 1)
  const isReachable = ArrayBuffer.isView(storage)
  backend.free(storage)
  if (isReachable) return
  throw new BackendError('blas', `native code cannot reach the memory of ${backend.name}`, remedy)
}
