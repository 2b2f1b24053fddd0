/** Steps in units of the root mean square of the last gradients. */

import { Optimiser } from './optimiser.ts'
import { epsilon, flag, notNegative, type OptimiserOptions, share } from './settings.ts'
import { decay, momentum, rootMeanSquare } from './stages.ts'

/** Settings of RMSprop. */
export interface RMSpropSettings {
  /** How much of the mean square is kept at each step; 0.99 unless said. */
  readonly alpha: number
  /** What is added to the root; 1e-8 unless said. */
  readonly eps: number
  /** Whether the mean is taken out of the mean square; off unless said. */
  readonly centered: boolean
  /** How much of the last step is taken again; 0 unless said. */
  readonly momentum: number
  /** λ of a gradient g + λ w; 0 unless said. */
  readonly weightDecay: number
}

/** Options of RMSprop. */
export interface RMSpropOptions extends OptimiserOptions<RMSpropSettings>, Partial<RMSpropSettings> {}

const rules = {
  alpha: share(0.99, 0.99),
  eps: epsilon(1e-8),
  centered: flag(false),
  momentum: share(0),
  weightDecay: notNegative(0),
}

/**
 * RMSprop: s ← α s + (1 - α) g², w ← w - rate·g/(√s + ε) (Tieleman and Hinton 2012).
 *
 * @throws ValueError for an option that breaks its rule
 * @example new RMSprop({ rate: 1e-3 }).update(model, gradients)
 */
export class RMSprop extends Optimiser<RMSpropSettings> {
  constructor(options: RMSpropOptions) {
    super('RMSprop', options, rules, ({ alpha, eps, centered, momentum: share, weightDecay }) => [
      ...(weightDecay === 0 ? [] : [decay(weightDecay)]),
      rootMeanSquare(alpha, eps, centered),
      ...(share === 0 ? [] : [momentum(share)]),
    ])
  }
}
