/** The words, numbers and signs of reports on a ledger. */

import { cutMiddle, printable, scientific } from '../text.ts'
import type { LedgerReport, ReportRow } from './report.ts'

/** What sources are called. */
const labels: Readonly<Record<string, string>> = {
  gradient: 'task gradient',
  clipNorm: 'clipping took',
  clipGlobalNorm: 'clipping took',
  clipValue: 'clipping took',
  decay: 'weight decay',
  momentum: 'momentum: earlier steps',
  now: 'this step',
  earlier: 'before the ledger',
}

/** What stands in the head of a narrow column. */
export const short: Readonly<Record<string, string>> = {
  ...labels,
  gradient: 'task',
  clipNorm: 'clipping',
  clipGlobalNorm: 'clipping',
  clipValue: 'clipping',
  decay: 'decay',
  momentum: 'earlier',
  now: 'now',
  earlier: 'before',
}

export const dash = '·'

export const labelIn = (words: Readonly<Record<string, string>>, name: string): string =>
  Object.hasOwn(words, name) ? words[name]! : printable(name)
export const labelOf = (name: string): string => labelIn(labels, name)
export const number = (x: number | undefined): string =>
  x === undefined || Number.isNaN(x) ? dash : scientific(x)
export const digits = (x: number): string =>
  x !== 0 && (Math.abs(x) < 1e-3 || Math.abs(x) >= 1e5) ? scientific(x) : x.toFixed(3)
export const rounded = (x: number): string => (Number.isFinite(x) ? String(Math.round(100 * x)) : dash)

/** A share in per cent, with its sign; minus zero is zero. */
export function share(x: number): string {
  if (!Number.isFinite(x)) return dash
  const text = (100 * x).toFixed(1)
  return text === '-0.0' || text === '0.0' ? '0.0%' : `${x > 0 ? '+' : ''}${text}%`
}

/** Sources that did something; what is far below all that moved is left to the sum. */
export function shown({ rows, net, path }: LedgerReport): ReportRow[] {
  const least = 1e-5 * (net ?? path)
  return rows.filter(
    ({ name, share, net }) => name === 'rounding' || Math.abs(share) > 5e-4 || (net ?? 0) > least,
  )
}

export function titleOf({ title, movers, steps }: LedgerReport): string {
  const what = [title, movers.join(', ')].filter(text => text !== '').map(printable)
  return [...what, `steps ${steps.first}-${steps.last}`].join(' · ')
}

/** Lines of so many columns at most, as one text. */
export function fitted(lines: readonly string[], columns: number, ascii: boolean): string {
  const cut = lines.map(line => cutMiddle(ascii ? inASCII(line) : line, columns, ascii ? '...' : '…'))
  return `${cut.map(line => line.trimEnd()).join('\n')}\n`
}

function inASCII(text: string): string {
  return text.replaceAll('→', '->').replaceAll('‖', '|').replaceAll('·', '-').replaceAll('…', '...')
}
