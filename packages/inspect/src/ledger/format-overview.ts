/** Reports on several parameters, a line for each. */

import { cutMiddle, type Look, padded, printable, settled } from '../text.ts'
import type { LedgerReport } from './report.ts'
import { dash, fitted, labelIn, number, share, short, shown, titleOf } from './words.ts'

/**
 * Several reports, a line for each.
 *
 * @example console.log(formatLedgers(ledgerReports(ledger.data)))
 */
export function formatLedgers(reports: readonly LedgerReport[], look: Look = {}): string {
  const { columns, ascii, paint } = settled(look)
  const names = [...new Set(reports.flatMap(report => shown(report).map(({ name }) => name)))]
  const width = Math.min(Math.max(...reports.map(({ parameter }) => parameter.length), 9), 32)
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) =>
        padded(cell, i === 0 ? width : Math.max(10, widthOfHead(names[i - 3])), i === 0 ? 'left' : 'right'),
      )
      .join('  ')
  const head = ['parameter', 'net', 'path', ...names.map(name => labelIn(short, name))]
  const [first] = reports
  const lines = [
    ...(first === undefined ? [] : [titleOf(first), '']),
    paint(line(head), 'heading'),
    ...reports.map(report => {
      const shares = names.map(name => report.rows.find(row => row.name === name)?.share)
      return line([
        cutMiddle(printable(report.parameter), width),
        number(report.net),
        number(report.path),
        ...shares.map(each => (each === undefined ? dash : share(each))),
      ])
    }),
  ]
  return fitted(lines, columns, ascii)
}

const widthOfHead = (name: string | undefined): number =>
  name === undefined ? 0 : labelIn(short, name).length
