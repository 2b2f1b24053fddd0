/** The modes of gpu.js that we run in, what differs between them, and which one is the best of a place. */

import { BackendError, describeValue } from '@sensigrad/core'
import type { GpuLibrary } from './gpu-library.ts'

/** Where kernels run: on a GPU by WebGPU or WebGL2, on one without a window (headlessgl, Node), or on the CPU. */
export type Mode = 'webgpu' | 'webgl2' | 'headlessgl' | 'webasm'

/** The classes of gpu.js whose kernels run, one for each mode. */
export type KernelClass = 'WebGPUKernel' | 'WebGL2Kernel' | 'HeadlessGLKernel' | 'WebAssemblyKernel'

/** What differs between modes. */
export interface ModeFacts {
  /** The class of gpu.js that runs the kernels. */
  readonly kernelClass: KernelClass
  /** Whether kernels and values come later, so that calls wait in a queue. */
  readonly isAsynchronous: boolean
  /** Whether the lengths of what a kernel reads are written into it, so that others need another kernel. */
  readonly areLengthsFixed: boolean
  /** Whether it is there. */
  readonly isThere: (library: GpuLibrary) => boolean | Promise<boolean>
  /** What to do where it is not. */
  readonly remedy: string
}

/** The facts of each mode, the best first. */
export const modes: Readonly<Record<Mode, ModeFacts>> = {
  webgpu: {
    kernelClass: 'WebGPUKernel',
    isAsynchronous: true,
    areLengthsFixed: false,
    isThere: ({ GPU }) => GPU.isWebGPUAvailable(),
    remedy: "Take { mode: 'webgl2' }, or a browser and GPU with WebGPU",
  },
  webgl2: {
    kernelClass: 'WebGL2Kernel',
    isAsynchronous: false,
    areLengthsFixed: true,
    isThere: ({ GPU }) => GPU.isWebGL2Supported,
    remedy: "Run in a browser with WebGL2, or take { mode: 'webasm' }",
  },
  headlessgl: {
    kernelClass: 'HeadlessGLKernel',
    isAsynchronous: false,
    areLengthsFixed: true,
    isThere: ({ GPU }) => GPU.isHeadlessGLSupported,
    remedy: "Install 'gl' and give it a display (xvfb-run), or take { mode: 'webasm' }",
  },
  webasm: {
    kernelClass: 'WebAssemblyKernel',
    isAsynchronous: false,
    areLengthsFixed: true,
    isThere: ({ GPU }) => GPU.isWebAssemblySupported,
    remedy: "Take an engine with WebAssembly, or cpu() of '@sensigrad/backend-cpu'",
  },
}

/** The names of the modes, the best first. */
export const modeNames = Object.keys(modes) as readonly Mode[]

/**
 * The mode to run in: the one that is asked for, or else the best that is there.
 *
 * @throws BackendError when it, or every one, is missing
 */
export async function chooseMode(library: GpuLibrary, wanted: Mode | undefined): Promise<Mode> {
  for (const mode of wanted === undefined ? modeNames : [wanted]) {
    if (await modes[mode].isThere(library)) return mode
  }
  const { remedy } = modes[wanted ?? 'webasm']
  throw new BackendError('gpujs', `${wanted ?? modeNames.join(', ')} cannot run here`, remedy)
}

/** @throws BackendError unless it is the name of a mode, or undefined */
export function checkMode(mode: unknown): asserts mode is Mode | undefined {
  if (mode === undefined || (modeNames as readonly unknown[]).includes(mode)) return
  throw new BackendError(
    'gpujs',
    `there is no mode ${describeValue(mode)}`,
    `There is ${modeNames.join(', ')}; leave it out for the best that is there`,
  )
}
