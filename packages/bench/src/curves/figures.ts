/** The curves as figures: time and memory against length, side by side, on logarithmic axes. */

import { colours, drawRow, type Plot, standalone } from '@sensigrad/study'
import type { Curve, CurveRow } from './table.ts'

/** A quantity that has a plot of its own. */
interface Quantity {
  readonly title: string
  readonly axis: string
  /** The value in the unit of the axis. */
  readonly read: (row: CurveRow) => number | null
}

const quantities: readonly Quantity[] = [
  { title: 'Time', axis: 'milliseconds', read: row => row.seconds * 1e3 },
  { title: 'Peak memory', axis: 'megabytes', read: row => row.peakBytes && row.peakBytes / 1e6 },
]

const palette = [colours.blue, colours.vermilion, colours.green]
const [width, height] = [360, 260]

/** A curve as an SVG file, light or dark as the reader's system asks. The dashed line is exactly linear growth. */
export async function figureOf(curve: Curve): Promise<string> {
  const plots = quantities
    .filter(({ read }) => curve.rows.some(row => read(row)))
    .map(each => plotOf(curve, each))
  const label = `${curve.summary}: ${curve.memory ? 'time and peak memory' : 'time'} against ${curve.unit}`
  return standalone(await drawRow(plots, `curves-${curve.name}`, label))
}

function plotOf(curve: Curve, { title, axis, read }: Quantity): Plot {
  const values = curve.rows.flatMap(row => {
    const value = read(row)
    return value !== null && value > 0 ? [{ series: row.series, length: row.length, value }] : []
  })
  const x = {
    field: 'length',
    type: 'quantitative',
    scale: { type: 'log', nice: false },
    axis: { title: curve.unit, format: ',d', tickCount: 4, grid: false },
  } as const
  const y = {
    field: 'value',
    type: 'quantitative',
    scale: { type: 'log', domain: rangeOf(values.map(({ value }) => value)), nice: false },
    axis: { title: axis, format: '~g', tickCount: 5 },
  } as const
  const color = {
    field: 'series',
    type: 'nominal',
    scale: { domain: [...curve.series], range: palette.slice(0, curve.series.length) },
    ...(curve.series.length === 1 ? { legend: null } : {}),
  } as const
  return {
    title,
    width,
    height,
    layer: [
      {
        data: { values: linear(values.filter(({ series }) => series === curve.series[0])) },
        mark: {
          type: 'line',
          clip: true,
          stroke: 'currentColor',
          strokeWidth: 1,
          strokeOpacity: 0.55,
          strokeDash: [5, 4],
        },
        encoding: { x, y },
      },
      {
        data: { values },
        mark: { type: 'line', strokeWidth: 2.2, point: { filled: true, size: 36 } },
        encoding: { x, y, color },
      },
    ],
  }
}

/** The line through the longest point on which n times the length takes n times as much. */
function linear(points: readonly { length: number; value: number }[]): { length: number; value: number }[] {
  const last = points.at(-1)
  if (last === undefined) return []
  return points.map(({ length }) => ({ length, value: (last.value * length) / last.length }))
}

/**
 * Whole decades around the values, three of them at least: on a narrower axis the noise of a flat curve would look
 * like growth.
 */
function rangeOf(values: readonly number[]): [from: number, to: number] {
  if (values.length === 0) return [1, 10]
  const low = Math.floor(Math.log10(Math.min(...values)))
  const high = Math.max(low + 3, Math.ceil(Math.log10(Math.max(...values))))
  return [10 ** low, 10 ** high]
}
