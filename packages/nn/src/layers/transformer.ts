/** Transformer encoders: attention and a perceptron in turn, each beside a path on which the signal passes unchanged. */

import { type Key, relu, splitKey, type Tensor } from '@sensigrad/core'
import type { Activation } from '../activation.ts'
import { checkCount, checkFlag, checkOptions } from '../check.ts'
import { Module } from '../module.ts'
import { checkLayer, type LayerOptions } from '../neuron-layer.ts'
import { MultiHeadAttention } from './attention.ts'
import type { AttentionMasks } from './attention-masks.ts'
import { Dense } from './dense.ts'
import { Dropout } from './dropout.ts'
import { LayerNorm } from './layer-norm.ts'

/** What the layers of a transformer are told. Defaults and initial values are PyTorch's. */
export interface TransformerEncoderLayerOptions extends LayerOptions {
  /** How many neurons stand between the two projections of the perceptron; 2048 unless said. */
  readonly feedForward?: number
  /** The share that is dropped in training, of attention weights and of what each part adds; 0.1 unless said. */
  readonly dropout?: number
  /** f of the neurons in the perceptron; relu unless said. */
  readonly activation?: Activation | ((potential: Tensor) => Tensor)
  /** Whether each part hears a normalised signal (`true`), or the sum is normalised (unless said). */
  readonly normFirst?: boolean
  /** What is added to variances; 1e-5 unless said. */
  readonly eps?: number
}

const layerOptions = ['key', 'dtype', 'feedForward', 'dropout', 'activation', 'normFirst', 'eps']

/**
 * One layer of a transformer's encoder: x ← norm(x + attention(x)), x ← norm(x + perceptron(x)) (Vaswani et al.,
 * NeurIPS 2017, §3.1), or with `normFirst` x ← x + attention(norm(x)), x ← x + perceptron(norm(x)) (Xiong et al.,
 * ICML 2020), which learns without a warm-up of the rate. `x` is `[…, time, size]`, and so is what comes out.
 *
 * @param size   of each place
 * @param heads  of the attention; they divide the size
 * @throws ValueError for sizes and options out of range; at a call ShapeError when x or a mask does not fit
 * @example new TransformerEncoderLayer(64, 8, { key: key(7), normFirst: true }).call(x, { causal: true })
 */
export class TransformerEncoderLayer extends Module<[x: Tensor, masks?: AttentionMasks]> {
  readonly attention: MultiHeadAttention
  readonly linear1: Dense
  readonly linear2: Dense
  readonly norm1: LayerNorm
  readonly norm2: LayerNorm
  readonly dropout: Dropout
  readonly normFirst: boolean

  constructor(size: number, heads: number, options: TransformerEncoderLayerOptions) {
    super()
    const name = 'TransformerEncoderLayer'
    checkLayer(name, size, heads, options)
    checkOptions(name, options, layerOptions)
    const { feedForward = 2048, dropout = 0.1, activation = relu, normFirst = false } = options
    const { dtype = 'float32', eps = 1e-5 } = options
    checkCount(name, 'neurons in the perceptron', feedForward)
    checkFlag(name, 'normFirst', normFirst)
    const [heard, first, second, dropped] = splitKey(options.key, 4) as [Key, Key, Key, Key]
    this.attention = new MultiHeadAttention(size, heads, { key: heard, dtype, dropout })
    this.linear1 = new Dense(size, feedForward, { key: first, dtype, activation })
    this.linear2 = new Dense(feedForward, size, { key: second, dtype })
    this.norm1 = new LayerNorm(size, { dtype, eps })
    this.norm2 = new LayerNorm(size, { dtype, eps })
    this.dropout = new Dropout(dropout, { key: dropped })
    this.normFirst = normFirst
  }

  forward(x: Tensor, masks: AttentionMasks = {}): Tensor {
    const hear = (x: Tensor) => this.dropout.call(this.attention.call(x, x, x, masks))
    const think = (x: Tensor) => this.dropout.call(this.linear2.call(this.dropout.call(this.linear1.call(x))))
    if (this.normFirst) {
      const heard = x.add(hear(this.norm1.call(x)))
      return heard.add(think(this.norm2.call(heard)))
    }
    const heard = this.norm1.call(x.add(hear(x)))
    return this.norm2.call(heard.add(think(heard)))
  }
}

/** What an encoder is told: what its layers are, how many they are, and how it ends. */
export interface TransformerEncoderOptions extends TransformerEncoderLayerOptions {
  readonly layers: number
  /** Whether the output of the last layer is normalised, as is usual after layers with `normFirst`; not unless said. */
  readonly norm?: boolean
}

/**
 * A stack of encoder layers. Unlike the copies in PyTorch's, each begins with values of its own.
 *
 * @throws as `TransformerEncoderLayer`
 * @example
 * const encoder = new TransformerEncoder(64, 8, { key: key(7), layers: 6, normFirst: true, norm: true })
 * encoder.call(x.add(sinusoidalPositions(20, 64)), { padding }) // [8, 20, 64] → [8, 20, 64]
 */
export class TransformerEncoder extends Module<[x: Tensor, masks?: AttentionMasks]> {
  readonly layers: readonly TransformerEncoderLayer[]
  readonly norm: LayerNorm | undefined

  constructor(size: number, heads: number, options: TransformerEncoderOptions) {
    super()
    const name = 'TransformerEncoder'
    checkLayer(name, size, heads, options)
    checkOptions(name, options, [...layerOptions, 'layers', 'norm'])
    const { layers, norm = false, key, ...each } = options
    checkCount(name, 'layers', layers)
    checkFlag(name, 'norm', norm)
    this.layers = splitKey(key, layers).map(key => new TransformerEncoderLayer(size, heads, { ...each, key }))
    this.norm = norm
      ? new LayerNorm(size, { dtype: each.dtype ?? 'float32', eps: each.eps ?? 1e-5 })
      : undefined
  }

  forward(x: Tensor, masks: AttentionMasks = {}): Tensor {
    const heard = this.layers.reduce((x, layer) => layer.call(x, masks), x)
    return this.norm ? this.norm.call(heard) : heard
  }
}
