/** Steps along the mean of the last gradients, in units of their root mean square. */

import { Optimiser } from './optimiser.ts'
import { betas, epsilon, flag, notNegative, type OptimiserOptions } from './settings.ts'
import { type Betas, decay, moments } from './stages.ts'

/** Settings of Adam and AdamW. */
export interface AdamSettings {
  /** How much of the mean, and of the mean square, is kept at each step; [0.9, 0.999] unless said. */
  readonly betas: Betas
  /** What is added to the root; 1e-8 unless said. */
  readonly eps: number
  /** λ; 0 for Adam and 0.01 for AdamW unless said. */
  readonly weightDecay: number
  /** Whether the largest mean square so far counts; off unless said. */
  readonly amsgrad: boolean
}

/** Options of Adam and AdamW. */
export interface AdamOptions extends OptimiserOptions<AdamSettings>, Partial<AdamSettings> {}

const rules = {
  betas: betas(0.9, 0.999),
  eps: epsilon(1e-8),
  weightDecay: notNegative(0),
  amsgrad: flag(false),
}

/**
 * Adam: w ← w - rate·m̂/(√v̂ + ε), with the mean m̂ and the mean square v̂ of the gradients g + λ w (Kingma and Ba 2015).
 *
 * @throws ValueError for an option that breaks its rule
 * @example new Adam({ rate: 1e-3 }).update(model, gradients)
 */
export class Adam extends Optimiser<AdamSettings> {
  constructor(options: AdamOptions) {
    super('Adam', options, rules, ({ betas, eps, weightDecay, amsgrad }) => [
      ...(weightDecay === 0 ? [] : [decay(weightDecay)]),
      moments(betas, eps, amsgrad),
    ])
  }
}

/**
 * Adam with decoupled decay: w ← w - rate·(m̂/(√v̂ + ε) + λ w) (Loshchilov and Hutter 2019).
 *
 * @throws ValueError for an option that breaks its rule
 * @example new AdamW({ rate: 1e-3, groups: [{ select: '**.bias', weightDecay: 0 }] }).update(model, gradients)
 */
export class AdamW extends Optimiser<AdamSettings> {
  constructor(options: AdamOptions) {
    super('AdamW', options, { ...rules, weightDecay: notNegative(0.01) }, settings => [
      moments(settings.betas, settings.eps, settings.amsgrad),
      ...(settings.weightDecay === 0 ? [] : [decay(settings.weightDecay)]),
    ])
  }
}
