/** What there is to read of an update: the parts by source, and what the update would have been without some stages. */

import { type Backend, outsideCapture, type Tensor, Variable, zeros } from '@sensigrad/core'
import { changeWithout, type HeldBySource, partsOf, sourcesOf, type UpdateRecord } from '@sensigrad/nn'

/** What is read of an update of a parameter; the names belong to the tensors one by one. */
export interface UpdateReading {
  readonly before: Tensor
  readonly after: Tensor
  readonly parts: readonly Named[]
  readonly momentum: Tensor
  readonly without: readonly Named[]
  /** What is to be kept for the next update. */
  readonly kept: readonly (readonly [variable: Variable, value: Tensor])[]
}

/** A tensor by name. */
export interface Named {
  readonly name: string
  readonly value: Tensor
}

/**
 * What memories hold by source, and the slots of the updates that are tried without a stage: in variables, since captured
 * steps look at them as well.
 */
export class UpdateMemory {
  /** By the slot that they follow: several optimisers may move one parameter, each with a memory of its own. */
  readonly #variables = new Map<Variable, Map<string, Variable>>()
  /** In a step that is being captured: what variables will hold at this point of it. */
  readonly #ahead = new WeakMap<Backend, Map<Variable, Tensor>>()

  /** Prepares to read an update, with what is kept made. Stages are left out whose names begin with one of `without`. */
  reading(record: UpdateRecord, without: readonly string[]): () => UpdateReading {
    const names = sourcesIn(record)
    for (const [slot, sources] of names) for (const source of sources) this.#held(record, slot, source)
    const tried = without.filter(name => leftOut(record, name).length > 0)
    for (const name of tried) for (const slot of record.slots.keys()) this.#slotWithout(record, name, slot)
    return () => {
      const held: HeldBySource = new Map(
        [...names].map(([slot, sources]) => [
          slot,
          new Map(sources.map(source => [source, this.#now(record, this.#held(record, slot, source))])),
        ]),
      )
      const sources = sourcesOf(record, held)
      const keptHeld = [...sources.held].flatMap(([slot, bySource]) =>
        [...bySource].map(([source, value]) => [this.#held(record, slot, source), value] as const),
      )
      const ways = tried.map(name => {
        const own = (slot: string) => this.#slotWithout(record, name, slot)
        const isLeftOut = (stage: string) => stage.startsWith(name)
        const way = changeWithout(record, isLeftOut, slot => this.#now(record, own(slot)))
        return {
          name,
          value: way.change,
          kept: [...way.slots].map(([slot, value]) => [own(slot), value] as const),
        }
      })
      const kept = [...keptHeld, ...ways.flatMap(({ kept }) => kept)]
      this.#foresee(record, kept)
      return {
        before: record.before,
        after: record.after,
        parts: sources.parts.map(({ name, change }) => ({ name, value: change })),
        momentum: momentumIn(record),
        without: ways.map(({ name, value }) => ({ name, value })),
        kept,
      }
    }
  }

  #held(record: UpdateRecord, slot: string, source: string): Variable {
    const own = record.slots.get(slot)?.variable ?? record.parameter
    return this.#variable(own, `held ${source}`, () => {
      const { shape, dtype, backend } = record.parameter.value
      return zeros(shape, { dtype: dtype as 'float32', backend })
    })
  }

  #slotWithout({ slots }: UpdateRecord, name: string, slot: string): Variable {
    const { before, variable } = slots.get(slot)!
    return this.#variable(variable, `without ${name}`, () => {
      const { value } = variable // moved already; not by a step that is being captured, where `before` is a stand-in
      return before.backend === value.backend ? before : value
    })
  }

  #variable(slot: Variable, name: string, initial: () => Tensor): Variable {
    const variables = this.#variables.get(slot) ?? new Map<string, Variable>()
    this.#variables.set(slot, variables)
    const variable = variables.get(name) ?? outsideCapture(() => new Variable(initial(), name))
    variables.set(name, variable)
    return variable
  }

  #now({ before }: UpdateRecord, variable: Variable): Tensor {
    return this.#ahead.get(before.backend)?.get(variable) ?? variable.value
  }

  /** A captured step may hold several updates, and its variables are written after all of them. */
  #foresee({ before, parameter }: UpdateRecord, kept: UpdateReading['kept']): void {
    const real = outsideCapture(() => parameter.value.backend)
    if (before.backend === real) return
    const ahead = this.#ahead.get(before.backend) ?? new Map<Variable, Tensor>()
    this.#ahead.set(before.backend, ahead)
    for (const [variable, value] of kept) ahead.set(variable, value)
  }
}

/** Who puts something into each memory. */
function sourcesIn({ stages }: UpdateRecord): Map<string, string[]> {
  const names = ['gradient']
  const found = new Map<string, string[]>()
  for (const { name, adds, remembers } of stages) {
    if (remembers !== undefined) found.set(remembers.slot, [...names])
    else if (adds && !names.includes(name)) names.push(name)
  }
  return found
}

/** What the memories of all stages gave of earlier updates. */
function momentumIn(record: UpdateRecord): Tensor {
  const names = record.stages.filter(({ remembers }) => remembers !== undefined).map(({ name }) => name)
  const given = partsOf(record).filter(({ name }) => names.includes(name))
  return given.reduce((sum, { change }) => sum.add(change), record.before.mul(0))
}

/** The stages that are left out under a name. */
export function leftOut({ stages }: UpdateRecord, name: string): string[] {
  return stages.map(stage => stage.name).filter(stage => stage.startsWith(name))
}
