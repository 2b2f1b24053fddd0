/**
 * Sensitivity: how much a neuron's output moves when its inputs move, s = ‖∂o/∂x‖. For o = f(w·x + θ) that is
 * |f'(U)|·‖w‖; for any other unit it comes from the tape. (Shibata et al., Neural Networks 143, 2021.)
 */

import {
  checkTensor,
  concat,
  describeValue,
  type Expression,
  elementwise,
  grad,
  isCapturing,
  largest,
  leavesOf,
  norm,
  type Tensor,
  type TensorTree,
  ValueError,
} from '@sensigrad/core'
import { isRecord } from '../check.ts'
import type { Firing, Synapses } from '../neuron-layer.ts'

/** Which inputs count in ‖w‖ and x: a recurrent layer's own outputs only, or all inputs. */
export type Counted = 'recurrent' | 'all'

/** The synapses that count: of a recurrent layer, unless all do, those that carry its own outputs. */
export function countedSynapses({ synapses }: Firing, counted: Counted): readonly Synapses[] {
  const recurrent = synapses.filter(({ source }) => source === 'recurrent')
  return counted === 'all' || recurrent.length === 0 ? synapses : recurrent
}

/** @throws ValueError unless these are firings, one or more, and inputs that can count */
export function checkFirings(operation: string, firings: unknown, counted: unknown): void {
  const isFiring = (given: unknown) => isRecord(given) && 'synapses' in given
  if (!Array.isArray(firings) || firings.length === 0 || !firings.every(isFiring)) {
    const strange: unknown = Array.isArray(firings) ? firings.find(each => !isFiring(each)) : firings
    const isEmpty = Array.isArray(firings) && firings.length === 0
    throw new ValueError(
      operation,
      isEmpty ? 'there are no firings' : `${describeValue(strange)} is no firing`,
      'Give what observe(layer, () => layer.call(x)).firings holds',
    )
  }
  if (counted === 'recurrent' || counted === 'all') return
  throw new ValueError(
    operation,
    `there is no counted: ${describeValue(counted)}`,
    "Give 'recurrent' or 'all'",
  )
}

const squares = new WeakMap<Tensor, Tensor>()

/** ‖w‖ of each neuron over the counted synapses, `[neurons]`. Tensors do not change, so each is summed once. */
export function weightNorms(synapses: readonly Synapses[]): Tensor {
  const total = synapses.map(({ weights }) => rowSquares(weights)).reduce((total, sum) => total.add(sum))
  return rootAtMost(total, largest(total.dtype as 'float32' | 'float64'))
}

/**
 * √x, or the largest number where x has overflowed: a saturated neuron's s is 0, and 0·∞ would be NaN. Its derivative
 * at 0, where there is none, is 0.
 */
const rootAtMost = elementwise('weightNorms', (e, x: Expression, most: Expression) => {
  const isZero = e.equal(x, 0)
  return e.minimum(e.where(isZero, 0, e.sqrt(e.where(isZero, 1, x))), most)
})

/** w·w of each row of a matrix, as a batch of products of one row and one column: nothing of the matrix's size is made. */
export function rowSquares(weights: Tensor): Tensor {
  const known = squares.get(weights)
  if (known !== undefined && !known.released) return known
  const sum = weights.expandDims(1).matmul(weights.expandDims(2)).reshape([-1])
  if (!isCapturing()) squares.set(weights, sum) // what a captured step computes does not outlive it
  return sum
}

/**
 * The sensitivity of each neuron in a firing, in closed form: s = |f'(U)|·‖w‖.
 *
 * @param counted  which inputs count; of a recurrent layer its own outputs unless said
 * @returns `[…, neurons]`
 * @throws ValueError for what is no firing
 * @example sensitivities(observe(layer, () => layer.call(x)).firings[0]!.firing)
 */
export function sensitivities(firing: Firing, counted: Counted = 'recurrent'): Tensor {
  checkFirings('sensitivities', [firing], counted)
  const { activation, potential, output } = firing
  return activation
    .slope(potential, output)
    .abs()
    .mul(weightNorms(countedSynapses(firing, counted)))
}

/**
 * The sensitivity of any unit, from the tape: s = ‖∂f/∂x‖.
 *
 * @param f  the unit: a function of a tensor, or a tree of tensors, that returns one number
 * @param x  the inputs that count
 * @returns one number; it can be differentiated in turn
 * @example sensitivity(x => w.dot(x).add(b).tanh(), x)
 */
export function sensitivity<X extends TensorTree>(f: (x: X) => Tensor, x: X): Tensor {
  const parts = leavesOf('sensitivity', grad(f)(x)).map(({ tensor }) => tensor.flatten())
  return norm(parts.length === 1 ? parts[0]! : concat(parts))
}

/**
 * Log-sensitivity: the logarithm of the root mean square of sensitivities, in nats. Zero means that signals
 * neither shrink nor grow, and then, approximately, that the largest Lyapunov exponent is zero.
 *
 * @param s  sensitivities of any shape, or of several layers, all counted alike
 * @returns S, without axes
 * @throws ValueError for what is neither a tensor nor a list of them
 * @example logSensitivity(firings.map(({ firing }) => sensitivities(firing)))
 */
export function logSensitivity(s: Tensor | readonly Tensor[]): Tensor {
  const layers: readonly Tensor[] = Array.isArray(s) ? s : [s]
  checkLayers('logSensitivity', layers)
  const all = layers.length === 1 ? layers[0]! : concat(layers.map(layer => layer.flatten()))
  return all.square().mean().log().mul(0.5)
}

/**
 * Log-sensitivity of a loop through several layers: the sum over the layers, in nats per revolution.
 *
 * @param layers  sensitivities of each layer
 * @returns S, without axes
 * @throws ValueError for what is no list of tensors
 * @example loopLogSensitivity(firings.map(({ firing }) => sensitivities(firing)))
 */
export function loopLogSensitivity(layers: readonly Tensor[]): Tensor {
  checkLayers('loopLogSensitivity', layers)
  return layers.map(layer => logSensitivity(layer)).reduce((sum, each) => sum.add(each))
}

/** @throws ValueError unless these are the sensitivities of one layer or more */
function checkLayers(operation: string, layers: unknown): void {
  if (!Array.isArray(layers) || layers.length === 0) {
    const given = Array.isArray(layers) ? 'empty' : describeValue(layers)
    throw new ValueError(operation, `the list of layers is ${given}`, 'Give the sensitivities of one or more')
  }
  for (const layer of layers) checkTensor(operation, 'the sensitivity', layer)
}
