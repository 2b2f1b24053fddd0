/** `sensigrad claims`: runs what four claims need, judges each by its rule, and shows the numbers beside it. */

import { dirname, join, resolve } from 'node:path'
import { Command } from '@commander-js/extra-typings'
import { tellFailures } from '../arms/command.ts'
import type { AnyStudy } from '../arms/plan.ts'
import { runInFolder } from '../arms/run.ts'
import { type ArmSummary, summarise } from '../arms/summary.ts'
import { defaults as edgeDefaults } from '../edge-of-chaos/settings.ts'
import { type RunSummary, summariseRun } from '../edge-of-chaos/summary.ts'
import { digits, power } from '../format.ts'
import { toJson } from '../json.ts'
import { whole } from '../options.ts'
import { prepareFolder, writeFiles } from '../output.ts'
import { defaultWorkers } from '../pool.ts'
import { forgetRecords } from '../recording/place.ts'
import { maxSeed } from '../seeds.ts'
import { exitCodesHelp, watched } from '../study-command.ts'
import { exitCodes, type Terminal } from '../terminal.ts'
import { textTable } from '../text-table.ts'
import { type ClaimResult, judge } from './claims.ts'

/** Runs of edge of chaos: the size at which its tolerances are meant, at the pace of its --quick. */
const edge = {
  sizes: [100],
  seeds: 5,
  settings: { ...edgeDefaults, rate: 5e-4, steps: 2500, probeEvery: 125, transient: 200, window: 300 },
}

const help = `
Without --full the studies run only the arms that the claims speak of; fifteen minutes on two cores are enough. With it
they run all arms. Finished runs are kept in the folder: the same command goes on where an earlier one was stopped, and
--full adds to what is there. A claim that does not hold is an answer, not a failure.
${exitCodesHelp}`

/** The command, writing to `terminal`. */
export function claimsCommand(terminal: Terminal): Command {
  const command = new Command('claims')
    .description('Four claims about SAL, each tested by its rule: does it hold here?')
    .option('--seed <number>', 'the first seed of each study', whole('seed', 0, maxSeed - 1000), 1)
    .option('--full', 'run all arms of the studies')
    .option('--fresh', 'do the finished runs of the folder again')
    .option('--output <folder>', 'where the reports of the studies go', join('results', 'claims'))
    .option('--workers <number>', 'worker threads, 0 for none', whole('workers', 0, 64), defaultWorkers())
    .option('--no-plots', 'write the reports without figures')
    .option('--no-progress', 'show no progress')
    .option('--json <file>', 'write a row for each claim and arm as JSON')
    .addHelpText('after', help)

  return command.action(async options => {
    const { json } = options
    if (json !== undefined) prepareFolder(dirname(resolve(json)), '--json')
    const work: Work = { ...options, terminal }
    const deep = await armsOf(work, (await import('../experiments/deep-300/study.ts')).default, isNamedByDeep)
    const lag = await armsOf(work, (await import('../experiments/lag-300/study.ts')).default, isNamedByLag)
    const runs = await edgeRuns(work)
    const results = judge({
      deep: deep.summaries,
      lag: lag.summaries,
      edge: runs,
      planned: { deep: deep.planned, lag: lag.planned, edge: edge.seeds },
    })
    terminal.out.write(`${results.map(asText).join('\n')}\nReports: ${options.output}\n`)
    if (json !== undefined) {
      const path = resolve(json)
      writeFiles(dirname(path), {
        [path.slice(dirname(path).length + 1)]: toJson(results.flatMap(({ rows }) => rows)),
      })
    }
  })
}

interface Work {
  terminal: Terminal
  seed: number
  full?: boolean | undefined
  fresh?: boolean | undefined
  output: string
  workers: number
  plots: boolean
  progress: boolean
}

const isNamedByDeep = (id: string) => id === 'sal' || id === 'plain'
const isNamedByLag = (id: string) => isNamedByDeep(id) || id.startsWith('radius-')

const seedsFrom = (first: number, count: number) => Array.from({ length: count }, (_, i) => first + i)

async function armsOf(
  { terminal, seed, full, fresh = false, output, ...options }: Work,
  study: AnyStudy,
  isNamed: (id: string) => boolean,
): Promise<{ summaries: ArmSummary[]; planned: number }> {
  const arms = study.arms.map(({ id }) => id).filter(id => full || isNamed(id))
  const seeds = seedsFrom(seed, study.seeds)
  const planned = arms.length * seeds.length
  if (terminal.exitCode === exitCodes.interrupted) return { summaries: [], planned }
  const { result } = await watched(
    terminal,
    { name: study.name, progress: options.progress },
    (signal, view) =>
      runInFolder(
        study,
        { arms, seeds, settings: study.defaults },
        { folder: join(output, study.name), ...options, fresh, signal, view },
      ),
  )
  tellFailures(result, terminal)
  return { summaries: summarise(study, result), planned }
}

async function edgeRuns({ terminal, seed, output, workers, plots, progress }: Work): Promise<RunSummary[]> {
  if (terminal.exitCode === exitCodes.interrupted) return []
  const folder = join(output, 'edge-of-chaos')
  prepareFolder(folder)
  forgetRecords(folder)
  const plan = { ...edge, seeds: seedsFrom(seed, edge.seeds) }
  const [{ runShown }, { writeStudy }] = await Promise.all([
    import('../edge-of-chaos/command.ts'),
    import('../edge-of-chaos/write.ts'),
  ])
  const study = await watched(terminal, { name: 'edge of chaos', progress }, (signal, view) =>
    runShown(plan, { workers, signal, view }),
  )
  if (study.failures.length > 0) terminal.exitCode = exitCodes.failed
  if (study.interrupted) terminal.exitCode = exitCodes.interrupted
  if (study.runs.some(run => run.probes.length > 0)) await writeStudy(study, folder, { plots })
  return study.runs.map(summariseRun)
}

const answers = { true: 'HOLDS', false: 'DOES NOT HOLD', null: 'OPEN' } as const

function asText({ statement, rule, holds, rows }: ClaimResult): string {
  const columns = rows.map(row => [
    `  ${row.study}`,
    row.arm,
    `${row.successes} of ${row.seeds.length}`,
    digits(row.medianIterations, 0),
    power(row.gradientRatio),
    digits(row.largestGap),
    digits(row.largestEnd),
  ])
  const header = ['  study', 'arm', 'successes', 'median', 'ratio at start', 'max |λ−S|', 'max |λ| at end']
  return `${answers[`${holds}`]}: ${statement}
  Rule: ${rule}.
${textTable(withoutEmpty([header, ...columns]))}
`
}

/** Columns in which no row has a number say nothing. */
function withoutEmpty(rows: string[][]): string[][] {
  const isKept = (column: number) => rows.slice(1).some(row => row[column] !== '–')
  return rows.map(row => row.filter((_, column) => isKept(column)))
}
