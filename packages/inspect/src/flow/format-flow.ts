/** The flow of a tape as a table: a line for each layer, and of a layer with many steps of time, of some of them. */

import { checkGiven, checkLook } from '../checks.ts'
import {
  cutMiddle,
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
import type { FlowRow, GradientFlow } from './gradient-flow.ts'

/** How a flow is to look. */
export interface FlowLook extends Look {
  /** How many lines of layers there may be, 40 unless said. */
  readonly lines?: number
}

/** How many steps of time of one layer are shown. */
const shownSteps = 5

/**
 * A flow as text.
 *
 * @throws ValueError for what is no flow, and for a look that there is not
 * @example console.log(formatFlow(await gradientFlow(tape)))
 */
export function formatFlow(flow: GradientFlow, look: FlowLook = {}): string {
  checkGiven('formatFlow', 'flow', flow, ['rows'], 'gradientFlow(tape)')
  checkLook('formatFlow', look, ['lines'])
  const { columns, ascii, paint } = settled(look)
  const { lines = 40 } = look
  const chosen = spread(flow.rows, lines)
  const hasSteps = flow.rows.some(({ step }) => step !== undefined)
  const hasStretch = flow.rows.some(({ stretch }) => stretch !== undefined)
  const cells = chosen.map(row =>
    [
      hasSteps ? [row.step === undefined ? '' : String(row.step)] : [],
      [`[${row.shape.join(', ')}]`, scientific(row.value.rms)],
      [row.gradient === undefined ? 'none' : scientific(row.gradient.rms)],
      [decades(row.gain, ascii)],
      hasStretch ? [decades(row.stretch, ascii)] : [],
      [row.gradient === undefined ? '' : percent(row.gradient.zeros / row.gradient.count)],
    ].flat(),
  )
  const header = [
    hasSteps ? ['time'] : [],
    ['shape', 'value rms', 'grad rms', 'gain'],
    hasStretch ? ['stretch'] : [],
    ['zeros'],
  ].flat()
  const widths = header.map((title, i) => Math.max(widthOf(title), ...cells.map(row => widthOf(row[i]!))))
  const used = widths.reduce((sum, width) => sum + width + 2, 2)
  const longest = Math.max(5, ...chosen.map(({ layer }) => widthOf(printable(layer))))
  const room = Math.max(Math.min(longest, columns - used), 8)
  const line = (name: string, row: readonly string[]) =>
    `  ${padded(name, room)}${row.map((cell, i) => `  ${padded(cell, widths[i]!, 'right')}`).join('')}`.trimEnd()
  const ellipsis = ascii ? '...' : '…'
  const body = chosen.map((row, i) => {
    const text = line(cutMiddle(printable(row.layer), room, ellipsis), cells[i]!)
    const tone = toneOf(row)
    return tone === undefined ? text : paint(text, tone)
  })
  return [paint(line('layer', header), 'heading'), ...body, ...notes(flow, chosen.length, ascii)].join('\n')
}

/** A gain or a stretch in decades, with its sign. */
function decades(value: number | undefined, ascii: boolean): string {
  if (value === undefined || Number.isNaN(value)) return ''
  if (!Number.isFinite(value)) return `${value > 0 ? '+' : '-'}${ascii ? 'inf' : '∞'}`
  return `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(2)}`
}

function toneOf({ gradient }: FlowRow): Tone | undefined {
  if (gradient === undefined) return 'faint'
  if (gradient.nonFinite > 0) return 'bad'
  return gradient.rms === 0 ? 'warning' : undefined
}

/** Some rows: of a layer with many steps of time a few, from the first to the last; then, evenly, as many as may be. */
function spread(rows: readonly FlowRow[], lines: number): readonly FlowRow[] {
  const layers = new Map<string, FlowRow[]>()
  for (const row of rows) {
    const known = layers.get(row.layer)
    if (known) known.push(row)
    else layers.set(row.layer, [row])
  }
  const chosen = new Set([...layers.values()].flatMap(steps => evenly(steps, shownSteps)))
  return evenly(
    rows.filter(row => chosen.has(row)),
    Math.max(lines, 2),
  )
}

function evenly<Item>(items: readonly Item[], most: number): Item[] {
  if (items.length <= most) return [...items]
  return Array.from({ length: most }, (_, i) => items[Math.round((i * (items.length - 1)) / (most - 1))]!)
}

function notes({ rows }: GradientFlow, shown: number, ascii: boolean): string[] {
  const dot = ascii ? '-' : '●'
  const found: string[] = []
  const strange = rows.filter(({ gradient }) => gradient && gradient.nonFinite > 0)
  if (strange.length > 0) found.push(`not finite: ${placesOf(strange)}`)
  const vanished = rows.filter(({ gradient }) => gradient?.rms === 0)
  if (vanished.length > 0) found.push(`the gradient is exactly 0: ${placesOf(vanished)}`)
  for (const [layer, slope] of slopesOf(rows)) {
    found.push(
      `${printable(layer)}: the gradient changes by ${decades(slope, ascii)} decades a step, back in time`,
    )
  }
  if (shown < rows.length) found.push(`${plural(rows.length - shown, 'row')} not shown`)
  const meaning = 'gain: log10 of the gradient at the inputs over that at the outputs'
  return ['', `  ${meaning}`, ...found.map(note => `  ${dot} ${note}`)]
}

function placesOf(rows: readonly FlowRow[]): string {
  const names = rows
    .slice(0, 3)
    .map(
      ({ layer, step }) => cutMiddle(printable(layer), 24, '...') + (step === undefined ? '' : ` at ${step}`),
    )
  const rest = rows.length - names.length
  return names.join(', ') + (rest > 0 ? ` and ${rest} more` : '')
}

/** By how many decades the gradient of a layer changes at each step back in time: from the last step to the first. */
function slopesOf(rows: readonly FlowRow[]): [layer: string, slope: number][] {
  const layers = new Set(rows.flatMap(({ layer, step }) => (step === undefined ? [] : [layer])))
  return [...layers].flatMap(layer => {
    const steps = rows.filter(row => row.layer === layer && row.step !== undefined && row.gradient)
    const [first, last] = [steps[0], steps.at(-1)]
    if (first === undefined || last === undefined || last.step === first.step) return []
    const change = Math.log10(first.gradient!.rms / last.gradient!.rms) / (last.step! - first.step!)
    return Number.isNaN(change) ? [] : [[layer, change] as [string, number]]
  })
}
