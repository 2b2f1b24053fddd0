/** Attention: each place of a sequence asks all places, and hears those whose keys answer. */

import {
  type Key,
  largest,
  ShapeError,
  softmax,
  splitKey,
  swapAxes,
  type Tensor,
  ValueError,
  where,
} from '@sensigrad/core'
import { checkCount, checkFlag, checkOptions } from '../check.ts'
import { constant, type Initialiser, uniform, xavier } from '../initialise.ts'
import { Module } from '../module.ts'
import { checkInputs, checkLayer, type LayerOptions, parameter } from '../neuron-layer.ts'
import type { Parameter } from '../parameter.ts'
import { type AttentionMasks, blockedAmong } from './attention-masks.ts'
import { Dense } from './dense.ts'
import { Dropout } from './dropout.ts'

/** How attention begins. Initial values are PyTorch's. */
export interface MultiHeadAttentionOptions extends LayerOptions {
  /** The size of the keys before their projection; `size` unless said. */
  readonly kdim?: number
  /** The size of the values before their projection; `size` unless said. */
  readonly vdim?: number
  /** Whether the projections have biases; they have unless said. */
  readonly bias?: boolean
  /** The share of attention weights that is dropped in training; 0 unless said. */
  readonly dropout?: number
}

/** What attention computes in one pass. */
export interface Attended {
  /** What the heads heard, projected: `[…, queries, size]`. */
  readonly output: Tensor
  /** What each head heard: `[…, queries, heads, size / heads]`. */
  readonly heads: Tensor
  /** How much each query heard of each key, before dropout: `[…, heads, queries, keys]`; each row adds up to 1. */
  readonly weights: Tensor
}

/**
 * Attention of several heads (Vaswani et al., NeurIPS 2017, §3.2): each head computes softmax(q kᵀ/√d) v from its share
 * of the projected queries, keys and values, d = size/heads; their outputs are joined and projected. Sequences are
 * batch first, `[…, time, size]`.
 *
 * A query from which every key is masked hears zeros: its output is the bias of the last projection. (PyTorch gives NaN.)
 *
 * @param size   of the queries and of the output; the heads share it
 * @param heads  how many; they divide the size
 * @throws ValueError for sizes and options out of range; at a call ShapeError or DTypeError when a sequence or a mask
 *         does not fit
 * @example
 * const attention = new MultiHeadAttention(64, 8, { key: key(7) })
 * attention.call(x)                              // self-attention, [8, 20, 64] → [8, 20, 64]
 * attention.call(x, x, x, { causal: true })      // hears nothing of what comes later
 * attention.call(x, memory, memory, { padding }) // hears another sequence
 */
export class MultiHeadAttention extends Module<
  [query: Tensor, key?: Tensor, value?: Tensor, masks?: AttentionMasks]
> {
  readonly size: number
  readonly headCount: number
  /** The projections: of the queries, the keys and the values, and of what all heads heard. */
  readonly query: Dense | Projection
  readonly key: Dense | Projection
  readonly value: Dense | Projection
  readonly output: Dense | Projection
  readonly dropout: Dropout

  constructor(size: number, heads: number, options: MultiHeadAttentionOptions) {
    super()
    checkCount('MultiHeadAttention', 'features', size)
    checkCount('MultiHeadAttention', 'heads', heads)
    checkLayer('MultiHeadAttention', size, heads, options)
    checkOptions('MultiHeadAttention', options, ['key', 'dtype', 'kdim', 'vdim', 'bias', 'dropout'])
    const { kdim = size, vdim = size, bias = true, dropout = 0, dtype = 'float32' } = options
    checkCount('MultiHeadAttention', 'features of a key', kdim)
    checkCount('MultiHeadAttention', 'features of a value', vdim)
    checkFlag('MultiHeadAttention', 'bias', bias)
    if (size % heads !== 0) {
      throw new ValueError(
        'MultiHeadAttention',
        `${heads} heads do not share a size of ${size} evenly`,
        'Give a size that is a multiple of the number of heads',
      )
    }
    const [query, key, value, output, drop] = splitKey(options.key, 5) as [Key, Key, Key, Key, Key]
    const project = (inputs: number, key: Key, weight: Initialiser) =>
      bias
        ? new Dense(inputs, size, { key, dtype, weight, bias: constant(0) })
        : new Projection(inputs, size, weight, { key, dtype })
    // PyTorch draws the weights of three projections of one size as one weight, [3·size, size].
    const initial = kdim === size && vdim === size ? xavier(Math.SQRT1_2) : xavier()
    this.size = size
    this.headCount = heads
    this.query = project(size, query, initial)
    this.key = project(kdim, key, initial)
    this.value = project(vdim, value, initial)
    this.output = project(size, output, uniform())
    this.dropout = new Dropout(dropout, { key: drop })
  }

  /**
   * @param query  `[…, queries, size]`
   * @param key    `[…, keys, kdim]`; the queries unless given
   * @param value  `[…, keys, vdim]`; the keys unless given
   * @returns      `[…, queries, size]`
   */
  forward(query: Tensor, key?: Tensor, value?: Tensor, masks?: AttentionMasks): Tensor {
    return this.#attend(query, key, value, masks).output
  }

  /** What `call` computes, with what each head heard and how much of each key. */
  attend(query: Tensor, key?: Tensor, value?: Tensor, masks?: AttentionMasks): Attended {
    return this.within(() => this.#attend(query, key, value, masks))
  }

  /** What each head hears, before the last projection: `[…, queries, heads, size / heads]`. */
  heads(query: Tensor, key?: Tensor, value?: Tensor, masks?: AttentionMasks): Tensor {
    return this.within(() => this.#hear(query, key, value, masks).heads)
  }

  #attend(...sequences: Parameters<MultiHeadAttention['forward']>): Attended {
    const { heads, weights } = this.#hear(...sequences)
    const output = this.output.call(heads.reshape([...heads.shape.slice(0, -2), this.size]))
    return { output, heads, weights }
  }

  #hear(query: Tensor, key = query, value = key, masks: AttentionMasks = {}): Omit<Attended, 'output'> {
    this.#check({ query, key, value })
    const [q, k, v] = [this.query.call(query), this.key.call(key), this.value.call(value)].map(x =>
      this.#split(x),
    )
    const scores = q!.mul(Math.sqrt(this.headCount / this.size)).matmul(k!.transpose())
    const weights = softmaxWithout(blockedAmong(scores, masks), scores)
    return { weights, heads: swapAxes(this.dropout.call(weights).matmul(v!), -2, -3) }
  }

  #check(sequences: Readonly<Record<'query' | 'key' | 'value', Tensor>>): void {
    for (const what of ['query', 'key', 'value'] as const) {
      const x = sequences[what]
      checkInputs('MultiHeadAttention', what, x, this[what].inputs)
      if (x.rank >= 2) continue
      throw new ShapeError('MultiHeadAttention', `the ${what} is ${x}`, 'Give a sequence: […, time, size]')
    }
    const { key, value } = sequences
    if (String(key.shape.slice(0, -1)) === String(value.shape.slice(0, -1))) return
    throw new ShapeError(
      'MultiHeadAttention',
      `the key is ${key}, but the value ${value}`,
      'Each key has its value: they differ in their last axes alone',
    )
  }

  /** `[…, time, size]` → `[…, heads, time, size / heads]` */
  #split(x: Tensor): Tensor {
    const { headCount, size } = this
    return swapAxes(x.reshape([...x.shape.slice(0, -1), headCount, size / headCount]), -2, -3)
  }
}

/** A dense layer without biases: x Wᵀ. `x` is `[…, inputs]`. */
export class Projection extends Module {
  readonly inputs: number
  /** W, `[outputs, inputs]`. */
  readonly weight: Parameter

  constructor(inputs: number, outputs: number, weight: Initialiser, { key, dtype }: LayerOptions) {
    super()
    this.inputs = inputs
    this.weight = parameter(weight, [outputs, inputs], key, dtype)
  }

  forward(x: Tensor): Tensor {
    return x.matmul(this.weight.value.transpose())
  }
}

/** The softmax of each row over what is not blocked; zeros where all is. */
function softmaxWithout(blocked: Tensor | undefined, scores: Tensor): Tensor {
  if (blocked === undefined) return softmax(scores)
  // Half of the lowest number: whatever is subtracted from it, it stays finite, and no row is a difference of infinities.
  const lowest = -largest(scores.dtype as 'float32' | 'float64') / 2
  return where(blocked, 0, softmax(where(blocked, lowest, scores)))
}
