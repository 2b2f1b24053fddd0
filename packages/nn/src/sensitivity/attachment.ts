/** What SAL acts on in a layer, what it has heard from it, and what must be so before it acts. */

import {
  describeValue,
  GradientError,
  isRecorded,
  isSynchronous,
  NonFiniteError,
  ones,
  type Tensor,
  tensor,
  ValueError,
  where,
} from '@sensigrad/core'
import type { Firing, NeuronLayer } from '../neuron-layer.ts'
import type { LastAdjustment } from './adjustment.ts'
import type { Counted } from './sensitivity.ts'

/** A layer that SAL is attached to. */
export interface Attachment {
  /** Where the layer stands in the module that was attached. */
  readonly path: string
  readonly counted: Counted
  /** Which neurons are attached, bool. */
  readonly mask: Tensor
  readonly stopListening: () => void
  heard: Firing[]
  readonly last: LastAdjustment
}

/** Which of a layer's neurons are meant, bool `[neurons]`. */
export function maskOf(layer: NeuronLayer<never, unknown>, neurons: readonly number[] | undefined): Tensor {
  const { backend } = layer.bias.value
  if (neurons !== undefined && !Array.isArray(neurons)) {
    throw new ValueError(
      'SAL.attach',
      `the neurons are ${describeValue(neurons)}`,
      'Give a list of indices: [0, 7]',
    )
  }
  if (neurons === undefined) return ones([layer.neurons], { dtype: 'bool', backend })
  const mask = new Uint8Array(layer.neurons)
  for (const index of neurons) {
    if (!Number.isInteger(index) || index < 0 || index >= layer.neurons) {
      throw new ValueError(
        'SAL.attach',
        `there is no neuron ${index} in ${layer.constructor.name} with ${layer.neurons} neurons`,
        `Give whole numbers from 0 to ${layer.neurons - 1}`,
      )
    }
    mask[index] = 1
  }
  return tensor(mask, { backend })
}

/** The firing without its history: what SAL does is no part of what a transform differentiates. */
export function asConstants({ synapses, potential, output, ...rest }: Firing): Firing {
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

/**
 * What is not finite must be named before it reaches the weights. Where reading means waiting, on a GPU, it is not
 * looked for.
 *
 * @throws NonFiniteError when the average of an attached neuron, and so a sensitivity of it, is NaN or infinite
 */
export function checkFinite(
  operation: string,
  layer: NeuronLayer<never, unknown>,
  { path, mask }: Attachment,
  average: Tensor,
  remedy: string,
): void {
  const { backend } = average
  if (!isSynchronous(backend)) return
  const values = backend.readSync(where(mask, average, 0))
  const neuron = values.findIndex(value => !Number.isFinite(value))
  if (neuron < 0) return
  const place = path || layer.constructor.name
  throw new NonFiniteError(
    operation,
    `the sensitivity of neuron ${neuron} in ${place} is ${values[neuron]}`,
    remedy,
  )
}

/** @throws GradientError when the layer's parameters are those of a gradient that is being taken */
export function checkSettled(layer: NeuronLayer<never, unknown>): void {
  if (![...layer.parameters().values()].some(({ value }) => isRecorded(value))) return
  throw new GradientError(
    'SAL.adjust',
    `a gradient with respect to the parameters of this ${layer.constructor.name} is being taken, and puts the old ones back`,
    'Call adjust() after it',
  )
}

/** @throws ValueError when passes were made in a captured step, and are to be adjusted outside of it, or the other way round */
export function checkWithin(layer: NeuronLayer<never, unknown>, heard: readonly Firing[]): void {
  const { backend } = layer.bias.value // while a step is captured, one of that step's own
  if (heard.every(({ potential }) => potential.backend === backend)) return
  throw new ValueError(
    'SAL.adjust',
    `a forward pass of this ${layer.constructor.name} was made in a captured step, and this call stands outside of it, or the other way round`,
    'Call adjust() in the same step as the pass, wrap passes that are only for looking in paused(), and forget() those that wait',
  )
}
