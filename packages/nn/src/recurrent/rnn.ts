/** Recurrent layers: neurons that see their own outputs of the step before. */

import { broadcastShapes, broadcastTo, scan, splitKey, type Tensor, ValueError, zeros } from '@sensigrad/core'
import { type Activation, activationOf, tanh } from '../activation.ts'
import { type Initialiser, uniform } from '../initialise.ts'
import {
  checkInputs,
  checkLayer,
  type LayerOptions,
  NeuronLayer,
  parameter,
  type Synapses,
} from '../neuron-layer.ts'
import type { Parameter } from '../parameter.ts'

/** How a recurrent layer begins. Initial values are even within 1/√neurons unless said, as in PyTorch. */
export interface RNNOptions extends LayerOptions {
  /** f; tanh unless said. Any elementwise function of tensors will do. */
  readonly activation?: Activation | ((potential: Tensor) => Tensor)
  readonly recurrentWeight?: Initialiser
  readonly inputWeight?: Initialiser
  readonly bias?: Initialiser
}

/**
 * Recurrent neurons: hₜ = f(hₜ₋₁ Wᵀ + xₜ Vᵀ + θ). `x` is `[time, …, inputs]`, `h` is `[…, neurons]`. With
 * `inputs = 0` the layer is a dynamical system of its own; advance it with `step`.
 *
 * @throws ShapeError when an input or a state does not fit
 * @example new RNN(2, 100, { key: key(7), recurrentWeight: gaussian(0.3) })
 */
export class RNN extends NeuronLayer<
  [sequence: Tensor, initial?: Tensor],
  { outputs: Tensor; state: Tensor }
> {
  readonly neurons: number
  readonly inputs: number
  /** W, `[neurons, neurons]`. */
  readonly recurrentWeight: Parameter
  /** V, `[neurons, inputs]`; absent where there are no inputs. */
  readonly inputWeight: Parameter | undefined
  /** θ, `[neurons]`. */
  readonly bias: Parameter
  readonly activation: Activation

  constructor(inputs: number, neurons: number, options: RNNOptions) {
    super()
    checkLayer('RNN', inputs, neurons, options)
    const [recurrentKey, inputKey, biasKey] = splitKey(options.key, 3)
    const { dtype } = options
    const initial = uniform(undefined, neurons)
    this.neurons = neurons
    this.inputs = inputs
    this.activation = activationOf(options.activation ?? tanh)
    this.recurrentWeight = parameter(
      options.recurrentWeight ?? initial,
      [neurons, neurons],
      recurrentKey!,
      dtype,
    )
    this.inputWeight =
      inputs > 0 ? parameter(options.inputWeight ?? initial, [neurons, inputs], inputKey!, dtype) : undefined
    this.bias = parameter(options.bias ?? initial, [neurons], biasKey!, dtype)
  }

  /**
   * One step of time.
   *
   * @param state  hₜ₋₁, `[…, neurons]`
   * @param input  xₜ, `[…, inputs]`; left out when the layer has none
   * @returns hₜ, `[…, neurons]`
   */
  step(state: Tensor, input?: Tensor): Tensor {
    return this.within(() => this.#step(state, input))
  }

  #step(state: Tensor, input?: Tensor): Tensor {
    checkInputs('RNN', 'state', state, this.neurons)
    if ((input === undefined) !== (this.inputWeight === undefined)) {
      throw new ValueError(
        'RNN',
        `the step got ${input ?? 'no input'}, but the layer takes ${this.inputs} inputs`,
        'Give an input exactly when the layer was made with inputs',
      )
    }
    const weights = this.recurrentWeight.value
    const synapses: Synapses[] = [
      { source: 'recurrent', weight: this.recurrentWeight, weights, inputs: state },
    ]
    let potential = state.matmul(weights.transpose())
    if (input !== undefined && this.inputWeight !== undefined) {
      checkInputs('RNN', 'input', input, this.inputs)
      const external = this.inputWeight.value
      synapses.push({ source: 'external', weight: this.inputWeight, weights: external, inputs: input })
      potential = potential.add(input.matmul(external.transpose()))
    }
    potential = potential.add(this.bias.value)
    const batch = potential.shape.slice(0, -1)
    return this.fire({
      synapses: synapses.map(({ inputs, ...rest }) => ({
        ...rest,
        inputs: inputs.broadcastTo([...batch, inputs.shape.at(-1)!]),
      })),
      bias: this.bias,
      potential,
      output: this.activation(potential),
      activation: this.activation,
    })
  }

  /**
   * Runs over a sequence.
   *
   * @param sequence  `[time, …, inputs]`
   * @param initial   the state before the first step, `[…, neurons]`; zeros unless given
   * @returns all states `[time, …, neurons]` and the last one
   */
  forward(sequence: Tensor, initial?: Tensor): { outputs: Tensor; state: Tensor } {
    checkInputs('RNN', 'sequence', sequence, this.inputs)
    const steps = sequence.shape[0] ?? 0
    if (steps === 0)
      throw new ValueError(
        'RNN',
        `the sequence ${sequence} has no steps`,
        'Give [time, …, inputs] with time ≥ 1',
      )
    const { dtype, backend } = sequence
    const whole = [...sequence.shape.slice(1, -1), this.neurons]
    if (initial !== undefined) checkInputs('RNN', 'state', initial, this.neurons)
    const start =
      initial === undefined
        ? zeros(whole, { dtype, backend })
        : broadcastTo(initial, broadcastShapes('RNN', initial.shape, whole)) // one state may begin a batch
    const advance = (state: Tensor, input: Tensor): [Tensor, Tensor] => {
      const next = this.#step(state, input)
      return [next, next]
    }
    const [state, outputs] = scan(advance, start, sequence, { unroll: this.isHeard })
    return { outputs, state }
  }
}
