/** Steps along orthogonal matrices: every direction of a weight matrix moves equally far. */

import { Optimiser } from './optimiser.ts'
import { betas, count, epsilon, flag, notNegative, type OptimiserOptions, share } from './settings.ts'
import { type Betas, decay, moments, momentum, orthogonalise } from './stages.ts'

/** Settings of Muon. */
export interface MuonSettings {
  /** How much of the last step of a matrix is taken again; 0.95 unless said. */
  readonly momentum: number
  /** Whether the gradient is added to where the momentum leads; on unless said. */
  readonly nesterov: boolean
  /** How many iterations bring a matrix near an orthogonal one; 5 unless said. */
  readonly iterations: number
  /** Whether matrices are made orthogonal; off, they are left to AdamW: for embeddings and readouts. On unless said. */
  readonly orthogonal: boolean
  /** λ; 0.1 unless said. */
  readonly weightDecay: number
  /** Those of AdamW; [0.9, 0.95] unless said. */
  readonly betas: Betas
  /** That of AdamW; 1e-8 unless said. */
  readonly eps: number
}

/** Options of Muon. */
export interface MuonOptions extends OptimiserOptions<MuonSettings>, Partial<MuonSettings> {}

const rules = {
  momentum: share(0.95, 0.95),
  nesterov: flag(true),
  iterations: count(5),
  orthogonal: flag(true),
  weightDecay: notNegative(0.1),
  betas: betas(0.9, 0.95),
  eps: epsilon(1e-8),
}

/**
 * Muon: w ← w - rate·(0.2 √max(rows, columns)·O + λ w), where O is the momentum made orthogonal, for parameters that are
 * matrices (Jordan et al. 2024; scaled as Liu et al. 2025, arXiv 2502.16982, eq. 4, so that one rate and one decay serve
 * both); AdamW for all others.
 *
 * @throws ValueError for an option that breaks its rule
 * @example new Muon({ rate: 1e-3, groups: [{ select: 'readout', orthogonal: false }] }).update(model, gradients)
 */
export class Muon extends Optimiser<MuonSettings> {
  constructor(options: MuonOptions) {
    super('Muon', options, rules, (settings, parameter) => {
      const isMatrix = parameter.value.rank === 2 && settings.orthogonal
      return [
        ...(isMatrix
          ? [momentum(settings.momentum, settings.nesterov), orthogonalise(settings.iterations)]
          : [moments(settings.betas, settings.eps)]),
        ...(settings.weightDecay === 0 ? [] : [decay(settings.weightDecay)]),
      ]
    })
  }
}
