/** What a program is given before each replay: arguments, settings, fresh tensors and variables; and what it leaves in these. */

import type { Backend } from '../backend/contract.ts'
import { describeValue, ValueError } from '../errors.ts'
import { letGo } from '../tensor/lifetime.ts'
import { scope } from '../tensor/memory.ts'
import { sameShape } from '../tensor/shape.ts'
import { Tensor } from '../tensor/tensor.ts'
import { type Buffer, type Operand, wholeOf } from './program.ts'
import type { Replay } from './replay.ts'
import type { Taken, TracedFresh, TracedSetting } from './taken.ts'
import { checkBackend } from './trace.ts'
import { type Home, keepAt, type Variable, versionOf } from './variable.ts'

/** A variable and where the program reads and leaves its value. */
interface Resident {
  readonly variable: Variable
  readonly home: Operand & { readonly storage: Buffer }
  readonly isWritten: boolean
  /** How others read what the program leaves there. */
  readonly leaves: Home
  /** The version that lies there. */
  version: number
}

/** The given buffers of a program, and what goes there. */
export class Supply {
  readonly #backend: Backend
  readonly #arguments: readonly Buffer[]
  readonly #settings: readonly (TracedSetting & { last: number | undefined })[]
  readonly #fresh: readonly (TracedFresh & { isUsed: boolean })[]
  readonly #residents: readonly Resident[]
  /** Where the program runs, once it does. */
  #replay: Replay | undefined

  constructor(backend: Backend, given: readonly Buffer[], taken: Taken) {
    this.#backend = backend
    this.#arguments = given
    this.#settings = taken.settings.map(setting => ({ ...setting, last: undefined }))
    this.#fresh = taken.freshTensors.map(fresh => ({ ...fresh, isUsed: false }))
    this.#residents = taken.variables.map(({ variable, before, now }) => {
      const home = { ...wholeOf(before.storage as Buffer, before.shape), storage: before.storage as Buffer }
      const leaves = { snapshot: () => this.#replay!.copyOf(home) }
      return { variable, home, leaves, isWritten: now !== before, version: -1 }
    })
  }

  /** All given buffers, each with its name. */
  get names(): ReadonlyMap<Buffer, string> {
    const groups = {
      input: this.#arguments,
      setting: this.#settings.map(({ buffer }) => buffer),
      fresh: this.#fresh.map(({ buffer }) => buffer),
      variable: this.#residents.map(({ home }) => home.storage),
    }
    return new Map(
      Object.entries(groups).flatMap(([name, buffers]) =>
        buffers.map((buffer, i) => [buffer, `${name} ${i}`]),
      ),
    )
  }

  get variables(): readonly Variable[] {
    return this.#residents.map(({ variable }) => variable)
  }

  /** Where variables lie that the program writes, in the order in which they were met. */
  get written(): readonly (Operand & { readonly storage: Buffer })[] {
    return this.#residents.filter(({ isWritten }) => isWritten).map(({ home }) => home)
  }

  /** Fresh tensors that were made already, and serve the next replay. */
  get ready(): readonly Tensor[] {
    return this.#fresh.filter(({ isUsed }) => !isUsed).map(({ first }) => first)
  }

  /** Writes everything to where the program reads it, with fresh tensors that were made already, if there are. */
  load(replay: Replay, tensors: readonly Tensor[], given?: readonly Tensor[]): void {
    this.#replay = replay
    for (let i = 0; i < tensors.length; i++) replay.give(this.#arguments[i]!, tensors[i]!)
    for (const setting of this.#settings) {
      const number: unknown = setting.read()
      checkNumber(number)
      if (Object.is(number, setting.last)) continue
      replay.fillNumber(setting.buffer, number)
      setting.last = number
    }
    for (let i = 0; i < this.#fresh.length; i++) this.#refresh(replay, this.#fresh[i]!, given?.[i])
    this.loadVariables(replay)
  }

  /** Writes the values of variables that have changed to where the program reads them. */
  loadVariables(replay: Replay): void {
    for (const resident of this.#residents) {
      const version = versionOf(resident.variable)
      if (version === resident.version) continue
      const { value } = resident.variable
      checkBackend(value, this.#backend, 'the new value of a variable')
      replay.fill(resident.home.storage, value)
      resident.version = version
    }
  }

  /** Says that variables lie where the program has left them. */
  handOver(): void {
    for (const resident of this.#residents) {
      if (!resident.isWritten) continue
      keepAt(resident.variable, resident.leaves)
      resident.version = versionOf(resident.variable)
    }
  }

  /** Makes a fresh tensor for this replay, unless it is there already: when the step was captured, or compared. */
  #refresh(replay: Replay, fresh: TracedFresh & { isUsed: boolean }, given?: Tensor): void {
    const { first, buffer, make } = fresh
    if (!fresh.isUsed) {
      fresh.isUsed = true
      replay.fill(buffer, given ?? first)
      letGo(first)
      return
    }
    scope(() => {
      const tensor: unknown = given ?? make()
      checkLike(tensor, first)
      checkBackend(tensor, this.#backend, 'a fresh tensor')
      replay.fill(buffer, tensor)
    })
  }
}

/** @throws ValueError when a setting gave something else than a number */
function checkNumber(value: unknown): asserts value is number {
  if (typeof value === 'number') return
  throw new ValueError('setting', `the function gave ${describeValue(value)}`, 'It gives a number at once')
}

/** @throws ValueError when a fresh tensor is not shaped and typed like the first one */
function checkLike(made: unknown, first: Tensor): asserts made is Tensor {
  if (made instanceof Tensor && made.dtype === first.dtype && sameShape(made.shape, first.shape)) return
  throw new ValueError(
    'fresh',
    `the function gave ${describeValue(made)}, and first ${first}`,
    'It gives a tensor of the same shape and type each time',
  )
}
