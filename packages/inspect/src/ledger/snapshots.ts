/**
 * Going back: what a training was at some of its steps, from which every other step can be done again, and its gradients
 * looked at, though nobody stored them.
 */

import {
  describeValue,
  keep,
  letGo,
  peek,
  type State,
  type Stateful,
  Tensor,
  ValueError,
} from '@sensigrad/core'
import type { ByParameter, UpdateRecord } from '@sensigrad/nn'
import type { Provenance } from '../record/record.ts'
import { hashOf } from '../record/statistics.ts'
import { combined } from './book.ts'
import type { Ledger } from './ledger.ts'

/** When snapshots are taken, and how many are kept. */
export interface SnapshotOptions {
  /** One before each so many steps. */
  readonly every: number
  /** The most that are kept, the last ones; 10 unless said. */
  readonly keep?: number
}

/** A step that was done again. */
export interface ReplayedStep {
  readonly step: number
  /** The gradients that its updates were given, by parameter path. */
  readonly gradients: ByParameter
  /**
   * `replayed-equal` where the parameters came out with the bits that the ledger noted at that step, `replayed-differs`
   * where they did not, `not-kept` where the ledger has not kept the step.
   */
  readonly from: Extract<Provenance, 'replayed-equal' | 'replayed-differs' | 'not-kept'>
  /** The step whose snapshot it was done from. */
  readonly snapshot: number
}

/**
 * Snapshots of a training whose ledger is kept. Randomness that comes from keys comes again; so a step that is done again
 * from a snapshot is the step that was.
 *
 * @example
 * const past = new Snapshots(ledger, { model, optimizer, sal, keys }, { every: 50 })
 * for (let step = 1; step <= 1000; step++) {
 *   past.before(step)
 *   train(step)
 * }
 * const { gradients, from } = await past.replayTo(137, train)
 */
export class Snapshots {
  readonly #ledger: Ledger
  readonly #parts: Readonly<Record<string, Stateful>>
  readonly #every: number
  readonly #keep: number
  readonly #taken = new Map<number, Readonly<Record<string, State>>>()
  /** The last step that was begun. */
  #begun: number

  /**
   * @param ledger  that is attached
   * @param parts   all that a step changes: the model, optimisers, SAL, streams of keys
   * @throws ValueError for parts that cannot be written down, and numbers that are none
   */
  constructor(ledger: Ledger, parts: Readonly<Record<string, Stateful>>, options: SnapshotOptions) {
    const { every, keep: most = 10 } = options ?? {}
    for (const [name, count] of Object.entries({ every, keep: most })) {
      if (Number.isInteger(count) && count >= 1) continue
      throw new ValueError(
        'Snapshots',
        `${name} is ${describeValue(count)}`,
        'Give a whole number, 1 or more',
      )
    }
    for (const [name, part] of Object.entries(parts)) {
      if (typeof part?.state === 'function' && typeof part.restore === 'function') continue
      throw new ValueError(
        'Snapshots',
        `${name} is ${describeValue(part)}`,
        'Give parts with state() and restore()',
      )
    }
    this.#ledger = ledger
    this.#parts = parts
    this.#every = every
    this.#keep = most
    this.#begun = ledger.data.header.first - 1
  }

  /** The steps before which there is a snapshot. */
  get steps(): number[] {
    return [...this.#taken.keys()]
  }

  /**
   * To be called before each step: it closes the last one in the ledger, and takes a snapshot when one is due.
   *
   * @param step  its number, as the ledger counts: from one more than the optimiser has made
   * @throws ValueError for a number that does not go on
   */
  before(step: number): void {
    if (!(Number.isSafeInteger(step) && step > this.#begun)) {
      throw new ValueError(
        'Snapshots.before',
        `${describeValue(step)} is no step after ${this.#begun}`,
        'Give the number of each step before it is made',
      )
    }
    this.#ledger.step()
    this.#begun = step
    const last = this.steps.at(-1)
    if (last !== undefined && step - last < this.#every) return
    this.#taken.set(step, this.#now())
    for (const [oldest, states] of this.#taken) {
      if (this.#taken.size <= this.#keep) break
      this.#taken.delete(oldest)
      for (const tensor of tensorsOf(states)) letGo(tensor)
    }
  }

  /**
   * Does a step again, from the snapshot before it, and gives its gradients. Afterwards everything is as it was, and the
   * ledger has noted nothing.
   *
   * @param train  does the step of a number as it was done, with parts that it changes among those that are kept
   * @throws ValueError when there is no snapshot before that step
   */
  async replayTo(step: number, train: (step: number) => unknown): Promise<ReplayedStep> {
    const isWhole = Number.isInteger(step)
    const snapshot = isWhole ? [...this.#taken.keys()].filter(taken => taken <= step).at(-1) : undefined
    if (snapshot === undefined || step > this.#begun) {
      throw new ValueError(
        'Snapshots.replayTo',
        `step ${describeValue(step)} cannot be done again`,
        this.#taken.size === 0
          ? 'There is no snapshot: call before(step) before each step'
          : `Give a whole number from ${this.steps[0]} to ${this.#begun}`,
      )
    }
    return this.#ledger.paused(async () => {
      const now = this.#now()
      try {
        this.#restore(this.#taken.get(snapshot)!)
        for (let each = snapshot; each < step; each++) await train(each)
        const gradients = await this.#listening(() => train(step))
        return { step, gradients, from: await this.#compared(step), snapshot }
      } finally {
        this.#restore(now)
        for (const tensor of tensorsOf(now)) letGo(tensor)
      }
    })
  }

  /** What every part is, in memory that stays. */
  #now(): Record<string, State> {
    const states = Object.entries(this.#parts).map(([name, part]) => [name, part.state()] as const)
    const all = Object.fromEntries(states)
    for (const tensor of tensorsOf(all)) keep(tensor)
    return all
  }

  #restore(states: Readonly<Record<string, State>>): void {
    for (const [name, part] of Object.entries(this.#parts)) part.restore(states[name]!)
  }

  /** Runs a step, and gives the gradients that updates of the ledger's model are given in it, by their paths there. */
  async #listening(body: () => unknown): Promise<ByParameter> {
    const gradients: Record<string, Tensor> = {}
    const paths = new Map([...this.#ledger.model.parameters()].map(([path, each]) => [each, path]))
    const stops = Object.values(this.#parts)
      .filter(updates)
      .map(optimiser =>
        optimiser.onUpdate(({ parameter, gradient }) => {
          const path = paths.get(parameter)
          if (path === undefined) return // another model's, which may have the same name
          peek(
            () => [gradient],
            ([value]) => {
              gradients[path] = keep(value!)
            },
          )
        }),
      )
    try {
      await body()
      return gradients
    } finally {
      for (const stop of stops) stop()
    }
  }

  async #compared(step: number): Promise<ReplayedStep['from']> {
    const noted = this.#ledger.hashOf(step)
    if (noted === undefined) return 'not-kept'
    const parameters = this.#ledger.model.parameters()
    const values = await Promise.all(noted.paths.map(path => parameters.get(path)?.value.data()))
    const hash = combined(values.map(value => (value === undefined ? '' : hashOf(value))))
    return hash === noted.hash ? 'replayed-equal' : 'replayed-differs'
  }
}

interface Updates {
  onUpdate(listener: (record: UpdateRecord) => void): () => void
}

function updates(part: Stateful): part is Stateful & Updates {
  return 'onUpdate' in part
}

function tensorsOf(states: Readonly<Record<string, State>>): Tensor[] {
  return Object.values(states).flatMap(state => Object.values(state).filter(value => value instanceof Tensor))
}
