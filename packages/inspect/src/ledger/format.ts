/** Reports on a ledger as text for a terminal. */

import { checkGiven, checkLook } from '../checks.ts'
import {
  cutEnd,
  cutMiddle,
  type Look,
  padded,
  plural,
  printable,
  scientific,
  settled,
  widthOf,
} from '../text.ts'
import type { LedgerReport, ReportRow } from './report.ts'
import { dash, digits, fitted, labelOf, number, rounded, share, shown, titleOf } from './words.ts'

/**
 * A report as a table.
 *
 * @throws ValueError for what is no report, and for a look that there is not
 * @example console.log(formatLedger(ledgerReport(ledger.data, { parameter: 'weight' })))
 */
export function formatLedger(report: LedgerReport, look: Look = {}): string {
  checkGiven('formatLedger', 'report', report, ['parameter', 'rows', 'steps'], 'ledgerReport(ledger.data)')
  checkLook('formatLedger', look)
  const { columns, ascii, paint } = settled(look)
  const [head, ...rows] = table(report, columns, ascii)
  const lines = [
    ...heading(report),
    '',
    paint(head!, 'heading'),
    ...rows,
    '',
    ...cooperation(report),
    ...neurons(report, columns),
    ...origins(report),
    ...report.notes.map(note => printable(note)),
  ]
  return fitted(lines, columns, ascii)
}

function heading(report: LedgerReport): string[] {
  const { parameter, shape, neuron, weight, net, path } = report
  const name = `${printable(parameter)} [${shape.join(',')}]${neuron === undefined ? '' : ` neuron ${neuron}`}`
  const facts = [
    ...(weight === undefined ? [] : [`‖w‖ ${weight.map(x => digits(x)).join(' → ')}`]),
    ...(net === undefined
      ? [`path ${digits(path)}, net not kept`]
      : [
          `net ${digits(net)}, path ${digits(path)}${path > 0 ? ` (${Math.round((100 * net) / path)}% straight)` : ''}`,
        ]),
  ]
  return [`${name} · ${titleOf(report)}`, facts.join(' · ')]
}

/** The head, a line for each source, and the sum. Where there is little room, what says least gives way: the trend. */
function table(report: LedgerReport, columns: number, ascii: boolean): string[] {
  const rows = shown(report).map(row => cells(row, ascii))
  const totals = [number(report.net), share(sumOf(report)), '', '']
  const all = [
    ['who', 'net', 'share', 'cos', 'last step', `share over the ${plural(report.steps.count, 'step')}`],
    ...rows.map(row => [...row.slice(0, 5), row.slice(5).join(' ')]),
    ['sum', ...totals, balance(report)],
  ]
  const fit = (width: number) => all.every(row => widthOf(rowText(row, width)) + 2 <= columns)
  const narrow = Math.min(Math.max(...rows.map(([who]) => widthOf(who!)), 3) + 1, 24)
  const width = [24, narrow].find(fit)
  if (width !== undefined) return all.map(row => `  ${rowText(row, width)}`)
  const room = columns - 2 - widthOf(rowText([], narrow))
  const bare = [
    [...all[0]!.slice(0, 5), room < 15 ? '' : 'share over time'],
    ...rows,
    ['sum', ...totals, room < 9 ? '' : '= applied'],
  ]
  return bare.map(row => `  ${rowText([...row.slice(0, 5), cutEnd(row[5]!, room, '')], narrow)}`)
}

function cells({ name, net, share: part, cosine, last, trend }: ReportRow, ascii: boolean): string[] {
  const [from, to] = [trend[0], trend.at(-1)].map(each => (each === undefined ? dash : rounded(each)))
  return [
    labelOf(name),
    number(net),
    share(part),
    cosine === undefined ? dash : cosine.toFixed(2),
    number(last),
    padded(bars(trend, ascii), 16),
    `${from} → ${to}`,
  ]
}

function rowText(
  [who = '', net = '', part = '', cosine = '', last = '', trend = '']: readonly string[],
  width: number,
): string {
  const numbers = [
    padded(net, 9, 'right'),
    padded(part, 8, 'right'),
    padded(cosine, 6, 'right'),
    padded(last, 10, 'right'),
  ]
  return `${padded(cutMiddle(who, width), width)}${numbers.join(' ')}   ${trend}`
}

const heights = { signs: '▁▂▃▄▅▆▇█', ascii: '.:-=+*#@' } as const

/** How large shares are, each beside the largest of the row. */
function bars(trend: readonly number[], ascii: boolean): string {
  const sizes = trend.map(x => (Number.isFinite(x) ? Math.abs(x) : 0))
  const largest = Math.max(...sizes, Number.MIN_VALUE)
  const signs = ascii ? heights.ascii : heights.signs
  return sizes.map(size => signs[Math.min(Math.floor((8 * size) / largest), 7)]).join('')
}

const sumOf = ({ rows }: LedgerReport): number => rows.reduce((sum, { share }) => sum + share, 0)

function balance({ imbalance }: LedgerReport): string {
  return `= applied (off by ${scientific(imbalance)})`
}

function cooperation({ taskAndSAL }: LedgerReport): string[] {
  if (taskAndSAL === undefined) return []
  const { net, last } = taskAndSAL
  const cosine = net ?? last
  const how =
    Math.abs(cosine) < 0.1 ? 'neither helping nor fighting' : cosine > 0 ? 'cooperating' : 'fighting'
  const over = net === undefined ? '' : `cos ${net.toFixed(2)} over the steps, `
  return [`task and SAL: ${over}cos ${last.toFixed(2)} in the last step: ${how}`]
}

function neurons({ neurons, parameter, neuron }: LedgerReport, columns: number): string[] {
  if (neurons === undefined) return []
  const { units, open, target, neverOpen, most, way } = neurons
  if (neuron !== undefined && way !== undefined) return wayOf(way, target)
  const gates = [`gate: open for ${open} of ${units} now, target ${digits(target)}`]
  if (neverOpen !== undefined) gates.push(`never open: ${listed(neverOpen)}`)
  const far = (most ?? [])
    .slice(0, 4)
    .map(({ neuron, sensitivity: [from, to] }) => `${neuron} (s ${from.toFixed(2)} → ${to.toFixed(2)})`)
  const line = (count: number) => `SAL moved most: neuron ${far.slice(0, count).join('  ')}`
  const count = [4, 3, 2].find(count => widthOf(line(count)) + far.length <= columns) ?? 1 // an arrow may become two signs
  const hint = most?.[0] && `  look at one: --parameter ${printable(parameter)} --neuron ${most[0].neuron}`
  return [...(far.length === 0 ? [] : [line(count), ...(hint ? [hint] : [])]), gates.join(' · ')]
}

/** Up to twelve steps of a neuron, the first and the last among them. */
function wayOf(way: NonNullable<NonNullable<LedgerReport['neurons']>['way']>, target: number): string[] {
  const count = Math.min(way.length, 12)
  const some = Array.from(
    { length: count },
    (_, i) => way[Math.round((i * (way.length - 1)) / Math.max(count - 1, 1))]!,
  )
  const line = (cells: readonly string[]) => `  ${cells.map(cell => padded(cell, 10, 'right')).join('')}`
  return [
    `${line(['step', 's', 'average', 'gate', '‖w‖'])}   target ${digits(target)}`,
    ...some.map(({ step, sensitivity, average, gate, weight }) =>
      line([String(step), digits(sensitivity), digits(average), digits(gate), digits(weight)]),
    ),
  ]
}

function listed(neurons: readonly number[]): string {
  if (neurons.length === 0) return 'none'
  return neurons.length <= 8
    ? neurons.join(', ')
    : `${neurons.slice(0, 8).join(', ')} and ${neurons.length - 8} more`
}

function origins({ from, without, net }: LedgerReport): string[] {
  const trials = without.map(
    ({ stage, farther }) => `without ${printable(stage)} the change would be ${share(farther)}`,
  )
  const isOfWay =
    'shares are of the way, step by step: the net change since the first of these steps is not kept'
  return [
    ...trials,
    ...(trials.length === 0 ? [] : ['  (an experiment on the same gradients, which does not sum)']),
    ...(net === undefined ? [isOfWay] : []),
    `numbers: ${from.map(([from, count]) => `${from} in ${plural(count, 'step')}`).join(', ')}`,
  ]
}
