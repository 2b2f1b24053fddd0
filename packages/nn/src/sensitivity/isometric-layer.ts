/** A layer on its way to isometry: it hears the same firings as SAL, and climbs another hill. */

import type { Tensor } from '@sensigrad/core'
import type { Firing, NeuronLayer } from '../neuron-layer.ts'
import { FiringPopulation } from './firing-population.ts'
import { isometryGradient } from './isometry-form.ts'
import type { Ascent, Change } from './population.ts'
import { type Counted, sensitivities } from './sensitivity.ts'

export class IsometricLayer extends FiringPopulation {
  readonly #counted: Counted
  readonly #target: (dtype: 'float32' | 'float64') => Tensor | number

  /** @param target  gives what the singular values are to be, when the layer climbs */
  constructor(
    layer: NeuronLayer<never, unknown>,
    counted: Counted,
    target: (dtype: 'float32' | 'float64') => Tensor | number,
  ) {
    super(layer, counted)
    this.#counted = counted
    this.#target = target
  }

  protected override ascentOf(firings: readonly Firing[]): Ascent {
    const last = firings.at(-1)!
    const target = this.#target(last.potential.dtype as 'float32' | 'float64')
    const { weights, bias } = isometryGradient(firings, target, this.#counted)
    const climb = (step: Tensor): Change[] => [
      ...weights.map(({ synapses, gradient }): Change => {
        const along = gradient.mul(step.expandDims(1))
        return [synapses.weight, value => value.add(along.reshape(value.shape))]
      }),
      [last.bias, value => value.add(bias.mul(step))],
    ]
    return { sensitivity: sensitivities(last, this.#counted), climb }
  }
}
