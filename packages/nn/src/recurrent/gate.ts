/** Gates: the neurons that say how much of a state is kept, overwritten or shown. */

import type { Tensor } from '@sensigrad/core'
import { sigmoid } from '../activation.ts'
import { type RecurrentNeuronOptions, RecurrentNeurons } from './neurons.ts'

/** How a gate begins; f is the logistic function unless said. */
export type GateOptions = Omit<RecurrentNeuronOptions, 'activation'> & Partial<RecurrentNeuronOptions>

/**
 * A gate f(W h + V x + θ) for a state h, `[…, neurons]`, and an input x, `[…, inputs]`. Its neurons are neurons like
 * those of any layer: SAL attaches to them, and `observe` sees them fire.
 *
 * @throws ShapeError when a state or an input does not fit
 * @example sal.attach(lstm.forget)
 */
export class Gate extends RecurrentNeurons<[state: Tensor, input?: Tensor], Tensor> {
  constructor(inputs: number, neurons: number, options: GateOptions) {
    super('Gate', inputs, neurons, { activation: sigmoid, ...options })
  }

  /**
   * @param state  hₜ₋₁, `[…, neurons]`
   * @param input  xₜ, `[…, inputs]`; left out when the gate has none
   * @returns how far each gate is open, `[…, neurons]`
   */
  forward(state: Tensor, input?: Tensor): Tensor {
    return this.respond(state, input)
  }
}
