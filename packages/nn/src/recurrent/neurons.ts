/** Neurons that see a state beside their inputs, f(W h + V x + θ): those of an RNN, and the gates of GRU and LSTM. */

import { splitKey, type Tensor, ValueError } from '@sensigrad/core'
import { type Activation, activationOf } from '../activation.ts'
import { checkOptions } from '../check.ts'
import { type Initialiser, uniform } from '../initialise.ts'
import {
  checkInputs,
  checkLayer,
  type Firing,
  type LayerOptions,
  NeuronLayer,
  parameter,
  type Synapses,
} from '../neuron-layer.ts'
import type { Parameter } from '../parameter.ts'
import { recurrentOptions } from './over-time.ts'

/** How recurrent neurons begin. Initial values are even within 1/√neurons unless said, as in PyTorch. */
export interface RecurrentOptions extends LayerOptions {
  readonly recurrentWeight?: Initialiser
  readonly inputWeight?: Initialiser
  readonly bias?: Initialiser
}

/** The same, for neurons whose f is to choose. */
export interface RecurrentNeuronOptions extends RecurrentOptions {
  /** f. Any elementwise function of tensors will do. */
  readonly activation: Activation | ((potential: Tensor) => Tensor)
}

/** A population of neurons f(W h + V x + θ), whatever becomes of what they say. */
export abstract class RecurrentNeurons<Inputs extends readonly unknown[], Output> extends NeuronLayer<
  Inputs,
  Output
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
  readonly #layer: string

  /** @param layer  what errors call it */
  constructor(layer: string, inputs: number, neurons: number, options: RecurrentNeuronOptions) {
    super()
    checkLayer(layer, inputs, neurons, options)
    checkOptions(layer, options, [...recurrentOptions, 'activation'])
    const [recurrentKey, inputKey, biasKey] = splitKey(options.key, 3)
    const { dtype } = options
    const initial = uniform(undefined, neurons)
    this.#layer = layer
    this.neurons = neurons
    this.inputs = inputs
    this.activation = activationOf(options.activation)
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
   * What the neurons say to a state and an input.
   *
   * @param state  hₜ₋₁, `[…, neurons]`
   * @param input  xₜ, `[…, inputs]`; left out where there are none
   * @returns f(W h + V x + θ), `[…, neurons]`
   */
  protected respond(state: Tensor, input?: Tensor): Tensor {
    const potential = this.potential(state, input)
    return this.fire(this.firing(state, input, potential, this.activation(potential)))
  }

  /** W h + V x + θ, `[…, neurons]`. */
  protected potential(state: Tensor, input?: Tensor): Tensor {
    checkInputs(this.#layer, 'state', state, this.neurons)
    if ((input === undefined) !== (this.inputWeight === undefined)) {
      throw new ValueError(
        this.#layer,
        `the step got ${input ?? 'no input'}, but the layer takes ${this.inputs} inputs`,
        'Give an input exactly when the layer was made with inputs',
      )
    }
    let potential = state.matmul(this.recurrentWeight.value.transpose())
    if (input !== undefined && this.inputWeight !== undefined) {
      checkInputs(this.#layer, 'input', input, this.inputs)
      potential = potential.add(input.matmul(this.inputWeight.value.transpose()))
    }
    return potential.add(this.bias.value)
  }

  /** What the neurons did, in one step or, along a first axis more, in all steps of a sequence. */
  protected firing(state: Tensor, input: Tensor | undefined, potential: Tensor, output: Tensor): Firing {
    const { recurrentWeight, inputWeight, bias, activation } = this
    const batch = potential.shape.slice(0, -1)
    const synapses = (source: Synapses['source'], weight: Parameter, inputs: Tensor): Synapses => {
      const whole = inputs.broadcastTo([...batch, inputs.shape.at(-1)!])
      return { source, weight, weights: weight.value, inputs: whole }
    }
    const all = [synapses('recurrent', recurrentWeight, state)]
    if (input !== undefined) all.push(synapses('external', inputWeight!, input))
    return { synapses: all, bias, potential, output, activation }
  }
}
