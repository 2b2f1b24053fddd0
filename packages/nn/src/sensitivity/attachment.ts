/** What SAL knows of a population that it is attached to, and what must be so before it acts. */

import {
  describeValue,
  isSynchronous,
  keep,
  NonFiniteError,
  ones,
  outsideCapture,
  type Tensor,
  tensor,
  ValueError,
  where,
} from '@sensigrad/core'
import { type Adjustment, LastAdjustment } from './adjustment.ts'
import type { Population } from './population.ts'
import type { Scheduled } from './sal-options.ts'

/** What is attached, and how. */
export interface AttachmentOptions {
  /** The indices of the units to adjust; all unless given. */
  readonly neurons: readonly number[] | undefined
  /** The sensitivity to reach; SAL's unless given. */
  readonly target: Scheduled | undefined
}

/** A population that SAL is attached to. */
export class Attachment {
  /** Where it stands: its path in what was attached, or its name. */
  readonly path: string
  readonly population: Population
  readonly target: Scheduled | undefined
  /** Whether it stays as it is. */
  isFrozen = false
  /** Ends that it is listened to. */
  stopListening = (): void => {}
  readonly #neurons: readonly number[] | undefined
  #kept: { readonly mask: Tensor; readonly last: LastAdjustment } | undefined

  constructor(path: string, population: Population, { neurons, target }: AttachmentOptions) {
    if (neurons !== undefined) checkNeurons(neurons)
    this.path = path
    this.population = population
    this.target = target
    this.#neurons = neurons
    const { units } = population
    if (units === undefined) return
    const { dtype } = population.parameters[0]!.value
    this.begun(units, dtype as 'float32' | 'float64')
  }

  /** @throws ValueError when one of the attached is none of so many units */
  checkUnits(units: number): void {
    checkIndices(this.population.name, units, this.#neurons ?? [])
  }

  /** Which units are attached, bool, and their last adjustment: made once it is known how many there are. */
  begun(units: number, dtype: Tensor['dtype']): { readonly mask: Tensor; readonly last: LastAdjustment } {
    // A captured step hears what is attached when it is captured; what is kept here outlives it.
    this.#kept ??= outsideCapture(() => {
      const { backend } = this.population.parameters[0]!.value
      const mask = maskOf(this.population.name, units, this.#neurons, backend)
      return { mask: keep(mask), last: new LastAdjustment({ shape: [units], dtype, backend }) }
    })
    return this.#kept
  }

  /** The last adjustment; `undefined` before the first. */
  get last(): Adjustment | undefined {
    return this.#kept?.last.value
  }

  set last(adjustment: Adjustment | undefined) {
    if (adjustment !== undefined) {
      const { average } = adjustment
      this.begun(average.shape[0]!, average.dtype).last.value = adjustment
    } else if (this.#kept !== undefined) this.#kept.last.value = undefined
  }

  /** What the parts of an adjustment look like, where that is known. */
  get like(): Tensor | undefined {
    return this.#kept?.last.like
  }

  /**
   * What is not finite must be named before it reaches the weights. Where reading means waiting, on a GPU, it is not
   * looked for.
   *
   * @throws NonFiniteError when the average of an attached unit, and so a sensitivity of it, is NaN or infinite
   */
  checkAverage(operation: string, average: Tensor, remedy: string): void {
    const { backend } = average
    if (!isSynchronous(backend) || this.#kept === undefined) return
    const values = backend.readSync(where(this.#kept.mask, average, 0))
    const neuron = values.findIndex(value => !Number.isFinite(value))
    if (neuron < 0) return
    throw new NonFiniteError(
      operation,
      `the sensitivity of neuron ${neuron} in ${this.path} is ${values[neuron]}`,
      remedy,
    )
  }
}

/** @throws ValueError unless these are indices */
function checkNeurons(neurons: unknown): void {
  if (Array.isArray(neurons) && neurons.length > 0) return
  throw new ValueError(
    'SAL.attach',
    `the neurons are ${Array.isArray(neurons) ? 'none' : describeValue(neurons)}`,
    'Give a list of indices: [0, 7]',
  )
}

/** Which of some units are meant, bool `[units]`. */
function maskOf(
  name: string,
  units: number,
  neurons: readonly number[] | undefined,
  backend: Tensor['backend'],
): Tensor {
  if (neurons === undefined) return ones([units], { dtype: 'bool', backend })
  checkIndices(name, units, neurons)
  const mask = new Uint8Array(units)
  for (const index of neurons) mask[index] = 1
  return tensor(mask, { backend })
}

function checkIndices(name: string, units: number, neurons: readonly number[]): void {
  const strange = neurons.find(index => !(Number.isInteger(index) && index >= 0 && index < units))
  if (strange === undefined) return
  throw new ValueError(
    'SAL.attach',
    `there is no neuron ${strange} in ${name} with ${units} neurons`,
    `Give whole numbers from 0 to ${units - 1}`,
  )
}
