/** Small networks of random layers, sizes, activations and weights, as fast-check draws and shrinks them. */

import { key, type Shape, type Tensor, uniform } from '@sensigrad/core'
import { type Activation, activations, Dense, Module, RNN } from '@sensigrad/nn'
import fc from 'fast-check'

/** Which networks are drawn. */
export interface NetworksOptions {
  /** At most so many layers: 3 unless said. */
  readonly maxLayers?: number
  /** At most so many neurons in a layer, and inputs: 4 unless said. */
  readonly maxSize?: number
  /** Which layers: both unless said. */
  readonly layers?: readonly ('Dense' | 'RNN')[]
  /** From which activations: the smooth ones of nn unless said, so that derivatives can be proved by differences. */
  readonly activations?: readonly Activation[]
  /** The type of weights and inputs: float64 unless said. */
  readonly dtype?: 'float32' | 'float64'
}

/** Layers one after the other, and an input for them. Its string is the code that makes it again. */
export interface Network {
  /** Takes `[time, …, inputs]` and gives `[time, …, outputs]`; dense layers see each step of time alone. */
  readonly module: Module & { readonly layers: readonly (Dense | RNN)[] }
  /** An input, `[time, inputs]` or `[time, batch, inputs]`. */
  readonly input: Tensor
}

class Stack extends Module {
  readonly layers: readonly (Dense | RNN)[]

  constructor(layers: readonly (Dense | RNN)[]) {
    super()
    this.layers = layers
  }

  forward(x: Tensor): Tensor {
    return this.layers.reduce<Tensor>((h, layer) => {
      return layer instanceof RNN ? layer.call(h).outputs : layer.call(h)
    }, x)
  }
}

const kinds = { Dense, RNN }

/**
 * Random networks on the backend in use.
 *
 * @example fc.property(networks(), ({ module, input }) => gradcheck(x => module.call(x), [input]))
 */
export function networks({
  maxLayers = 3,
  maxSize = 4,
  layers = ['Dense', 'RNN'],
  activations: from = Object.values(activations).filter(each => each !== activations.relu),
  dtype = 'float64',
}: NetworksOptions = {}): fc.Arbitrary<Network> {
  const size = fc.integer({ min: 1, max: maxSize })
  const seed = fc.nat(2 ** 16)
  const layer = fc.record({
    kind: fc.constantFrom(...layers),
    neurons: size,
    activation: fc.constantFrom(...from),
    seed,
  })
  return fc
    .record({
      inputs: size,
      layers: fc.array(layer, { minLength: 1, maxLength: maxLayers }),
      time: fc.integer({ min: 1, max: 3 }),
      batch: fc.constantFrom<Shape>([], [], [1], [2]),
      seed,
    })
    .map(drawn => {
      const sizes = [drawn.inputs, ...drawn.layers.map(({ neurons }) => neurons)]
      const stack = drawn.layers.map(({ kind, neurons, activation, seed }, i) => ({
        made: new kinds[kind](sizes[i]!, neurons, { key: key(seed), activation, dtype }),
        text: `new ${kind}(${sizes[i]}, ${neurons}, { key: key(${seed}), activation: ${activation.label}, dtype: '${dtype}' })`,
      }))
      const shape = [drawn.time, ...drawn.batch, drawn.inputs]
      const input = uniform(key(drawn.seed), shape, { low: -2, high: 2, dtype })
      const text = [
        ...stack.map(({ text }) => text),
        `input: uniform(key(${drawn.seed}), [${shape.join(', ')}], { low: -2, high: 2, dtype: '${dtype}' })`,
      ].join('\n')
      const network: Network = { module: new Stack(stack.map(({ made }) => made)), input }
      return Object.assign(network, { [fc.toStringMethod]: () => text })
    })
}
