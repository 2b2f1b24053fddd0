/**
 * A GPU that exists only here: kernels are run as the JavaScript that they are, and each is a promise that takes its
 * time, as in WebGPU. So order, errors and losses can be looked at without a browser.
 */

import type { Device } from '../../packages/backend-gpujs/src/device.ts'
import type { Gpu, GpuKernel } from '../../packages/backend-gpujs/src/gpu-library.ts'

/** A buffer of the GPU that exists only here. */
export interface Buffer {
  readonly values: Float32Array
  isDeleted: boolean
  toArray(): Promise<Float32Array>
  delete(): void
}

class WebGPUKernel {}

class Input {
  readonly values: Float32Array

  constructor(values: Float32Array) {
    this.values = values
  }
}

/** The GPU, and what a test can see of it and do to it. */
export interface World {
  readonly device: Device
  /** Every buffer there ever was. */
  readonly buffers: Buffer[]
  /** How many kernels were destroyed. */
  destroyed: number
  /** Makes the next kernel fail. */
  failNext: boolean
  lose(): void
}

/** A GPU on which nothing has run. */
export function world(mostElements = 1000): World {
  let isLost = false
  let tellOfLoss: (reason: string) => void = () => {}
  const buffers: Buffer[] = []
  const made: Partial<World> & { destroyed: number; failNext: boolean } = { destroyed: 0, failNext: false }
  const createKernel: Gpu['createKernel'] = (source, { output: [length] }) => {
    const body = new Function(`return ${source}`)() as (...of: unknown[]) => number
    let isBuilt = false
    let isDestroyed = false
    const run = async (...of: readonly unknown[]) => {
      if (isDestroyed) throw new Error('a destroyed kernel ran')
      const given = of.map(each => (typeof each === 'number' ? each : valuesOf(each as Buffer | Input)))
      const fails = made.failNext
      made.failNext = false
      await (isBuilt ? undefined : new Promise(resolve => setTimeout(resolve, 2))) // the first run compiles
      isBuilt = true
      if (fails) throw new Error('no such shader\nand its text')
      const values = Float32Array.from({ length }, (_, x) => body.call({ thread: { x } }, ...given))
      const buffer: Buffer = {
        values,
        isDeleted: false,
        async toArray() {
          if (isLost) throw new Error('the map was aborted')
          return values
        },
        delete() {
          buffer.isDeleted = true
        },
      }
      buffers.push(buffer)
      return buffer
    }
    return Object.assign(run, {
      kernel: { constructor: WebGPUKernel, context: undefined },
      destroy() {
        isDestroyed = true
        made.destroyed++
      },
    }) as unknown as GpuKernel
  }
  const device: Device = {
    mode: 'webgpu',
    library: { GPU: undefined as never, Input: Input as never, WebGPUKernel },
    gpu: { createKernel },
    name: 'made up',
    isSoftware: true,
    mostElements,
    native: undefined,
    isLost: () => isLost,
    complaint: () => undefined,
    whenLost: new Promise(resolve => {
      tellOfLoss = resolve
    }),
  }
  const lose = () => {
    isLost = true
    tellOfLoss('gone')
  }
  return Object.assign(made, { device, buffers, lose }) as World
}

function valuesOf(given: Buffer | Input): Float32Array {
  if (given instanceof Input) return given.values
  if (given.isDeleted) throw new Error('a deleted buffer was read')
  return given.values
}
