/** The columns of the table: what is in them, and which of them there is room for. */

import type { Provenance } from '../record/record.ts'
import { duration, memory, percent, scientific, sparkline, type Tone, widthOf } from '../text.ts'
import type { TableRow, TapeTable } from './table.ts'

/** A column: its head, its cell in a row, and how much it is missed where there is no room (the smallest goes first). */
export interface Column {
  readonly head: string
  readonly align: 'left' | 'right'
  readonly importance: number
  readonly cell: (row: TableRow) => string
  readonly tone?: (row: TableRow) => Tone | undefined
}

const none = (ascii: boolean) => (ascii ? '-' : '·')

/** The columns in which some row has something to say. */
export function columnsOf({ rows, sort }: TapeTable, ascii: boolean): Column[] {
  const dtypes = new Map<string, number>()
  for (const { numbers } of rows) dtypes.set(numbers.dtype, (dtypes.get(numbers.dtype) ?? 0) + 1)
  const usual = [...dtypes].sort(([, a], [, b]) => b - a)[0]![0]
  const mark = (from: Provenance) => (from === 'replayed-differs' ? (ascii ? '!' : '≠') : '')
  const missing = (from: Provenance) => (from === 'fused-away' ? 'fused' : none(ascii))
  const all: (Column & { readonly has: (row: TableRow) => boolean })[] = [
    {
      head: usual,
      align: 'left',
      importance: 5,
      has: () => true,
      cell: ({ numbers: { shape, dtype } }) => `${dtype === usual ? '' : dtype}[${shape.join(',')}]`,
    },
    {
      head: 'value rms',
      align: 'right',
      importance: 8,
      has: ({ numbers }) => numbers.valueRms !== undefined || numbers.valueFrom === 'fused-away',
      cell: ({ numbers: { valueRms, valueFrom } }) =>
        valueRms === undefined ? missing(valueFrom) : scientific(valueRms) + mark(valueFrom),
    },
    {
      head: 'spread',
      align: 'left',
      importance: 2,
      has: ({ numbers }) => numbers.spread !== undefined,
      cell: ({ numbers: { spread } }) => (spread === undefined ? '' : sparkline(spread, 8, ascii)),
    },
    {
      head: 'grad rms',
      align: 'right',
      importance: 9,
      has: ({ numbers }) => numbers.gradientRms !== undefined,
      cell: ({ numbers: { gradientRms, gradientFrom } }) =>
        gradientRms === undefined ? missing(gradientFrom) : scientific(gradientRms) + mark(gradientFrom),
      tone: ({ numbers }) => (numbers.gradientRms === 0 ? 'bad' : undefined),
    },
    {
      head: 'flow',
      align: 'right',
      importance: 7,
      has: ({ numbers }) => numbers.flow !== undefined,
      cell: ({ numbers: { flow } }) => (flow === undefined ? '' : flowText(flow)),
      tone: ({ numbers: { flow = 0 } }) => (Math.abs(flow) > 1 ? 'warning' : undefined),
    },
    {
      head: 'sat',
      align: 'right',
      importance: 6,
      has: ({ numbers }) => numbers.saturated !== undefined,
      cell: ({ numbers: { saturated } }) => (saturated === undefined ? '' : percent(saturated)),
      tone: ({ numbers: { saturated = 0 } }) => (saturated > 0.5 ? 'warning' : undefined),
    },
    {
      head: 'bad',
      align: 'right',
      importance: 10,
      has: ({ numbers }) => numbers.nonFinite > 0,
      cell: ({ numbers: { nonFinite } }) => (nonFinite === 0 ? '' : String(nonFinite)),
      tone: ({ numbers }) => (numbers.nonFinite > 0 ? 'bad' : undefined),
    },
    {
      head: 'time',
      align: 'right',
      importance: sort === 'time' ? 11 : 4,
      has: ({ numbers }) => numbers.milliseconds !== undefined,
      cell: ({ numbers: { milliseconds } }) =>
        milliseconds === undefined ? '' : duration(milliseconds, ascii),
    },
    {
      head: 'memory',
      align: 'right',
      importance: sort === 'bytes' ? 11 : 1,
      has: () => sort === 'bytes',
      cell: ({ numbers: { bytes } }) => memory(bytes),
    },
  ]
  return all.filter(({ has }) => rows.some(has))
}

/** Decades with their sign: `-0.3`; `to 0` where nothing leaves. */
export function flowText(flow: number): string {
  if (!Number.isFinite(flow)) return flow < 0 ? 'to 0' : 'NaN'
  return Math.abs(flow) < 0.05 ? '0.0' : `${flow < 0 ? '-' : '+'}${Math.abs(flow).toFixed(1)}`
}

/** The room that a name must have, beside its id. */
const leastName = 36

/** A column as it is written. */
export interface WrittenColumn extends Column {
  readonly cells: readonly string[]
  readonly width: number
}

/** The columns for which there is room: those that are missed least go first. */
export function columnsThatFit(
  columns: readonly Column[],
  rows: readonly TableRow[],
  room: number,
): WrittenColumn[] {
  const kept = columns.map(column => {
    const cells = rows.map(column.cell)
    return {
      ...column,
      cells,
      width: cells.reduce((most, cell) => Math.max(most, widthOf(cell)), column.head.length),
    }
  })
  while (kept.length > 1 && kept.reduce((sum, { width }) => sum + width + 2, leastName) > room) {
    const least = kept.reduce((a, b) => (b.importance < a.importance ? b : a))
    kept.splice(kept.indexOf(least), 1)
  }
  return kept
}
