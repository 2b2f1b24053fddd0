/** Batch norm: every channel normalised over the batch in training, and by what was seen in training afterwards. */

import { ones, ShapeError, type Tensor, Variable, zeros } from '@sensigrad/core'
import { checkChannels, checkCount, checkShare } from '../check.ts'
import { Module } from '../module.ts'
import { Parameter } from '../parameter.ts'
import { type NormOptions, normOptions } from './layer-norm.ts'
import { scaled, standardise } from './standardise.ts'

/** How a batch norm begins. */
export interface BatchNormOptions extends NormOptions {
  /** How much a batch counts in the running mean and variance; 0.1 unless said. */
  readonly momentum?: number
}

/**
 * Batch norm: y = (x - x̄)/√(σ² + ε) · weight + bias for each channel. In training x̄ and σ² are the mean and variance
 * over the batch and all positions, and running averages of them are kept (of the variance with the divisor n - 1);
 * after `eval()` these are used instead. `x` is `[batch, channels, …]`, without positions or with one axis of them or
 * several, and y like it. (Ioffe and Szegedy, ICML 2015, algorithms 1 and 2.)
 *
 * @throws ShapeError when x has another number of channels or, in training, one element for each of them
 * @example new BatchNorm(16) // after conv1d or conv2d of 16 channels
 */
export class BatchNorm extends Module {
  readonly channels: number
  readonly eps: number
  readonly momentum: number
  /** `[channels]`; absent where the layer is not affine. */
  readonly weight: Parameter | undefined
  /** `[channels]`; absent where the layer is not affine. */
  readonly bias: Parameter | undefined
  /** `[channels]`, zeros at first. */
  readonly runningMean: Variable
  /** `[channels]`, ones at first. */
  readonly runningVariance: Variable

  constructor(channels: number, options: BatchNormOptions = {}) {
    super()
    checkCount('BatchNorm', 'channels', channels)
    const { dtype, eps, affine } = normOptions('BatchNorm', options, ['momentum'])
    const { momentum = 0.1 } = options
    checkShare('BatchNorm', 'momentum', momentum)
    this.channels = channels
    this.eps = eps
    this.momentum = momentum
    this.weight = affine ? new Parameter(ones([channels], { dtype })) : undefined
    this.bias = affine ? new Parameter(zeros([channels], { dtype })) : undefined
    this.runningMean = new Variable(zeros([channels], { dtype }), 'runningMean')
    this.runningVariance = new Variable(ones([channels], { dtype }), 'runningVariance')
  }

  forward(x: Tensor): Tensor {
    checkChannels('BatchNorm', x, this.channels)
    const along = [-1, ...x.shape.slice(2).map(() => 1)]
    const standard = this.isTraining ? this.#byBatch(x) : this.#byRunning(x, along)
    return scaled(standard, this.weight, this.bias, along)
  }

  #byBatch(x: Tensor): Tensor {
    const count = x.size / this.channels
    if (count < 2) {
      throw new ShapeError(
        'BatchNorm',
        `in training ${x} has ${count === 1 ? 'one element' : 'no elements'} for each channel, which has no variance`,
        'Give a larger batch, or call eval() on the model first',
      )
    }
    const axes = x.shape.map((_, axis) => axis).filter(axis => axis !== 1)
    const { standard, mean, variance } = standardise(x, axes, this.eps)
    this.#follow(this.runningMean, mean())
    this.#follow(this.runningVariance, variance(count / (count - 1)))
    return standard
  }

  #byRunning(x: Tensor, along: readonly number[]): Tensor {
    const mean = this.runningMean.value.reshape(along)
    const deviation = this.runningVariance.value.add(this.eps).sqrt().reshape(along)
    return x.sub(mean).div(deviation)
  }

  #follow(running: Variable, now: Tensor): void {
    const news = now.stopGradient().reshape([this.channels])
    running.value = running.value.mul(1 - this.momentum).add(news.mul(this.momentum))
  }
}
