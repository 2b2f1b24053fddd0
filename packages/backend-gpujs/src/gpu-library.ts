/**
 * What we use of gpu.js, typed as it behaves: its own typings lack settings that we need. It is loaded when the first
 * backend is made, so that a program which never makes one does not carry it.
 */

import { BackendError } from '@sensigrad/core'
import type { KernelClass, Mode } from './modes.ts'

/** What a kernel gives: a texture or buffer of the device, or an array where there is no device. */
export interface Handle {
  /** Its elements; no member of the arrays, which are read as they are. */
  toArray?(): Float32Array | Promise<Float32Array>
  /** Gives the device's memory back; no member of the arrays. */
  delete?(): void
}

/** A kernel of gpu.js. */
export interface GpuKernel {
  (...of: readonly unknown[]): Handle | Promise<Handle>
  /** What really runs. It is replaced where gpu.js falls back to another. */
  readonly kernel: {
    readonly constructor: { readonly name: string }
    readonly fallbackReason?: string | null
    /** The WebGL context, or the adapter and device of WebGPU, once the kernel has run. */
    readonly context: unknown
  }
  destroy(): void
}

/** The settings that keep gpu.js right; another value of any of them gives wrong numbers or leaks. */
export interface KernelSettings {
  readonly output: readonly [number]
  readonly precision: 'single'
  readonly tactic: 'precision'
  readonly pipeline: true
  readonly immutable: true
  readonly loopMaxIterations: number
}

/** An instance of gpu.js: a context, and kernels in it. */
export interface Gpu {
  createKernel(source: string, settings: KernelSettings): GpuKernel
}

/** What of gpu.js is used. */
export interface GpuLibrary extends Readonly<Partial<Record<KernelClass, unknown>>> {
  readonly GPU: {
    new (settings: { readonly mode: Mode }): Gpu
    readonly isWebGL2Supported: boolean
    readonly isHeadlessGLSupported: boolean
    readonly isWebAssemblySupported: boolean
    isWebGPUAvailable(): Promise<boolean>
  }
  /** Values from the host, of one dimension. */
  readonly Input: new (
    values: Float32Array,
    size: readonly [number],
  ) => object
}

const importLibrary = (): Promise<unknown> => import('gpu.js')

/**
 * Loads gpu.js. In browsers that claims the name `GPU` of the global object, which belongs to WebGPU's own interface;
 * it gets it back, since gpu.js does not look there again.
 *
 * @throws BackendError when gpu.js is not installed, or is something else
 */
export async function loadLibrary(load: () => Promise<unknown> = importLibrary): Promise<GpuLibrary> {
  const native = Object.getOwnPropertyDescriptor(globalThis, 'GPU')
  let module: { readonly default?: Partial<GpuLibrary> } & Partial<GpuLibrary>
  try {
    module = (await load()) as typeof module
  } catch (error) {
    throw new BackendError(
      'gpujs',
      `gpu.js could not be loaded: ${error instanceof Error ? error.message.split('\n')[0] : error}`,
      'Install it: npm install gpu.js',
    )
  } finally {
    if (native !== undefined) Object.defineProperty(globalThis, 'GPU', native)
  }
  const library = module.default?.GPU === undefined ? module : module.default
  if (typeof library.GPU !== 'function' || typeof library.Input !== 'function') {
    throw new BackendError(
      'gpujs',
      "the package 'gpu.js' has no GPU and Input",
      'Install gpu.js 2.24 or later',
    )
  }
  return library as GpuLibrary
}
