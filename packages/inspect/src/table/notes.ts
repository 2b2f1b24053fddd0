/** What stands out in a table, in sentences, each with what to look at next. */

import type { EntryRecord, TapeRecord } from '../record/record.ts'
import { counted, percent, plural, scientific } from '../text.ts'
import type { Outlier } from './outliers.ts'
import type { TableOptions, TableRow } from './table.ts'

/** A sentence, and the options of the table that shows more of it. */
export interface TableNote {
  readonly text: string
  readonly follow?: TableOptions
  /** Whether something is wrong, rather than merely worth knowing. */
  readonly isWrong: boolean
}

const most = 4
/** Half of all outputs flat: little gets through. */
const saturated = 0.5

/**
 * What stands out.
 *
 * @param entries  those that the table is about
 */
export function notesOf(
  record: TapeRecord,
  entries: readonly EntryRecord[],
  rows: readonly TableRow[],
): TableNote[] {
  const outliers = rows.flatMap(row => row.outliers.map(outlier => ({ row, outlier })))
  return [
    ...nonFinite(entries),
    ...oncePerName(outliers)
      .slice(0, most)
      .map(({ row, outlier }) => ofOutlier(outlier, row)),
    ...ofSaturation(rows),
    ...zeroGradients(entries),
    ...smallestGradient(entries),
    ...beyondFloat32(entries),
    ...record.notes.map(text => ({ text, isWrong: false })),
  ]
}

/** One note a module: the first thing that is said of it is what is strangest. */
function oncePerName<Found extends { readonly outlier: Outlier }>(found: readonly Found[]): Found[] {
  const named = new Set<string>()
  return found.filter(({ outlier }) => !named.has(outlier.name) && named.add(outlier.name))
}

const isBad = ({ outputs }: EntryRecord) =>
  outputs.some(({ value, gradient }) => (value?.nonFinite ?? 0) + (gradient?.nonFinite ?? 0) > 0)

function nonFinite(entries: readonly EntryRecord[]): TableNote[] {
  const bad = entries.filter(isBad)
  const first = bad[0]
  if (first === undefined) return []
  const text = `${plural(bad.length, 'entry has', 'entries have')} NaN or infinite numbers, the first is %${first.id} ${first.text}`
  return [{ text, follow: { where: 'bad>0' }, isWrong: true }]
}

function ofOutlier(outlier: Outlier, { isLoop, path }: TableRow): TableNote {
  const where = isLoop && path !== '' ? `${path}, ${outlier.name}` : outlier.name
  const open = isLoop ? path : outlier.name
  return {
    text: `${where}: ${strangeness(outlier)}`,
    ...(open !== '' && { follow: { open } }),
    isWrong: true,
  }
}

function strangeness({ statistic, value, distance }: Outlier): string {
  if (statistic === 'sat') return `${percent(value)} of outputs saturated, unlike the others`
  if (statistic === 'flow') {
    if (!Number.isFinite(value)) return 'the gradient ends here: what it passes on is exactly 0'
    const factor = factorOf(value)
    return `${value < 0 ? 'divides' : 'multiplies'} the gradient by ${factor}, unlike the others`
  }
  const what = statistic === 'grad' ? 'gradient' : 'value'
  if (value === 0) return `${what} exactly 0, unlike the others`
  if (!Number.isFinite(distance)) return `${what} ${scientific(value)}, unlike the others`
  return `${what} ${scientific(value)}, ${factorOf(distance)} times ${distance < 0 ? 'below' : 'above'} the usual one`
}

/** A number of decades as a factor. */
function factorOf(decades: number): string {
  const factor = 10 ** Math.abs(decades)
  return factor < 1e6 ? counted(Math.round(factor)) : scientific(factor)
}

function ofSaturation(rows: readonly TableRow[]): TableNote[] {
  return rows
    .filter(
      ({ kind, numbers, isOpen }) => kind !== 'entry' && !isOpen && (numbers.saturated ?? 0) > saturated,
    )
    .slice(0, most)
    .map(({ path, numbers, repeats }) => ({
      text: `${path}: ${percent(numbers.saturated!)} of outputs saturated, where next to no gradient passes`,
      ...(repeats === 1 && { follow: { open: path } }),
      isWrong: true,
    }))
}

/** Gradients that are known: whether one arrived or not. */
const gradientsOf = (entries: readonly EntryRecord[]) =>
  entries.flatMap(entry =>
    entry.outputs.flatMap(({ gradient, gradientFrom }) =>
      gradientFrom === 'not-kept' || gradientFrom === 'fused-away' ? [] : [{ entry, gradient }],
    ),
  )

function zeroGradients(entries: readonly EntryRecord[]): TableNote[] {
  const gradients = gradientsOf(entries)
  const lost = gradients.filter(({ gradient }) => gradient === undefined).length
  const zero = gradients.filter(
    ({ gradient }) => gradient && gradient.count > 0 && gradient.zeros === gradient.count,
  ).length
  if (lost + zero === 0) return []
  const parts = [
    ...(zero > 0 ? [`the gradient of ${plural(zero, 'tensor')} is exactly 0`] : []),
    ...(lost > 0 ? [`none arrives at ${plural(lost, 'tensor')}, which lead to no output`] : []),
  ]
  return [{ text: parts.join('; '), follow: { where: 'grad=0' }, isWrong: zero > 0 }]
}

function smallestGradient(entries: readonly EntryRecord[]): TableNote[] {
  let smallest: { rms: number; entry: EntryRecord } | undefined
  for (const { entry, gradient } of gradientsOf(entries)) {
    const rms = gradient?.rms ?? 0
    if (rms > 0 && rms < (smallest?.rms ?? Number.POSITIVE_INFINITY)) smallest = { rms, entry }
  }
  if (smallest === undefined) return []
  const { rms, entry } = smallest
  const scope = entry.scope === '' ? '' : ` in ${entry.scope}`
  return [
    {
      text: `smallest gradient: rms ${scientific(rms)} at %${entry.id} ${entry.text}${scope}`,
      follow: { sort: 'grad', reverse: true },
      isWrong: false,
    },
  ]
}

const [largestFloat32, smallestFloat32] = [(2 - 2 ** -23) * 2 ** 127, 2 ** -126]

function beyondFloat32(entries: readonly EntryRecord[]): TableNote[] {
  const isBeyond = entries.some(({ outputs }) =>
    outputs.some(
      ({ value, dtype }) =>
        dtype === 'float64' &&
        value !== undefined &&
        (value.largest > largestFloat32 || (value.largest > 0 && value.largest < smallestFloat32)),
    ),
  )
  const text = 'some values lie beyond the range of float32: the spread has them at its ends, or not at all'
  return isBeyond ? [{ text, isWrong: false }] : []
}
