/** Dense layers: neurons that see all their inputs. */

import { splitKey, type Tensor } from '@sensigrad/core'
import { type Activation, activationOf, identity } from '../activation.ts'
import { checkOptions } from '../check.ts'
import { type Initialiser, uniform } from '../initialise.ts'
import { checkInputs, checkLayer, type LayerOptions, NeuronLayer, parameter } from '../neuron-layer.ts'
import type { Parameter } from '../parameter.ts'

/** How a dense layer begins. */
export interface DenseOptions extends LayerOptions {
  /** f; the identity unless said. Any elementwise function of tensors will do. */
  readonly activation?: Activation | ((potential: Tensor) => Tensor)
  /** Initial weights; even within 1/√inputs unless said, as in PyTorch. */
  readonly weight?: Initialiser
  /** Initial biases; even within 1/√inputs unless said, as in PyTorch. */
  readonly bias?: Initialiser
}

/**
 * Neurons that see all their inputs: o = f(x Wᵀ + θ). `x` is `[…, inputs]`, `o` is `[…, outputs]`.
 *
 * @throws ShapeError when the last axis of x is not of the size `inputs`
 * @example new Dense(64, 10, { key: key(7), activation: tanh, weight: gaussian(1.1) })
 */
export class Dense extends NeuronLayer {
  readonly neurons: number
  readonly inputs: number
  /** W, `[outputs, inputs]`. */
  readonly weight: Parameter
  /** θ, `[outputs]`. */
  readonly bias: Parameter
  readonly activation: Activation

  constructor(inputs: number, outputs: number, options: DenseOptions) {
    super()
    checkLayer('Dense', inputs, outputs, options)
    checkOptions('Dense', options, ['key', 'dtype', 'activation', 'weight', 'bias'])
    const [weightKey, biasKey] = splitKey(options.key)
    this.neurons = outputs
    this.inputs = inputs
    this.activation = activationOf(options.activation ?? identity)
    this.weight = parameter(options.weight ?? uniform(), [outputs, inputs], weightKey!, options.dtype)
    this.bias = parameter(options.bias ?? uniform(undefined, inputs), [outputs], biasKey!, options.dtype)
  }

  forward(x: Tensor): Tensor {
    checkInputs('Dense', 'input', x, this.inputs)
    const weights = this.weight.value
    const potential = x.matmul(weights.transpose()).add(this.bias.value)
    return this.fire({
      synapses: [{ source: 'external', weight: this.weight, weights, inputs: x }],
      bias: this.bias,
      potential,
      output: this.activation(potential),
      activation: this.activation,
    })
  }
}
