/**
 * The worker's end of the pool. Errors lose their name and fields on the way between threads, so a task
 * answers with data either way; and it learns from a shared flag, not from being killed, that it should stop.
 */

import { parentPort } from 'node:worker_threads'

/** What a worker is handed: the input, and where to look for the request to stop. */
export interface Envelope<Input> {
  index: number
  input: Input
  stop: Int32Array
}

/** What stays of an error on its way out of a worker. */
export interface Failure {
  name: string
  message: string
  stack?: string
}

export type Reply<Result> = { ok: true; result: Result } | { ok: false; error: Failure }

/** A message on its way from a running task to the pool. */
export interface Posted<Message> {
  index: number
  message: Message
}

/** What a task can say and ask while it runs. */
export interface Context<Message> {
  post(message: Message): void
  stopped(): boolean
}

/** A task as the pool calls it. `post` is where messages go when the task runs without a worker. */
export type Task<Input, Result, Message> = (
  envelope: Envelope<Input>,
  post?: (posted: Posted<Message>) => void,
) => Promise<Reply<Result>>

/**
 * Makes a task of a function, to be the default export of a worker file.
 *
 * @example export default task<Input, Result, Message>(async (input, { post, stopped }) => …)
 */
export function task<Input, Result, Message>(
  work: (input: Input, context: Context<Message>) => Promise<Result>,
): Task<Input, Result, Message> {
  return async ({ index, input, stop }, post = posted => parentPort?.postMessage(posted)) => {
    const context: Context<Message> = {
      post: message => post({ index, message }),
      stopped: () => Atomics.load(stop, 0) !== 0,
    }
    try {
      return { ok: true, result: await work(input, context) }
    } catch (error) {
      return { ok: false, error: failure(error) }
    }
  }
}

/** A loop may turn thousands of times a second; nobody reads faster than this. */
const millisecondsBetweenMessages = 100

/** Says whether it is time for another message. */
export function seldom(): () => boolean {
  let last = 0
  return () => {
    const now = performance.now()
    if (now - last < millisecondsBetweenMessages) return false
    last = now
    return true
  }
}

/** An error as data. */
export function failure(error: unknown): Failure {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) }
  const { name, message, stack } = error
  return stack === undefined ? { name, message } : { name, message, stack }
}
