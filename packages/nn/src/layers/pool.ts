/** Pooling as modules, over the functions of core. */

import {
  type AveragePoolOptions,
  averagePool1d,
  averagePool2d,
  type MaxPoolOptions,
  maxPool1d,
  maxPool2d,
  type PerAxis,
  type Tensor,
} from '@sensigrad/core'
import { checkOptions } from '../check.ts'
import { Module } from '../module.ts'

/** A pooling with the options it is made with, which core checks when it pools. */
abstract class Pool<Options extends MaxPoolOptions | AveragePoolOptions> extends Module {
  readonly options: Options

  protected constructor(layer: string, options: Options, own: keyof Options & string) {
    super()
    checkOptions(layer, options, ['size', 'stride', 'padding', own])
    this.options = options
  }
}

/**
 * The largest element of each window along the last axis; see `maxPool1d`.
 *
 * @example new MaxPool1d(2)
 */
export class MaxPool1d extends Pool<MaxPoolOptions> {
  constructor(size: PerAxis, options: Omit<MaxPoolOptions, 'size'> = {}) {
    super('MaxPool1d', { ...options, size }, 'dilation')
  }

  forward(x: Tensor): Tensor {
    return maxPool1d(x, this.options)
  }
}

/**
 * The largest element of each window along the last two axes; see `maxPool2d`.
 *
 * @example new MaxPool2d(3, { stride: 2, padding: 1 })
 */
export class MaxPool2d extends Pool<MaxPoolOptions> {
  constructor(size: PerAxis, options: Omit<MaxPoolOptions, 'size'> = {}) {
    super('MaxPool2d', { ...options, size }, 'dilation')
  }

  forward(x: Tensor): Tensor {
    return maxPool2d(x, this.options)
  }
}

/**
 * The mean of each window along the last axis; see `averagePool1d`.
 *
 * @example new AveragePool1d(2)
 */
export class AveragePool1d extends Pool<AveragePoolOptions> {
  constructor(size: PerAxis, options: Omit<AveragePoolOptions, 'size'> = {}) {
    super('AveragePool1d', { ...options, size }, 'countPadding')
  }

  forward(x: Tensor): Tensor {
    return averagePool1d(x, this.options)
  }
}

/**
 * The mean of each window along the last two axes; see `averagePool2d`.
 *
 * @example new AveragePool2d([2, 1], { padding: 1, countPadding: false })
 */
export class AveragePool2d extends Pool<AveragePoolOptions> {
  constructor(size: PerAxis, options: Omit<AveragePoolOptions, 'size'> = {}) {
    super('AveragePool2d', { ...options, size }, 'countPadding')
  }

  forward(x: Tensor): Tensor {
    return averagePool2d(x, this.options)
  }
}
