/** Embeddings: a vector to learn for each of a number of things, such as the words of a vocabulary. */

import { checkTensor, describeValue, gather, ShapeError, type Tensor, where } from '@sensigrad/core'
import { checkCount, checkFunction, checkOptions } from '../check.ts'
import { gaussianOf, type Initialiser } from '../initialise.ts'
import { Module } from '../module.ts'
import { checkLayer, type LayerOptions, parameter } from '../neuron-layer.ts'
import type { Parameter } from '../parameter.ts'

/** How an embedding begins. */
export interface EmbeddingOptions extends LayerOptions {
  /** Initial vectors; normal with mean 0 and deviation 1 unless said, as in PyTorch. */
  readonly weight?: Initialiser
  /** An index that stands for nothing: its vector is 0 at first and does not learn. None unless said. */
  readonly padding?: number
}

/**
 * The vectors at indices. `x` is int32 of any shape, `y` is `[…, size]`.
 *
 * @throws DTypeError when the indices are not int32; ShapeError, where the backend can be read at once, for one that is
 *         not from 0 to count - 1
 * @example new Embedding(1000, 64, { key: key(7) })
 */
export class Embedding extends Module {
  readonly count: number
  readonly size: number
  /** `[count, size]`. */
  readonly weight: Parameter
  readonly padding: number | undefined

  constructor(count: number, size: number, options: EmbeddingOptions) {
    super()
    checkCount('Embedding', 'vectors', count)
    checkCount('Embedding', 'elements', size)
    checkOptions('Embedding', options, ['key', 'dtype', 'weight', 'padding'])
    checkLayer('Embedding', count, size, options)
    const { padding, dtype, weight = gaussianOf(1) } = options
    checkFunction('Embedding', 'the weight', weight, 'Give an initialiser such as initialise.gaussian()')
    if (padding !== undefined && !(Number.isInteger(padding) && padding >= 0 && padding < count)) {
      throw new ShapeError(
        'Embedding',
        `the padding ${describeValue(padding)} is no index`,
        `Give a whole number from 0 to ${count - 1}`,
      )
    }
    this.count = count
    this.size = size
    this.padding = padding
    const initial: Initialiser = (key, shape) => {
      const values = weight(key, shape)
      return padding === undefined ? values : values.fill(0, padding * size, (padding + 1) * size)
    }
    this.weight = parameter(initial, [count, size], options.key, dtype)
  }

  forward(indices: Tensor): Tensor {
    checkTensor('Embedding', 'the index argument', indices)
    const vectors = gather(this.weight.value, indices)
    if (this.padding === undefined) return vectors
    return where(indices.equal(this.padding).expandDims(-1), vectors.stopGradient(), vectors)
  }
}
