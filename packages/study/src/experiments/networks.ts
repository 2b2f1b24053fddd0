/** The two kinds of networks: many layers, one after the other, and one layer that sees itself at many times. */

import { type Key, splitKey, type Tensor, unstack, zeros } from '@sensigrad/core'
import { activations, Dense, type Initialiser, initialise, Module, RNN } from '@sensigrad/nn'

/**
 * A network through which a signal passes in stages: layers, or steps of time. `nudges` are added to the stages'
 * outputs; the gradient with respect to them, at zero, is what arrives there on the way back.
 */
export abstract class StagedNetwork extends Module<[x: Tensor, nudges?: readonly Tensor[]]> {
  /** What the network says in the end: the only neurons that SAL leaves alone. */
  abstract readonly readout: Dense
  /** All other layers. */
  abstract readonly adjusted: readonly (Dense | RNN)[]
  abstract readonly width: number
  /** How many stages an input passes. */
  abstract stages(x: Tensor): number
  /** How many samples there are. */
  abstract samples(x: Tensor): number
}

/** How a network is made. All biases start at 0. */
export interface NetworkOptions {
  readonly inputs: number
  readonly outputs: number
  readonly width: number
  readonly key: Key
  readonly dtype?: 'float32' | 'float64'
  /** Between the neurons. */
  readonly weight: Initialiser
  /** From the inputs to the neurons. */
  readonly inputWeight: Initialiser
  readonly outputWeight: Initialiser
}

const bias = initialise.constant(0)

/** The options of a network like that of others, in float64 and without weights: they are copied into it later. */
export function asTwin(options: NetworkOptions): NetworkOptions {
  const nothing = initialise.constant(0)
  return { ...options, dtype: 'float64', weight: nothing, inputWeight: nothing, outputWeight: nothing }
}

/** tanh layers of one width, and a linear readout. `x` is `[batch, inputs]`. */
export class DeepNetwork extends StagedNetwork {
  readonly width: number
  readonly hidden: readonly Dense[]
  readonly readout: Dense

  /** @param layers  how many weights lead from one hidden layer to the next; the layer that sees x comes before them */
  constructor(layers: number, options: NetworkOptions) {
    super()
    const { inputs, outputs, width, weight, inputWeight, outputWeight, key, dtype = 'float32' } = options
    const keys = splitKey(key, layers + 2)
    const activation = activations.tanh
    this.width = width
    this.hidden = Array.from({ length: layers + 1 }, (_, i) =>
      i === 0
        ? new Dense(inputs, width, { key: keys[i]!, dtype, activation, weight: inputWeight, bias })
        : new Dense(width, width, { key: keys[i]!, dtype, activation, weight, bias }),
    )
    this.readout = new Dense(width, outputs, { key: keys.at(-1)!, dtype, weight: outputWeight, bias })
  }

  get adjusted(): readonly Dense[] {
    return this.hidden
  }

  stages(): number {
    return this.hidden.length
  }

  samples(x: Tensor): number {
    return x.shape[0]!
  }

  forward(x: Tensor, nudges?: readonly Tensor[]): Tensor {
    let h = x
    for (const [i, layer] of this.hidden.entries()) {
      h = layer.call(h)
      if (nudges) h = h.add(nudges[i]!)
    }
    return this.readout.call(h)
  }
}

/** Recurrent tanh neurons, read out after the last step. `x` is `[time, batch, inputs]`. */
export class SequenceNetwork extends StagedNetwork {
  readonly width: number
  readonly recurrent: RNN
  readonly readout: Dense

  constructor(options: NetworkOptions) {
    super()
    const { inputs, outputs, width, weight, inputWeight, outputWeight, key, dtype = 'float32' } = options
    const [recurrentKey, readoutKey] = splitKey(key)
    this.width = width
    this.recurrent = new RNN(inputs, width, {
      key: recurrentKey!,
      dtype,
      recurrentWeight: weight,
      inputWeight,
      bias,
    })
    this.readout = new Dense(width, outputs, { key: readoutKey!, dtype, weight: outputWeight, bias })
  }

  get adjusted(): readonly RNN[] {
    return [this.recurrent]
  }

  stages(x: Tensor): number {
    return x.shape[0]!
  }

  samples(x: Tensor): number {
    return x.shape[1]!
  }

  forward(x: Tensor, nudges?: readonly Tensor[]): Tensor {
    if (nudges === undefined) return this.readout.call(this.recurrent.call(x).state)
    const { dtype } = x
    let state = zeros([this.samples(x), this.width], { dtype })
    for (const [t, input] of unstack(x).entries()) {
      state = this.recurrent.step(state, input).add(nudges[t]!)
    }
    return this.readout.call(state)
  }
}
