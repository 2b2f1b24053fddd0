/** Stochastic gradient descent. */

import { Optimiser } from './optimiser.ts'
import { flag, notNegative, type OptimiserOptions, share } from './settings.ts'
import { decay, momentum } from './stages.ts'

/** Settings of gradient descent. */
export interface SGDSettings {
  /** How much of the last step is taken again; 0 unless said. */
  readonly momentum: number
  /** Whether the gradient is added to where the momentum leads; off unless said. */
  readonly nesterov: boolean
  /** λ of a gradient g + λ w; 0 unless said. */
  readonly weightDecay: number
}

/** Options of gradient descent. */
export interface SGDOptions extends OptimiserOptions<SGDSettings>, Partial<SGDSettings> {}

const rules = { momentum: share(0), nesterov: flag(false), weightDecay: notNegative(0) }

/**
 * Gradient descent: v ← momentum·v + g, w ← w - rate·v.
 *
 * @throws ValueError for a rate or a momentum out of range
 * @example new SGD({ rate: 0.1 }).update(model, gradients)
 */
export class SGD extends Optimiser<SGDSettings> {
  constructor(options: SGDOptions) {
    super('SGD', options, rules, ({ weightDecay, momentum: share, nesterov }) => [
      ...(weightDecay === 0 ? [] : [decay(weightDecay)]),
      ...(share === 0 ? [] : [momentum(share, nesterov)]),
    ])
  }
}
