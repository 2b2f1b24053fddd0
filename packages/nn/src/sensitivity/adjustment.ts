/** What SAL keeps of a layer from one adjustment to the next: in variables, so that captured steps read and write it, too. */

import { ones, outsideCapture, type Tensor, Variable, where, zeros } from '@sensigrad/core'

/** The last adjustment of a layer. Tensors are `[neurons]`. */
export interface Adjustment {
  /** s: the mean over the batch and sequence. */
  readonly sensitivity: Tensor
  /** s̄, the running average. */
  readonly average: Tensor
  /** The gate, 0 for neurons that are not attached. */
  readonly gate: Tensor
}

/** The last adjustment, and the average that the next one goes on from. */
export class LastAdjustment {
  readonly #sensitivity: Variable
  readonly #average: Variable
  readonly #gate: Variable
  /** Whether there is one, as a tensor: what a captured step does first must not differ from what it does later. */
  readonly #hasBegun: Variable
  readonly #notYet: Tensor

  /** @param like  `[units]`, of the type and on the backend of what moves */
  constructor({ shape, dtype, backend }: Pick<Tensor, 'shape' | 'dtype' | 'backend'>) {
    const nothing = zeros(shape, { dtype, backend })
    this.#notYet = zeros([], { dtype: 'bool', backend })
    this.#sensitivity = new Variable(nothing)
    this.#average = new Variable(nothing)
    this.#gate = new Variable(nothing)
    this.#hasBegun = new Variable(this.#notYet)
  }

  /** `undefined` before the first. (Inside of a captured step, which is made for all calls, zeros instead.) */
  get value(): Adjustment | undefined {
    if (this.#hasBegun.value === this.#notYet) return undefined
    return {
      sensitivity: this.#sensitivity.value,
      average: this.#average.value,
      gate: this.#gate.value,
    }
  }

  set value(adjustment: Adjustment | undefined) {
    if (adjustment === undefined) {
      this.#hasBegun.value = this.#notYet
      return
    }
    const { sensitivity, average, gate } = adjustment
    this.#sensitivity.value = sensitivity
    this.#average.value = average
    this.#gate.value = gate
    this.#hasBegun.value = outsideCapture(() => ones([], this.#notYet))
  }

  /** What its parts look like. */
  get like(): Tensor {
    return this.#average.value
  }

  /** s̄ after a new s: β s̄ + (1 - β) s, or the first s. */
  averageWith(sensitivity: Tensor, decay: number): Tensor {
    const moved = this.#average.value.mul(decay).add(sensitivity.mul(1 - decay))
    return where(this.#hasBegun.value, moved, sensitivity)
  }
}
