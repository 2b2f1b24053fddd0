/** Histograms over the steps of a run as a map, to be printed or drawn. */

import { describeValue, ValueError } from '@sensigrad/core'
import { checkGiven } from '../checks.ts'
import type { Grid } from '../flow/grid.ts'
import { printable } from '../text.ts'
import type { HistogramPoint, Recording, Series } from './recording.ts'

/**
 * The magnitudes of a tensor's elements over the steps of a run, as a map: at each step, which share of them lies between
 * one power of two and the next. Zeros, with what is too small for float32, and what is not finite have rows of their own.
 *
 * @throws ValueError for what is no recording, and for a name that was not recorded
 * @example formatMap(histogramGrid(await recorder.read(), 'layers.0.weight'))
 */
export function histogramGrid(recording: Recording, series: string): Grid {
  checkGiven('histogramGrid', 'recording', recording, ['scalars', 'histograms'], 'recorder.read()')
  const { histograms } = recording
  const { points } = seriesOf('histogramGrid', histograms, series)
  const filled = points.flatMap(({ statistics: { exponents, firstExponent } }) =>
    exponents.flatMap((count, i) => (count > 0 && isMagnitude(firstExponent + i) ? [firstExponent + i] : [])),
  )
  const [least, most] = [Math.min(...filled), Math.max(...filled)]
  const magnitudes = filled.length === 0 ? [] : Array.from({ length: most - least + 1 }, (_, i) => most - i)
  const rows = [255, ...magnitudes, 0]
  return {
    title: printable(series),
    across: 'step',
    down: 'magnitude',
    rows: rows.map(nameOf),
    columns: points.map(({ step }) => step),
    values: rows.map(exponent => points.map(point => Math.log10(shareAt(point, exponent) || Number.NaN))),
    scale: { kind: 'range', from: -6, to: 0, unit: 'log10 of the share of elements' },
  }
}

const isMagnitude = (exponent: number): boolean => exponent > 0 && exponent < 255

const nameOf = (exponent: number): string => {
  if (exponent === 255) return 'not finite'
  return exponent === 0 ? 'zero' : `2^${exponent - 127}`
}

/** The share of the elements that float32 writes with an exponent. */
function shareAt(
  { statistics: { exponents, firstExponent, count } }: HistogramPoint,
  exponent: number,
): number {
  return (exponents[exponent - firstExponent] ?? 0) / Math.max(count, 1)
}

/** @throws ValueError for a name that was not recorded */
export function seriesOf<Point>(
  operation: string,
  all: ReadonlyMap<string, Series<Point>>,
  name: string,
): Series<Point> {
  const series = all.get(name)
  if (series !== undefined) return series
  const known = [...all.keys()].slice(0, 8).map(printable).join(', ')
  throw new ValueError(
    operation,
    `nothing was recorded under ${typeof name === 'string' ? printable(name) : describeValue(name)}`,
    known === '' ? 'Nothing at all was recorded' : `There is ${known}`,
  )
}
