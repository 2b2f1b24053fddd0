/**
 * How a network passes signals on and gradients back, stage by stage. Everything is computed anew in float64, in a twin
 * of the network: a gradient of 1e-158 is exactly 0 in float32.
 */

import { grad, scope, stack, type Tensor, zeros } from '@sensigrad/core'
import { observe, sensitivities } from '@sensigrad/nn'
import type { StagedNetwork } from './networks.ts'
import type { Task } from './task.ts'

/** What is seen of a network at one moment. */
export interface Sight {
  /** Norm of the loss's gradient with respect to the output of each stage. */
  readonly gradientNorms: number[]
  /** ln of the RMS sensitivity over the neurons of each stage, in nats. */
  readonly logSensitivity: number[]
  /** Sensitivity of each neuron as a mean over the samples, by stage. */
  readonly sensitivities: number[][]
}

/**
 * Looks at a network with the samples of its task.
 *
 * @param twin  a network like it in float64; its parameters are overwritten
 */
export async function look(network: StagedNetwork, twin: StagedNetwork, task: Task): Promise<Sight> {
  const { gradients, means } = scope(() => {
    const values = network.parameters()
    for (const [path, parameter] of twin.parameters()) {
      parameter.value = values.get(path)!.value.cast('float64')
    }
    const { y } = task.looked
    const x = task.looked.x.cast('float64')
    const nothing = zeros([twin.samples(x), twin.width], { dtype: 'float64' })
    const nudges = Array<Tensor>(twin.stages(x)).fill(nothing)
    const lossOf = (nudges: readonly Tensor[]) => task.loss(twin.call(x, nudges), y)
    const { result, firings } = observe(twin, () => grad(lossOf)(nudges))
    const stages = firings.filter(({ path }) => path !== 'readout')
    const means = stages.map(({ firing }) => sensitivities(firing).mean(0))
    return { gradients: stack(result), means: stack(means) }
  })
  const perNeuron = rows(await means.data(), gradients.shape[0]!)
  return {
    gradientNorms: rows(await gradients.data(), gradients.shape[0]!).map(lengthOf),
    logSensitivity: perNeuron.map(s => Math.log(lengthOf(s) / Math.sqrt(s.length))),
    sensitivities: perNeuron,
  }
}

/** A list in so many parts of one length. */
function rows(values: ArrayLike<number>, count: number): number[][] {
  const size = values.length / count
  return Array.from({ length: count }, (_, i) =>
    Array.from({ length: size }, (_, j) => values[i * size + j]!),
  )
}

/** √Σv², without squares that are too small for a float64. */
function lengthOf(values: readonly number[]): number {
  const largest = values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0)
  if (!(largest > 0 && largest < Number.POSITIVE_INFINITY)) return largest
  return largest * Math.sqrt(values.reduce((sum, value) => sum + (value / largest) ** 2, 0))
}
