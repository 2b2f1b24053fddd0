/**
 * What each thread runs: it waits for a job, takes parts of it for as long as there are any, and waits again. The text
 * of `work` alone is sent to the thread, so it names nothing outside of itself but what JavaScript has, and is written
 * in forms that no compiler replaces by helpers of its own.
 */

/** Where things stand in the memory of control, in words of 32 bits: what is written often, on cache lines of its own. */
export const layout = {
  /** The job, how many parts it has, and which is the next to be taken: 18, 7 and 7 bits. */
  ticket: 0,
  /** Parts that threads have finished. */
  done: 32,
  /** Threads that have to be woken. */
  sleepers: 64,
  /** Whether the main thread has to be woken. */
  mainSleeps: 65,
  isStopped: 66,
  /** Characters of what a thread says that failed, or 0. */
  failure: 67,
  /** The number of an emitted kernel; those of the main module go from -1 downwards. */
  kernel: 96,
  moduleBytes: 97,
  /** Which argument says how much there is to do, how much that is in all, and in each part but the last. */
  divided: 98,
  whole: 99,
  each: 100,
  /** How many arguments the kernel takes, those of the first part, and how they move from part to part. */
  count: 101,
  numbers: 128,
  moves: 192,
  message: 256,
  /** The module of an emitted kernel. */
  module: 512,
  end: 4096,
} as const

/** What a thread is given. */
export interface Gear {
  readonly module: WebAssembly.Module
  readonly memory: WebAssembly.Memory
  readonly control: SharedArrayBuffer
  readonly layout: typeof layout
  /** The kernels of the main module that jobs name by number. */
  readonly names: readonly string[]
  /** For how long a thread stays awake without a job, in milliseconds. */
  readonly patience: number
}

/**
 * Runs parts of jobs until it is stopped.
 *
 * @param scalar  the functions that emitted kernels import
 * @param ready   called before the first job
 */
export function work(gear: Gear, scalar: WebAssembly.ModuleImports, ready: () => void): void {
  const at = gear.layout
  const words = new Int32Array(gear.control)
  const memory = gear.memory
  const table = new WebAssembly.Table({ element: 'anyfunc', initial: 1 })
  const main = new WebAssembly.Instance(gear.module, { env: { memory: memory, table: table } }).exports
  const emitted = new Map<number, WebAssembly.ExportValue>()
  let awakeUntil = 0
  ready()
  for (;;) {
    const ticket = Atomics.load(words, at.ticket)
    const part = ticket & 127
    if (part >= ((ticket >> 7) & 127)) {
      if (performance.now() < awakeUntil) continue
      if (Atomics.load(words, at.isStopped) !== 0) return
      Atomics.add(words, at.sleepers, 1)
      Atomics.wait(words, at.ticket, ticket)
      Atomics.sub(words, at.sleepers, 1)
      awakeUntil = performance.now() + gear.patience
      continue
    }
    // Whoever raises the ticket has the part; until it is done, the job stays as it is.
    if (Atomics.compareExchange(words, at.ticket, ticket, ticket + 1) !== ticket) continue
    try {
      const number = words[at.kernel]!
      let kernel = number < 0 ? main[gear.names[-1 - number]!] : emitted.get(number)
      if (kernel === undefined) {
        const bytes = new Uint8Array(gear.control, 4 * at.module, words[at.moduleBytes]).slice()
        const module = new WebAssembly.Module(bytes)
        kernel = new WebAssembly.Instance(module, { env: { memory: memory }, scalar: scalar }).exports.kernel!
        if (emitted.size >= 4096) emitted.clear() // code that nobody runs any more must not pile up
        emitted.set(number, kernel)
      }
      const numbers: number[] = []
      for (let i = 0; i < words[at.count]!; i++) {
        numbers.push(words[at.numbers + i]! + Math.imul(part, words[at.moves + i]!))
      }
      const each = words[at.each]!
      numbers[words[at.divided]!] = Math.min(each, words[at.whole]! - part * each)
      ;(kernel as (...numbers: number[]) => void).apply(null, numbers)
    } catch (error) {
      const message = String(error).slice(0, 200)
      for (let i = 0; i < message.length; i++) words[at.message + i] = message.charCodeAt(i)
      Atomics.store(words, at.failure, message.length)
    }
    Atomics.add(words, at.done, 1)
    if (Atomics.load(words, at.mainSleeps) !== 0) Atomics.notify(words, at.done)
    awakeUntil = performance.now() + gear.patience
  }
}
