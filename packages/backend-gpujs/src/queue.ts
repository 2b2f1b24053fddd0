/**
 * The order of commands. Where results are there at once, a command runs when it is given. Where each kernel is a
 * promise, commands wait for one another, so that what a command finds is what the commands before it left, as the
 * synchronous contract has it.
 */

/** Work that waits where it must: it yields what may be a promise, and gets its value. */
export type Steps<Result> = Generator<unknown, Result, unknown>

/** The value of what may be a promise: `const handle = yield* settled(kernel(…))`. */
export function* settled<Value>(value: Value | Promise<Value>): Steps<Value> {
  return (yield value) as Value
}

/** Who runs commands, and in which order. */
export interface Queue {
  /** How many commands have not ended. */
  readonly waiting: number
  /** Runs a command now or when its turn comes; what it throws is thrown here, or goes to `failed`. */
  run(steps: () => Steps<void>, failed: (error: unknown) => void): void
  /** Runs a command, and gives what it gives. */
  ask<Result>(steps: () => Steps<Result>): Promise<Result>
}

/** Runs each command when it is given. */
export class Immediate implements Queue {
  readonly waiting = 0

  run(steps: () => Steps<void>): void {
    atOnce(steps())
  }

  async ask<Result>(steps: () => Steps<Result>): Promise<Result> {
    return atOnce(steps())
  }
}

/** Runs one command after the other. */
export class InTurn implements Queue {
  waiting = 0
  #last: Promise<unknown> = Promise.resolve()

  run(steps: () => Steps<void>, failed: (error: unknown) => void): void {
    this.ask(function* () {
      try {
        yield* steps()
      } catch (error) {
        failed(error)
      }
    })
  }

  ask<Result>(steps: () => Steps<Result>): Promise<Result> {
    this.waiting++
    const result = this.#last.then(() => inTurn(steps()))
    const ended = () => void this.waiting--
    this.#last = result.then(ended, ended)
    return result
  }
}

function atOnce<Result>(steps: Steps<Result>): Result {
  let step = steps.next()
  while (!step.done) step = steps.next(step.value)
  return step.value
}

async function inTurn<Result>(steps: Steps<Result>): Promise<Result> {
  let step = steps.next()
  while (!step.done) {
    const { value } = step
    if (value instanceof Promise) {
      let found: unknown
      try {
        found = await value
      } catch (error) {
        step = steps.throw(error)
        continue
      }
      step = steps.next(found)
    } else {
      step = steps.next(value)
    }
  }
  return step.value
}
