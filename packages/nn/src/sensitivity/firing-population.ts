/** The neurons of a layer as SAL sees them: sensitivities in closed form, from the firings that the layer tells of. */

import { type Expression, elementwise, type Tensor } from '@sensigrad/core'
import type { Firing, NeuronLayer } from '../neuron-layer.ts'
import type { Parameter } from '../parameter.ts'
import { sensitivityGradient } from './closed-form.ts'
import { type Ascent, type Change, Population } from './population.ts'
import type { Counted } from './sensitivity.ts'

export class FiringPopulation extends Population<Firing> {
  readonly #layer: NeuronLayer<never, unknown>
  readonly #counted: Counted

  constructor(layer: NeuronLayer<never, unknown>, counted: Counted) {
    super()
    this.#layer = layer
    this.#counted = counted
  }

  get name(): string {
    return this.#layer.constructor.name
  }

  get units(): number {
    return this.#layer.neurons
  }

  get parameters(): readonly Parameter[] {
    return [...this.#layer.parameters().values()]
  }

  protected hear(listener: (firing: Firing) => void): () => void {
    return this.#layer.onFiring(firing => listener(asConstants(firing)))
  }

  protected tensorsOf({ potential, output, synapses }: Firing): readonly Tensor[] {
    return [potential, output, ...synapses.flatMap(({ weights, inputs }) => [weights, inputs])]
  }

  protected madeIn({ potential }: Firing): Tensor {
    return potential
  }

  protected ascentOf(firings: readonly Firing[]): Ascent {
    const { sensitivity, weights, bias } = sensitivityGradient(firings, this.#counted)
    const last = firings.at(-1)!
    const climb = (step: Tensor): Change[] => {
      const column = step.expandDims(1)
      const ofWeights = weights.map(({ weights: at, along, push }): Change => {
        const { weight } = last.synapses.find(synapses => synapses.weights === at)!
        const change = (value: Tensor) =>
          climbed(value.reshape(at.shape), at, along, push, column).reshape(value.shape)
        return [weight, change]
      })
      return [...ofWeights, [last.bias, value => climbedBias(value, bias, step)]]
    }
    return { sensitivity, climb }
  }
}

function asConstants({ synapses, potential, output, ...rest }: Firing): Firing {
  return {
    ...rest,
    potential: potential.stopGradient(),
    output: output.stopGradient(),
    synapses: synapses.map(({ weights, inputs, ...synapse }) => ({
      ...synapse,
      weights: weights.stopGradient(),
      inputs: inputs.stopGradient(),
    })),
  }
}

/** w + step·(along·w₀ + push) in one pass, w₀ being the weight of the forward pass; w itself where step is 0. */
const climbed = elementwise(
  'SAL.adjust',
  (e, w: Expression, w0: Expression, along: Expression, push: Expression, step: Expression) =>
    e.where(e.equal(step, 0), w, e.add(w, e.mul(step, e.add(e.mul(along, w0), push)))),
)

/** θ + step·∇_θ s; θ itself where step is 0. */
const climbedBias = elementwise(
  'SAL.adjust',
  (e, theta: Expression, gradient: Expression, step: Expression) =>
    e.where(e.equal(step, 0), theta, e.add(theta, e.mul(step, gradient))),
)
