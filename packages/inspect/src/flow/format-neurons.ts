/** What is known of neurons as text: sensitivities in tenths, and which neurons are flat or dead. */

import { checkGiven, checkLook } from '../checks.ts'
import {
  counted,
  cutMiddle,
  type Look,
  padded,
  percent,
  plural,
  printable,
  settled,
  widthOf,
} from '../text.ts'
import type { LayerSaturation, SaturationReport } from './saturation.ts'
import type { LayerSensitivities, Sensitivities } from './sensitivity-map.ts'

/**
 * The sensitivities of each layer at its last firing: S, and the least, the tenths and the most of s over the neurons.
 *
 * @throws ValueError for what are no sensitivities, and for a look that there is not
 * @example console.log(formatSensitivities(await map.read()))
 */
export function formatSensitivities(sensitivities: Sensitivities, look: Look = {}): string {
  checkGiven('formatSensitivities', 'argument', sensitivities, ['layers'], 'map.read()')
  checkLook('formatSensitivities', look)
  const { layers } = sensitivities
  const quantiles = [0, 0.1, 0.5, 0.9, 1]
  const header = ['layer', 'firings', 'S', 'least s', '10%', 'median', '90%', 'most', 'dead']
  const rows = layers.map(layer => {
    const last = layer.columns.at(-1)
    if (last === undefined) return [printable(layer.layer), '0', ...Array<string>(7).fill('')]
    const sorted = last.logS.slice().sort()
    return [
      printable(layer.layer),
      counted(last.at + 1),
      signed(last.logSensitivity),
      ...quantiles.map(share => short(Math.exp(sorted[Math.round(share * (sorted.length - 1))]!))),
      `${last.dead} of ${layer.neurons}`,
    ]
  })
  const dropped = layers.reduce((sum, { dropped }) => sum + dropped, 0)
  const notes = [
    'S = ln of the root mean square of s, in nats: below 0 signals shrink',
    ...(dropped > 0 ? [`${plural(dropped, 'older column')} not kept: ${keptOf(layers)} are`] : []),
  ]
  return [...tableOf([header, ...rows], look), '', ...notes.map(note => `  ${note}`)].join('\n')
}

const keptOf = (layers: readonly LayerSensitivities[]): string =>
  `the last ${Math.max(...layers.map(({ columns }) => columns.length))} of each layer`

const signed = (value: number): string => {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : '-inf'
  return `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(2)}`
}

/** A sensitivity in three digits. */
const short = (s: number): string =>
  s === 0 ? '0' : s >= 0.001 && s < 1000 ? s.toPrecision(3) : s.toExponential(1)

/** How many dead neurons of a layer are named. */
const named = 8

/**
 * A saturation report as text: how many outputs are flat, and which neurons are dead, since when and by how much.
 *
 * @throws ValueError for what is no report, and for a look that there is not
 * @example console.log(formatSaturation(await saturation.report()))
 */
export function formatSaturation(report: SaturationReport, look: Look = {}): string {
  checkGiven('formatSaturation', 'report', report, ['layers'], 'saturation.report()')
  checkLook('formatSaturation', look)
  const { layers } = report
  const header = ['layer', 'activation', 'flat where', 'firings', 'flat now', 'flat over all', 'dead']
  const rows = layers.map(layer => {
    const { rule, firings, flat, flatOverAll, neurons, dead } = layer
    const [name, activation] = [printable(layer.layer), printable(layer.activation)]
    if (firings === 0) return [name, '', '', '0', '', '', '']
    if (rule === undefined) return [name, activation, 'no rule', counted(firings), '', '', '']
    const counts = [percent(flat), percent(flatOverAll), `${dead.length} of ${neurons.length}`]
    return [name, activation, printable(rule), counted(firings), ...counts]
  })
  const lists = layers.filter(({ dead }) => dead.length > 0).map(layer => `  ${deadOf(layer, look)}`)
  return [...tableOf([header, ...rows], look), ...(lists.length > 0 ? ['', ...lists] : [])].join('\n')
}

/** `layers.0: dead are 3 (since the start, U 0.42 beyond), …`. */
function deadOf({ layer, dead }: LayerSaturation, look: Look): string {
  const { ascii, paint } = settled(look)
  const each = dead.slice(0, named).map(({ neuron, since, margin }) => {
    const when = since === 0 ? 'from the start' : `since firing ${counted(since)}`
    return `${neuron} (${when}, U ${short(margin)} beyond)`
  })
  const rest = dead.length - each.length
  const text = `${printable(layer)}: dead are ${each.join(', ')}${rest > 0 ? ` and ${plural(rest, 'other')}` : ''}`
  return paint(`${ascii ? '-' : '●'} ${text}`, 'warning')
}

/** Rows in columns, the first of which stands to the left and gives way where there is no room. */
function tableOf(rows: readonly (readonly string[])[], look: Look): string[] {
  const { columns, ascii, paint } = settled(look)
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map(row => widthOf(row[i]!))))
  const others = widths.slice(1).reduce((sum, width) => sum + width + 2, 2)
  const first = Math.max(Math.min(widths[0]!, columns - others), 8)
  return rows.map(([name = '', ...cells], i) => {
    const text = cells.map((cell, j) => `  ${padded(cell, widths[j + 1]!, 'right')}`).join('')
    const line = `  ${padded(cutMiddle(name, first, ascii ? '...' : '…'), first)}${text}`.trimEnd()
    return i === 0 ? paint(line, 'heading') : line
  })
}
