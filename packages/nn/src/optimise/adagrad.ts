/** Steps in units of the root of the sum of all squares so far: the less, the more a weight was moved. */

import { Optimiser } from './optimiser.ts'
import { epsilon, notNegative, type OptimiserOptions } from './settings.ts'
import { decay, rootSumSquare } from './stages.ts'

/** Settings of Adagrad. */
export interface AdagradSettings {
  /** Where the sum of squares begins; 0 unless said. */
  readonly initialSum: number
  /** What is added to the root; 1e-10 unless said. */
  readonly eps: number
  /** λ of a gradient g + λ w; 0 unless said. */
  readonly weightDecay: number
}

/** Options of Adagrad. */
export interface AdagradOptions extends OptimiserOptions<AdagradSettings>, Partial<AdagradSettings> {}

const rules = { initialSum: notNegative(0, 0.1), eps: epsilon(1e-10), weightDecay: notNegative(0) }

/**
 * Adagrad: s ← s + g², w ← w - rate·g/(√s + ε) (Duchi, Hazan and Singer 2011).
 *
 * @throws ValueError for an option that breaks its rule
 * @example new Adagrad({ rate: 0.01 }).update(model, gradients)
 */
export class Adagrad extends Optimiser<AdagradSettings> {
  constructor(options: AdagradOptions) {
    super('Adagrad', options, rules, ({ initialSum, eps, weightDecay }) => [
      ...(weightDecay === 0 ? [] : [decay(weightDecay)]),
      rootSumSquare(initialSum, eps),
    ])
  }
}
