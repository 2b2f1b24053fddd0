/**
 * The GPU backend: WebGL2 and WebGPU in browsers, WebAssembly and headless GL in Node, through gpu.js.
 *
 * @packageDocumentation
 */

import { BackendError, describeValue } from '@sensigrad/core'
import { backendOn, type GpuBackend } from './backend.ts'
import { openDevice } from './device.ts'
import { loadLibrary } from './gpu-library.ts'
import { checkMode, chooseMode, type Mode } from './modes.ts'

export type { GpuBackend, GpuCounts } from './backend.ts'
export type { Mode } from './modes.ts'

/** How the GPU backend works. */
export interface GpuOptions {
  /**
   * Where kernels run: `webgpu` or `webgl2` in browsers, `headlessgl` in Node with the package `gl`, `webasm` on the
   * processor. Unless said, the first of these that is there.
   */
  readonly mode?: Mode
  /** How many compiled kernels are kept: 1024 unless said. A kernel whose results are in use is kept beyond that. */
  readonly kernels?: number
  /**
   * Whether every result is read back and looked at, so that the first element that is not finite though all that was
   * read is names its kernel and module. It is slow, and for finding a mistake. In `webgpu` the next call or reading
   * throws, elsewhere the call itself.
   */
  readonly check?: boolean
  /** Called once, with the reason, when the GPU is lost. */
  readonly onLost?: (reason: string) => void
}

/** The options that there are. */
const known: readonly string[] = ['mode', 'kernels', 'check', 'onLost']

/**
 * The GPU backend. It needs the package `gpu.js`, which it loads when it is first called.
 *
 * Its numbers are float32 on a GPU: integers are exact up to 2²⁴, functions are accurate to about 10⁻⁵, and NaN and
 * infinities need not be kept. There is no float64.
 *
 * Memory: as with every backend that is not the garbage collector's, a long synchronous loop wants `scope` or
 * `capture`; `backend.memory()` tells how much is in use.
 *
 * @throws BackendError when gpu.js is missing, the mode cannot run here, or an option is not what it may be
 * @example useBackend(await gpujs())
 * @example const backend = await gpujs({ mode: 'webgl2', onLost: reason => console.warn(reason) })
 */
export async function gpujs(options: GpuOptions = {}): Promise<GpuBackend> {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new BackendError(
      'gpujs',
      `the options are ${describeValue(options)}`,
      "Give { mode: 'webgl2' } or nothing",
    )
  }
  const strange = Object.keys(options).find(name => !known.includes(name))
  if (strange !== undefined) {
    throw new BackendError('gpujs', `there is no option ${strange}`, `There is ${known.join(', ')}`)
  }
  const { mode: wanted, kernels = 1024, check = false, onLost } = options
  checkMode(wanted)
  if (!Number.isInteger(kernels) || kernels < 1) {
    throw new BackendError(
      'gpujs',
      `kernels is ${describeValue(kernels)}`,
      'Give a whole number from 1 on: how many compiled kernels are kept',
    )
  }
  if (typeof check !== 'boolean') {
    throw new BackendError('gpujs', `check is ${describeValue(check)}`, 'Give true or false')
  }
  if (onLost !== undefined && typeof onLost !== 'function') {
    throw new BackendError('gpujs', `onLost is ${describeValue(onLost)}`, 'Give a function of the reason')
  }
  const library = await loadLibrary()
  const device = await openDevice(library, await chooseMode(library, wanted))
  if (onLost !== undefined) device.whenLost.then(onLost)
  return backendOn(device, { kernels, check })
}
