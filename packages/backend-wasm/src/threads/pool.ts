/**
 * Threads that share the memory of the backend. A job is one call of a kernel, cut into parts; whoever is free takes the
 * next part, the main thread among them. A thread that sleeps or is gone takes none, and nobody waits for it.
 */

import { BackendError } from '@sensigrad/core'
import { type Crew, hire } from './crew.ts'
import { layout } from './worker.ts'

/** The kernels of the main module that are cut into parts. */
const productKernels = [
  'alongRows_float32',
  'alongRows_float64',
  'alongColumns_float32',
  'alongColumns_float64',
] as const

/** Work is counted in multiply-adds of float32. So much is shared with threads that are awake, unless said otherwise. */
export const leastShared = 200_000

/** To wake a thread costs a good part of so many times the least work: it is done once as much would be done alone. */
const timesToWake = 50

/** So many times rarer at most, where it did not pay: a thread that gets no core of its own only stands in the way. */
const rarest = 8

/** For how long a thread stays awake without a job, in milliseconds. */
const patience = 0.05

/** For how long the main thread stays awake for parts that others do: longer than a part takes, if they have a core. */
const mainPatience = 0.1

/** After so many milliseconds without progress a thread is taken for gone. */
const longest = 30_000

/** The most threads that a pool has. */
export const mostThreads = 32

const mostNumbers = layout.moves - layout.numbers
const mostModuleBytes = 4 * (layout.end - layout.module)

/** An emitted kernel, as threads come to know it. */
export interface EmittedKernel {
  readonly number: number
  readonly module: Uint8Array
}

/** A call in parts. */
export interface Job {
  /** What the main thread calls. */
  readonly call: (...numbers: number[]) => void
  readonly kernel: (typeof productKernels)[number] | EmittedKernel
  /** The arguments of the whole call. */
  readonly numbers: readonly number[]
  /** How they move from one part to the next. */
  readonly moves: readonly number[]
  /** Which of them says how much there is to do. */
  readonly divided: number
  /** How much of that a part has; the last may have less. */
  readonly each: number
  /** What the whole call is worth, in multiply-adds. */
  readonly work: number
}

/** The threads of one backend. */
export class Pool {
  /** How many there are, with the main one. */
  readonly threads: number
  /** Jobs of less work are not cut. */
  readonly least: number
  /** Whether the main thread does all the work. */
  isStopped = false
  readonly #words: Int32Array
  readonly #bytes: Uint8Array
  readonly #crew: Crew
  readonly #mayWait: boolean
  #job = 0
  /** The emitted kernel whose module stands in the memory of control. */
  #shown = -1
  /** Work since threads were last woken: what was done alone, and what threads that were awake could share. */
  #alone = 0
  #together = 0
  /** So much is done alone before threads are woken. */
  #wakesAfter: number

  private constructor(threads: number, least: number, control: SharedArrayBuffer, crew: Crew) {
    this.threads = threads
    this.least = least
    this.#words = new Int32Array(control)
    this.#bytes = new Uint8Array(control)
    this.#crew = crew
    this.#wakesAfter = timesToWake * least
    this.#mayWait = mayWait(this.#words)
  }

  /**
   * Starts threads, each with the main module over the same memory.
   *
   * @param threads  with the main one
   * @param least    the least work that they share
   * @throws whatever keeps a thread from being started
   */
  static async start(
    threads: number,
    least: number,
    { module, memory }: { readonly module: WebAssembly.Module; readonly memory: WebAssembly.Memory },
  ): Promise<Pool> {
    const control = new SharedArrayBuffer(4 * layout.end)
    const crew = await hire(threads - 1, { module, memory, control, layout, names: productKernels, patience })
    return new Pool(threads, least, control, crew)
  }

  /** The most parts that a job has: more than threads, so that one which comes late still finds some. */
  get mostParts(): number {
    return 2 * this.threads
  }

  /** How much of what is divided each part has: a multiple of `grain`, or all of it. */
  eachOf(whole: number, grain: number): number {
    return Math.min(whole, grain * Math.ceil(whole / (grain * this.mostParts)))
  }

  /** Whether threads can be told of a kernel. */
  takes(numbers: number, { module }: EmittedKernel): boolean {
    return numbers <= mostNumbers && module.length <= mostModuleBytes
  }

  /**
   * Runs a job and waits until all of it is done.
   *
   * @throws BackendError when a thread failed, or is gone in the middle of its part
   */
  run(job: Job, operation: string): void {
    if (this.isStopped || this.#isAlone(job.work)) {
      job.call(...job.numbers)
      return
    }
    const { call, numbers, moves, divided, each } = job
    const whole = numbers[divided]!
    const parts = Math.ceil(whole / each)
    this.#publish(job, parts)
    const now = [...numbers]
    let own = 0
    try {
      for (let part = 0; part < parts; part = this.#take()) {
        own++
        for (let i = 0; i < numbers.length; i++) now[i] = numbers[i]! + part * moves[i]!
        now[divided] = Math.min(each, whole - part * each)
        call(...now)
      }
    } finally {
      this.#wait(parts - own, operation)
    }
    this.#report(operation)
  }

  /** Ends the threads; the main one does all the work from then on. Twice is harmless. */
  async stop(): Promise<void> {
    this.isStopped = true
    Atomics.store(this.#words, layout.isStopped, 1)
    Atomics.notify(this.#words, layout.ticket)
    await this.#crew.leave()
  }

  /** Whether all threads sleep and are not to be woken yet. */
  #isAlone(work: number): boolean {
    if (Atomics.load(this.#words, layout.sleepers) < this.threads - 1) {
      this.#together += work
      return false
    }
    this.#alone += work
    if (this.#alone < this.#wakesAfter) return true
    const soonest = timesToWake * this.least
    this.#wakesAfter = this.#together < soonest ? Math.min(2 * this.#wakesAfter, rarest * soonest) : soonest
    this.#alone = 0
    this.#together = 0
    return false
  }

  /** Says what there is to do, and takes the first part. */
  #publish({ kernel, numbers, moves, divided, each }: Job, parts: number): void {
    const words = this.#words
    if (typeof kernel === 'string') words[layout.kernel] = -1 - productKernels.indexOf(kernel)
    else this.#show(kernel)
    words[layout.divided] = divided
    words[layout.whole] = numbers[divided]!
    words[layout.each] = each
    words[layout.count] = numbers.length
    for (let i = 0; i < numbers.length; i++) {
      words[layout.numbers + i] = numbers[i]!
      words[layout.moves + i] = moves[i]!
    }
    Atomics.store(words, layout.done, 0)
    this.#job = (this.#job + 1) & 0x3ffff
    Atomics.store(words, layout.ticket, (this.#job << 14) | (parts << 7) | 1)
    if (Atomics.load(words, layout.sleepers) > 0) Atomics.notify(words, layout.ticket)
  }

  #show({ number, module }: EmittedKernel): void {
    this.#words[layout.kernel] = number
    if (this.#shown === number) return
    this.#shown = number
    this.#words[layout.moduleBytes] = module.length
    this.#bytes.set(module, 4 * layout.module)
  }

  /** The next part, or a number beyond them all. */
  #take(): number {
    const words = this.#words
    for (;;) {
      const ticket = Atomics.load(words, layout.ticket)
      const part = ticket & 127
      if (part >= ((ticket >> 7) & 127)) return part
      if (Atomics.compareExchange(words, layout.ticket, ticket, ticket + 1) === ticket) return part
    }
  }

  /** Waits until threads have finished so many parts: awake at first, then asleep, so that they get the core. */
  #wait(parts: number, operation: string): void {
    const words = this.#words
    const since = performance.now()
    for (let done = 0; done < parts; done = Atomics.load(words, layout.done)) {
      const waited = performance.now() - since
      if (waited > longest) {
        void this.stop()
        throw new BackendError(operation, 'a thread is gone', 'Make a new backend, or one with threads: 1')
      }
      if (waited < mainPatience || !this.#mayWait) continue
      Atomics.store(words, layout.mainSleeps, 1)
      Atomics.wait(words, layout.done, done, 1000)
      Atomics.store(words, layout.mainSleeps, 0)
    }
  }

  /** Throws what a thread says that failed. */
  #report(operation: string): void {
    const words = this.#words
    const length = Atomics.exchange(words, layout.failure, 0)
    if (length === 0) return
    const message = String.fromCharCode(...words.subarray(layout.message, layout.message + length))
    throw new BackendError(operation, `a thread failed: ${message}`, 'Make a backend with threads: 1')
  }
}

/** Whether this thread may sleep: the main one of a page may not. */
function mayWait(words: Int32Array): boolean {
  try {
    Atomics.wait(words, layout.done, 0, 0)
    return true
  } catch {
    return false
  }
}
