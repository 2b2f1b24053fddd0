/** `pnpm bench curves`: how time and memory grow with the length of a computation. */

import type { Benchmark, Outcome, Row, RunOptions } from '../benchmark.ts'
import { exponent } from '../fit.ts'
import { duration } from '../text.ts'
import { figureOf } from './figures.ts'
import { measureApart } from './isolate.ts'
import type { Measured } from './measure.ts'
import { type Curve, tableOf } from './table.ts'
import type { Point } from './worker.ts'
import { parts } from './workloads.ts'

export const curves: Benchmark = {
  name: 'curves',
  summary: 'time and memory against length: chains, recurrent networks, checkpoints, inner gradients',
  parts: Object.fromEntries(Object.entries(parts).map(([name, { summary }]) => [name, summary])),
  run,
}

async function run({ parts: names, quick, progress }: RunOptions): Promise<Outcome> {
  const points = names.flatMap(part => pointsOf(part, quick))
  const results: (Point & Measured)[] = []
  const found = (point: Point, measured: Measured) => {
    results.push({ ...point, ...measured })
    const { part, series, length } = point
    const where = `${part}, ${series}, ${length.toLocaleString('en-US')} ${parts[part]!.unit}`
    progress(`${results.length} of ${points.length}  ${where}: ${duration(measured.seconds)}`)
  }
  await measureApart(points, found, quick)

  const measured = names.map(name => curveOf(name, results))
  const figures = await Promise.all(
    measured.map(async curve => [`curves-${curve.name}`, await figureOf(curve)] as const),
  )
  return {
    rows: measured.flatMap(({ rows }) => rows),
    findings: measured.flatMap(({ fits }) => fits),
    text: measured.map(curve => `${tableOf(curve)}\n`).join(''),
    figures: Object.fromEntries(figures),
  }
}

function pointsOf(part: string, quick: boolean): Point[] {
  const { series, lengths, quickLengths } = parts[part]!
  const chosen = quick ? quickLengths : lengths
  return series.flatMap(one => chosen.map(length => ({ part, series: one, length, quick })))
}

function curveOf(name: string, results: readonly (Point & Measured)[]): Curve {
  const part = parts[name]!
  const rows = results
    .filter(result => result.part === name)
    .map(({ series, length, seconds, forwardSeconds, heldBytes, peakBytes, repeats }) => ({
      part: name,
      series,
      length,
      seconds,
      forwardSeconds: part.memory ? forwardSeconds : null, // elsewhere it is not a part of the seconds
      heldBytes: part.memory ? heldBytes : null,
      peakBytes: part.memory ? peakBytes : null,
      repeats,
    }))
  const fits = part.series.flatMap(series => {
    const own = rows.filter(row => row.series === series)
    const quantities = ['seconds', 'heldBytes', 'peakBytes'] as const
    return quantities.flatMap((quantity): Row[] => {
      const fit = exponent(own.map(row => [row.length, row[quantity] ?? 0] as const))
      return fit ? [{ part: name, series, quantity, ...fit }] : []
    })
  })
  return { ...part, name, rows, fits }
}
