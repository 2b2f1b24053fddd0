/** Dropout: in training, numbers are left out at random. */

import { bernoulli, checkTensor, fresh, isCapturing, type Key, type Tensor, where } from '@sensigrad/core'
import { checkOptions, checkShare } from '../check.ts'
import { KeyStream } from '../key-stream.ts'
import { Module } from '../module.ts'

/** How a dropout begins. */
export interface DropoutOptions {
  /** Where the masks come from; the same key gives the same masks. */
  readonly key: Key
}

/**
 * In training, sets each element to 0 with probability p, and divides the others by 1 - p, so that the mean stays;
 * after `eval()` gives x as it is. (Srivastava et al., JMLR 15, 2014.)
 *
 * @param p  the probability; 0.5 unless said
 * @throws ValueError for a probability that is none, and without a key
 * @example new Dropout(0.2, { key: key(7) })
 */
export class Dropout extends Module {
  readonly p: number
  readonly keys: KeyStream

  constructor(p: number | undefined, options: DropoutOptions) {
    super()
    checkOptions('Dropout', options, ['key'])
    const share = p === undefined ? 0.5 : p
    checkShare('Dropout', 'probability', share)
    this.p = share
    this.keys = new KeyStream(options.key)
  }

  forward(x: Tensor): Tensor {
    checkTensor('Dropout', 'the input', x)
    if (!this.isTraining || this.p === 0) return x
    const { shape } = x
    // In a captured step the input has a backend of that step's own, and the mask is made outside, on the one in use.
    const place = isCapturing() ? {} : { backend: x.backend }
    const kept = fresh(() => bernoulli(this.keys.next(), 1 - this.p, shape, place))
    return where(kept, x.div(this.p < 1 ? 1 - this.p : 1), 0)
  }
}
