/** The networks of the study: layers of tanh neurons in a ring, with nothing from outside. */

import { type Key, splitKey, type Tensor } from '@sensigrad/core'
import { activations, Dense, initialise, Module, type Parameter, RNN } from '@sensigrad/nn'
import type { Settings } from './settings.ts'

/** All numbers of the study: tangents shrink by far more than float32 can hold. */
export const dtype = 'float64'

/**
 * Layers in a ring. Each hears the one before it, and the first one the last: o_l = tanh(W_l o_{l-1} + θ_l). A ring of
 * one layer is a recurrent layer. A call is one revolution, which takes the last layer's outputs `[size]` to the next.
 */
export class Ring extends Module {
  /** In the order in which a revolution passes through them. */
  readonly layers: readonly (RNN | Dense)[]

  constructor({ size, layers, gain, bias }: Pick<Settings, 'size' | 'layers' | 'gain' | 'bias'>, key: Key) {
    super()
    const weight = initialise.gaussian(gain)
    const start = { dtype, bias: initialise.gaussianOf(bias) } as const
    this.layers =
      layers === 1
        ? [new RNN(0, size, { ...start, key, recurrentWeight: weight })]
        : splitKey(key, layers).map(
            key => new Dense(size, size, { ...start, key, weight, activation: activations.tanh }),
          )
  }

  /** W_1 to W_L, each `[size, size]`. */
  get weights(): readonly Parameter[] {
    return this.layers.map(layer => (layer instanceof RNN ? layer.recurrentWeight : layer.weight))
  }

  /** W_L ⋯ W_1, `[size, size]`: a revolution of small states. */
  get product(): Tensor {
    return this.weights.map(({ value }) => value).reduce((product, weight) => weight.matmul(product))
  }

  forward(state: Tensor): Tensor {
    return this.layers.reduce(
      (heard, layer) => (layer instanceof RNN ? layer.step(heard) : layer.call(heard)),
      state,
    )
  }
}
