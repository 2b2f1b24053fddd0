/** Maps on a terminal: two rows of a grid in each line, in 256 colours; or, where there are none, in numbers. */

import { checkGiven, checkLook } from '../checks.ts'
import { counted, cutMiddle, type Look, padded, settled, widthOf } from '../text.ts'
import { type Grid, gridMakers, gridParts, reduced, type Scale } from './grid.ts'
import { shareOf } from './share.ts'

/** How a map is to look. */
export interface MapLook extends Look {
  /** Whether the terminal has 256 colours; it has not, unless said. */
  readonly colours?: boolean
  /** How many lines the map itself may take, 20 unless said. */
  readonly lines?: number
}

/**
 * A grid as text. With colours, each line shows two rows, as upper and lower halves of blocks; without, each row is a line
 * of digits: on a range from `0` to `9`, around a middle `-` and `+` as far as one half of the reach, then `=` and `#`.
 * Exact zeros are `x`, what was not measured is blank.
 *
 * @throws ValueError for what is no grid, and for a look that there is not
 * @example console.log(formatMap(flowGrid(flow), { columns: 80, colours: true }))
 */
export function formatMap(grid: Grid, look: MapLook = {}): string {
  checkGiven('formatMap', 'grid', grid, gridParts, gridMakers)
  checkLook('formatMap', look, ['colours', 'lines'])
  const { columns, ascii } = settled(look)
  const { colours = false, lines = 20 } = look
  const down = reduced(grid, colours ? 2 * lines : lines, grid.columns.length)
  const names = Math.min(Math.max(0, ...down.rows.map(widthOf)), Math.floor(columns / 3))
  const small = reduced(down, down.rows.length, Math.max(columns - names - 4, 8))
  const ellipsis = ascii ? '...' : '…'
  const named = (name: string) => padded(cutMiddle(plain(name, ascii), names, ellipsis), names)
  const rows = colours ? halves(small, named) : digits(small, named)
  const about = [
    grid.title,
    counts(grid, ascii ? 'x' : '×'),
    small === grid ? '' : 'reduced to the extremes',
  ].filter(Boolean)
  return [
    `  ${about.join(ascii ? ', ' : ' · ')}`,
    ...rows.map(row => `  ${row}`.trimEnd()),
    `  ${named('')}  ${axis(small)}`.trimEnd(),
    `  ${legend(grid.scale, colours, ascii)}`,
  ].join('\n')
}

const plain = (text: string, ascii: boolean): string =>
  ascii ? text.replaceAll('…', '...').replaceAll(' · ', ' ') : text

const counts = ({ rows, columns, down, across }: Grid, by: string): string =>
  `${down} ${by} ${across}: ${counted(rows.length)} ${by} ${counted(columns.length)}`

/** The first and the last column, where they stand. */
function axis({ columns, across }: Grid): string {
  const [first = '', last = ''] = [columns[0], columns.at(-1)].map(column => String(column ?? ''))
  const space = columns.length - first.length - last.length
  const isWide = columns.length > 1 && space >= 1
  return `${isWide ? first + ' '.repeat(space) + last : first} ${across}`
}

function digits({ rows, values, scale }: Grid, named: (name: string) => string): string[] {
  return rows.map((name, i) => `${named(name)}  ${values[i]!.map(value => digit(value, scale)).join('')}`)
}

/** One sign for a number. */
function digit(value: number, scale: Scale): string {
  if (Number.isNaN(value)) return ' '
  if (value === Number.NEGATIVE_INFINITY) return 'x'
  const share = shareOf(value, scale)
  if (scale.kind === 'range') return String(Math.min(Math.floor(share * 10), 9))
  if (Math.abs(share) < 0.1) return '.'
  if (Math.abs(share) < 0.5) return share < 0 ? '-' : '+'
  return share < 0 ? '=' : '#'
}

const control = '\u001b['

function halves({ rows, values, scale }: Grid, named: (name: string) => string): string[] {
  const lines: string[] = []
  for (let i = 0; i < rows.length; i += 2) {
    const lower = values[i + 1]
    let [line, last] = ['', '']
    for (const [j, upper] of values[i]!.entries()) {
      const [style, sign] = half(colourOf(upper, scale), lower && colourOf(lower[j]!, scale))
      line += style === last ? sign : `${control}${style}m${sign}`
      last = style
    }
    lines.push(`${named(rows[i]!)}  ${line}${control}0m`)
  }
  return lines
}

/** Two numbers, one above the other, in one place of a terminal: its style and its sign. */
function half(above: number | undefined, below: number | undefined): [style: string, sign: string] {
  if (above === undefined) return below === undefined ? ['0', ' '] : [`0;38;5;${below}`, '▄']
  return [`0;38;5;${above};${below === undefined ? '49' : `48;5;${below}`}`, '▀']
}

/** From dark to light, for a range: places in the colour cube that grow lighter evenly. */
const ramp = [17, 18, 19, 25, 31, 37, 42, 77, 113, 149, 185, 221] as const
/** From the middle outwards. */
const below = [254, 153, 111, 69, 33, 26] as const
const above = [254, 223, 216, 209, 202, 166] as const
/** Exact zeros stand out. */
const zero = 199

function colourOf(value: number, scale: Scale): number | undefined {
  if (Number.isNaN(value)) return undefined
  if (value === Number.NEGATIVE_INFINITY) return zero
  const share = shareOf(value, scale)
  const colours = scale.kind === 'range' ? ramp : share < 0 ? below : above
  return colours[Math.min(Math.floor(Math.abs(share) * colours.length), colours.length - 1)]
}

function legend(scale: Scale, colours: boolean, ascii: boolean): string {
  const zeros = colours ? `${control}38;5;${zero}m${ascii ? '#' : '█'}${control}0m exactly 0` : 'x exactly 0'
  const block = (colour: number) => `${control}38;5;${colour}m█`
  if (scale.kind === 'range') {
    const strip = colours ? `${ramp.map(block).join('')}${control}0m` : '0-9'
    return `${strip} ${scale.unit} from ${scale.from} to ${scale.to}, ${zeros}`
  }
  const [least, low, high, most] = [-1, -0.5, 0.5, 1].map(share => around(scale, share))
  if (!colours) return `${scale.unit}: = below ${low}, - . + between, # above ${high}, ${zeros}`
  const strip = [...[...below].reverse(), ...above].map(block).join('')
  return `${strip}${control}0m ${scale.unit} from ${least} to ${most}, ${zeros}`
}

/** A place on a scale around a middle, in the unit that is shown. */
function around({ middle, reach, unit }: Extract<Scale, { kind: 'around' }>, share: number): string {
  const value = middle + share * reach
  return String(unit.startsWith('log10') ? value : Number(Math.exp(value).toPrecision(3)))
}
