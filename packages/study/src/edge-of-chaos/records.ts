/** The study's numbers as files: all of them as JSON, and as tables that a spreadsheet or pandas can read. */

import { csv } from '../csv.ts'
import { toJson } from '../json.ts'
import { quantiles } from '../statistics/spread.ts'
import { type Versions, versions } from '../version.ts'
import type { Plan } from './plan.ts'
import type { Run } from './settings.ts'
import type { FailedRun, Study } from './study.ts'

/** Raised whenever a field changes its meaning. */
export const format = { name: 'sensigrad/edge-of-chaos', version: 2 } as const

/** The content of results.json. It holds no times: the same plan gives the same bytes on one version and machine type. */
export interface Results {
  format: typeof format
  versions: Versions
  plan: Plan
  interrupted: boolean
  runs: Run[]
  failures: FailedRun[]
}

/** Everything that was measured, as JSON text. Infinities are the strings "Infinity" and "-Infinity". */
export function resultsJson({ plan, interrupted, runs, failures }: Study): string {
  // A stack trace names folders of this machine, which say nothing about the result.
  const plainly = failures.map(({ size, seed, error: { name, message } }) => ({
    size,
    seed,
    error: { name, message },
  }))
  const results: Results = { format, versions: versions(), plan, interrupted, runs, failures: plainly }
  return toJson(results)
}

const probeColumns = [
  'size',
  'layers',
  'seed',
  'status',
  'step',
  'log_sensitivity',
  'lyapunov',
  'spectral_radius',
  'mean_abs_state',
  'saturated',
  'sensitivity_min',
  'sensitivity_q25',
  'sensitivity_median',
  'sensitivity_q75',
  'sensitivity_max',
]

/** One row a probe; the last five columns are over the neurons. */
export function probesCsv(runs: readonly Run[]): string {
  return csv(
    probeColumns,
    runs.flatMap(({ settings, seed, status, probes }) =>
      probes.map(probe => [
        settings.size,
        settings.layers,
        seed,
        status,
        probe.step,
        probe.logSensitivity,
        probe.lyapunov,
        probe.spectralRadius,
        probe.meanAbsState,
        probe.saturated,
        ...quantiles(probe.sensitivities, [0, 0.25, 0.5, 0.75, 1]),
      ]),
    ),
  )
}

/** One row a neuron and probe, layers and their neurons counted from 0: its RMS sensitivity over the window, and SAL's running average of it. */
export function neuronsCsv(runs: readonly Run[]): string {
  const rows = runs.flatMap(({ settings, seed, probes }) =>
    probes.flatMap(({ step, sensitivities, averages }) =>
      sensitivities.map((sensitivity, i) => [
        settings.size,
        seed,
        step,
        Math.floor(i / settings.size),
        i % settings.size,
        sensitivity,
        averages?.[i] ?? null,
      ]),
    ),
  )
  return csv(['size', 'seed', 'step', 'layer', 'neuron', 'sensitivity', 'average'], rows)
}
