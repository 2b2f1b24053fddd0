/** The cells of a map as rows of data, and the colours in which they are drawn. */

import type { Grid, Scale } from '../flow/grid.ts'
import { endsOf, shareOf } from '../flow/share.ts'
import { colours } from './colours.ts'

/** One number of a grid, as a row of data. */
export interface Cell {
  readonly row: number
  readonly column: number
  /** From 0 to 1 on a range, the distance from the middle around one. */
  readonly share: number
  readonly kind: 'range' | 'below' | 'above' | 'zero'
  /** Where a number is beyond the scale, which way. */
  readonly beyond: '' | '▾' | '▴'
}

/** The numbers of a grid that were measured. */
export function cellsOf({ values, scale }: Grid): Cell[] {
  return values.flatMap((row, i) =>
    row.flatMap((value, j): Cell[] => (Number.isNaN(value) ? [] : [cellOf(value, i, j, scale)])),
  )
}

/** A number at its place. */
export function cellOf(value: number, row: number, column: number, scale: Scale): Cell {
  if (value === Number.NEGATIVE_INFINITY) return { row, column, share: 0, kind: 'zero', beyond: '' }
  const share = Math.round(shareOf(value, scale) * 100) / 100
  const beyond = beyondOf(value, scale)
  if (scale.kind === 'range') return { row, column, share, kind: 'range', beyond }
  return { row, column, share: Math.abs(share), kind: share < 0 ? 'below' : 'above', beyond }
}

function beyondOf(value: number, scale: Scale): Cell['beyond'] {
  const [low, high] = endsOf(scale)
  return value < low ? '▾' : value > high ? '▴' : ''
}

/** Cividis, which all eyes read alike, without its darkest part, which is lost on dark pages. */
export const range = {
  field: 'share',
  type: 'quantitative',
  scale: { domain: [0, 1], scheme: { name: 'cividis', extent: [0.12, 1] } },
  legend: null,
} as const

/** Nothing at the middle, so that it is the page itself, light or dark; one colour each way, the stronger the farther. */
export const strength = { field: 'share', type: 'quantitative', scale: null, legend: null } as const

/** The colours of the two sides of a middle. */
export const sides = { below: colours.blue, above: colours.vermilion } as const

/** The end of cividis above is light, whatever the page is. */
export const arrowColour = (arrow: Cell['beyond'], { kind }: Scale): string =>
  arrow === '▴' && kind === 'range' ? '#14171a' : '#fff'
