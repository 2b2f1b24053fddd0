/** What a step takes from outside of itself: variables, settings, fresh tensors, and tensors that it closes over. */

import type { Storage } from '../backend/contract.ts'
import { memo } from '../memo.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { Peeked } from './peek.ts'
import type { Buffer, Operand } from './program.ts'
import type { Variable } from './variable.ts'

/** A variable that the step read or wrote. */
export interface TracedVariable {
  readonly variable: Variable
  /** What it holds before the step. */
  readonly before: Tensor
  /** What it holds at this point. */
  now: Tensor
}

/** A number that is asked for before each replay. */
export interface TracedSetting {
  readonly read: () => number
  readonly buffer: Buffer
}

/** A tensor that is made before each replay; the first one when the step is captured. */
export interface TracedFresh {
  readonly make: () => Tensor
  readonly first: Tensor
  readonly buffer: Buffer
}

/** What somebody looks at in each replay. */
export interface TracedPeek {
  /** What is looked at; in a loop, the stacks of all its steps. */
  readonly operands: readonly Operand[]
  /** Tells of the tensors. */
  readonly receive: (tensors: readonly Tensor[], from: Peeked['from']) => void
}

/** What is taken, by the step itself or by those who look at it. */
export class Taken {
  readonly settings: TracedSetting[] = []
  readonly freshTensors: TracedFresh[] = []
  /** Tensors that are closed over. */
  readonly kept: Tensor[] = []
  /** What the step itself takes, where this is what others take besides. */
  readonly #step: Taken | undefined
  readonly #variables = new Map<Variable, TracedVariable>()
  readonly #closedOver = new Map<Storage, Buffer>()

  constructor(step?: Taken) {
    this.#step = step
  }

  get variables(): readonly TracedVariable[] {
    return [...this.#variables.values()]
  }

  /** The notes on a variable; the first ones are made. */
  variable(variable: Variable, make: () => TracedVariable): TracedVariable {
    const known = this.#step === undefined ? undefined : this.#step.#variables.get(variable)
    return known ?? memo(this.#variables, variable, make)
  }

  /** The buffer of a tensor that is closed over; the first one is made. */
  closedOver(storage: Storage, make: () => Buffer): Buffer {
    const known = this.#step === undefined ? undefined : this.#step.#closedOver.get(storage)
    return known ?? memo(this.#closedOver, storage, make)
  }
}
