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
import { checkFlag, checkOptions } from '../check.ts'
import { Module } from '../module.ts'
import { paddingPerAxis, perAxis } from './kernel.ts'

/** A pooling with the options it is made with. How they fit an input, core checks when it pools. */
abstract class Pool<Options extends MaxPoolOptions & AveragePoolOptions> extends Module {
  readonly options: Options

  protected constructor(
    layer: string,
    rank: number,
    size: PerAxis,
    options: Omit<Options, 'size'>,
    own: 'dilation' | 'countPadding',
  ) {
    super()
    checkOptions(layer, options, ['stride', 'padding', own])
    this.options = { ...options, size } as Options
    const { stride = size, padding = 0, dilation = 1, countPadding = true } = this.options
    perAxis(layer, 'size', size, rank)
    perAxis(layer, 'stride', stride, rank)
    perAxis(layer, 'dilation', dilation, rank)
    paddingPerAxis(layer, padding, rank)
    checkFlag(layer, 'countPadding', countPadding)
  }
}

/**
 * The largest element of each window along the last axis; see `maxPool1d`.
 *
 * @throws ValueError for a size or an option that is none; at a call ShapeError when x has nothing to pool over
 * @example new MaxPool1d(2)
 */
export class MaxPool1d extends Pool<MaxPoolOptions> {
  constructor(size: PerAxis, options: Omit<MaxPoolOptions, 'size'> = {}) {
    super('MaxPool1d', 1, size, options, 'dilation')
  }

  forward(x: Tensor): Tensor {
    return maxPool1d(x, this.options)
  }
}

/**
 * The largest element of each window along the last two axes; see `maxPool2d`.
 *
 * @throws ValueError for a size or an option that is none; at a call ShapeError when x has nothing to pool over
 * @example new MaxPool2d(3, { stride: 2, padding: 1 })
 */
export class MaxPool2d extends Pool<MaxPoolOptions> {
  constructor(size: PerAxis, options: Omit<MaxPoolOptions, 'size'> = {}) {
    super('MaxPool2d', 2, size, options, 'dilation')
  }

  forward(x: Tensor): Tensor {
    return maxPool2d(x, this.options)
  }
}

/**
 * The mean of each window along the last axis; see `averagePool1d`.
 *
 * @throws ValueError for a size or an option that is none; at a call ShapeError when x has nothing to pool over
 * @example new AveragePool1d(2)
 */
export class AveragePool1d extends Pool<AveragePoolOptions> {
  constructor(size: PerAxis, options: Omit<AveragePoolOptions, 'size'> = {}) {
    super('AveragePool1d', 1, size, options, 'countPadding')
  }

  forward(x: Tensor): Tensor {
    return averagePool1d(x, this.options)
  }
}

/**
 * The mean of each window along the last two axes; see `averagePool2d`.
 *
 * @throws ValueError for a size or an option that is none; at a call ShapeError when x has nothing to pool over
 * @example new AveragePool2d([2, 1], { padding: 1, countPadding: false })
 */
export class AveragePool2d extends Pool<AveragePoolOptions> {
  constructor(size: PerAxis, options: Omit<AveragePoolOptions, 'size'> = {}) {
    super('AveragePool2d', 2, size, options, 'countPadding')
  }

  forward(x: Tensor): Tensor {
    return averagePool2d(x, this.options)
  }
}
