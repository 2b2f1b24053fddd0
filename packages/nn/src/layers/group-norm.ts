/** Group norm: the channels of every sample normalised group by group. */

import { ones, type Tensor, ValueError, zeros } from '@sensigrad/core'
import { checkChannels, checkCount } from '../check.ts'
import { Module } from '../module.ts'
import { Parameter } from '../parameter.ts'
import { type NormOptions, normOptions } from './layer-norm.ts'
import { scaled, standardise } from './standardise.ts'

/**
 * Group norm: y = (x - x̄)/√(σ² + ε) · weight + bias, with mean and variance over the channels of a group and all
 * that follows them. `x` is `[batch, channels, …]`, and y like it. (Wu and He, ECCV 2018, eq. 1 and 7.)
 *
 * @throws ShapeError when x has another number of channels
 * @example new GroupNorm(4, 32) // one group: layer norm over channels; as many as channels: instance norm
 */
export class GroupNorm extends Module {
  readonly groups: number
  readonly channels: number
  readonly eps: number
  /** `[channels]`; absent where the layer is not affine. */
  readonly weight: Parameter | undefined
  /** `[channels]`; absent where the layer is not affine. */
  readonly bias: Parameter | undefined

  /** @param groups  divides the number of channels */
  constructor(groups: number, channels: number, options: NormOptions = {}) {
    super()
    checkCount('GroupNorm', 'groups', groups)
    checkCount('GroupNorm', 'channels', channels)
    if (channels % groups !== 0) {
      throw new ValueError(
        'GroupNorm',
        `${channels} channels do not make ${groups} groups`,
        'Give groups first, a divisor of the number of channels',
      )
    }
    const { dtype, eps, affine } = normOptions('GroupNorm', options)
    this.groups = groups
    this.channels = channels
    this.eps = eps
    this.weight = affine ? new Parameter(ones([channels], { dtype })) : undefined
    this.bias = affine ? new Parameter(zeros([channels], { dtype })) : undefined
  }

  forward(x: Tensor): Tensor {
    checkChannels('GroupNorm', x, this.channels)
    const [batch, , ...positions] = x.shape
    const grouped = x.reshape([batch!, this.groups, this.channels / this.groups, ...positions])
    const axes = grouped.shape.map((_, axis) => axis).slice(2)
    const { standard } = standardise(grouped, axes, this.eps)
    return scaled(standard.reshape(x.shape), this.weight, this.bias, [-1, ...positions.map(() => 1)])
  }
}
