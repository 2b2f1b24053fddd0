/** What a recorder kept as pictures: numbers as lines, and histograms of magnitudes as heat maps over the steps. */

import { describeValue, ValueError } from '@sensigrad/core'
import { checkFlag, checkGiven } from '../checks.ts'
import { printable } from '../text.ts'
import { histogramGrid, seriesOf } from '../watch/histogram-grid.ts'
import type { Recording, ScalarPoint, Series } from '../watch/recording.ts'
import { overSteps } from './axes.ts'
import { colours } from './colours.ts'
import type { FigureOptions } from './flow.ts'
import { fitted, heat } from './heat.ts'
import { strip } from './legend.ts'
import { checkFigure } from './options.ts'
import { drawColumn, drawGrid, type Plot } from './vega.ts'

/** Which numbers a figure shows, and how. */
export interface ScalarFigureOptions extends FigureOptions {
  /** Which, each in a panel of its own; all unless said. */
  readonly names?: readonly string[]
  /** Draws them on logarithmic axes; what is not above 0 is then left out. */
  readonly log?: boolean
}

/**
 * Numbers over the steps of a run, each in a panel of its own.
 *
 * @returns SVG; `standalone` makes a file of it
 * @throws ValueError for what is no recording, for an option that there is not, for a name that was not recorded, or
 *         when there are none
 * @example await plotScalars(await recorder.read(), { names: ['loss'], log: true })
 */
export function plotScalars(recording: Recording, options: ScalarFigureOptions = {}): Promise<string> {
  checkGiven('plotScalars', 'recording', recording, ['scalars', 'histograms'], 'recorder.read()')
  checkFigure('plotScalars', options, ['names', 'log'])
  checkFlag('plotScalars', 'log', options.log)
  const { scalars } = recording
  const { names = [...scalars.keys()], log = false, name = 'scalars', title } = options
  if (!Array.isArray(names)) {
    throw new ValueError(
      'plotScalars',
      `the names are ${describeValue(names)}`,
      "Give a list: { names: ['loss'] }",
    )
  }
  const panels = names.map(each => scalarPanel(each, seriesOf('plotScalars', scalars, each), log))
  if (panels.length === 0) {
    throw new ValueError(
      'plotScalars',
      'no numbers were recorded',
      "Record some: recorder.scalar('loss', loss)",
    )
  }
  const label = `${title ?? 'Recorded numbers'}: ${names.map(printable).join(', ')} by step`
  return drawGrid(panels, Math.min(panels.length, 2), name, label)
}

function scalarPanel(name: string, { points }: Series<ScalarPoint>, log: boolean): Plot {
  const values = points
    .filter(({ value }) => Number.isFinite(value) && (!log || value > 0))
    .map(({ step, value }) => ({ step, value }))
  return {
    title: printable(name),
    width: 320,
    height: 180,
    data: { values },
    mark: { type: 'line', color: colours.blue, strokeWidth: 1.8 },
    encoding: {
      x: overSteps,
      y: {
        field: 'value',
        type: 'quantitative',
        scale: log ? { type: 'log' } : { zero: false },
        axis: { title: null, tickCount: 5 },
      },
    },
  }
}

/**
 * The magnitudes of a tensor's elements over the steps of a run: at each step, which share of them lies between one power
 * of two and the next. Zeros, with what is too small for float32, and what is not finite have rows of their own.
 *
 * @param series  the name under which it was recorded
 * @returns SVG; `standalone` makes a file of it
 * @throws ValueError for a name that was not recorded
 * @example await plotHistograms(await recorder.read(), 'layers.0.weight gradient')
 */
export function plotHistograms(
  recording: Recording,
  series: string,
  options: FigureOptions = {},
): Promise<string> {
  checkFigure('plotHistograms', options)
  const { name = 'histograms', title } = options
  const grid = histogramGrid(recording, series)
  const plots = [strip(grid), heat(fitted(grid), title)]
  return drawColumn(plots, name, `${title ?? grid.title}: magnitudes of elements by step`)
}
