/** The sensitivities of a layer as a picture: neurons over firings, with what all of them come to above, and now beside. */

import { sensitivityGrid } from '../flow/grid.ts'
import type { LayerSensitivities } from '../flow/sensitivity-map.ts'
import { endsOf } from '../flow/share.ts'
import { plural } from '../text.ts'
import { reference } from './axes.ts'
import { colours } from './colours.ts'
import type { FigureOptions } from './flow.ts'
import { type Fitted, fitted, heat } from './heat.ts'
import { along, strip } from './legend.ts'
import { checkFigure } from './options.ts'
import { drawColumn, type Plot } from './vega.ts'

/** What a figure of sensitivities shows. */
export interface SensitivityFigureOptions extends FigureOptions {
  /** The sensitivity in the middle, such as SAL's target; 1 unless said. */
  readonly target?: number
  /** Largest Lyapunov exponents, in nats per step, to be drawn beside the log-sensitivity S: at which firing, and which. */
  readonly lyapunov?: readonly (readonly [at: number, exponent: number])[]
}

/**
 * The sensitivities of one layer as a heat map of ln s around the target. Where a row or a column stands for several, it
 * shows the one farthest from the target. Above it stands the log-sensitivity S, and λ where it is given; beside it the
 * sensitivities at the last firing.
 *
 * @returns SVG; `standalone` makes a file of it
 * @throws ValueError for an option that there is not, and for a target that is not above 0
 * @example await plotSensitivities((await map.read()).layers[0]!)
 */
export function plotSensitivities(
  layer: LayerSensitivities,
  options: SensitivityFigureOptions = {},
): Promise<string> {
  checkFigure('plotSensitivities', options, ['target', 'lyapunov'])
  const { target = 1, lyapunov = [], name = 'sensitivities', title } = options
  const grid = sensitivityGrid(layer, target)
  const map = fitted(grid)
  const dead = layer.columns.at(-1)?.dead ?? 0
  const about = [title ?? grid.title, plural(layer.neurons, 'neuron'), ...(dead > 0 ? [`dead ${dead}`] : [])]
  const plots: Plot[] = [
    strip(grid),
    above(layer, map, lyapunov),
    { spacing: 16, hconcat: [heat(map, about.join(' · ')), beside(map)] },
  ]
  return drawColumn(plots, name, `${about.join(', ')}: sensitivities of neurons by firing`)
}

const kinds = ['log-sensitivity S', 'exponent λ'] as const

/** S and λ over the firings. */
function above(
  { columns }: LayerSensitivities,
  { width }: Fitted,
  lyapunov: readonly (readonly [number, number])[],
): Plot {
  const values = [
    ...columns.map(({ at, logSensitivity }) => ({ at, value: logSensitivity, kind: kinds[0] })),
    ...lyapunov.map(([at, value]) => ({ at, value, kind: kinds[1] })),
  ].filter(({ value }) => Number.isFinite(value))
  const shown = lyapunov.length > 0 ? kinds : kinds.slice(0, 1)
  const domain = [columns[0]?.at ?? 0, columns.at(-1)?.at ?? 1]
  const x = {
    field: 'at',
    type: 'quantitative',
    scale: { domain, nice: false, zero: false },
    axis: { title: null, labels: false, grid: false },
  } as const
  const y = { field: 'value', type: 'quantitative', axis: { title: 'nats', tickCount: 3 } } as const
  return {
    width,
    height: 70,
    layer: [
      {
        data: { values: [{ value: 0 }] },
        mark: reference,
        encoding: { y },
      },
      {
        data: { values },
        mark: { type: 'line', strokeWidth: 2.2, clip: true },
        encoding: {
          x,
          y,
          color: {
            field: 'kind',
            type: 'nominal',
            scale: { domain: [...shown], range: [colours.blue, colours.vermilion] },
          },
        },
      },
    ],
  }
}

/** s of each row at the last firing; a row without a dot is dead. */
function beside({ grid, height }: Fitted): Plot {
  const [low, high] = endsOf(grid.scale)
  const values = grid.values.flatMap((row, i) => {
    const value = row.at(-1) ?? Number.NaN
    return Number.isFinite(value) ? [{ row: i, value: Math.min(Math.max(value, low), high) }] : []
  })
  const x = along('value', grid.scale, 3, { title: 's now' })
  const y = {
    field: 'row',
    type: 'ordinal',
    scale: { domain: grid.rows.map((_, i) => i), padding: 0 },
    axis: null,
  } as const
  return {
    width: 90,
    height,
    view: { stroke: 'currentColor', strokeOpacity: 0.35 },
    layer: [
      {
        data: { values: [{ value: (low + high) / 2 }] },
        mark: reference,
        encoding: { x },
      },
      {
        data: { values },
        mark: { type: 'point', filled: true, size: 14, color: colours.blue, opacity: 0.9 },
        encoding: { x, y },
      },
    ],
  }
}
