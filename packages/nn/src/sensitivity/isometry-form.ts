/**
 * The way to isometry in closed form. A layer's Jacobian for one sample is J = diag(f'(U)) W: row i is what neuron i
 * answers to its inputs, and its length is the neuron's sensitivity. With G = JJᵀ/target²,
 *
 *   E = -¼ ‖G - I‖²,   D = ∂E/∂J = (I - G) J/target²,
 *   ∇_wᵢ E = f'ᵢ Dᵢ + f''ᵢ (Dᵢ·wᵢ) x,   ∇_θᵢ E = f''ᵢ (Dᵢ·wᵢ),
 *
 * with x held constant, as in SAL. Over samples E is a mean; W is common to them, so that products of the layer's size
 * are all that it takes.
 */

import { diagonal, type Expression, elementwise, type Tensor } from '@sensigrad/core'
import type { Firing, Synapses } from '../neuron-layer.ts'
import { samples } from './closed-form.ts'
import { checkSameValues } from './population.ts'
import { type Counted, countedSynapses } from './sensitivity.ts'

/** How far a layer is from an isometry, and the way there. */
export interface IsometryGradient {
  /** E, without axes: 0 for target times an isometry, below 0 for all else. */
  readonly objective: Tensor
  /** ∇_W E of each set of counted synapses, `[neurons, inputs]`. */
  readonly weights: readonly { readonly synapses: Synapses; readonly gradient: Tensor }[]
  /** ∇_θ E, `[neurons]`. */
  readonly bias: Tensor
}

/**
 * E = -¼ ‖JJᵀ/target² - I‖², the mean over all samples of one or more firings, and its gradient.
 *
 * @param firings  forward passes of one layer, made with the same weights
 * @param target   what the singular values of J are to be
 * @param counted  which inputs count in J; of a recurrent layer its own outputs unless said
 * @throws ValueError when the firings were made with different weights
 * @example
 * const { firings } = observe(layer, () => layer.call(x))
 * const { objective } = isometryGradient(firings.map(({ firing }) => firing))
 */
export function isometryGradient(
  firings: readonly Firing[],
  target: Tensor | number = 1,
  counted: Counted = 'recurrent',
): IsometryGradient {
  const last = firings.at(-1)!
  const valuesOf = ({ synapses }: Firing) => synapses.map(({ weights }) => weights)
  for (const firing of firings) checkSameValues('isometryGradient', valuesOf(firing), valuesOf(last))
  const { activation } = last
  const synapses = countedSynapses(last, counted)
  const potential = samples(firings.map(firing => firing.potential))
  const output = samples(firings.map(firing => firing.output))
  const [count, neurons] = potential.shape as [number, number]

  const scale = typeof target === 'number' ? target ** -2 : target.square().reciprocal()
  const slope = activation.slope(potential, output)
  const squares = slope.square()
  const square = squares.mean(0)
  const pairs = squares.transpose().matmul(squares).div(count) // mean f'ᵢ² f'ⱼ²
  const overlaps = synapses // K = W Wᵀ/target², so that Gᵢⱼ = f'ᵢ f'ⱼ Kᵢⱼ
    .map(({ weights }) => weights.matmul(weights.transpose()))
    .reduce((sum, each) => sum.add(each))
    .mul(scale)
  const lengths = diagonal(overlaps)
  const own = square.mul(scale).expandDims(1)
  const others = pairs.mul(overlaps).mul(scale)
  const common = squares.matmul(overlaps.square()) // Σⱼ f'ⱼ² Kᵢⱼ²
  const pushes = pushAlong(activation.curvature(potential, output), slope, lengths, common)

  return {
    objective: squares
      .mul(common)
      .sum()
      .div(count)
      .sub(square.mul(lengths).sum().mul(2))
      .add(neurons)
      .mul(-0.25),
    weights: synapses.map((each, i) => {
      const inputs = samples(firings.map(firing => countedSynapses(firing, counted)[i]!.inputs))
      const push = pushes.div(count).transpose().matmul(inputs)
      return {
        synapses: each,
        gradient: each.weights.mul(own).sub(others.matmul(each.weights)).add(push),
      }
    }),
    bias: pushes.mean(0),
  }
}

/** f''ᵢ (Dᵢ·wᵢ) = f''ᵢ f'ᵢ (Kᵢᵢ - Σⱼ f'ⱼ² Kᵢⱼ²), `[samples, neurons]`. */
const pushAlong = elementwise(
  'isometryGradient',
  (e, curvature: Expression, slope: Expression, length: Expression, common: Expression) =>
    e.mul(e.mul(curvature, slope), e.sub(length, common)),
)
