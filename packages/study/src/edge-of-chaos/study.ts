/** The whole study: every size with every seed, on as many workers as there are. */

import { defaultWorkers, runJobs } from '../pool.ts'
import type { Failure } from '../task.ts'
import { checkPlan, type Place, type Plan, recordPlace } from './plan.ts'
import type { Probe, Run } from './settings.ts'
import work, { type Message } from './worker.ts'

/** A run that ended with an error instead of a result. */
export interface FailedRun {
  size: number
  seed: number
  error: Failure
}

/** A plan and what came of it: runs by size and then seed, never by who finished first. */
export interface Study {
  plan: Plan
  runs: Run[]
  failures: FailedRun[]
  /** Whether someone stopped it; `runs` then holds what was reached. */
  interrupted: boolean
}

/** How far one run has got. */
export interface Progress {
  size: number
  seed: number
  step: number
  probe: Probe | null
  /** Share of the whole study's work that is done, from 0 to 1. */
  share: number
}

export interface StudyOptions {
  /** Worker threads, by default one a core up to eight; 0 runs in this thread. Results do not depend on it. */
  workers?: number
  /** Aborting it stops the study within a step and keeps what was reached. */
  signal?: AbortSignal
  progress?: (progress: Progress) => void
  /** The folder, made by `prepareRecords`, where the run with the first seed of each size is recorded. */
  records?: string
}

/**
 * Runs the edge-of-chaos study.
 *
 * @returns all runs, by size and seed; the same plan gives the same numbers on the same version and machine type
 * @throws  SettingsError before anything starts, when a value of the plan breaks a rule
 * @example
 * const study = await runStudy({ sizes: [100], seeds: [1, 2, 3], settings: { ...defaults, rate: 1e-3, steps: 3000 } })
 */
export async function runStudy(plan: Plan, options: StudyOptions = {}): Promise<Study> {
  const inputs = checkPlan(plan)
  const { workers = defaultWorkers(), signal, progress, records } = options
  const recordOf = (input: Place) => (records === undefined ? undefined : recordPlace(plan, input, records))
  const jobs = inputs.map(input => ({
    input: { ...input, record: recordOf({ size: input.settings.size, seed: input.seed }) },
    cost: input.settings.size ** 2,
  }))
  const total = jobs.reduce((sum, { cost }) => sum + cost, 0)
  const done = jobs.map(() => 0)

  const message = (index: number, { step, probe }: Message) => {
    const { settings, seed } = inputs[index]!
    done[index] = (jobs[index]!.cost * step) / settings.steps
    const share = done.reduce((sum, part) => sum + part, 0) / total
    progress?.({ size: settings.size, seed, step, probe, share })
  }
  const crew = { file: new URL('./worker.js', import.meta.url), task: work }
  const outcomes = await runJobs(jobs, crew, { workers, signal, message })

  const runs: Run[] = []
  const failures: FailedRun[] = []
  for (const [index, outcome] of outcomes.entries()) {
    const { settings, seed } = inputs[index]!
    if (outcome.status === 'done') runs.push(outcome.result)
    if (outcome.status === 'failed') failures.push({ size: settings.size, seed, error: outcome.error })
  }
  return { plan, runs, failures, interrupted: signal?.aborted ?? false }
}
