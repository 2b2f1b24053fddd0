/** A curve as a table for a terminal: a row for each length, and the fitted exponents below. */

import type { Row } from '../benchmark.ts'
import { duration, plainTable, size } from '../text.ts'
import type { Part } from './workloads.ts'

/** A measured point of a curve, as it stands in the JSON file. */
export interface CurveRow extends Row {
  readonly part: string
  readonly series: string
  readonly length: number
  readonly seconds: number
  readonly forwardSeconds: number | null
  readonly heldBytes: number | null
  readonly peakBytes: number | null
  readonly repeats: number
}

/** A part of the benchmark, measured. */
export interface Curve extends Part {
  readonly name: string
  readonly rows: readonly CurveRow[]
  readonly fits: readonly Row[]
}

interface Column {
  readonly head: string
  readonly cell: (row: CurveRow) => string
  /** Whether it is of no use where memory was not measured. */
  readonly memory?: boolean
}

/** The table of a curve, in plain text without colours or boxes. */
export function tableOf(curve: Curve): string {
  const columns = columnsOf(curve)
  const table = plainTable(
    columns.map(({ head }) => head),
    curve.rows.map(row => columns.map(({ cell }) => cell(row))),
  )
  return [`${curve.name}: ${curve.summary}`, table, ...fitLines(curve), ''].join('\n')
}

function columnsOf({ unit, memory }: Curve): Column[] {
  const one = unit.slice(0, -1)
  const columns: Column[] = [
    { head: 'series', cell: row => row.series },
    { head: unit, cell: row => row.length.toLocaleString('en-US') },
    { head: 'time', cell: row => duration(row.seconds) },
    { head: 'forward', cell: row => duration(row.forwardSeconds), memory: true },
    { head: `time / ${one}`, cell: row => duration(row.seconds / row.length), memory: true },
    { head: 'tape holds', cell: row => size(row.heldBytes), memory: true },
    { head: 'peak', cell: row => size(row.peakBytes), memory: true },
    { head: `peak / ${one}`, cell: row => size(per(row.peakBytes, row.length)), memory: true },
  ]
  return columns.filter(column => memory || !column.memory)
}

const names: Readonly<Record<string, string>> = {
  seconds: 'time',
  heldBytes: 'what the tape holds',
  peakBytes: 'peak memory',
}

function fitLines({ fits, series }: Curve): string[] {
  return series.flatMap(one => {
    const own = fits.filter(fit => fit.series === one)
    const [first] = own
    if (first === undefined) return []
    const grows = own.map(
      ({ quantity, exponent }) => `${names[String(quantity)]} ∝ n^${exponentText(exponent)}`,
    )
    const range = [first.from, first.to].map(n => n?.toLocaleString('en-US')).join(' to ')
    return [`${one}: ${grows.join(', ')}  (n from ${range})`]
  })
}

const exponentText = (value: Row[string] | undefined): string => Number(value).toFixed(2).replace('-', '−')

const per = (value: number | null, length: number): number | null => (value === null ? null : value / length)
