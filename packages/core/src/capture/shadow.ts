/**
 * The shadow of a captured step: a second program, of the step and of what is looked at. It is replayed on what the step is
 * given, in memory of its own, so that the step's program is the same whether somebody looks or not.
 */

import { type Backend, isSynchronous, type View } from '../backend/contract.ts'
import { BackendError } from '../errors.ts'
import { scope } from '../tensor/memory.ts'
import { plan } from './plan.ts'
import { type Buffer, type Program, wholeOf } from './program.ts'
import { Replay } from './replay.ts'
import { type RewriteOptions, rewrite } from './rewrite/index.ts'
import type { Supply } from './supply.ts'
import type { TracedPeek } from './taken.ts'
import { tellAll } from './tell-all.ts'

/** A program beside that of a step. */
export class Shadow {
  readonly #backend: Backend
  readonly #replay: Replay
  readonly #peeks: readonly TracedPeek[]
  readonly #shared: readonly Buffer[]
  readonly #aside: Supply
  #isTelling = false

  /**
   * @param step    all that is computed; its results are those of the step, and then the values of its variables
   * @param shared  what the step is given, too
   * @param aside   what those who look at it take besides
   */
  constructor(
    backend: Backend,
    step: Program,
    peeks: readonly TracedPeek[],
    shared: readonly Buffer[],
    aside: Supply,
    options: RewriteOptions,
  ) {
    this.#backend = backend
    this.#peeks = peeks
    this.#shared = shared
    this.#aside = aside
    const results = [...peeks.flatMap(({ operands }) => operands), ...step.results]
    const program = rewrite({ instructions: step.instructions, results }, backend, options)
    this.#replay = new Replay(backend, plan(program, [...shared, ...aside.names.keys()], []))
  }

  /** Computes everything from what the step has been given; before the step runs, which overwrites some of that. */
  run(step: Replay): void {
    for (const buffer of this.#shared)
      this.#replay.fill(buffer, step.viewOf(wholeOf(buffer, [buffer.length])))
    this.#aside.load(this.#replay, [])
    this.#replay.run()
  }

  /**
   * Tells everybody what they look at.
   *
   * @param given  what the step gave and left in variables, where it lies
   * @throws  what the first of those who threw did, when all have been told
   */
  tell(given: readonly View[]): void {
    const lying = this.#replay.places()
    const isEqual = this.#areEqual(lying.slice(lying.length - given.length), given)
    const from = isEqual ? 'replayed-equal' : 'replayed-differs'
    let first = 0
    const tells = this.#peeks.map(({ operands, receive }) => {
      const views = lying.slice(first, first + operands.length)
      first += operands.length
      return () =>
        scope(() => {
          const tensors = views.map(view => this.#replay.copied(view))
          receive(tensors, from) // which may wait for values: nobody waits for it
        })
    })
    this.#isTelling = true
    try {
      tellAll(tells)
    } finally {
      this.#isTelling = false
    }
  }

  /** @throws BackendError while somebody is being told: the step would overwrite what they have yet to see */
  checkIdle(): void {
    if (!this.#isTelling) return
    throw new BackendError(
      'capture',
      'the step is called or released by somebody who is being told what it computed',
      'Do that after the call has returned',
    )
  }

  /** Gives the memory back. */
  release(): void {
    this.#replay.release()
  }

  #areEqual(found: readonly View[], given: readonly View[]): boolean {
    const backend = this.#backend
    if (!isSynchronous(backend)) return false
    return found.every((view, i) => sameBits(backend.readSync(view), backend.readSync(given[i]!)))
  }
}

function sameBits(a: ArrayBufferView, b: ArrayBufferView): boolean {
  const [left, right] = [wordsOf(a), wordsOf(b)]
  for (let i = 0; i < left.length; i++) if (left[i] !== right[i]) return false
  return left.length === right.length
}

function wordsOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint32Array | Uint8Array {
  const isWhole = byteLength % 4 === 0 && byteOffset % 4 === 0
  return isWhole
    ? new Uint32Array(buffer, byteOffset, byteLength / 4)
    : new Uint8Array(buffer, byteOffset, byteLength)
}
