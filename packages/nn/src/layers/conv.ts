/** Convolutional layers: neurons that see a patch of their input at each place, with the same weights at all places. */

import {
  conv1d,
  conv2d,
  moveAxis,
  type Padding,
  type PerAxis,
  pad,
  splitKey,
  type Tensor,
  ValueError,
  type Widths,
  windows,
} from '@sensigrad/core'
import { type Activation, activationOf, identity } from '../activation.ts'
import { checkCount, checkOptions } from '../check.ts'
import { uniform } from '../initialise.ts'
import { checkLayer, NeuronLayer, parameter, type Synapses } from '../neuron-layer.ts'
import type { Parameter } from '../parameter.ts'
import { type KernelLayerOptions, kernelOptions, perAxis, type Sliding, slidingOf } from './kernel.ts'

/** How a convolutional layer begins, and how its kernel moves. */
export interface ConvolutionOptions extends KernelLayerOptions {
  /**
   * Zeros around the axes: none (`'valid'`) unless said. `'same'` gives as many places as the input has, for a stride
   * of 1; where the zeros cannot be shared evenly, the odd one stands at the end.
   */
  readonly padding?: Padding | 'same' | 'valid'
}

/** What convolutional layers have in common. A neuron is an output channel, and each place is a sample of what it does. */
abstract class Convolution extends NeuronLayer {
  readonly neurons: number
  /** How many channels the input has. */
  readonly inputs: number
  /** `[outputs, inputs / groups, …size]`. */
  readonly weight: Parameter
  /** θ, `[outputs]`. */
  readonly bias: Parameter
  readonly activation: Activation
  /** The elements of the kernel along each axis. */
  readonly size: readonly number[]
  readonly sliding: Sliding
  protected abstract readonly convolve: typeof conv1d

  protected constructor(
    layer: string,
    rank: number,
    inputs: number,
    outputs: number,
    size: PerAxis,
    options: ConvolutionOptions,
  ) {
    super()
    checkCount(layer, 'input channels', inputs)
    checkCount(layer, 'output channels', outputs)
    checkLayer(layer, inputs, outputs, options)
    checkOptions(layer, options, kernelOptions)
    const [weightKey, biasKey] = splitKey(options.key)
    this.neurons = outputs
    this.inputs = inputs
    this.size = perAxis(layer, 'size', size, rank)
    this.sliding = slidingWith(layer, this.size, options, { inputs, outputs })
    this.activation = activationOf(options.activation ?? identity)
    const shape = [outputs, inputs / this.sliding.groups, ...this.size]
    const seen = shape.slice(1).reduce((product, length) => product * length)
    this.weight = parameter(options.weight ?? uniform(), shape, weightKey!, options.dtype)
    this.bias = parameter(options.bias ?? uniform(undefined, seen), [outputs], biasKey!, options.dtype)
  }

  forward(x: Tensor): Tensor {
    const potential = this.convolve(x, this.weight.value, { ...this.sliding, bias: this.bias.value })
    const output = this.activation(potential)
    // Patches repeat the input as often as the kernel has elements: they are made for a listener only.
    if (this.isHeard) this.#announce(x, potential, output)
    return output
  }

  #announce(x: Tensor, potential: Tensor, output: Tensor): void {
    const { size, sliding, weight, bias, activation } = this
    const channels = x.rank - size.length - 1
    const heard = {
      source: 'external',
      weight,
      weights: weight.value.reshape([this.neurons, weight.value.size / this.neurons]),
    } as const
    this.fire({
      synapses: [sliding.groups === 1 ? { ...heard, inputs: patchesOf(x, size, sliding) } : inGroups(heard)],
      bias,
      potential: moveAxis(potential, channels, -1),
      output: moveAxis(output, channels, -1),
      activation,
    })
  }
}

/** How the kernel moves, with the zeros that a name stands for. */
function slidingWith(
  layer: string,
  size: readonly number[],
  { padding = 0, ...options }: ConvolutionOptions,
  channels: Readonly<Record<string, number>>,
): Sliding {
  if (padding !== 'same' && padding !== 'valid')
    return slidingOf(layer, size, { ...options, padding }, channels)
  const sliding = slidingOf(layer, size, options, channels)
  return padding === 'valid' ? sliding : { ...sliding, padding: zerosForAll(layer, size, sliding) }
}

/**
 * The zeros with which there are as many places as elements.
 *
 * @throws ValueError for a stride, at which there are not
 */
function zerosForAll(layer: string, size: readonly number[], { stride, dilation }: Sliding): Widths[] {
  if (stride.some(step => step !== 1)) {
    throw new ValueError(
      layer,
      `the padding is 'same', but the stride ${stride.join(', ')}`,
      'Only a stride of 1 keeps as many places as there are; give the padding in numbers',
    )
  }
  return size.map((length, i) => {
    const around = dilation[i]! * (length - 1)
    return [Math.floor(around / 2), Math.ceil(around / 2)]
  })
}

/** What the neurons see at each place, `[…, places, channels · elements of the kernel]`. */
function patchesOf(x: Tensor, size: readonly number[], { stride, dilation, padding }: Sliding): Tensor {
  const channels = x.rank - size.length - 1
  const still = Array<Widths>(channels + 1).fill([0, 0])
  const seen = size.reduce(
    (y, length, i) =>
      windows(y, { size: length, stride: stride[i]!, dilation: dilation[i]!, axis: channels + 1 + i }),
    pad(x, [...still, ...padding]),
  )
  const patches = moveAxis(seen, channels, channels + size.length)
  const places = patches.shape.slice(0, channels + size.length)
  const elements = patches.shape.slice(places.length).reduce((product, length) => product * length)
  return patches.reshape([...places, elements])
}

/** The synapses of neurons that do not share their inputs: their norms are known, and more is not asked of them. */
function inGroups(heard: Omit<Synapses, 'inputs'>): Synapses {
  return {
    ...heard,
    get inputs(): Tensor {
      throw new ValueError(
        'Firing',
        'neurons of a convolution in groups do not see the same inputs, so that their inputs are no one tensor',
        'Leave the layer out where SAL attaches, or make it without groups',
      )
    },
  }
}

/**
 * Convolution along one axis: o = f(conv1d(x, W) + θ). `x` is `[batch, inputs, length]` or `[inputs, length]`, `o` is
 * `[batch, outputs, places]` with ⌊(length + padding - dilation·(size - 1) - 1)/stride⌋ + 1 places. To SAL and to
 * what observes it, a channel is a neuron, and each place of each sample one of its firings.
 *
 * @param inputs   channels of the input
 * @param outputs  channels of the output
 * @param size     elements of the kernel
 * @throws ValueError for measures that make no kernel; at a call ShapeError when x does not fit
 * @example new Conv1d(3, 16, 5, { key: key(7), padding: 'same', activation: relu }).call(zeros([8, 3, 100])) // [8, 16, 100]
 */
export class Conv1d extends Convolution {
  protected readonly convolve = conv1d

  constructor(inputs: number, outputs: number, size: PerAxis, options: ConvolutionOptions) {
    super('Conv1d', 1, inputs, outputs, size, options)
  }
}

/**
 * Convolution along two axes: what `Conv1d` does along one. `x` is `[batch, inputs, height, width]` or
 * `[inputs, height, width]`, `o` is `[batch, outputs, places, places]`.
 *
 * @param inputs   channels of the input
 * @param outputs  channels of the output
 * @param size     elements of the kernel: one number for both axes, or `[height, width]`
 * @throws ValueError for measures that make no kernel; at a call ShapeError when x does not fit
 * @example new Conv2d(3, 16, 3, { key: key(7), stride: 2, padding: 1 }).call(zeros([8, 3, 32, 32])) // [8, 16, 16, 16]
 */
export class Conv2d extends Convolution {
  protected readonly convolve = conv2d

  constructor(inputs: number, outputs: number, size: PerAxis, options: ConvolutionOptions) {
    super('Conv2d', 2, inputs, outputs, size, options)
  }
}
