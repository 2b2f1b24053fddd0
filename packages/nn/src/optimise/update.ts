/** One update of an optimiser: what the stages make of each gradient first, and then all changes at once, or none. */

import {
  isSynchronous,
  outsideCapture,
  type Tensor,
  type TensorLike,
  Variable,
  where,
  zeros,
} from '@sensigrad/core'
import type { ByParameter } from '../gradients.ts'
import type { Parameter } from '../parameter.ts'
import { checkNorm, globalNorm } from './clip.ts'
import type { Kept } from './memory.ts'
import type { Passed, Place, SlotRecord, StageRecord, UpdateRecord } from './stage.ts'

/** How many updates were refused where nobody could be told. */
export class Refusals {
  #counted: Variable | undefined

  get total(): Tensor | undefined {
    return this.#counted?.value
  }

  /** Counts an update that is made, or not. */
  count(isMade: Tensor, like: Parameter): void {
    this.#counted ??= new Variable(
      outsideCapture(() => zeros([], { backend: like.value.backend })),
      'refused',
    )
    const { value } = this.#counted
    this.#counted.value = where(isMade, value, value.add(1))
  }
}

/** Gathers what an update does. */
export class Update {
  readonly #gradients: ByParameter
  readonly #changes: (readonly [Variable, Tensor])[] = []
  readonly #records: Omit<UpdateRecord, 'after'>[] = []
  readonly #moved: Parameter[] = []
  #globalNorm: Tensor | undefined
  #isMade: Tensor | undefined

  constructor(gradients: ByParameter) {
    this.#gradients = gradients
  }

  /**
   * Refuses gradients that are not finite: at once where they can be looked at, elsewhere in what the update computes.
   *
   * @throws NonFiniteError with the path of the first
   */
  guard(operation: string, refusals: Refusals, like: Parameter): void {
    const length = this.globalNorm
    checkNorm(operation, length, this.#gradients)
    if (isSynchronous(length.backend)) return
    this.#isMade = length.isFinite()
    refusals.count(this.#isMade, like)
  }

  /** The norm of all gradients together, computed when it is needed first. */
  get globalNorm(): Tensor {
    this.#globalNorm ??= globalNorm(Object.values(this.#gradients))
    return this.#globalNorm
  }

  /** Leads the gradient of a parameter through its stages. */
  lead({ path, parameter, stages, slots }: Kept<unknown>, rate: TensorLike): void {
    const weight = parameter.value
    const globalNorm = () => this.globalNorm
    const read = new Map<string, Tensor>()
    const written = new Map<string, SlotRecord>()
    const at: Place = {
      weight,
      rate,
      globalNorm,
      read(slot) {
        const { value } = slots.get(slot)!
        read.set(slot, value)
        return value
      },
      write: (slot, value) => {
        const variable = slots.get(slot)!
        this.#changes.push([variable, value])
        const before = read.get(slot)
        if (before !== undefined) written.set(slot, { before, after: value, variable })
        return value
      },
    }
    const gradient = this.#gradients[path]!
    let update = gradient
    const records = stages.map((stage): StageRecord => {
      const before = update
      const passed: Passed = stage.apply(before, at)
      const { update: after, carry = part => part, adds = after !== undefined, remembers } = passed
      update = after ?? carry(before)
      return { name: stage.name, before, after: update, carry, adds, remembers, stage }
    })
    this.#changes.push([parameter, weight.sub(update)])
    this.#moved.push(parameter)
    this.#records.push({
      path,
      parameter,
      gradient,
      stages: records,
      slots: written,
      rate,
      globalNorm,
      before: weight,
      isMade: this.#isMade,
    })
  }

  /** Makes all changes. Returns what was done to each parameter. */
  make(): UpdateRecord[] {
    const isMade = this.#isMade
    for (const [variable, value] of this.#changes) {
      variable.value = isMade === undefined ? value : where(isMade, value, variable.value)
    }
    return this.#records.map((record, i) => ({ ...record, after: this.#moved[i]!.value }))
  }
}
