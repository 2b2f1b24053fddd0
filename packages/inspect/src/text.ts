/** How numbers, names and distributions read in all that this package writes. Names are text everywhere: what could steer a terminal is escaped. */

import { checkGiven } from './checks.ts'
import type { Histogram } from './record/statistics.ts'

/**
 * How text is to look.
 *
 * - `columns`: the width to keep to, 100 unless said
 * - `ascii`: without signs beyond ASCII of our own; names stay as they are
 * - `paint`: colours a text; what it says is said without colour, too. None unless said
 */
export interface Look {
  readonly columns?: number
  readonly ascii?: boolean
  readonly paint?: Paint
}

/** What a text is: what a terminal may colour it by. */
export type Tone = 'heading' | 'faint' | 'good' | 'warning' | 'bad'

/** Colours a text, which keeps its width. */
export type Paint = (text: string, tone: Tone) => string

/** A look in which everything is settled. */
export function settled({ columns = 100, ascii = false, paint = text => text }: Look): Required<Look> {
  return { columns, ascii, paint }
}

/**
 * Control characters, those that turn the direction of writing or take no room, ends of lines, and halves of surrogate
 * pairs: a terminal or a reader could be led astray by them.
 */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

/** A name as it may be shown: what is unprintable stands there as `\u{1b}`. */
export function printable(name: string): string {
  return name.replace(unprintable, sign => `\\u{${sign.codePointAt(0)!.toString(16)}}`)
}

const plainSigns: Readonly<Record<string, string>> = {
  '²': '^2',
  '≤': '<=',
  '∧': 'and',
  '∨': 'or',
  '→': '>',
  '…': '...',
}

/** A text of our own in ASCII. */
export const inAscii = (text: string): string => text.replace(/[²≤∧∨→…]/g, sign => plainSigns[sign]!)

/** How many columns of a terminal a text takes, near enough: two for the wide signs of East Asia and for pictures. */
export function widthOf(text: string): number {
  let width = 0
  for (const sign of text) width += columnsOf(sign.codePointAt(0)!)
  return width
}

function columnsOf(point: number): number {
  if (point < 0x300) return 1
  if (point <= 0x36f) return 0 // accents that stand on the sign before
  const isWide =
    (point >= 0x1100 && point <= 0x115f) ||
    (point >= 0x2e80 && point <= 0xa4cf) ||
    (point >= 0xac00 && point <= 0xd7a3) ||
    (point >= 0xf900 && point <= 0xfaff) ||
    (point >= 0xfe30 && point <= 0xfe6f) ||
    (point >= 0xff00 && point <= 0xff60) ||
    (point >= 0x1f300 && point <= 0x1faff) ||
    (point >= 0x20000 && point <= 0x3fffd)
  return isWide ? 2 : 1
}

/** A text in at most so many columns: its middle gives way, since names differ at their ends. */
export function cutMiddle(text: string, columns: number, ellipsis = '…'): string {
  if (text.length <= columns && widthOf(text) <= columns) return text
  const room = Math.max(columns - widthOf(ellipsis), 0)
  const signs =
    text.length > 4 * columns + 8
      ? [...text.slice(0, 2 * columns + 4), ...text.slice(-2 * columns - 4)]
      : [...text]
  let [front, back, used] = ['', '', 0]
  for (let i = 0, j = signs.length - 1; i <= j; ) {
    const isFront = widthOf(front) <= widthOf(back)
    const sign = isFront ? signs[i++]! : signs[j--]!
    used += widthOf(sign)
    if (used > room) break
    if (isFront) front += sign
    else back = sign + back
  }
  return `${front}${columns > 0 ? ellipsis : ''}${back}`
}

/** A text in at most so many columns: its end gives way, where what comes first matters most. */
export function cutEnd(text: string, columns: number, ellipsis = '…'): string {
  if (text.length <= columns && widthOf(text) <= columns) return text
  let [front, used] = ['', widthOf(ellipsis)]
  for (const sign of text) {
    used += widthOf(sign)
    if (used > columns) break
    front += sign
  }
  return front + (columns > 0 ? ellipsis : '')
}

/** A text filled up with spaces, on the side away from where it is to stand. */
export function padded(text: string, columns: number, align: 'left' | 'right' = 'left'): string {
  const space = ' '.repeat(Math.max(columns - widthOf(text), 0))
  return align === 'left' ? text + space : space + text
}

/** A number in two digits, all of one width: `-3.9e-04`; exact zeros stand out as `0`. */
export function scientific(x: number): string {
  if (x === 0) return '0'
  if (Number.isNaN(x)) return 'NaN'
  if (!Number.isFinite(x)) return x > 0 ? 'Inf' : '-Inf'
  return x.toExponential(1).replace(/e([+-])(\d)$/, 'e$10$2')
}

/** A whole number with its thousands apart: `1,507`. */
export function counted(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** A whole number and what there are that many of: `1 entry`, `1,507 entries`. */
export function plural(n: number, one: string, many = `${one}s`): string {
  return `${counted(n)} ${n === 1 ? one : many}`
}

/** A share as per cent without digits: `61%`; what is there but less than one is `<1%`. */
export function percent(share: number): string {
  if (share > 0 && share < 0.01) return '<1%'
  if (share < 1 && share > 0.99) return '>99%'
  return `${Math.round(share * 100)}%`
}

/** A time that was measured: `31µs`, `9.1ms`, `12s`. */
export function duration(milliseconds: number, ascii = false): string {
  if (milliseconds >= 1000) return `${twoDigits(milliseconds / 1000)}s`
  if (milliseconds >= 1) return `${twoDigits(milliseconds)}ms`
  return `${twoDigits(milliseconds * 1000)}${ascii ? 'us' : 'µs'}`
}

/** An amount of memory: `940 B`, `3.2 kB`, `1.4 MB`. */
export function memory(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'] as const
  const scale = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), units.length - 1)
  return `${scale === 0 ? bytes : twoDigits(bytes / 1000 ** scale)} ${units[scale]}`
}

function twoDigits(x: number): string {
  return x >= 9.95 || x === 0 ? String(Math.round(x)) : x.toFixed(1)
}

const bars = { signs: '▁▂▃▄▅▆▇█', ascii: '.:-=+*#@' } as const

/**
 * A histogram in one line: a bar for each factor of two, or of four, sixteen, …, where it is wider than there is room.
 * Bars are as high as their share of the highest; zeros, denormals and what is not finite have none.
 *
 * @param histogram  counts by exponent
 * @param columns    how many bars there may be
 * @throws ValueError for what is no histogram
 * @example sparkline(statistics, 7) // '▁▂▅█▅▂▁'
 */
export function sparkline(histogram: Histogram, columns: number, ascii = false): string {
  checkGiven('sparkline', 'histogram', histogram, ['exponents', 'firstExponent'], 'statisticsOf(elements)')
  const { exponents, firstExponent } = histogram
  const from = Math.max(1 - firstExponent, 0) // exponent 0 is no magnitude
  const to = Math.min(255 - firstExponent, exponents.length)
  const numbers = trimmed(exponents.slice(from, Math.max(to, from)))
  if (numbers.length === 0) return ''
  let together = 1
  while (Math.ceil(numbers.length / together) > columns) together *= 2
  const heights: number[] = []
  for (const [i, count] of numbers.entries()) {
    const bar = Math.floor(i / together)
    heights[bar] = (heights[bar] ?? 0) + count
  }
  const highest = Math.max(...heights)
  const signs = ascii ? bars.ascii : bars.signs
  return heights
    .map(height => (height === 0 ? ' ' : signs[Math.min(Math.floor((height / highest) * 8), 7)]))
    .join('')
}

function trimmed(counts: readonly number[]): readonly number[] {
  const first = counts.findIndex(count => count > 0)
  if (first < 0) return []
  let end = counts.length
  while (counts[end - 1] === 0) end--
  return counts.slice(first, end)
}
