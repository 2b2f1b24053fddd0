/** How far an optimiser goes at each update: it counts them, and has the rate of each group of parameters at each. */

import {
  assume,
  type Backend,
  type DType,
  describeValue,
  fresh,
  outsideCapture,
  type State,
  scalar,
  setting,
  type TensorLike,
  tensor,
  ValueError,
} from '@sensigrad/core'
import type { Parameter } from '../parameter.ts'
import { checkedRate, type Group } from './settings.ts'

type AnyGroup = Group<unknown>

/** The count of updates, and the rates. */
export class Pace {
  readonly #optimiser: string
  /** The last group is that of all parameters which no other one selects. */
  readonly #groups: readonly AnyGroup[]
  #steps = 0

  constructor(optimiser: string, groups: readonly AnyGroup[]) {
    this.#optimiser = optimiser
    this.#groups = groups
  }

  /** How many updates there have been. */
  get steps(): number {
    return this.#steps
  }

  /** @throws ValueError when a rate of the next update is none */
  check(): void {
    for (const group of this.#groups) this.#rateAt(group, this.#steps)
  }

  /** Counts an update that is to be made, at each call of a captured step anew: after its rates were asked for. */
  count(like: Parameter): void {
    const { dtype, backend } = outsideCapture(() => like.value)
    fresh(() => {
      this.check()
      this.#steps++
      return scalar(1, dtype, backend) // nobody reads it: it is there to be asked for
    })
  }

  /**
   * The rates at the next update. A number is a setting, which costs nothing where it stays; what a schedule gives is a
   * tensor that is made for each update.
   */
  next(like: Parameter): (group: AnyGroup, dtype: DType) => TensorLike {
    const { backend } = outsideCapture(() => like.value)
    const known = new Map<string, TensorLike>()
    return (group, dtype) => {
      const key = `${this.#groups.indexOf(group)} ${dtype}`
      const rate = known.get(key) ?? this.#rateOf(group, dtype, backend)
      known.set(key, rate)
      return rate
    }
  }

  /** The steps, and the rates that are numbers. */
  state(): State {
    const rates = this.#groups.map(({ rate }, i) => [this.#nameOf(i), rate] as const)
    const numbers = rates.filter((named): named is [string, number] => typeof named[1] === 'number')
    return { steps: this.#steps, ...Object.fromEntries(numbers) }
  }

  /**
   * Prepares to go on from a state.
   *
   * @returns what does it, and what else the state has
   * @throws ValueError when the state has no steps, or other rates than this one
   */
  restoring(operation: string, state: State): { put: () => void; rest: State } {
    const { steps, ...others } = state
    if (!(Number.isInteger(steps) && (steps as number) >= 0)) {
      throw new ValueError(
        operation,
        `the steps are ${describeValue(steps)}`,
        'Give the state that state() gave',
      )
    }
    const rest = { ...others }
    const rates = this.#groups.map(({ rate }, i) => {
      const name = this.#nameOf(i)
      const { [name]: given } = others
      delete rest[name]
      if (typeof given === (typeof rate === 'number' ? 'number' : 'undefined')) {
        return typeof given === 'number' ? checkedRate(this.#optimiser, given) : rate
      }
      throw new ValueError(
        operation,
        `the ${name} of the state is ${given === undefined ? 'a schedule' : describeValue(given)}, and here it is ${typeof rate === 'number' ? 'a number' : 'a schedule'}`,
        'Make the optimiser as the one was made whose state it is, and change its rate afterwards',
      )
    })
    const put = () => {
      this.#steps = steps as number
      for (const [i, rate] of rates.entries()) this.#groups[i]!.rate = rate
    }
    return { put, rest }
  }

  #nameOf(group: number): string {
    return group === this.#groups.length - 1 ? 'rate' : `groups.${group}.rate`
  }

  #rateOf(group: AnyGroup, dtype: DType, backend: Backend): TensorLike {
    const isScheduled = assume(() => typeof group.rate === 'function')
    if (isScheduled) return fresh(() => tensor(this.#rateAt(group, this.#steps), { dtype, backend }))
    return setting(() => this.#rateAt(group, this.#steps), dtype)
  }

  /** The rate of a group at a step. */
  #rateAt({ rate }: AnyGroup, step: number): number {
    return typeof rate === 'function'
      ? checkedRate(this.#optimiser, rate(step), step)
      : checkedRate(this.#optimiser, rate)
  }
}
