/**
 * What an optimiser remembers of each parameter: the slots of its stages, in variables, so that captured steps read and
 * write them, by path, so that they can be written down and put back.
 */

import {
  checkTensor,
  full,
  keep,
  outsideCapture,
  type State,
  type Tensor,
  ValueError,
  Variable,
} from '@sensigrad/core'
import { copyOf, fitted } from '../fitting.ts'
import type { Parameter } from '../parameter.ts'
import type { Slot, Stage } from './stage.ts'

/** A parameter that an optimiser moves. */
export interface Kept<Group> {
  readonly parameter: Parameter
  /** Where it stood in the module that was updated last. */
  path: string
  readonly group: Group
  readonly stages: readonly Stage[]
  readonly slots: ReadonlyMap<string, Variable>
}

/** How a parameter is treated that has not been seen before. */
export interface Treatment<Group> {
  readonly group: Group
  readonly stages: readonly Stage[]
}

/** The slots of all parameters that an optimiser has moved, and those that it was given back and not used yet. */
export class Memory<Group> {
  readonly #optimiser: string
  readonly #treat: (path: string, parameter: Parameter) => Treatment<Group>
  readonly #kept = new Map<Parameter, Kept<Group>>()
  #waiting: ReadonlyMap<string, ReadonlyMap<string, Tensor>> = new Map()

  constructor(optimiser: string, treat: (path: string, parameter: Parameter) => Treatment<Group>) {
    this.#optimiser = optimiser
    this.#treat = treat
  }

  /**
   * What is kept of some parameters; what was not there yet is made.
   *
   * @param all  the paths of all parameters of their module, those that stay, too
   * @throws ValueError or ShapeError when a state that was restored does not fit them
   */
  of(
    parameters: readonly (readonly [path: string, parameter: Parameter])[],
    all: ReadonlyMap<string, unknown>,
  ): Kept<Group>[] {
    const strange = parameters.flatMap(([path, parameter]) =>
      this.#kept.has(parameter) ? [] : [{ path, parameter, ...this.#treat(path, parameter) }],
    )
    this.#checkAwaited(strange, all)
    // What waits is checked as a whole before the first slot is made.
    const made = strange.map(one => {
      const values = this.#checked(one.path, one.parameter, slotsOf(one.stages), this.#waiting.get(one.path))
      return () => ({ ...one, slots: variablesOf(one.parameter, one.stages, values) })
    })
    for (const make of made) {
      const kept = make()
      this.#kept.set(kept.parameter, kept)
    }
    const used = new Set(strange.map(({ path }) => path))
    this.#waiting = new Map([...this.#waiting].filter(([path]) => !used.has(path)))
    return parameters.map(([path, parameter]) => Object.assign(this.#kept.get(parameter)!, { path }))
  }

  /**
   * Every slot, by `path.slot`, in memory of its own.
   *
   * @throws ValueError when parameters of two modules have one path
   */
  state(): State {
    const paths = [...this.#kept.values()].map(({ path }) => path)
    const twice = paths.find((path, i) => paths.indexOf(path) !== i)
    if (twice !== undefined) throw severalAt(`${this.#optimiser}.state`, twice)
    const kept = [...this.#kept.values()].flatMap(({ path, slots }) =>
      [...slots].map(([slot, { value }]) => [`${path}.${slot}`, copyOf(value)] as const),
    )
    const waiting = [...this.#waiting].flatMap(([path, slots]) =>
      [...slots].map(([slot, value]) => [`${path}.${slot}`, value] as const),
    )
    return Object.fromEntries([...kept, ...waiting])
  }

  /**
   * Prepares to put slots back: those of parameters that are kept at once, others when their parameter comes. A kept
   * parameter of which there are none begins anew.
   *
   * @returns what does it
   * @throws ValueError or ShapeError for slots that do not fit
   */
  restoring(state: State): () => void {
    const given = new Map<string, Map<string, Tensor>>()
    for (const [name, value] of Object.entries(state)) {
      const dot = name.lastIndexOf('.')
      checkTensor(`${this.#optimiser}.restore`, name, value)
      const [path, slot] = [name.slice(0, Math.max(dot, 0)), name.slice(dot + 1)]
      given.set(path, (given.get(path) ?? new Map()).set(slot, value))
    }
    const seen = new Set<string>()
    const changes = [...this.#kept.values()].flatMap(({ path, parameter, stages, slots }) => {
      if (seen.has(path)) throw severalAt(`${this.#optimiser}.restore`, path)
      seen.add(path)
      const values = this.#checked(path, parameter, slotsOf(stages), given.get(path))
      return [...slots].map(([slot, variable]) => {
        const first = slotsOf(stages).get(slot)!
        return () => {
          variable.value = values?.get(slot) ?? beginning(parameter, first)
        }
      })
    })
    const waiting = new Map([...given].filter(([path]) => !seen.has(path)))
    return () => {
      for (const slots of waiting.values()) for (const value of slots.values()) keep(value) // beyond any scope
      for (const change of changes) change()
      this.#waiting = waiting
    }
  }

  /** @throws ValueError when a state was restored for parameters that the module has not, but not for one that begins */
  #checkAwaited(
    beginning: readonly { readonly path: string; readonly stages: readonly Stage[] }[],
    all: ReadonlyMap<string, unknown>,
  ): void {
    const missing = beginning.find(({ path, stages }) => !this.#waiting.has(path) && slotsOf(stages).size > 0)
    const left = [...this.#waiting.keys()].filter(path => !all.has(path))
    if (missing === undefined || left.length === 0) return
    throw new ValueError(
      this.#optimiser,
      `the state that was restored has nothing of ${missing.path}; it has ${left.join(', ')}`,
      'Restore the state of an optimiser of the same module',
    )
  }

  /** The values for slots, where the parameter lives; `undefined` where there are none. */
  #checked(
    path: string,
    parameter: Parameter,
    slots: ReadonlyMap<string, Slot>,
    values: ReadonlyMap<string, Tensor> | undefined,
  ): ReadonlyMap<string, Tensor> | undefined {
    if (values === undefined) return undefined
    const operation = `${this.#optimiser}.restore`
    const strange = [...values.keys()].find(slot => !slots.has(slot))
    const missing = [...slots.keys()].find(slot => !values.has(slot))
    if (strange !== undefined || missing !== undefined) {
      throw new ValueError(
        operation,
        `the state ${missing === undefined ? 'has' : 'lacks'} ${path}.${missing ?? strange}`,
        `Of ${path} there is kept ${[...slots.keys()].join(', ') || 'nothing'}`,
      )
    }
    const held = outsideCapture(() => parameter.value)
    return new Map(
      [...values].map(([slot, value]) => {
        const { dtype, backend } = held
        const shape = slots.get(slot)!.isScalar ? [] : held.shape
        const place = { shape, dtype, backend }
        return [slot, outsideCapture(() => fitted(operation, `${path}.${slot}`, value, place))]
      }),
    )
  }
}

/** All slots that a chain of stages has. */
function slotsOf(stages: readonly Stage[]): Map<string, Slot> {
  return new Map(stages.flatMap(({ slots = {} }) => Object.entries(slots)))
}

function variablesOf(
  parameter: Parameter,
  stages: readonly Stage[],
  values: ReadonlyMap<string, Tensor> | undefined,
): Map<string, Variable> {
  const variables = [...slotsOf(stages)].map(([name, slot]) => {
    const value = values?.get(name) ?? beginning(parameter, slot)
    return [name, new Variable(value, name)] as const
  })
  return new Map(variables)
}

/** What a slot holds at first. */
function beginning(parameter: Parameter, { initial, isScalar = false }: Slot): Tensor {
  return outsideCapture(() => full(isScalar ? [] : parameter.value.shape, initial, parameter.value))
}

function severalAt(operation: string, path: string): ValueError {
  return new ValueError(
    operation,
    `parameters of several modules are called ${path}, and their states would be one`,
    'Use an optimiser for each module, or a module that holds them all',
  )
}
