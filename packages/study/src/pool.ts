/**
 * Runs independent jobs on worker threads. A job's result depends on its input alone, so outcomes come back in
 * the order of the jobs whatever finished first and however many workers there were.
 */

import { availableParallelism } from 'node:os'
import { Piscina } from 'piscina'
import { type Envelope, type Failure, failure, type Posted, type Reply, type Task } from './task.ts'

/** One piece of work. The dearest start first, so that no long one is left over at the end. */
export interface Job<Input> {
  input: Input
  cost: number
}

export type Outcome<Result> =
  | { status: 'done'; result: Result }
  | { status: 'failed'; error: Failure }
  | { status: 'not begun' }

export interface PoolOptions<Message, Result = unknown> {
  /** Worker threads; 0 runs the jobs here, one after the other, which a debugger can follow. Signals are heard between jobs. */
  workers: number
  /** Once aborted no job begins any more and running ones are asked to stop. */
  signal?: AbortSignal | undefined
  message?: ((index: number, message: Message) => void) | undefined
  /** Called as soon as a job has come to its end. What it throws ends the work. */
  ended?: ((index: number, outcome: Outcome<Result>) => void) | undefined
}

/** As many workers as there are cores to run them, but no more than eight. */
export const defaultWorkers = (): number => Math.min(8, availableParallelism())

/** A worker that died took no result with it, so its job may simply be run again, this often. */
const retries = 2

/**
 * Runs every job with `task`, the default export of the worker file at `file`.
 *
 * @returns one outcome a job, in the order of the jobs
 */
export async function runJobs<Input, Result, Message>(
  jobs: Job<Input>[],
  { file, task }: { file: URL; task: Task<Input, Result, Message> },
  { workers, signal, message, ended }: PoolOptions<Message, Result>,
): Promise<Outcome<Result>[]> {
  const stop = new Int32Array(new SharedArrayBuffer(4))
  const halt = () => void Atomics.store(stop, 0, 1)
  if (signal?.aborted) halt()
  signal?.addEventListener('abort', halt)

  const lanes = Math.max(1, Math.min(workers, jobs.length))
  const receive = (posted: Posted<Message>) => message?.(posted.index, posted.message)
  const crew = workers === 0 ? alone(task, receive) : threads<Input, Result, Message>(file, lanes, receive)
  const outcomes = jobs.map((): Outcome<Result> => ({ status: 'not begun' }))
  const queue = [...jobs.keys()].sort((a, b) => jobs[b]!.cost - jobs[a]!.cost)

  const lane = async () => {
    while (queue.length > 0 && stop[0] === 0) {
      const index = queue.shift()!
      const reply = await attempt(() => crew.run({ index, input: jobs[index]!.input, stop }))
      const outcome: Outcome<Result> = reply.ok
        ? { status: 'done', result: reply.result }
        : { status: 'failed', error: reply.error }
      outcomes[index] = outcome
      ended?.(index, outcome)
    }
  }
  try {
    await Promise.all(Array.from({ length: lanes }, lane))
  } finally {
    signal?.removeEventListener('abort', halt)
    await crew.leave()
  }
  return outcomes
}

interface Crew<Input, Result> {
  run(envelope: Envelope<Input>): Promise<Reply<Result>>
  leave(): Promise<void>
}

function alone<Input, Result, Message>(
  task: Task<Input, Result, Message>,
  receive: (posted: Posted<Message>) => void,
): Crew<Input, Result> {
  const turn = () => new Promise(resolve => setImmediate(resolve))
  return { run: envelope => turn().then(() => task(envelope, receive)), leave: async () => {} }
}

function threads<Input, Result, Message>(
  file: URL,
  count: number,
  receive: (posted: Posted<Message>) => void,
): Crew<Input, Result> {
  const pool = new Piscina<Envelope<Input>, Reply<Result>>({
    filename: file.href,
    minThreads: count,
    maxThreads: count,
    concurrentTasksPerWorker: 1,
    idleTimeout: Number.POSITIVE_INFINITY,
  })
  pool.on('message', receive)
  // Not close(): it rejects tasks that still run (piscina 5.3). By now every lane is done, so nothing is cut off.
  return { run: envelope => pool.run(envelope), leave: () => pool.destroy() }
}

async function attempt<Result>(run: () => Promise<Reply<Result>>): Promise<Reply<Result>> {
  for (let tries = 0; ; tries++) {
    try {
      return await run()
    } catch (error) {
      const died = error instanceof Error && error.message.startsWith('worker exited')
      if (!died || tries === retries) return { ok: false, error: failure(error) }
    }
  }
}
