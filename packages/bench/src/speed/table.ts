/** What was measured, in words and tables: each case by itself, the targets, and everything at a glance. */

import { markdownTable } from '../text.ts'
import type { Unit } from './case.ts'
import type { Measured } from './measure.ts'
import { type EntrantName, roster } from './roster.ts'
import { bestOf, type Finding, gentleOf, oursOf, timeRatio } from './targets.ts'

/** The tables of a workload, one for each of its cases, the fastest first. */
export function tablesOf(summary: string, measured: readonly Measured[]): string {
  const tables = byCase(measured).map(rows => caseTable(rows, measured))
  return [summary, ...tables, ''].join('\n\n')
}

function caseTable(rows: readonly Measured[], measured: readonly Measured[]): string {
  const ours = oursOf(rows)
  const { name, unit } = rows[0]!.case
  const gentle = gentleOf(name, measured)
  const sorted = ours ? [...rows].sort((a, b) => timeRatio(a, ours) - timeRatio(b, ours)) : rows
  const head = [name, 'mode', 'threads', unit, 'min – max', 'time / ours']
  const body = sorted.map(row => {
    const { entrant, mode, threads, median, min, max } = row
    const other = gentle.find(each => each.entrant === entrant && each.mode === mode)
    return [
      entrant.name,
      mode,
      String(threads),
      digits(median),
      `${digits(min)} – ${digits(max)}`,
      ours ? digits(timeRatio(row, ours)) : '–',
      ...(other ? [digits(timeRatio(row, other))] : []),
    ]
  })
  return markdownTable(gentle.length > 0 ? [...head, 'time / gain 1.5'] : head, body, 2)
}

/** The targets, met or missed. */
export function targetsTable(findings: readonly Finding[]): string {
  const body = findings.map(({ workload, what, value, target, met }) => [
    workload,
    what,
    digits(value),
    target,
    met === 'yes' ? 'met' : 'missed',
  ])
  return markdownTable(['targets', 'what', 'measured', 'target', ''], body, 2)
}

/** Tables with a row for each who took part, at the best of its modes, and a column for each case: one for each unit. */
export function glanceTables(measured: readonly Measured[]): string {
  const units = [...new Set(measured.map(row => row.case.unit))]
  return units
    .map(unit =>
      glanceTable(
        unit,
        measured.filter(row => row.case.unit === unit),
      ),
    )
    .join('\n\n')
}

function glanceTable(unit: Unit, measured: readonly Measured[]): string {
  const cases = byCase(measured)
  const rows = (Object.keys(roster) as EntrantName[]).flatMap(name => {
    return linesOf(name, measured).map(({ title, own }) => {
      const cells = cases.map(rows =>
        bestOf(
          rows.filter(row => own.includes(row)),
          name,
        ),
      )
      return [title, ...cells.map(cell => (cell ? digits(cell.median) : '–'))]
    })
  })
  return markdownTable([unit, ...cases.map(([first]) => first!.case.name)], rows, 1)
}

/** Ours have a line for each mode, since these are of interest; others have one line. */
function linesOf(
  name: EntrantName,
  measured: readonly Measured[],
): { title: string; own: readonly Measured[] }[] {
  const entrant = roster[name]
  const all = measured.filter(row => row.entrant === entrant)
  if (all.length === 0) return []
  if (entrant.role !== 'ours') return [{ title: entrant.name, own: all }]
  const modes = [...new Set(all.map(({ mode }) => mode))]
  return modes.map(mode => ({ title: `${entrant.name}, ${mode}`, own: all.filter(row => row.mode === mode) }))
}

/** The rows of each case, in the order in which the cases were measured. */
export function byCase(measured: readonly Measured[]): Measured[][] {
  const groups = new Map<string, Measured[]>()
  for (const row of measured) groups.set(row.case.name, [...(groups.get(row.case.name) ?? []), row])
  return [...groups.values()]
}

/** Three digits, without an exponent. */
function digits(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString('en-US', { maximumSignificantDigits: 3 })
}
