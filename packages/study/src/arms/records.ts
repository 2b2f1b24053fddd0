/** The numbers of a study of arms as files: all of them as JSON, and as tables that a spreadsheet or pandas can read. */

import { type Cell, csv } from '../csv.ts'
import { toJson } from '../json.ts'
import { quantiles } from '../statistics/spread.ts'
import { type Versions, versions } from '../version.ts'
import type { ArmRun } from './experiment.ts'
import { type AnyStudy, armOf } from './plan.ts'
import type { ArmsResult } from './study.ts'
import { type ArmSummary, summarise } from './summary.ts'

/** Raised whenever a field changes its meaning. */
export const format = { name: 'sensigrad/arms', version: 1 } as const

/** The content of results.json. It holds no times: the same plan gives the same bytes on one version and machine type. */
export interface Results {
  format: typeof format
  study: string
  versions: Versions
  plan: ArmsResult['plan']
  interrupted: boolean
  arms: ArmSummary[]
  /** Sensitivities stand as their quantiles (0, 25, 50, 75, 100 %); neurons.csv has all of them. */
  runs: (Omit<ArmRun, 'sensitivities'> & { sensitivities: { start: number[]; end: number[] } })[]
  failures: { arm: string; seed: number; error: { name: string; message: string } }[]
}

const quartiles = [0, 0.25, 0.5, 0.75, 1]

/** Everything that was measured, as JSON text. Infinities are the strings "Infinity" and "-Infinity". */
export function resultsJson(study: AnyStudy, result: ArmsResult): string {
  const { plan, interrupted, runs, failures } = result
  const results: Results = {
    format,
    study: study.name,
    versions: versions(),
    plan,
    interrupted,
    arms: summarise(study, result),
    runs: runs.map(({ sensitivities: { start, end }, ...run }) => ({
      ...run,
      sensitivities: { start: ofNeurons(start), end: ofNeurons(end) },
    })),
    // A stack trace names folders of this machine, which say nothing about the result.
    failures: failures.map(({ arm, seed, error: { name, message } }) => ({
      arm,
      seed,
      error: { name, message },
    })),
  }
  return toJson(results)
}

const ofNeurons = (values: number[]) => (values.length === 0 ? [] : quantiles(values, quartiles))

/** One row an arm: what the table of the report says, with all digits. */
export function armsCsv(summaries: readonly ArmSummary[]): string {
  const columns: Record<string, (summary: ArmSummary) => Cell | undefined> = {
    arm: ({ arm }) => arm.id,
    runs: ({ seeds }) => seeds.length,
    successes: ({ successes }) => successes.length,
    share_low: ({ interval }) => interval?.[0],
    share_high: ({ interval }) => interval?.[1],
    median_iterations: ({ survival }) => survival.median,
    median_low: ({ survival }) => survival.medianInterval[0],
    median_high: ({ survival }) => survival.medianInterval[1],
    log_rank_chi2: ({ logRank }) => logRank?.statistic,
    log_rank_p: ({ logRank }) => logRank?.p,
    log_rank_p_holm: ({ logRank }) => logRank?.adjusted,
    gradient_ratio_start: ({ ratioStart }) => ratioStart?.median,
    gradient_ratio_prepared: ({ ratioPrepared }) => ratioPrepared?.median,
    gradient_ratio_end: ({ ratioEnd }) => ratioEnd?.median,
    log_sensitivity_start: ({ sensitivityStart }) => sensitivityStart?.median,
    log_sensitivity_end: ({ sensitivityEnd }) => sensitivityEnd?.median,
    best_accuracy: ({ bestAccuracy }) => bestAccuracy?.median,
    best_test_accuracy: ({ bestTestAccuracy }) => bestTestAccuracy?.median,
  }
  const rows = summaries.map(summary => Object.values(columns).map(read => read(summary) ?? null))
  return csv(Object.keys(columns), rows)
}

/** One row a run. */
export function runsCsv(runs: readonly ArmRun[]): string {
  const header = ['arm', 'seed', 'status', 'success', 'iterations']
  const ratios = ['gradient_ratio_start', 'gradient_ratio_prepared', 'gradient_ratio_end']
  return csv(
    [...header, ...ratios, 'note'],
    runs.map(({ arm, seed, status, success, iterations, gradientRatio: { start, prepared, end }, note }) => [
      ...[arm, seed, status, Number(success), iterations],
      ...[start, prepared, end, note ?? null],
    ]),
  )
}

/** One row a probe. */
export function curvesCsv(runs: readonly ArmRun[]): string {
  const rows = runs.flatMap(({ arm, seed, curve }) =>
    curve.map(point => [arm, seed, point.iteration, point.loss, point.accuracy, point.testAccuracy ?? null]),
  )
  return csv(['arm', 'seed', 'iteration', 'loss', 'accuracy', 'test_accuracy'], rows)
}

/** One row a layer (or time step) and profile, counted from 0. */
export function profilesCsv({ along }: AnyStudy, runs: readonly ArmRun[]): string {
  const rows = runs.flatMap(({ arm, seed, profiles }) =>
    profiles.flatMap(({ stage, iteration, gradientNorms, logSensitivity }) =>
      Array.from({ length: Math.max(gradientNorms.length, logSensitivity.length) }, (_, i) => [
        ...[arm, seed, stage, iteration, i],
        ...[gradientNorms[i] ?? null, logSensitivity[i] ?? null],
      ]),
    ),
  )
  const place = along.replace(' ', '_')
  return csv(['arm', 'seed', 'stage', 'iteration', place, 'gradient_norm', 'log_sensitivity'], rows)
}

/** One row a neuron. */
export function neuronsCsv(runs: readonly ArmRun[]): string {
  const rows = runs.flatMap(({ arm, seed, sensitivities: { start, end } }) =>
    Array.from({ length: Math.max(start.length, end.length) }, (_, neuron) => [
      ...[arm, seed, neuron],
      ...[start[neuron] ?? null, end[neuron] ?? null],
    ]),
  )
  return csv(['arm', 'seed', 'neuron', 'sensitivity_start', 'sensitivity_end'], rows)
}

/** Arms by their labels, for tables. */
export const labelOf = (study: AnyStudy, id: string): string => armOf(study, id).label
