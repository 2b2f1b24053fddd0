/** Reports on several parameters, a line for each. */

import { checkGiven, checkLook } from '../checks.ts'
import { cutMiddle, type Look, padded, printable, settled, widthOf } from '../text.ts'
import type { LedgerReport } from './report.ts'
import { dash, fitted, labelIn, number, share, short, shown, titleOf } from './words.ts'

/**
 * Several reports, a line for each.
 *
 * @throws ValueError for what is no list of reports, and for a look that there is not
 * @example console.log(formatLedgers(ledgerReports(ledger.data)))
 */
export function formatLedgers(reports: readonly LedgerReport[], look: Look = {}): string {
  checkGiven('formatLedgers', 'list', reports, ['map'], 'ledgerReports(ledger.data)')
  for (const each of reports) {
    checkGiven('formatLedgers', 'report', each, ['parameter', 'rows', 'steps'], 'ledgerReport(ledger.data)')
  }
  checkLook('formatLedgers', look)
  const { columns, ascii, paint } = settled(look)
  const names = [...new Set(reports.flatMap(report => shown(report).map(({ name }) => name)))]
  const width = Math.min(Math.max(...reports.map(({ parameter }) => parameter.length), 9), 32)
  const head = ['parameter', 'net', 'path', ...names.map(name => labelIn(short, name))]
  const rows = reports.map(report => {
    const shares = names.map(name => report.rows.find(row => row.name === name)?.share)
    return [
      cutMiddle(printable(report.parameter), width),
      number(report.net),
      number(report.path),
      ...shares.map(each => (each === undefined ? dash : share(each))),
    ]
  })
  const kept = columnsThatFit([head, ...rows], width, columns)
  const line = (cells: readonly string[]) =>
    kept.map(({ at, width }) => padded(cells[at]!, width, at === 0 ? 'left' : 'right')).join('  ')
  const left = head.filter((_, i) => kept.every(({ at }) => at !== i))
  const [first] = reports
  const lines = [
    ...(first === undefined ? [] : [titleOf(first), '']),
    paint(line(head), 'heading'),
    ...rows.map(line),
    ...(left.length === 0 ? [] : [`not shown, since there is no room: ${left.join(', ')}`]),
  ]
  return fitted(lines, columns, ascii)
}

interface Column {
  readonly at: number
  readonly width: number
}

/** Columns of ten signs and more where these fit, else as narrow as can be; then rounding gives way, and the last ones. */
function columnsThatFit(
  lines: readonly (readonly string[])[],
  first: number,
  columns: number,
): readonly Column[] {
  const tight = lines[0]!.map(
    (_, at): Column => ({ at, width: at === 0 ? first : Math.max(...lines.map(line => widthOf(line[at]!))) }),
  )
  const wide = tight.map(({ at, width }) => ({ at, width: at === 0 ? width : Math.max(width, 10) }))
  const fits = (some: readonly Column[]) =>
    some.reduce((sum, { width }) => sum + width + 2, -2) <= columns || some.length === 1
  if (fits(wide)) return wide
  let kept = tight
  for (const leaving of [lines[0]!.indexOf('rounding'), ...[...tight.keys()].reverse()]) {
    if (fits(kept)) break
    kept = kept.filter(({ at }) => at !== leaving)
  }
  return kept
}
