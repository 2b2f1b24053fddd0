/** RMS norm: every sample divided by the root of its mean square. */

import { epsilon, ones, type Tensor } from '@sensigrad/core'
import { Module } from '../module.ts'
import { Parameter } from '../parameter.ts'
import { lastAxes, type NormOptions, normOptions, sizesOf } from './layer-norm.ts'
import { rootMeanSquared, scaled } from './standardise.ts'

/**
 * RMS norm: y = x/√(mean(x²) + ε) · weight, with the mean over the last axes. `x` is `[…, ...shape]`, and y like it.
 * ε is the machine epsilon of the type unless said. (Zhang and Sennrich, NeurIPS 2019, eq. 4.)
 *
 * @throws ShapeError when the last axes of x are not of these sizes
 * @example new RMSNorm(64)
 */
export class RMSNorm extends Module {
  /** The sizes of the axes that are normalised over. */
  readonly shape: readonly number[]
  readonly eps: number
  /** Of that shape, ones at first; absent where the layer is not affine. */
  readonly weight: Parameter | undefined

  /** @param shape  the sizes of the last axes; a number for one of them */
  constructor(shape: number | readonly number[], options: NormOptions = {}) {
    super()
    const { dtype, affine } = normOptions('RMSNorm', options)
    this.shape = sizesOf('RMSNorm', shape)
    this.eps = options.eps ?? epsilon(dtype)
    this.weight = affine ? new Parameter(ones(this.shape, { dtype })) : undefined
  }

  forward(x: Tensor): Tensor {
    return scaled(rootMeanSquared(x, lastAxes('RMSNorm', x, this.shape), this.eps), this.weight, undefined)
  }
}
