/** A whole study of arms: what an earlier attempt left undone, on as many workers as there are. */

import { defaultWorkers, runJobs } from '../pool.ts'
import { isRecorded } from '../recording/place.ts'
import type { Failure } from '../task.ts'
import type { ArmRun } from './experiment.ts'
import { isSameRun, type RunLog } from './log.ts'
import { type AnyStudy, type ArmsPlan, checkPlan, type Place, places, recordPlace } from './plan.ts'
import work, { type Message } from './worker.ts'

/** A run that ended with an error instead of a result. */
export interface FailedRun extends Place {
  error: Failure
}

/** A plan and what came of it: runs by arm and then seed, never by who finished first. */
export interface ArmsResult {
  plan: ArmsPlan
  runs: ArmRun[]
  failures: FailedRun[]
  /** Whether someone stopped it; `runs` then holds what was reached. */
  interrupted: boolean
}

/** How far one run has got. */
export interface ArmsProgress extends Place {
  iteration: number
  /** Runs that have come to their end, earlier ones included, of `runs`. */
  ended: number
  runs: number
  /** Share of the work that is done, from 0 to 1, and the share that was when it began. */
  share: number
  startShare: number
}

export interface ArmsOptions {
  /** Worker threads, by default one a core up to eight; 0 runs in this thread. Results do not depend on it. */
  workers?: number
  /** Aborting it stops the study and keeps what was reached. */
  signal?: AbortSignal
  progress?: (progress: ArmsProgress) => void
  /** Where finished runs are kept, and earlier ones are taken from. */
  log?: RunLog
  /**
   * The folder, made by `prepareRecords`, where the run with the first seed of each arm is recorded. One that the log
   * holds but that was not recorded is done again for that.
   */
  records?: string
}

/**
 * Runs a study of arms. Runs that the log holds are not done again.
 *
 * @returns all runs, by arm and seed; the same plan gives the same numbers on the same version and machine type
 * @throws  SettingsError before anything starts, when the plan breaks a rule
 * @example
 * const result = await runArms(study, { arms: ['sal', 'plain'], seeds: [1, 2, 3], settings: study.defaults })
 */
export async function runArms(
  study: AnyStudy,
  asked: ArmsPlan,
  options: ArmsOptions = {},
): Promise<ArmsResult> {
  const plan = checkPlan(study, asked)
  const { workers = defaultWorkers(), signal, progress, log, records } = options
  const { settings } = plan
  const known = new Map(log?.runs.map(run => [nameOf(run), run]))
  const all = places(plan)
  const recordOf = (place: Place) => (records === undefined ? undefined : recordPlace(plan, place, records))
  const isDone = (place: Place) => {
    const record = recordOf(place)
    return known.has(nameOf(place)) && (record === undefined || isRecorded(record))
  }
  const todo = all.filter(place => !isDone(place))

  const costOf = ({ arm }: Place) => study.cost?.(arm, settings) ?? 1
  const costs = todo.map(costOf)
  const earlier = sum(all.map(costOf)) - sum(costs)
  const shares = todo.map(() => 0)
  let ended = all.length - todo.length
  const tell = (index: number, share: number, iteration: number) => {
    shares[index] = share
    const part = (done: number) => done / (earlier + sum(costs))
    progress?.({
      ...todo[index]!,
      iteration,
      ended,
      runs: all.length,
      share: part(earlier + sum(shares.map((share, i) => share * costs[i]!))),
      startShare: part(earlier),
    })
  }

  const jobs = todo.map((place, i) => ({
    input: { file: study.file, ...place, settings, record: recordOf(place) },
    cost: costs[i]!,
  }))
  const crew = { file: new URL('./worker.js', import.meta.url), task: work }
  const outcomes = await runJobs(jobs, crew, {
    workers,
    signal,
    message: (index, iteration: Message) => {
      tell(index, Math.min(1, iteration / study.iterations(settings)), iteration)
    },
    ended: (index, outcome) => {
      ended++
      const run = outcome.status === 'done' ? outcome.result : undefined
      if (run?.status === 'finished' && !known.has(nameOf(run))) log?.append(run)
      tell(index, 1, run?.iterations ?? 0)
    },
  })

  const failures: FailedRun[] = []
  for (const [index, outcome] of outcomes.entries()) {
    const place = todo[index]!
    if (outcome.status === 'done') {
      const before = known.get(nameOf(place))
      if (before === undefined) known.set(nameOf(place), outcome.result)
      else if (outcome.result.status === 'finished' && !isSameRun(before, outcome.result)) {
        failures.push({ ...place, error: otherResult })
      }
    }
    if (outcome.status === 'failed') failures.push({ ...place, error: outcome.error })
  }
  const runs = all.map(place => known.get(nameOf(place))).filter(run => run !== undefined)
  return { plan, runs, failures, interrupted: signal?.aborted ?? false }
}

/** A run that was done again only to be recorded comes to the same bits, or something else is wrong. */
const otherResult: Failure = {
  name: 'RecordError',
  message:
    'done again to be recorded, it came to another result than the one that is kept; --fresh does all runs again',
}

const nameOf = ({ arm, seed }: Pick<Place, 'arm' | 'seed'>): string => `${arm} ${seed}`

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
