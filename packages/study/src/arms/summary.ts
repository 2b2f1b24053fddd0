/** From runs to what can be said of an arm over its seeds. Pure functions; no run is left out. */

import { holm, wilson } from '../statistics/proportion.ts'
import { largest, mean, type Spread, spread } from '../statistics/spread.ts'
import { kaplanMeier, type LogRank, logRank, type Survival, type Waiting } from '../statistics/survival.ts'
import type { Arm, ArmRun } from './experiment.ts'
import { type AnyStudy, armOf } from './plan.ts'
import type { ArmsResult } from './study.ts'

/** Below this an adjusted p-value counts as a difference. */
export const level = 0.05

/** An arm over its finished seeds. */
export interface ArmSummary {
  arm: Arm
  /** Seeds of the finished runs; all numbers are over these. */
  seeds: number[]
  /** Seeds that were stopped on the way. */
  interrupted: number[]
  /** Seeds whose run ended with an error. */
  failed: number[]
  /** Seeds that succeeded. */
  successes: number[]
  /** Wilson's 95 % interval of the share of successes. */
  interval: [low: number, high: number] | null
  /** Iterations until success, those without it censored where they ended. */
  survival: Survival
  /** Against the reference arm; null for itself and where there is nothing to compare. `adjusted` is Holm's. */
  logRank: (LogRank & { adjusted: number }) | null
  /** Gradient in the first layer or step over that in the last. */
  ratioStart: Spread | null
  ratioPrepared: Spread | null
  ratioEnd: Spread | null
  /** ln of the RMS sensitivity over all neurons. */
  sensitivityStart: Spread | null
  sensitivityEnd: Spread | null
  /** The best accuracy of each run on the training set, and on the test set where there is one. */
  bestAccuracy: Spread | null
  bestTestAccuracy: Spread | null
}

/** Every arm of the result in numbers, in the study's order. */
export function summarise(study: AnyStudy, { plan, runs, failures }: ArmsResult): ArmSummary[] {
  const finished = (arm: string) => runs.filter(run => run.arm === arm && run.status === 'finished')
  const reference = finished(study.reference).map(waiting)
  const summaries = plan.arms.map((id): ArmSummary => {
    const mine = finished(id)
    const { label, description } = armOf(study, id) // a study may know more of its arms, which is not for files
    const over = (read: (run: ArmRun) => number | undefined) =>
      spread(mine.map(read).filter(value => value !== undefined && !Number.isNaN(value)) as number[])
    const successes = mine.filter(run => run.success)
    const against = id === study.reference ? null : logRank(mine.map(waiting), reference)
    return {
      arm: { id, label, description },
      seeds: mine.map(run => run.seed),
      interrupted: runs.filter(run => run.arm === id && run.status === 'interrupted').map(run => run.seed),
      failed: failures.filter(run => run.arm === id).map(run => run.seed),
      successes: successes.map(run => run.seed),
      interval: wilson(successes.length, mine.length),
      survival: kaplanMeier(mine.map(waiting)),
      logRank: against && { ...against, adjusted: against.p },
      ratioStart: over(run => run.gradientRatio.start),
      ratioPrepared: over(run => run.gradientRatio.prepared),
      ratioEnd: over(run => run.gradientRatio.end),
      sensitivityStart: over(run => logRms(run.sensitivities.start)),
      sensitivityEnd: over(run => logRms(run.sensitivities.end)),
      bestAccuracy: over(run => best(run.curve.map(point => point.accuracy))),
      bestTestAccuracy: over(run => best(run.curve.flatMap(point => point.testAccuracy ?? []))),
    }
  })
  const tests = summaries.flatMap(summary => summary.logRank ?? [])
  const adjusted = holm(tests.map(test => test.p))
  for (const [i, test] of tests.entries()) test.adjusted = adjusted[i]!
  return summaries
}

/** Whether an arm differs from the reference, as far as the log-rank test can tell. */
export function verdict({ logRank }: ArmSummary): 'better' | 'worse' | 'open' {
  if (!logRank || logRank.adjusted >= level) return 'open'
  return logRank.ratio > 1 ? 'better' : 'worse'
}

/** The iterations of a run as a waiting time for success. */
export const waiting = ({ iterations, success }: ArmRun): Waiting => ({ time: iterations, event: success })

/** ln of the root mean square; -Infinity where all are 0. */
export const logRms = (values: readonly number[]): number | undefined =>
  values.length === 0 ? undefined : Math.log(mean(values.map(value => value ** 2))) / 2

const best = (values: readonly number[]): number | undefined =>
  values.length === 0 ? undefined : largest(values)
