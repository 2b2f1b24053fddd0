/** Flattening: from positions and channels to the one axis that a dense layer sees. */

import { checkTensor, describeValue, ShapeError, type Tensor, ValueError } from '@sensigrad/core'
import { Module } from '../module.ts'

/**
 * Makes one axis of those from `first` to `last`; negative ones count from the back. `[batch, …]` becomes
 * `[batch, elements]` unless said otherwise.
 *
 * @throws ShapeError when x has no such axes
 * @example new Flatten()     // [batch, channels, length] → [batch, channels·length]
 * @example new Flatten(0, 1) // [time, batch, size] → [time·batch, size]
 */
export class Flatten extends Module {
  readonly first: number
  readonly last: number

  constructor(first = 1, last = -1) {
    super()
    for (const axis of [first, last]) {
      if (Number.isInteger(axis)) continue
      throw new ValueError('Flatten', `${describeValue(axis)} is no axis`, 'Give the first and the last axis')
    }
    this.first = first
    this.last = last
  }

  forward(x: Tensor): Tensor {
    checkTensor('Flatten', 'the input', x)
    const [first, last] = [this.first, this.last].map(axis => (axis < 0 ? axis + x.rank : axis)) as [
      number,
      number,
    ]
    if (!(first >= 0 && first <= last && last < x.rank)) {
      throw new ShapeError(
        'Flatten',
        `${x} has no axes from ${this.first} to ${this.last}`,
        'Check the axes that the layer was made with',
      )
    }
    const size = x.shape.slice(first, last + 1).reduce((product, length) => product * length, 1)
    return x.reshape([...x.shape.slice(0, first), size, ...x.shape.slice(last + 1)])
  }
}
