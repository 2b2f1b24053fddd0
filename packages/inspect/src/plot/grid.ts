/** Any map as a picture, and what all of its rows come to above it. */

import { ValueError } from '@sensigrad/core'
import { checkGiven } from '../checks.ts'
import { type Grid, gridMakers, gridParts } from '../flow/grid.ts'
import { reference } from './axes.ts'
import { colours } from './colours.ts'
import type { FigureOptions } from './flow.ts'
import { type Fitted, fitted, heat } from './heat.ts'
import { strip } from './legend.ts'
import { checkFigure } from './options.ts'
import { drawColumn, type Plot } from './vega.ts'

/** What a figure of a map shows. */
export interface GridFigureOptions extends FigureOptions {
  /** A number for each column, as a line above the map: NaN and infinities leave gaps. */
  readonly above?: { readonly title: string; readonly values: readonly number[] }
}

/**
 * A map as a picture, in the colours of the other figures. What is larger than the picture shows its extremes.
 *
 * @returns SVG; `standalone` makes a file of it
 * @throws ValueError for what is no grid, for an option that there is not, and when there is not one number above for each column
 * @example await plotGrid(reduced(flowGrid(flows), 40, 60), { title: 'gradients' })
 */
export function plotGrid(grid: Grid, options: GridFigureOptions = {}): Promise<string> {
  checkGiven('plotGrid', 'grid', grid, gridParts, gridMakers)
  checkFigure('plotGrid', options, ['above'])
  const { above, name = 'map', title = grid.title } = options
  if (above !== undefined && above.values.length !== grid.columns.length) {
    throw new ValueError(
      'plotGrid',
      `there are ${above.values.length} numbers above ${grid.columns.length} columns`,
      'Give one for each',
    )
  }
  const map = fitted(grid)
  const plots = [strip(grid), ...(above ? [line(grid, above, map)] : []), heat(map, title)]
  return drawColumn(plots, name, `${title}: ${grid.scale.unit}, ${grid.down} by ${grid.across}`)
}

/** The numbers above, each in the middle of its column. */
function line(
  { columns }: Grid,
  { title, values }: NonNullable<GridFigureOptions['above']>,
  { width }: Fitted,
): Plot {
  const points = values.map((value, column) => ({
    at: column + 0.5,
    value: Number.isFinite(value) ? value : null,
  }))
  const y = { field: 'value', type: 'quantitative', axis: { title, tickCount: 3 } } as const
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
        data: { values: points },
        mark: { type: 'line', color: colours.blue, strokeWidth: 2.2 },
        encoding: {
          x: {
            field: 'at',
            type: 'quantitative',
            scale: { domain: [0, columns.length], nice: false, zero: false },
            axis: { title: null, labels: false, grid: false },
          },
          y,
        },
      },
    ],
  }
}
