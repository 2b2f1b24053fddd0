/** Heat maps of grids: their cells and their axes. */

import { type Grid, reduced } from '../flow/grid.ts'
import { arrowColour, type Cell, cellsOf, range, sides, strength } from './cells.ts'
import type { Plot } from './vega.ts'

/** How large a map may be, in pixels and in cells; a larger grid is reduced to its extremes. */
const room = { width: 560, height: 400, rows: 100, columns: 140, tallest: 18 } as const

/** A grid that fits, and how large its cells are: whole pixels, so that no seams are seen between them. */
export interface Fitted {
  readonly grid: Grid
  readonly width: number
  readonly height: number
  /** The height of a row. */
  readonly cell: number
}

/** The grid as it fits into a figure. */
export function fitted(full: Grid): Fitted {
  const grid = reduced(full, room.rows, room.columns)
  const [rows, columns] = [Math.max(grid.rows.length, 1), Math.max(grid.columns.length, 1)]
  const wide = Math.max(Math.floor(room.width / columns), 1)
  const cell = Math.max(Math.min(Math.floor(room.height / rows), room.tallest), 1)
  return { grid, width: columns * wide, height: rows * cell, cell }
}

const indices = (length: number): number[] => Array.from({ length }, (_, i) => i)

/** Names for the places of an axis, some of them where there is no room for all. */
function named(names: readonly (string | number)[], most: number) {
  const every = Math.ceil(names.length / Math.max(most, 1))
  return {
    values: indices(names.length).filter(i => i % every === 0),
    labelExpr: `${JSON.stringify(names)}[datum.value]`,
    labelOverlap: false,
    labelLimit: 170,
    grid: false,
  } as const
}

/** The map itself. */
export function heat({ grid, width, height, cell }: Fitted, title = grid.title): Plot {
  const { rows, columns, across, down } = grid
  const x = {
    field: 'column',
    type: 'ordinal',
    scale: { domain: indices(columns.length), padding: 0 },
    axis: { ...named(columns, 8), title: across, labelAngle: 0 },
  } as const
  const y = {
    field: 'row',
    type: 'ordinal',
    scale: { domain: indices(rows.length), padding: 0 },
    axis: { ...named(rows, height / 13), title: down },
  } as const
  const cells = cellsOf(grid)
  const of = (kind: Cell['kind']) => ({ values: cells.filter(each => each.kind === kind) })
  const slash = Math.min(cell, width / Math.max(columns.length, 1))
  return {
    title,
    width,
    height,
    view: { stroke: 'currentColor', strokeOpacity: 0.35 },
    layer: [
      { data: of('range'), mark: { type: 'rect' }, encoding: { x, y, color: range } },
      ...(['below', 'above'] as const).map(
        side =>
          ({
            data: of(side),
            mark: { type: 'rect', color: sides[side] },
            encoding: { x, y, opacity: strength },
          }) as const,
      ),
      {
        data: of('zero'),
        mark: { type: 'rect', color: 'currentColor', opacity: 0.14 },
        encoding: { x, y },
      },
      {
        data: of('zero'),
        mark: { type: 'text', text: '╱', color: 'currentColor', opacity: 0.8, fontSize: slash },
        encoding: { x, y },
      },
      ...(['▾', '▴'] as const).map(
        arrow =>
          ({
            data: { values: slash < 8 ? [] : cells.filter(({ beyond }) => beyond === arrow) },
            mark: { type: 'text', text: arrow, color: arrowColour(arrow, grid.scale), fontSize: 9 },
            encoding: { x, y },
          }) as const,
      ),
    ],
  }
}
