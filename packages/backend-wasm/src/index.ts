/**
 * The fast CPU backend: tensors in a WebAssembly memory, kernels in SIMD. Elementwise expressions become machine code of
 * their own when they are first met.
 *
 * @packageDocumentation
 */

import {
  type Backend,
  type Storage,
  BackendError,
  describeValue,
  type SynchronousBackend,
  sizeOf,
  type View,
} from '@sensigrad/core'
import { binderAt, kernelsAt } from './families.ts'
import { Heap, type HeapStorage } from './heap.ts'
import { Kernels } from './kernels.ts'
import { runs, start, type Variant } from './main-module.ts'
import { writeDense } from './movement.ts'
import { coreCount } from './threads/crew.ts'
import { leastShared, mostThreads, Pool } from './threads/pool.ts'
import type { Workplace } from './workplace.ts'

export type { Variant } from './main-module.ts'

/** How the WebAssembly backend works. */
export interface WasmOptions {
  /**
   * Whether fused multiply-add (relaxed SIMD) is used where the engine has it, as it is unless said. It is faster and a
   * little more accurate, but its last bits may differ between processors; without it they are the same everywhere.
   */
  readonly relaxed?: boolean
  /** The most memory that the backend takes, in pages of 64 KiB: 65536 (4 GiB) unless said. */
  readonly maximumPages?: number
  /**
   * How many threads share large matrix products and large maps, this one among them: 1 unless said. `'auto'` takes one
   * for each core, but no more than eight. Results are the same bits for any number. Threads need a
   * `SharedArrayBuffer`, which pages have only if they are cross-origin isolated; without it there is one, and
   * `info()` says why.
   */
  readonly threads?: number | 'auto'
  /**
   * The least work that threads share, in multiply-adds: 200,000 unless said, about 10 µs. To wake threads takes longer
   * than that, so those that sleep are woken for fifty times as much, be it at once or one thing after another.
   */
  readonly sharedFrom?: number
}

/** The backend that `wasm()` gives. */
export interface WasmBackend extends SynchronousBackend {
  /** Which instructions its kernels use. */
  readonly variant: Variant
  /** What is in use: tensors, and the bytes of their blocks, which are up to a quarter larger than they. */
  memory(): { readonly buffers: number; readonly bytes: number }
  bind: NonNullable<Backend['bind']>
  info: NonNullable<Backend['info']>
  /**
   * Where a storage lies in the memory, for native code that works there: valid until the memory grows, which any kernel
   * may do, so ask each time.
   *
   * @throws BackendError when the storage was freed, or is another backend's
   */
  locate(storage: Storage): { readonly buffer: ArrayBufferLike; readonly byteOffset: number }
  /** Ends the threads, if there are any; the backend works on without them. Twice is harmless. */
  stop(): Promise<void>
}

const mostPages = 65536

/** The options that there are. */
const known: readonly string[] = ['relaxed', 'maximumPages', 'threads', 'sharedFrom']

const instructions: Readonly<Record<Variant, string>> = {
  'relaxed-simd': 'SIMD with fused multiply-add (relaxed SIMD)',
  simd: 'SIMD without fused multiply-add',
}

/**
 * The WebAssembly backend, with a memory of its own. It needs an engine with WebAssembly SIMD, and, under a content
 * security policy, `'wasm-unsafe-eval'`.
 *
 * Memory: a tensor that nobody holds any more is given back when the garbage collector finds it, which never happens
 * inside of a synchronous loop. To keep a long one flat, wrap its turns in `scope`, which gives back what a turn made and
 * did not return, or `capture` the turn, which plans its memory once. `backend.memory()` tells how much is in use.
 *
 * @throws BackendError when the engine lacks SIMD, or an option is not a number that it may be
 * @example useBackend(await wasm())
 */
export async function wasm(options: WasmOptions = {}): Promise<WasmBackend> {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new BackendError(
      'wasm',
      `the options are ${describeValue(options)}`,
      'Give { relaxed: false } or nothing',
    )
  }
  const { relaxed = true, maximumPages = mostPages } = options
  const strange = Object.keys(options).find(name => !known.includes(name))
  if (strange !== undefined) {
    throw new BackendError('wasm', `there is no option ${strange}`, `There is ${known.join(', ')}`)
  }
  if (typeof relaxed !== 'boolean') {
    throw new BackendError('wasm', `relaxed is ${describeValue(relaxed)}`, 'Give true or false')
  }
  if (!Number.isInteger(maximumPages) || maximumPages < 1 || maximumPages > mostPages) {
    throw new BackendError(
      'wasm',
      `maximumPages is ${describeValue(maximumPages)}`,
      `Give a whole number from 1 to ${mostPages}, each page being 64 KiB`,
    )
  }
  const { threads = 1, sharedFrom = leastShared } = options
  if (threads !== 'auto' && !(Number.isInteger(threads) && threads >= 1 && threads <= mostThreads)) {
    throw new BackendError(
      'wasm',
      `threads is ${describeValue(threads)}`,
      `Give a whole number from 1 to ${mostThreads}, or 'auto'`,
    )
  }
  if (typeof sharedFrom !== 'number' || !(sharedFrom > 0)) {
    throw new BackendError(
      'wasm',
      `sharedFrom is ${describeValue(sharedFrom)}`,
      'Give a number above 0: the multiply-adds from which on threads share work',
    )
  }
  if (!runs('simd')) {
    throw new BackendError(
      'wasm',
      'this engine has no WebAssembly SIMD',
      "Use cpu() of '@sensigrad/backend-cpu'",
    )
  }
  const variant = relaxed && runs('relaxed-simd') ? 'relaxed-simd' : 'simd'
  const wanted = threads === 'auto' ? coreCount() : threads
  const isShared = wanted > 1 && typeof SharedArrayBuffer !== 'undefined'
  const machine = await start(variant, Math.min(64, maximumPages), maximumPages, isShared)
  let pool: Pool | undefined
  let whyAlone = 'there is no SharedArrayBuffer, which a page has only if it is cross-origin isolated'
  if (isShared) {
    try {
      pool = await Pool.start(wanted, sharedFrom, machine)
    } catch (error) {
      whyAlone = `others could not be started: ${error instanceof Error ? error.message : error}`
    }
  }
  const heap = new Heap(machine.memory)
  const at: Workplace = { heap, main: machine.main, kernels: new Kernels(machine, pool), pool }

  const readSync = (input: View) => {
    const dense = heap.allocate(input.dtype, sizeOf(input.shape), 'read')
    writeDense(at, input, { address: heap.addressOf(dense, 'read'), advance: 0 }, 'read')(0)
    const values = heap.elements(dense).slice()
    heap.free(dense)
    return values
  }
  const threadsInWords = () => {
    if (pool === undefined) return `one thread: ${whyAlone}`
    return pool.isStopped ? 'one thread: the others were stopped' : `${pool.threads} threads`
  }
  return {
    name: 'wasm',
    variant,
    capabilities: { dtypes: ['float32', 'float64', 'int32', 'bool'], synchronousRead: true },
    ...kernelsAt(at),
    bind: binderAt(at),
    allocate: (dtype, length) => heap.allocate(dtype, length, 'allocate'),
    upload(values, dtype) {
      const storage: HeapStorage = heap.allocate(dtype, values.length, 'upload')
      heap.elements(storage).set(values)
      return storage
    },
    readSync,
    read: async input => readSync(input),
    free: storage => heap.free(storage),
    stop: async () => void (await pool?.stop()),
    memory: () => heap.live,
    locate: storage => ({ buffer: heap.memory.buffer, byteOffset: heap.addressOf(storage, 'locate') }),
    info() {
      const { buffers, bytes } = heap.live
      return [
        `wasm: ${instructions[variant]}`,
        ...(wanted === 1 ? [] : [`wasm: ${threadsInWords()}`]),
        `wasm: ${buffers} tensors in ${bytes} bytes of ${heap.memory.buffer.byteLength}`,
      ]
    },
  }
}
