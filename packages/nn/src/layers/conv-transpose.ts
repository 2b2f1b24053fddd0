/** Transposed convolutions as layers: each element of the input lays down the kernel, scaled by it. */

import {
  convTranspose1d,
  convTranspose2d,
  type Padding,
  type PerAxis,
  splitKey,
  type Tensor,
} from '@sensigrad/core'
import { type Activation, activationOf, identity } from '../activation.ts'
import { checkCount, checkOptions } from '../check.ts'
import { uniform } from '../initialise.ts'
import { Module } from '../module.ts'
import { checkLayer, parameter } from '../neuron-layer.ts'
import type { Parameter } from '../parameter.ts'
import { type KernelLayerOptions, kernelOptions, perAxis, type Sliding, slidingOf } from './kernel.ts'

/** How a transposed convolution begins, and how its kernel moves. */
export interface TransposedConvolutionOptions extends KernelLayerOptions {
  /** How much is cut off around the axes, as the convolution had zeros there: nothing unless said. */
  readonly padding?: Padding
  /**
   * How many elements longer the axes are at their ends: 0 unless said, and less than the stride or the dilation. A
   * stride makes inputs of several lengths give outputs of one; this names the one that is meant.
   */
  readonly outputPadding?: PerAxis
}

/**
 * What transposed convolutions have in common. An output sums up as many places of the kernel as overlap there, fewer at
 * the ends, so its units are no neurons of one weight vector; their sensitivity comes from the tape.
 */
abstract class TransposedConvolution extends Module {
  /** How many channels the input and the output have. */
  readonly inputs: number
  readonly outputs: number
  /** `[inputs, outputs / groups, …size]`. */
  readonly weight: Parameter
  /** `[outputs]`. */
  readonly bias: Parameter
  readonly activation: Activation
  readonly sliding: Sliding & { readonly outputPadding: readonly number[] }
  protected abstract readonly convolve: typeof convTranspose1d

  protected constructor(
    layer: string,
    rank: number,
    inputs: number,
    outputs: number,
    given: PerAxis,
    options: TransposedConvolutionOptions,
  ) {
    super()
    checkCount(layer, 'input channels', inputs)
    checkCount(layer, 'output channels', outputs)
    checkLayer(layer, inputs, outputs, options)
    checkOptions(layer, options, [...kernelOptions, 'outputPadding'])
    const [weightKey, biasKey] = splitKey(options.key)
    const size = perAxis(layer, 'size', given, rank)
    const sliding = slidingOf(layer, size, options, { inputs, outputs })
    this.inputs = inputs
    this.outputs = outputs
    this.sliding = {
      ...sliding,
      outputPadding: perAxis(layer, 'outputPadding', options.outputPadding ?? 0, rank, 0),
    }
    this.activation = activationOf(options.activation ?? identity)
    const shape = [inputs, outputs / sliding.groups, ...size]
    const elements = shape.slice(1).reduce((product, length) => product * length)
    this.weight = parameter(options.weight ?? uniform(), shape, weightKey!, options.dtype)
    this.bias = parameter(options.bias ?? uniform(undefined, elements), [outputs], biasKey!, options.dtype)
  }

  forward(x: Tensor): Tensor {
    return this.activation(this.convolve(x, this.weight.value, { ...this.sliding, bias: this.bias.value }))
  }
}

/**
 * The transpose of a convolution along one axis (elsewhere called deconvolution): o = f(convTranspose1d(x, W) + θ).
 * `x` is `[batch, inputs, length]` or `[inputs, length]`, `o` is `[batch, outputs, places]` with
 * (length - 1)·stride - padding + dilation·(size - 1) + 1 + outputPadding places.
 *
 * @param inputs   channels of the input
 * @param outputs  channels of the output
 * @param size     elements of the kernel
 * @throws ValueError for measures that make no kernel; at a call ShapeError when x does not fit
 * @example new ConvTranspose1d(16, 3, 4, { key: key(7), stride: 2, padding: 1 }).call(zeros([8, 16, 50])) // [8, 3, 100]
 */
export class ConvTranspose1d extends TransposedConvolution {
  protected readonly convolve = convTranspose1d

  constructor(inputs: number, outputs: number, size: PerAxis, options: TransposedConvolutionOptions) {
    super('ConvTranspose1d', 1, inputs, outputs, size, options)
  }
}

/**
 * The transpose of a convolution along two axes: what `ConvTranspose1d` does along one. `x` is
 * `[batch, inputs, height, width]` or `[inputs, height, width]`.
 *
 * @param inputs   channels of the input
 * @param outputs  channels of the output
 * @param size     elements of the kernel: one number for both axes, or `[height, width]`
 * @throws ValueError for measures that make no kernel; at a call ShapeError when x does not fit
 * @example new ConvTranspose2d(16, 3, 2, { key: key(7), stride: 2 }).call(zeros([8, 16, 8, 8])) // [8, 3, 16, 16]
 */
export class ConvTranspose2d extends TransposedConvolution {
  protected readonly convolve = convTranspose2d

  constructor(inputs: number, outputs: number, size: PerAxis, options: TransposedConvolutionOptions) {
    super('ConvTranspose2d', 2, inputs, outputs, size, options)
  }
}
