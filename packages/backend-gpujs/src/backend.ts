/** The backend itself: the kernels of the contract as commands in a queue, reading, and what a user can ask of it. */

// biome-ignore format: a list
import {
  type Backend, BackendError, currentScope, type Destination, type Kernels as KernelFamilies,kernelFamilies, 
  type Storage,
} from '@sensigrad/core'
import { inspectorFor } from './check.ts'
import type { Device } from './device.ts'
import { families } from './families.ts'
import { infoOf } from './info.ts'
import { Kernels, Texture } from './kernels.ts'
import { checkJob, checkLength, checkWhole } from './limits.ts'
import { Heap, type Memory } from './memory.ts'
import { type Mode, modes } from './modes.ts'
import { Immediate, InTurn, type Queue, type Steps } from './queue.ts'
import { read } from './read.ts'
import { Runner } from './runner.ts'
import type { Job } from './source/job.ts'
import { inWords, lost } from './words.ts'

/** What happened on the GPU so far, and what is there now. */
export interface GpuCounts {
  /** Kernels compiled, those that were forgotten since included. */
  readonly compiled: number
  /** Kernels run, uploads included. */
  readonly launched: number
  /** Textures read back. */
  readonly readBacks: number
  /** Textures (buffers, in WebGPU) that hold values of tensors now. */
  readonly textures: number
  /** Bytes of those. */
  readonly bytes: number
}

/** The backend that `gpujs()` gives. */
export interface GpuBackend extends Backend {
  /** The mode of gpu.js that runs. */
  readonly mode: Mode
  /** Whether the GPU is gone, and all tensors on it: make another backend. */
  readonly isLost: boolean
  /** The WebGL context or the WebGPU device, for those who know what they do; nothing in the mode `webasm`. */
  readonly native: unknown
  bind: NonNullable<Backend['bind']>
  info: NonNullable<Backend['info']>
  memory(): { readonly buffers: number; readonly bytes: number }
  counts(): GpuCounts
  /** Gives back all memory and kernels. What is used afterwards says so. Twice is harmless. */
  stop(): Promise<void>
}

/** How the backend works; what these mean stands at the options of `gpujs`. */
export interface Settings {
  readonly kernels: number
  readonly check: boolean
}

/** So many commands wait at most, so that a loop that never lets them run ends in words and not in a full memory. */
const mostWaiting = 2 ** 20

/** A backend on a device. */
export function backendOn(device: Device, { kernels: most, check }: Settings): GpuBackend {
  const { mode } = device
  const { isAsynchronous } = modes[mode]
  const kernels = new Kernels(device, most)
  const runner = new Runner(kernels)
  const heap = new Heap()
  const queue: Queue = isAsynchronous ? new InTurn() : new Immediate()
  let isStopped = false
  /** What went wrong in a command and nobody was told yet. */
  let untold: unknown

  const checkUsable = (operation: string) => {
    if (isStopped) {
      throw new BackendError(operation, 'this gpujs backend was stopped', 'Make another: await gpujs()')
    }
    if (device.isLost()) throw lost(operation, mode)
  }
  const tell = (operation: string) => {
    checkUsable(operation)
    const error = untold
    untold = undefined
    if (error !== undefined) throw error
  }

  /** Issues a command that writes into a memory. */
  const issue = (operation: string, length: number, into: Destination, steps: () => Steps<Texture>) => {
    tell(operation)
    if (queue.waiting > mostWaiting) {
      throw new BackendError(
        operation,
        `${mostWaiting} kernels wait, and none runs before the program does`,
        'Await something in the loop, such as a value of every hundredth step',
      )
    }
    const { storage, offset } = into
    const { pieces } = storage as Memory
    const scope = currentScope()
    queue.run(
      function* () {
        try {
          pieces.put(offset, offset + length, yield* steps())
        } catch (error) {
          throw inWords(error, operation, scope, device)
        }
      },
      error => {
        pieces.put(offset, offset + length, new Texture(length, undefined, undefined, error))
        untold ??= error
      },
    )
  }

  /** Issues a job; `into` has its place at step 0. */
  const issueJob = (operation: string, job: Job, into: Destination, step: number) => {
    const inspect = check ? inspectorFor(operation, currentScope()) : undefined
    const place = { storage: into.storage, offset: into.offset + step * (into.advance ?? 0) }
    issue(operation, job.length, place, () => runner.run(job, step, inspect))
  }

  /** The job of a call, checked; none if it gives nothing. */
  const jobOf = (kernel: keyof KernelFamilies, of: readonly unknown[]): Job | undefined => {
    const { length, job } = families[kernel]
    if (length(...of) === 0) return undefined
    const made = job(...of)
    checkJob(kernel, made, device.mostElements, heap)
    return made
  }

  const family = (kernel: keyof KernelFamilies) => {
    const { takes } = families[kernel]
    return (...all: readonly unknown[]): Storage => {
      const job = jobOf(kernel, all.slice(0, takes))
      const into = all[takes] as Destination | undefined
      if (into !== undefined) heap.own(into.storage, kernel)
      const place = into ?? { storage: heap.allocate(job?.length ?? 0), offset: 0 }
      if (job !== undefined) issueJob(kernel, job, place, 0)
      return place.storage
    }
  }

  return {
    name: 'gpujs',
    mode,
    capabilities: {
      dtypes: ['float32', 'int32', 'bool'],
      synchronousRead: false,
      numbers: { largestInteger: 2 ** 24, isSpecialKept: false, error: 1e-4 },
    },
    native: device.native,
    get isLost() {
      return device.isLost()
    },
    ...(Object.fromEntries(
      kernelFamilies.map(kernel => [kernel, family(kernel)]),
    ) as unknown as KernelFamilies),
    bind(kernel, ...of) {
      const { takes } = families[kernel]
      const job = jobOf(kernel, of.slice(0, takes))
      const into = (of as readonly unknown[])[takes] as Destination
      heap.own(into.storage, kernel)
      return step => {
        if (job !== undefined) issueJob(kernel, job, into, step)
      }
    },
    allocate: (_, length) => heap.allocate(length),
    upload(values, dtype) {
      const { length } = values
      checkLength('upload', length, device.mostElements)
      if (dtype === 'int32') checkWhole(values)
      const memory = heap.allocate(length)
      if (length === 0) return memory
      const floats = values instanceof Float32Array ? values : Float32Array.from(values)
      issue('upload', length, { storage: memory, offset: 0 }, function* () {
        const texture = yield* kernels.upload(floats)
        if (check) texture.isFinite = floats.every(Number.isFinite)
        return texture
      })
      return memory
    },
    async read(view) {
      checkUsable('read')
      heap.own(view.storage, 'read')
      const scope = currentScope()
      try {
        const values = await queue.ask(function* () {
          tell('read')
          return yield* read(runner, kernels, view)
        })
        checkUsable('read')
        const complaint = device.complaint()
        if (complaint === undefined) return values
        throw new BackendError(
          'gpujs',
          `${device.name}: ${complaint}`,
          'Make tensors smaller, and give back what is done with: scope(…), capture(…)',
        )
      } catch (error) {
        if (isAsynchronous) await aMoment() // the news of a loss may be on the way
        throw inWords(error, 'read', scope, device)
      }
    },
    free(storage) {
      if (isStopped) return
      const memory = heap.own(storage, 'free')
      memory.isFreed = true
      queue.run(
        // biome-ignore lint/correctness/useYield: a command that needs not wait
        function* () {
          heap.free(memory)
        },
        () => {},
      )
    },
    memory: () => ({ buffers: kernels.textures.size, bytes: kernels.bytes }),
    counts: () => ({
      compiled: kernels.compiled,
      launched: kernels.launched,
      readBacks: kernels.readBacks,
      textures: kernels.textures.size,
      bytes: kernels.bytes,
    }),
    info: () => infoOf(device, kernels, check),
    async stop() {
      if (isStopped) return
      isStopped = true
      // biome-ignore lint/correctness/useYield: a command that needs not wait
      await queue.ask(function* () {
        kernels.clear()
      })
    },
  }
}

/** After what waits already. */
function aMoment(): Promise<void> {
  const { setTimeout } = globalThis as unknown as { setTimeout(run: () => void, after: number): unknown }
  return new Promise(resolve => setTimeout(resolve, 0))
}
