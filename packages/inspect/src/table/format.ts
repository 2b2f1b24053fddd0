/** The table of a record as text: ids first, as they are what one types next; numbers in one form; notes last. */

import { checkGiven, checkLook } from '../checks.ts'
import type { Provenance } from '../record/record.ts'
import {
  cutEnd,
  cutMiddle,
  inAscii,
  type Look,
  padded,
  percent,
  plural,
  printable,
  scientific,
  settled,
  type Tone,
  widthOf,
} from '../text.ts'
import { columnsOf, columnsThatFit, flowText } from './columns.ts'
import type { TableNote } from './notes.ts'
import type { Outlier, Range } from './outliers.ts'
import type { TableOptions, TableRow, TapeTable } from './table.ts'

/** How the table is written. */
export interface TableLook extends Look {
  /** The most lines: 40 unless said. The middle of a longer table is left out, and the table says so. */
  readonly lines?: number
  /** How a note's options read: as those of `tableOf` unless said; a command line writes its own. */
  readonly follow?: (options: TableOptions) => string
}

type Drawing = Required<Look>

const flowLegend = 'flow = log10 of the gradient that leaves over the one that arrives'

/**
 * A table as text.
 *
 * @param table  of `tableOf`
 * @param look   its width, whether in ASCII, and who colours it
 * @throws ValueError for what is no table, and for a look that there is not
 * @example console.log(formatTable(tableOf(record), { columns: 80 }))
 */
export function formatTable(table: TapeTable, look: TableLook = {}): string {
  checkGiven('formatTable', 'table', table, ['rows', 'notes'], 'tableOf(record)')
  checkLook('formatTable', look, ['lines', 'follow'])
  const drawing = settled(look)
  const { lines = 40, follow = followText } = look
  const head = [titleOf(table, drawing), '']
  const notes = noteLines(table.notes, drawing, follow)
  const legend = table.rows.some(({ numbers }) => numbers.flow !== undefined)
    ? [drawing.paint(cutEnd(flowLegend, drawing.columns, dots(drawing.ascii)), 'faint')]
    : []
  const others = head.length + 1 + legend.length + (notes.length > 0 ? notes.length + 1 : 0)
  const body = rowLines(table, within(table.rows, lines - others, table.sort !== undefined), drawing)
  const tail = [...legend, ...(notes.length > 0 ? ['', ...notes] : [])]
  return [...head, ...body, ...tail].map(line => line.trimEnd()).join('\n')
}

const provenanceWords: Record<Provenance, string> = {
  recorded: 'recorded',
  'replayed-equal': 'replayed, equal',
  'replayed-differs': 'replayed, DIFFERENT from the run',
  'fused-away': 'fused away',
  'not-kept': 'not kept',
}

function titleOf(
  { title, backend, entries, scopes, valuesFrom, sort }: TapeTable,
  { columns, ascii, paint }: Drawing,
) {
  const parts = [
    ...(title === '' ? [] : [cutMiddle(printable(title), 40, dots(ascii))]),
    printable(backend),
    plural(entries, 'entry', 'entries') + (scopes > 0 ? ` in ${plural(scopes, 'module')}` : ''),
    ...(valuesFrom.length > 0 ? [`values ${valuesFrom.map(each => provenanceWords[each]).join(', ')}`] : []),
    ...(sort === undefined ? [] : [`by ${sort}`]),
  ]
  return paint(cutMiddle(parts.join(ascii ? ' | ' : ' · '), columns, dots(ascii)), 'heading')
}

/** The head of the table, and the lines of the rows. */
function rowLines(table: TapeTable, { front, left, back }: Shown, drawing: Drawing): string[] {
  const rows = [...front, ...back]
  if (rows.length === 0) return ['nothing is like that']
  const { ascii, paint, columns } = drawing
  const shown = columnsThatFit(columnsOf(table, ascii), rows, columns)
  const idWidth = rows.reduce((most, row) => Math.max(most, idText(row).length), 2) + 2
  const others = shown.reduce((sum, { width }) => sum + width + 2, 0)
  const names = rows.map(row => nameOf(row, ascii))
  const longest = names.reduce((most, name) => Math.max(most, widthOf(name)), 5)
  const nameWidth = Math.max(Math.min(longest, columns - idWidth - 2 - others), 8)
  const line = (id: string, name: string, cells: readonly string[]) =>
    `${id}${name}${cells.map(cell => `  ${cell}`).join('')}`
  const head = line(
    padded('  id', idWidth + 2),
    padded('what', nameWidth),
    shown.map(({ head, align, width }) => padded(head, width, align)),
  )
  const body = rows.map((row, r) => {
    const cells = shown.map(({ cells, align, tone, width }) => {
      const text = padded(cells[r]!, width, align)
      const colour = tone?.(row)
      return colour === undefined ? text : paint(text, colour)
    })
    const cut = row.kind === 'entry' ? cutMiddle : cutEnd
    const name = padded(cut(names[r]!, nameWidth, dots(ascii)), nameWidth)
    const first = line(
      glyphOf(row, ascii) + padded(idText(row), idWidth),
      row.role === 'constant' ? paint(name, 'faint') : name,
      cells,
    )
    return [first, ...detailLines(row, idWidth + 4, drawing)]
  })
  const more = left === 0 ? [] : [`  ${dots(ascii)} ${plural(left, 'row')} more`]
  return [
    paint(head, 'heading'),
    ...body.slice(0, front.length).flat(),
    ...more,
    ...body.slice(front.length).flat(),
  ]
}

const dots = (ascii: boolean) => (ascii ? '...' : '…')

const idText = ({ first, last }: TableRow): string => (first === last ? String(first) : `${first}-${last}`)

function glyphOf({ kind, isOpen }: TableRow, ascii: boolean): string {
  if (kind === 'entry') return '  '
  return ascii ? (isOpen ? 'v ' : '> ') : isOpen ? '▾ ' : '▸ '
}

/** `layers.0-297 ×298 · matmul → tanh`, `%5 = tanh(%4)`, `weight parameter`. */
function nameOf({ kind, level, path, text, role, repeats, isLoop }: TableRow, ascii: boolean): string {
  const indent = '  '.repeat(Math.min(level, 8))
  const said = ascii ? inAscii(printable(text)) : printable(text)
  const times = repeats > 1 ? ` ${ascii ? 'x' : '×'}${repeats}` : ''
  if (kind === 'entry') {
    const kindOfEntry = role === 'op' || (role === 'input' && text.startsWith('input')) ? '' : ` ${role}`
    return `${indent}${said}${kindOfEntry}`
  }
  const name = isLoop ? 'loop' : printable(path)
  return `${indent}${name}${times}${text === '' ? '' : `${ascii ? ' | ' : ' · '}${said}`}`
}

/** Below a line of what repeats: from where to where it goes, and which of it is not like the others. */
function detailLines(row: TableRow, indent: number, { ascii, paint, columns }: Drawing): string[] {
  const [arrow, comma] = ascii ? ['-> ', ', '] : ['↳ ', ' · ']
  const below = (text: string, tone: Tone) =>
    ' '.repeat(indent) + paint(cutEnd(arrow + text, columns - indent, dots(ascii)), tone)
  const lines: string[] = []
  if (row.ranges.length > 0) lines.push(below(row.ranges.map(rangeText).join(comma), 'faint'))
  if (row.outliers.length > 0) {
    const named = row.outliers.slice(0, 3).map(outlierText)
    const more = row.outliers.length > named.length ? [`${row.outliers.length - named.length} more`] : []
    const who = row.isLoop ? 'turns' : 'modules'
    lines.push(below(`unlike the other ${who}: ${[...named, ...more].join(comma)}`, 'warning'))
  }
  return lines
}

const rangeText = ({ statistic, least, most }: Range): string =>
  `${statistic} from ${scientific(least.value)} (${printable(least.name)}) to ${scientific(most.value)} (${printable(most.name)})`

function outlierText({ name, statistic, value, distance }: Outlier): string {
  if (statistic === 'sat') return `${printable(name)} sat ${percent(value)}`
  if (statistic === 'flow') return `${printable(name)} flow ${flowText(value)}`
  const decades = Number.isFinite(distance)
    ? ` (${distance > 0 ? '+' : ''}${distance.toFixed(1)} decades)`
    : ''
  return `${printable(name)} ${statistic} ${scientific(value)}${decades}`
}

function noteLines(
  notes: readonly TableNote[],
  { ascii, paint, columns }: Drawing,
  follow: (options: TableOptions) => string,
) {
  return notes.map(({ text, follow: options, isWrong }) => {
    const next = options === undefined ? '' : `${ascii ? '  -> ' : '  → '}${follow(options)}`
    const said = cutMiddle(printable(text), Math.max(columns - 2 - widthOf(next), 24), dots(ascii))
    return `${ascii ? '* ' : '● '}${isWrong ? paint(said, 'warning') : said}${next && paint(next, 'faint')}`
  })
}

/** Options as one writes them in a program: `{ open: 'layers.41' }`. */
function followText(options: TableOptions): string {
  const fields = Object.entries(options).map(
    ([name, value]) => `${name}: ${typeof value === 'string' ? `'${printable(value)}'` : value}`,
  )
  return `{ ${fields.join(', ')} }`
}

/** The rows for which there are lines, and how many are left out between them. */
interface Shown {
  readonly front: readonly TableRow[]
  readonly left: number
  readonly back: readonly TableRow[]
}

/**
 * The rows that take no more than so many lines: of what is ranked the first, else the first and the last, since a tape
 * has its losses at its end.
 */
function within(rows: readonly TableRow[], lines: number, isRanked: boolean): Shown {
  const room = Math.max(lines, 4)
  if (linesOf(rows) <= room) return { front: rows, left: 0, back: [] }
  const take = (from: readonly TableRow[], most: number): TableRow[] => {
    let [end, used] = [0, 0]
    while (end < from.length) {
      used += linesOf([from[end]!])
      if (used > most) break
      end++
    }
    return from.slice(0, end)
  }
  const back = isRanked ? [] : take(rows.slice(-room).reverse(), Math.floor(room / 3)).reverse()
  const front = take(rows.slice(0, room), room - linesOf(back) - 1)
  return { front, left: rows.length - front.length - back.length, back }
}

/** How many lines rows take, with the details below them. */
function linesOf(rows: readonly TableRow[]): number {
  return rows.reduce(
    (sum, { ranges, outliers }) => sum + 1 + (ranges.length > 0 ? 1 : 0) + (outliers.length > 0 ? 1 : 0),
    0,
  )
}
