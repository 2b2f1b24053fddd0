/** Small layers with SAL on them, and reading every bit of them. */
import { activations, Dense, initialise, Module, SAL, type SALOptions, valuesOf } from '@sensigrad/nn'
import { key, normal, type Tensor } from 'sensigrad'
import { bits, values } from './neurons.ts'

const { identity, tanh } = activations

/** SAL that does not warn. */
export function quietly(options: SALOptions): SAL {
  return new SAL({ warn: () => {}, ...options })
}

/** One neuron with one input; the identity's sensitivity is |w|. */
export function neuron(w: number, { activation = identity, theta = 0 } = {}): Dense {
  const [weight, bias] = [initialise.constant(w), initialise.constant(theta)]
  return new Dense(1, 1, { key: key(0), dtype: 'float64', activation, weight, bias })
}

/** A float64 layer of random tanh neurons, biases included. */
export function layerOf(inputs: number, neurons: number, seed: number): Dense {
  const options = { weight: initialise.gaussian(), bias: initialise.gaussianOf(0.3) }
  return new Dense(inputs, neurons, { key: key(seed), dtype: 'float64', activation: tanh, ...options })
}

export function signals(seed: number, ...shape: number[]): Tensor {
  return normal(key(seed), shape, { dtype: 'float64' })
}

/** Two layers, one after the other. */
export class Pair extends Module {
  readonly layers: readonly [Dense, Dense]
  constructor(first: Dense, second: Dense) {
    super()
    this.layers = [first, second]
  }
  forward(x: Tensor): Tensor {
    return this.layers[1].call(this.layers[0].call(x))
  }
}

export const pairOf = (seed: number) => new Pair(layerOf(3, 4, seed), layerOf(4, 2, seed + 1))

/** Every bit of a module's parameters, by path. */
export function bitsOf(module: Module<never, unknown>): Record<string, string> {
  return Object.fromEntries(Object.entries(valuesOf(module)).map(([path, value]) => [path, bits(value)]))
}

/** The only element. */
export const only = (x: Tensor | undefined) => values(x!)[0]!
