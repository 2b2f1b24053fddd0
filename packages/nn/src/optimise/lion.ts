/** Steps of one size along the sign of a mean of the last gradients. */

import { Optimiser } from './optimiser.ts'
import { betas, notNegative, type OptimiserOptions } from './settings.ts'
import { type Betas, decay, signOfMomentum } from './stages.ts'

/** Settings of Lion. */
export interface LionSettings {
  /** How much of the mean counts in a step, and how much of it is kept; [0.9, 0.99] unless said. */
  readonly betas: Betas
  /** λ; 0 unless said. */
  readonly weightDecay: number
}

/** Options of Lion. */
export interface LionOptions extends OptimiserOptions<LionSettings>, Partial<LionSettings> {}

const rules = { betas: betas(0.9, 0.99), weightDecay: notNegative(0) }

/**
 * Lion: w ← w - rate·(sign(β₁ m + (1 - β₁) g) + λ w), m ← β₂ m + (1 - β₂) g (Chen et al. 2023, arXiv 2302.06675,
 * algorithm 2). Rates are a third to a tenth of those of AdamW, decays as many times larger.
 *
 * @throws ValueError for an option that breaks its rule
 * @example new Lion({ rate: 1e-4, weightDecay: 0.1 }).update(model, gradients)
 */
export class Lion extends Optimiser<LionSettings> {
  constructor(options: LionOptions) {
    super('Lion', options, rules, ({ betas, weightDecay }) => [
      signOfMomentum(betas),
      ...(weightDecay === 0 ? [] : [decay(weightDecay)]),
    ])
  }
}
