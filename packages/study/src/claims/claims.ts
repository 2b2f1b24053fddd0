/** Four claims about SAL as rules over the numbers of the studies. Pure functions: whatever the runs say, is said. */

import type { ArmSummary } from '../arms/summary.ts'
import { criteria, type RunSummary } from '../edge-of-chaos/summary.ts'
import { spread } from '../statistics/spread.ts'

/** The studies that are asked. */
export type StudyName = 'deep-300' | 'lag-300' | 'edge-of-chaos'

/** What one arm adds to the answer. Numbers that have no meaning for a claim are null. */
export interface Row {
  claim: string
  study: StudyName
  arm: string
  /** The seeds that finished. */
  seeds: number[]
  successes: number
  /** Kaplan–Meier; null where fewer than half succeeded. */
  medianIterations: number | null
  /** Median over the seeds of the gradient in the first layer or step over that in the last, before anything is done. */
  gradientRatio: number | null
  /** Largest |λ − S| before the edge and |λ| at the end, over the seeds. */
  largestGap: number | null
  largestEnd: number | null
  /** Whether the claim as a whole holds; null where a run is missing. */
  holds: boolean | null
}

export interface ClaimResult {
  id: string
  statement: string
  /** The rule by which `holds` was computed. */
  rule: string
  holds: boolean | null
  rows: Row[]
}

/** What the claims are judged by: each study's arms, and the runs of edge of chaos. */
export interface Evidence {
  deep: readonly ArmSummary[]
  lag: readonly ArmSummary[]
  edge: readonly RunSummary[]
  /** Runs that were to be made of each. */
  planned: { deep: number; lag: number; edge: number }
}

/** Least share of SAL's runs that succeed with the lag. */
const lagShare = 7 / 8
/** A gradient that has vanished: no optimiser brings it back, and float32 holds it as 0. */
const vanished = 1e-100

/** All claims, judged. */
export const judge = (evidence: Evidence): ClaimResult[] => [
  deepClaim(evidence),
  lagClaim(evidence),
  vanishingClaim(evidence),
  edgeClaim(evidence),
]

function deepClaim({ deep, planned }: Evidence): ClaimResult {
  const [sal, plain] = [armOf(deep, 'sal'), armOf(deep, 'plain')]
  return claim(
    'deep',
    'From small weights a network of 300 layers learns parity once SAL acts, and never without it.',
    'every seed succeeds with SAL, and none from the same start without SAL',
    asked('deep-300', deep),
    isWhole(deep, planned.deep) && allSucceeded(sal) && count(plain) === 0,
  )
}

function lagClaim({ lag, planned }: Evidence): ClaimResult {
  const sal = armOf(lag, 'sal')
  const best = Math.max(0, ...radii(lag).map(share))
  return claim(
    'lag',
    'With SAL a recurrent network learns XOR over 300 time steps more surely than from any spectral radius.',
    'SAL succeeds with at least 7 of 8 seeds, and no spectral radius with more than half of SAL’s share',
    asked('lag-300', lag),
    isWhole(lag, planned.lag) &&
      radii(lag).length > 0 &&
      sal !== undefined &&
      share(sal) >= lagShare &&
      best <= share(sal) / 2,
  )
}

function vanishingClaim({ deep, lag, planned }: Evidence): ClaimResult {
  const starts = [...asked('deep-300', deep), ...asked('lag-300', lag)].filter(
    ({ arm }) => arm.arm.id === 'plain',
  )
  const isWholeHere = isWhole(deep, planned.deep) !== null && isWhole(lag, planned.lag) !== null
  return claim(
    'vanishing',
    'Without SAL gradients vanish on the way from the last layer or time step to the first.',
    `at the small start without SAL, the gradient at the first is below ${vanished} of that at the last in every run (float64)`,
    starts,
    isWholeHere
      ? starts.length === 2 && starts.every(({ arm }) => arm.ratioStart && arm.ratioStart.max < vanished)
      : null,
  )
}

function edgeClaim({ edge, planned }: Evidence): ClaimResult {
  const finished = edge.filter(run => run.status === 'finished')
  const good = finished.filter(({ verdicts }) => verdicts.follows === 'yes' && verdicts.stays === 'yes')
  const holds = finished.length < planned.edge ? null : good.length === finished.length
  const largestOf = (values: (number | null | undefined)[]) =>
    spread(values.filter(value => value !== null && value !== undefined))?.max ?? null
  const row: Row = {
    claim: 'edge',
    study: 'edge-of-chaos',
    arm: `SAL, N = ${[...new Set(edge.map(run => run.size))].join(', ')}`,
    seeds: finished.map(run => run.seed),
    successes: good.length,
    medianIterations: null,
    gradientRatio: null,
    largestGap: largestOf(finished.map(run => run.gap?.max)),
    largestEnd: largestOf(finished.map(run => run.end && Math.abs(run.end.lyapunov))),
    holds,
  }
  return {
    id: 'edge',
    statement:
      'SAL carries a network to the edge of chaos and keeps it there; on the way λ is the log-sensitivity S.',
    rule: `in every run |λ − S| ≤ ${criteria.gap} while λ ≤ ${criteria.edge}, and |λ| < ${criteria.stay} at the end`,
    holds,
    rows: [row],
  }
}

function claim(
  id: string,
  statement: string,
  rule: string,
  arms: readonly Asked[],
  holds: boolean | null,
): ClaimResult {
  const rows = arms.map(
    ({ study, arm: { arm, seeds, successes, survival, ratioStart } }): Row => ({
      claim: id,
      study,
      arm: arm.id,
      seeds,
      successes: successes.length,
      medianIterations: survival.median,
      gradientRatio: ratioStart?.median ?? null,
      largestGap: null,
      largestEnd: null,
      holds,
    }),
  )
  return { id, statement, rule, holds, rows }
}

/** An arm of a study. */
interface Asked {
  study: StudyName
  arm: ArmSummary
}

const asked = (study: StudyName, arms: readonly ArmSummary[]): Asked[] => arms.map(arm => ({ study, arm }))

/** True where all planned runs have finished; null, which decides nothing, where not. */
function isWhole(arms: readonly ArmSummary[], planned: number): true | null {
  return planned > 0 && arms.reduce((sum, { seeds }) => sum + seeds.length, 0) === planned ? true : null
}

const armOf = (arms: readonly ArmSummary[], id: string) => arms.find(({ arm }) => arm.id === id)

const radii = (arms: readonly ArmSummary[]) => arms.filter(({ arm }) => arm.id.startsWith('radius-'))

const count = (arm: ArmSummary | undefined): number => arm?.successes.length ?? Number.NaN

const share = ({ successes, seeds }: ArmSummary): number =>
  seeds.length === 0 ? 0 : successes.length / seeds.length

const allSucceeded = (arm: ArmSummary | undefined): boolean =>
  arm !== undefined && arm.seeds.length > 0 && arm.successes.length === arm.seeds.length
