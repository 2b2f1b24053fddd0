/**
 * What kernels run on: an instance of gpu.js, of which there is one for each mode in a page or process, since browsers
 * allow few contexts; and what is to be known of the GPU behind it: its name, its limits, whether it is lost.
 */

import { BackendError } from '@sensigrad/core'
import type { Gpu, GpuKernel, GpuLibrary, KernelSettings } from './gpu-library.ts'
import { type Mode, modes } from './modes.ts'

/** Indices are numbers of float32, which count no further without a gap. */
export const mostElements = 2 ** 24

/** What is known of the GPU once a kernel has run on it. */
interface Facts {
  readonly name: string
  /** Whether its work is done by the processor. */
  readonly isSoftware: boolean
  /** The most elements of one texture or buffer. */
  readonly mostElements: number
  /** The WebGL context, the WebGPU device, or nothing. */
  readonly native: unknown
  /** Whether it is gone. */
  isLost(): boolean
  /** What it complained of since it was asked the last time. */
  complaint(): string | undefined
  /** Resolves when it is lost, with the reason. */
  readonly whenLost: Promise<string>
}

/** A GPU, or what stands for one. */
export interface Device extends Facts {
  readonly mode: Mode
  readonly library: GpuLibrary
  readonly gpu: Gpu
}

const devices = new Map<Mode, Promise<Device>>()

/**
 * The device of a mode: the one that there is, or another where that was lost.
 *
 * @throws BackendError when nothing runs there, or gpu.js falls back to another mode
 */
export async function openDevice(library: GpuLibrary, mode: Mode): Promise<Device> {
  const open = devices.get(mode)
  if (open !== undefined && !(await open).isLost()) return open
  if (devices.get(mode) === open) {
    const device = start(library, mode)
    devices.set(mode, device)
    device.catch(() => devices.delete(mode))
  }
  return devices.get(mode)!
}

/** Runs a first kernel, after which gpu.js has a context, and reads what it gave. */
async function start(library: GpuLibrary, mode: Mode): Promise<Device> {
  let kernel: GpuKernel
  let found: ArrayLike<number>
  const gpu = new library.GPU({ mode })
  try {
    kernel = gpu.createKernel('function() { return this.thread.x + 1; }', settingsFor(3))
    const handle = await kernel()
    found = await (handle.toArray?.() ?? (handle as Float32Array))
    handle.delete?.()
  } catch (error) {
    throw new BackendError(
      'gpujs',
      `${mode} gives no result: ${error instanceof Error ? error.message : error}`,
      modes[mode].remedy,
    )
  }
  checkKernel(kernel, library, mode)
  if ([...Array.from(found)].join() !== '1,2,3') {
    throw new BackendError(
      'gpujs',
      `${mode} counts ${Array.from(found).join(', ')} where 1, 2, 3 is right`,
      modes[mode].remedy,
    )
  }
  const facts = factsOf(mode, kernel.kernel.context)
  kernel.destroy()
  return { mode, library, gpu, ...facts }
}

/** What every kernel is made with. */
export function settingsFor(length: number): KernelSettings {
  return {
    output: [length],
    precision: 'single',
    tactic: 'precision',
    pipeline: true,
    immutable: true,
    loopMaxIterations: mostElements,
  }
}

/** @throws BackendError when gpu.js runs a kernel elsewhere than asked, which it says on the console only */
export function checkKernel({ kernel }: GpuKernel, library: GpuLibrary, mode: Mode): void {
  const { constructor: found, fallbackReason } = kernel
  const { kernelClass } = modes[mode]
  if (found === library[kernelClass]) return
  throw new BackendError(
    'gpujs',
    `gpu.js fell back from ${kernelClass} to ${found.name}${fallbackReason ? `: ${fallbackReason}` : ''}`,
    'Take another mode, or report the kernel',
  )
}

function factsOf(mode: Mode, context: unknown): Facts {
  if (mode === 'webgpu') return webGpuFacts(context as WebGpuContext)
  if (mode === 'webasm') return hostFacts
  return webGlFacts(context as WebGlContext)
}

const hostFacts: Facts = {
  name: 'WebAssembly on the processor',
  isSoftware: true,
  mostElements,
  native: undefined,
  isLost: () => false,
  complaint: () => undefined,
  whenLost: new Promise(() => {}),
}

/** The part of a WebGL context that is used; the types of browsers are not those of Node. */
interface WebGlContext {
  readonly canvas?: {
    addEventListener?(event: string, hear: (event: { preventDefault(): void }) => void): void
  }
  readonly MAX_TEXTURE_SIZE: number
  readonly RENDERER: number
  readonly OUT_OF_MEMORY: number
  getExtension(name: string): { readonly UNMASKED_RENDERER_WEBGL: number } | null
  getParameter(name: number): unknown
  getError(): number
  isContextLost(): boolean
}

function webGlFacts(gl: WebGlContext): Facts {
  const unmasked = gl.getExtension('WEBGL_debug_renderer_info')
  const name = String(gl.getParameter(unmasked?.UNMASKED_RENDERER_WEBGL ?? gl.RENDERER))
  return {
    name,
    isSoftware: isSoftwareName(name),
    mostElements: Math.min(mostElements, Number(gl.getParameter(gl.MAX_TEXTURE_SIZE)) ** 2),
    native: gl,
    isLost: () => gl.isContextLost(),
    complaint: () => (gl.getError() === gl.OUT_OF_MEMORY ? 'it has no memory left' : undefined),
    whenLost: new Promise(resolve => {
      gl.canvas?.addEventListener?.('webglcontextlost', () => resolve('the WebGL context was lost'))
    }),
  }
}

/** The part of WebGPU that is used. */
interface WebGpuContext {
  readonly adapter: {
    readonly isFallbackAdapter?: boolean
    readonly info?: Readonly<Record<'vendor' | 'architecture' | 'device' | 'description', string>> & {
      readonly isFallbackAdapter?: boolean
    }
  }
  readonly device: {
    readonly limits: { readonly maxStorageBufferBindingSize: number; readonly maxBufferSize: number }
    readonly lost: Promise<{ readonly message: string }>
    addEventListener(event: 'uncapturederror', hear: (event: { error: { message: string } }) => void): void
  }
  readonly isLost: boolean
}

function webGpuFacts(context: WebGpuContext): Facts {
  const { adapter, device } = context
  const { vendor, architecture, device: model, description } = adapter.info ?? {}
  const name = [description || model, vendor, architecture].filter(Boolean).join(', ') || 'a nameless adapter'
  let complaint: string | undefined
  device.addEventListener('uncapturederror', ({ error }) => {
    complaint ??= error.message.split('\n')[0]
  })
  const { maxStorageBufferBindingSize, maxBufferSize } = device.limits
  return {
    name,
    isSoftware: Boolean(adapter.info?.isFallbackAdapter ?? adapter.isFallbackAdapter) || isSoftwareName(name),
    mostElements: Math.min(
      mostElements,
      Math.floor(Math.min(maxStorageBufferBindingSize, maxBufferSize) / 4),
    ),
    native: device,
    isLost: () => context.isLost,
    complaint() {
      const said = complaint
      complaint = undefined
      return said
    },
    whenLost: device.lost.then(({ message }) => `the WebGPU device was lost${message && `: ${message}`}`),
  }
}

function isSoftwareName(name: string): boolean {
  return /swiftshader|llvmpipe|softpipe|software|basic render/i.test(name)
}
