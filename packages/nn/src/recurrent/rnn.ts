/** Recurrent layers: neurons that see their own outputs of the step before. */

import type { Tensor } from '@sensigrad/core'
import { type Activation, tanh } from '../activation.ts'
import { RecurrentNeurons, type RecurrentOptions } from './neurons.ts'
import { type Run, runOver } from './over-time.ts'

/** How a recurrent layer begins. Initial values are even within 1/√neurons unless said, as in PyTorch. */
export interface RNNOptions extends RecurrentOptions {
  /** f; tanh unless said. Any elementwise function of tensors will do. */
  readonly activation?: Activation | ((potential: Tensor) => Tensor)
}

/**
 * Recurrent neurons: hₜ = f(hₜ₋₁ Wᵀ + xₜ Vᵀ + θ). `x` is `[time, …, inputs]`, `h` is `[…, neurons]`. With
 * `inputs = 0` the layer is a dynamical system of its own; advance it with `step`.
 *
 * @throws ShapeError when an input or a state does not fit
 * @example new RNN(2, 100, { key: key(7), recurrentWeight: gaussian(0.3) })
 */
export class RNN extends RecurrentNeurons<[sequence: Tensor, initial?: Tensor], Run<Tensor>> {
  constructor(inputs: number, neurons: number, options: RNNOptions) {
    super('RNN', inputs, neurons, { ...options, activation: options?.activation ?? tanh })
  }

  /**
   * One step of time.
   *
   * @param state  hₜ₋₁, `[…, neurons]`
   * @param input  xₜ, `[…, inputs]`; left out when the layer has none
   * @returns hₜ, `[…, neurons]`
   */
  step(state: Tensor, input?: Tensor): Tensor {
    return this.within(() => this.respond(state, input))
  }

  /**
   * Runs over a sequence. What listens hears all of its steps as one firing, `[time, …, neurons]`.
   *
   * @param sequence  `[time, …, inputs]`
   * @param initial   the state before the first step, `[…, neurons]`; zeros unless given
   * @returns all states `[time, …, neurons]` and the last one
   */
  forward(sequence: Tensor, initial?: Tensor): Run<Tensor> {
    const from = (begin: (what: string, given?: Tensor) => Tensor) => begin('state', initial)
    if (!this.isHeard) {
      const step = (state: Tensor, input: Tensor) => this.activation(this.potential(state, input))
      return runOver('RNN', this, sequence, { from, step, output: state => state, unroll: false })
    }
    // Announced after the loop: in a captured step one step stands for all of them, and cannot be heard by itself.
    let did: { readonly before: Tensor; readonly potential: Tensor; readonly output: Tensor }
    const { outputs, state } = runOver('RNN', this, sequence, {
      from,
      step: (before, input) => {
        const potential = this.potential(before, input)
        did = { before, potential, output: this.activation(potential) }
        return did.output
      },
      output: () => did,
      unroll: false,
    })
    const { before, potential, output } = outputs
    const [steps, ...rest] = sequence.shape
    const missing = Array<number>(potential.rank - sequence.rank).fill(1) // of a batch that only the state has
    const inputs = sequence.reshape([steps!, ...missing, ...rest])
    return { outputs: this.fire(this.firing(before, inputs, potential, output)), state }
  }
}
