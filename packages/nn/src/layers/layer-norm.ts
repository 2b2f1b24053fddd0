/** Layer norm: every sample normalised by itself. */

import { describeValue, ones, ShapeError, Tensor, ValueError, zeros } from '@sensigrad/core'
import { checkCount, checkDType, checkFlag, checkOptions } from '../check.ts'
import { Module } from '../module.ts'
import { Parameter } from '../parameter.ts'
import { checkEpsilon, scaled, standardise } from './standardise.ts'

/** How a normalisation begins. */
export interface NormOptions {
  /** `float32` unless said. */
  readonly dtype?: 'float32' | 'float64'
  /** ε, which is added to the variance; 1e-5 unless said. */
  readonly eps?: number
  /** Whether there are parameters, a weight of ones and a bias of zeros at first; there are unless said. */
  readonly affine?: boolean
}

/** The options with what they are unless said. */
export function normOptions(layer: string, options: NormOptions, more: readonly string[] = []) {
  checkOptions(layer, options, ['dtype', 'eps', 'affine', ...more])
  const { dtype = 'float32', eps = 1e-5, affine = true } = options
  checkDType(layer, dtype)
  checkEpsilon(layer, eps, dtype)
  checkFlag(layer, 'affine', affine)
  return { dtype, eps, affine }
}

/**
 * Layer norm: y = (x - x̄)/√(σ² + ε) · weight + bias, with mean and variance over the last axes. `x` is
 * `[…, ...shape]`, and y like it. (Ba, Kiros and Hinton, arXiv:1607.06450, eq. 4.)
 *
 * @throws ShapeError when the last axes of x are not of these sizes
 * @example new LayerNorm(64)
 */
export class LayerNorm extends Module {
  /** The sizes of the axes that are normalised over. */
  readonly shape: readonly number[]
  readonly eps: number
  /** Of that shape; absent where the layer is not affine. */
  readonly weight: Parameter | undefined
  /** Of that shape; absent where the layer is not affine. */
  readonly bias: Parameter | undefined

  /** @param shape  the sizes of the last axes; a number for one of them */
  constructor(shape: number | readonly number[], options: NormOptions = {}) {
    super()
    const { dtype, eps, affine } = normOptions('LayerNorm', options)
    this.shape = sizesOf('LayerNorm', shape)
    this.eps = eps
    this.weight = affine ? new Parameter(ones(this.shape, { dtype })) : undefined
    this.bias = affine ? new Parameter(zeros(this.shape, { dtype })) : undefined
  }

  forward(x: Tensor): Tensor {
    const axes = lastAxes('LayerNorm', x, this.shape)
    return scaled(standardise(x, axes, this.eps).standard, this.weight, this.bias)
  }
}

/** @throws ValueError unless they are sizes of one axis or more */
export function sizesOf(layer: string, shape: unknown): readonly number[] {
  const sizes: readonly unknown[] = Array.isArray(shape) ? shape : [shape]
  for (const size of sizes) checkCount(layer, 'elements', size)
  if (sizes.length > 0) return sizes as readonly number[]
  throw new ValueError(
    layer,
    'the shape has no axes',
    'Give the size of the last axis, or the sizes of several',
  )
}

/** @throws ValueError when `x` is no tensor; ShapeError unless its last axes have these sizes */
export function lastAxes(layer: string, x: unknown, sizes: readonly number[]): number[] {
  if (!(x instanceof Tensor)) {
    throw new ValueError(layer, `the input is ${describeValue(x)}`, 'Make it a tensor with tensor(…)')
  }
  const first = x.rank - sizes.length
  if (first >= 0 && sizes.every((size, i) => x.shape[first + i] === size))
    return sizes.map((_, i) => first + i)
  throw new ShapeError(
    layer,
    `the input is ${x}, but the layer takes […, ${sizes.join(', ')}]`,
    'Check the shape that the layer was made with',
  )
}
