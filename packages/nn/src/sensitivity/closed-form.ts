/**
 * SAL's direction in closed form, for neurons o = f(U), U = w·x + θ:
 *
 *   s = |f'(U)|·‖w‖,   ∇_w s = |f'| w/‖w‖ + ‖w‖ sign(f') f'' x,   ∇_θ s = ‖w‖ sign(f') f''
 *
 * with x held constant (Shibata et al., 2021). Over a batch or a sequence everything is a mean, and the second
 * term of ∇_w is one matrix product, not a sum of outer products.
 */

import { concat, type Expression, elementwise, equal, type Tensor, where } from '@sensigrad/core'
import type { Firing } from '../neuron-layer.ts'
import { checkSameValues } from './population.ts'
import { type Counted, checkFirings, countedSynapses, weightNorms } from './sensitivity.ts'

/** How s moves with the weights of one set of synapses: ∇_w s = along·w + push. */
export interface WeightDirection {
  /** The weight that the direction belongs to, `[neurons, inputs]`. */
  readonly weights: Tensor
  /** |f'|/‖w‖, `[neurons, 1]`; 0 where ‖w‖ is 0, and such a neuron stays put. */
  readonly along: Tensor
  /** The mean of ‖w‖ sign(f') f'' x, `[neurons, inputs]`. */
  readonly push: Tensor
}

/** The sensitivities of a layer's neurons and their gradients, as means over all samples. */
export interface SensitivityGradient {
  /** s, `[neurons]`. */
  readonly sensitivity: Tensor
  /** ∇_w s for each set of counted synapses. */
  readonly weights: readonly WeightDirection[]
  /** ∇_θ s, `[neurons]`. */
  readonly bias: Tensor
}

/**
 * The mean sensitivity of each neuron over one or more firings of a layer, and its gradient.
 *
 * @param firings  forward passes of one layer, made with the same weights
 * @param counted  which inputs count in ‖w‖ and x
 * @throws ValueError when the firings were made with different weights, and for what is no list of firings
 * @example sensitivityGradient(observe(layer, () => layer.call(x)).firings.map(({ firing }) => firing))
 */
export function sensitivityGradient(
  firings: readonly Firing[],
  counted: Counted = 'recurrent',
): SensitivityGradient {
  checkFirings('sensitivityGradient', firings, counted)
  const last = firings.at(-1)!
  const values = last.synapses.map(({ weights }) => weights)
  for (const { synapses } of firings) {
    const those = synapses.map(({ weights }) => weights)
    checkSameValues('sensitivityGradient', those, values)
  }
  const { activation } = last
  const potential = samples(firings.map(firing => firing.potential))
  const output = samples(firings.map(firing => firing.output))
  const count = potential.shape[0]!

  const slope = activation.slope(potential, output)
  const steepness = steepnessAt(slope, potential).mean(0)
  const synapses = countedSynapses(last, counted)
  const norms = weightNorms(synapses)
  const pushes = signedProduct(slope, activation.curvature(potential, output), norms)
  const isZero = equal(norms, 0)
  const along = where(isZero, 0, steepness.div(where(isZero, 1, norms))).expandDims(1)

  return {
    sensitivity: steepness.mul(norms),
    weights: synapses.map(({ weights }, i) => {
      const inputs = samples(firings.map(firing => countedSynapses(firing, counted)[i]!.inputs))
      return { weights, along, push: pushes.div(count).transpose().matmul(inputs) }
    }),
    bias: pushes.mean(0),
  }
}

/** |f'|, and NaN where U is not finite: an infinite input saturates, and must not pass for a quiet one. */
const steepnessAt = elementwise('sensitivityGradient', (e, slope: Expression, potential: Expression) =>
  e.add(e.abs(slope), e.mul(potential, 0)),
)

const signedProduct = elementwise(
  'sensitivityGradient',
  (e, slope: Expression, curvature: Expression, norm: Expression) =>
    e.mul(e.mul(e.sign(slope), curvature), norm),
)

/** All samples of a quantity, `[samples, features]`. */
export function samples(parts: readonly Tensor[]): Tensor {
  const rows = parts.map(part => part.reshape([-1, part.shape.at(-1)!]))
  return rows.length === 1 ? rows[0]! : concat(rows)
}
