/** Starting and ending threads, in Node and in browsers. */

import { imported } from '../emit/imports.ts'
import { type Gear, work } from './worker.ts'

/** Threads at work. */
export interface Crew {
  leave(): Promise<void>
}

/** What Node and browsers have in common, once started. */
interface Thread {
  readonly isReady: Promise<void>
  end(): Promise<unknown>
}

/** The part of Node that is used: this package is not compiled against it. */
interface WorkerThreads {
  readonly Worker: new (
    source: string,
    options: { eval: true; workerData: Gear; execArgv: readonly string[] },
  ) => {
    on(event: 'error', listen: (error: unknown) => void): void
    once(event: 'message' | 'exit', listen: () => void): void
    unref(): void
    terminate(): Promise<unknown>
  }
}

interface Process {
  getBuiltinModule?(name: string): unknown
}

const process = (globalThis as { process?: Process }).process

/** How many threads the machine runs at once, or eight if it is more. */
export function coreCount(): number {
  const os = process?.getBuiltinModule?.('node:os') as { availableParallelism(): number } | undefined
  return Math.min(8, os?.availableParallelism() ?? navigator.hardwareConcurrency ?? 1)
}

/** The functions that emitted kernels import, as text. */
const functions = `{ sin: Math.sin, cos: Math.cos, tan: Math.tan, mod: ${imported.mod} }`

/** Starts threads and waits until all are ready; ends them all if one cannot be. */
export async function hire(count: number, gear: Gear): Promise<Crew> {
  const node = process?.getBuiltinModule?.('node:worker_threads') as WorkerThreads | undefined
  const start = () => (node === undefined ? inBrowser(gear) : inNode(node, gear))
  const threads = Array.from({ length: count }, start)
  const leave = async () => void (await Promise.all(threads.map(thread => thread.end())))
  try {
    await Promise.all(threads.map(thread => thread.isReady))
  } catch (error) {
    await leave()
    throw error
  }
  return { leave }
}

function inNode({ Worker }: WorkerThreads, gear: Gear): Thread {
  const source = `const { parentPort, workerData } = process.getBuiltinModule('node:worker_threads');
(${work})(workerData, ${functions}, () => parentPort.postMessage('ready'))`
  const worker = new Worker(source, { eval: true, workerData: gear, execArgv: [] }) // none of the program's own flags
  const isReady = new Promise<void>((ready, fail) => {
    worker.once('message', () => ready())
    worker.on('error', fail) // one that fails later takes no more parts, which harms nobody
    worker.once('exit', () => fail(new Error('a thread ended before it began')))
  }).then(() => worker.unref()) // a program may end while threads wait
  return { isReady, end: () => worker.terminate() }
}

function inBrowser(gear: Gear): Thread {
  const source = `onmessage = ({ data }) => (${work})(data, ${functions}, () => postMessage('ready'))`
  const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }))
  const worker = new Worker(url)
  const isReady = new Promise<void>((ready, fail) => {
    worker.onmessage = () => ready()
    worker.onerror = event => fail(new Error(event.message || 'a thread could not be started'))
  }).finally(() => URL.revokeObjectURL(url))
  worker.postMessage(gear)
  return { isReady, end: async () => worker.terminate() }
}
