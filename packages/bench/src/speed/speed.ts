/** `pnpm bench`: how fast our backends are, beside other libraries and beside what the machine can do. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Benchmark, Outcome, Row, RunOptions } from '../benchmark.ts'
import type { Case } from './case.ts'
import { figureOf } from './figure.ts'
import { type Measured, measure } from './measure.ts'
import { type Entrant, roster } from './roster.ts'
import type { Effort } from './rounds.ts'
import { glanceTables, tablesOf, targetsTable } from './table.ts'
import { judge } from './targets.ts'
import { workloads } from './workloads.ts'

const thorough: Effort = { warmUpSeconds: 0.5, lapSeconds: 0.08, leastRounds: 3, mostRounds: 9, seconds: 30 }
const brief: Effort = { warmUpSeconds: 0, lapSeconds: 0, leastRounds: 2, mostRounds: 2, seconds: 0 }

const entrants = Object.entries<Entrant>(roster)

export const speed: Benchmark = {
  name: 'speed',
  summary:
    'small networks over many steps on each backend, beside other libraries and the limit of the machine',
  parts: Object.fromEntries(workloads.map(({ name, summary }) => [name, summary])),
  peers: Object.fromEntries(
    entrants.filter(([, { role }]) => role !== 'ours').map(([name, entrant]) => [name, entrant.name]),
  ),
  run,
}

async function run({ parts, peers, quick, progress }: RunOptions): Promise<Outcome> {
  const taking = entrants.filter(([name, { role }]) => role === 'ours' || peers.includes(name))
  const chosen = workloads
    .filter(({ name }) => parts.includes(name))
    .map(({ name, summary, cases }) => ({ name, summary, cases: cases(quick) }))
  // Processes of their own for each workload, or the same ones for all, which is quicker and less exact.
  const batches = quick ? [chosen] : chosen.map(one => [one])
  const folder = mkdtempSync(join(tmpdir(), 'sensigrad-bench-'))
  const [absent, versions] = [new Set<Entrant>(), new Map<Entrant, string>()]
  const measured: Measured[] = []
  try {
    for (const [i, batch] of batches.entries()) {
      const title = batch.map(({ name }) => name).join(', ')
      const say = (line: string) => progress(`${i + 1} of ${batches.length}  ${title}: ${line}`)
      const present = taking.map(([, entrant]) => entrant).filter(entrant => !absent.has(entrant))
      say(`starting ${present.length} runners`)
      const found = await measure(
        batch.flatMap(({ cases }) => cases),
        present,
        {
          effort: quick ? brief : thorough,
          folder,
          progress: say,
          present: (entrant, version) => versions.set(entrant, version),
          absent(entrant, reason) {
            absent.add(entrant)
            const remedy = entrant.remedy && `. To have it: ${entrant.remedy}`
            say(`without ${entrant.name}: ${reason}${remedy}`)
          },
        },
      )
      measured.push(...found)
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
  return outcomeOf(chosen, measured, versions, quick)
}

async function outcomeOf(
  chosen: readonly { name: string; summary: string; cases: readonly Case[] }[],
  measured: readonly Measured[],
  versions: ReadonlyMap<Entrant, string>,
  quick: boolean,
): Promise<Outcome> {
  const parts = chosen.map(({ name, summary, cases }) => {
    return { name, summary, rows: measured.filter(row => cases.includes(row.case)) }
  })
  const findings = quick ? [] : judge(measured) // shorter workloads say little about the real ones
  const figures = parts.map(
    async ({ name, summary, rows }) => [`speed-${name}`, await figureOf(name, summary, rows)] as const,
  )
  return {
    rows: measured.map(rowOf),
    findings,
    text: [
      ...parts.map(({ name, summary, rows }) => tablesOf(`${name}: ${summary}`, rows)),
      ...(findings.length > 0 ? [targetsTable(findings), ''] : []),
      glanceTables(measured),
      '',
      ...[...versions].map(([{ name }, version]) => `${name}: ${version}`),
      ...(quick
        ? ['', 'These were short workloads, run twice: see whether it works, not how fast it is.']
        : []),
      '',
    ].join('\n'),
    figures: Object.fromEntries(await Promise.all(figures)),
  }
}

const rowOf = ({ case: one, entrant, mode, threads, median, min, max }: Measured): Row => ({
  workload: one.name,
  runner: entrant.name,
  mode,
  threads,
  median,
  min,
  max,
  unit: one.unit,
})
