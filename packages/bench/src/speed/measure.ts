/** Measures a workload: starts whoever takes part, has each prepare and prove its computation, and times all of them. */

import { join } from 'node:path'
import { median } from '../fit.ts'
import { type Case, inUnit, type Named, readArrays, writeArrays } from './case.ts'
import { RunnerProcess } from './process.ts'
import { difference, referenceOf } from './reference.ts'
import { type Entrant, oneThread } from './roster.ts'
import { type Contestant, type Effort, timeRounds } from './rounds.ts'

/** What was measured of one case, on one runner, in one mode. */
export interface Measured {
  readonly case: Case
  readonly entrant: Entrant
  readonly mode: string
  readonly threads: number
  /** In the unit of the case. */
  readonly median: number
  readonly min: number
  readonly max: number
}

/** How to measure. */
export interface Setting {
  readonly effort: Effort
  /** Where inputs and results pass between processes. */
  readonly folder: string
  readonly progress: (line: string) => void
  /** Called with the version of each runner that starts. */
  readonly present: (entrant: Entrant, version: string) => void
  /** Called once for each that does not. */
  readonly absent: (entrant: Entrant, reason: string) => void
}

/** @throws Error when a runner fails, or computes something else */
export async function measure(
  cases: readonly Case[],
  entrants: readonly Entrant[],
  setting: Setting,
): Promise<Measured[]> {
  const { effort, progress } = setting
  const here = await start(entrants, setting)
  try {
    const contestants: (Contestant & Pick<Measured, 'case' | 'entrant' | 'mode'>)[] = []
    for (const one of cases) contestants.push(...(await prepared(one, here, setting)))
    progress(`${contestants.length} computations are right; timing them`)
    const seconds = await timeRounds(contestants, effort, number =>
      progress(`round ${number} of at most ${effort.mostRounds}`),
    )
    return contestants.map(({ case: one, entrant, mode }, i) => {
      const values = seconds[i]!.map(each => inUnit(one, each))
      const [min, max] = [Math.min(...values), Math.max(...values)]
      return { case: one, entrant, mode, threads: entrant.threads ?? 1, median: median(values), min, max }
    })
  } finally {
    for (const { process } of here) process.end()
  }
}

interface Here {
  readonly entrant: Entrant
  readonly process: RunnerProcess
}

async function start(entrants: readonly Entrant[], { present, absent }: Setting): Promise<Here[]> {
  const all = await Promise.all(
    entrants.map(async entrant => ({
      entrant,
      started: await RunnerProcess.start(entrant.name, entrant.commands, oneThread, entrant.threads),
    })),
  )
  return all.flatMap(({ entrant, started }) => {
    if ('missing' in started) {
      absent(entrant, started.missing)
      return []
    }
    present(entrant, started.process.greeting.version)
    return [{ entrant, process: started.process }]
  })
}

/**
 * Has each runner prepare the case in each of its modes, and compares what it computes with the reference. Others that
 * fail are named and left out; ours, and a runner that computes something else, end the run.
 */
async function prepared(one: Case, here: readonly Here[], setting: Setting) {
  const asked = one.trial ? [{ ...one, ...one.trial }, one] : [one]
  const checks = await Promise.all(
    asked.map(async each => ({ asked: each, expected: await referenceOf(each) })),
  )
  const contestants = []
  for (const { entrant, process } of here) {
    for (const mode of process.greeting.modes[one.kind] ?? []) {
      const found: { results: Named; check: (typeof checks)[number] }[] = []
      try {
        for (const check of checks) {
          found.push({ results: await firstRun(check.asked, mode, process, setting), check })
        }
      } catch (error) {
        if (entrant.role === 'ours') throw error
        setting.progress(`left out: ${error instanceof Error ? error.message : error}`)
        continue
      }
      for (const { results, check } of entrant.isHollow ? [] : found) {
        const wrong = difference(results, check.expected, check.asked.tolerance)
        if (wrong) throw new Error(`${entrant.name} (${mode}) computes another ${one.name}: ${wrong}`)
      }
      contestants.push({ case: one, entrant, mode, process, id: idOf(one, mode) })
    }
  }
  return contestants
}

const idOf = (one: Case, mode: string): string => `${one.name}, ${mode}`

/** What the case gives there, run for the first time. */
async function firstRun(
  one: Case,
  mode: string,
  process: RunnerProcess,
  { folder }: Setting,
): Promise<Named> {
  const { kind, sizes } = one
  const inputs = writeArrays(join(folder, 'inputs'), one.inputs)
  const results = join(folder, 'results')
  const answer = await process.ask({
    ask: 'prepare',
    id: idOf(one, mode),
    kind,
    sizes,
    mode,
    inputs,
    results,
  })
  if ('results' in answer) return readArrays(answer.results)
  throw new Error(`asked for results, it answered ${JSON.stringify(answer)}`)
}
