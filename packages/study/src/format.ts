/** Numbers as people read them: fixed digits, a range beside a median, and never a bare NaN. */

import type { Spread } from './statistics/spread.ts'

/** A number with so many digits after the point and a true minus sign; null is a dash. */
export function digits(value: number | null | undefined, places = 3): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '–'
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞'
  const text = value.toFixed(places)
  return text.replace('-', Number(text) === 0 ? '' : '−')
}

/** A whole number with thousands apart, as in 12,000; null is a dash. */
export function count(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : Math.round(value).toLocaleString('en-US')
}

/** A median with its range, as in `0.070 (0.041 to 0.104)`. */
export function ranged(spread: Spread | null, show: (value: number) => string = digits): string {
  if (!spread) return '–'
  const { median, min, max } = spread
  const [middle, low, high] = [median, min, max].map(value => show(value))
  return low === high ? `${middle}` : `${middle} (${low} to ${high})`
}

/** A number over many decades, as in `1.7e−158`; 0 is `0`, null a dash. */
export function power(value: number | null | undefined): string {
  if (value === null || value === undefined || !Number.isFinite(value)) return digits(value)
  if (value === 0) return '0'
  const size = Math.abs(value)
  return size >= 0.01 && size < 1000
    ? `${Number(value.toPrecision(2))}`
    : value.toExponential(1).replaceAll('-', '−').replace('+', '')
}

/** A share as `57 %`. */
export const percent = (share: number): string => `${digits(100 * share, 0)} %`

/** A p-value to two digits, as in `p = 0.031`, and never a zero. */
export function pValue(p: number | null | undefined): string {
  if (p === null || p === undefined) return '–'
  return p < 0.001 ? 'p < 0.001' : `p = ${Number(p.toPrecision(2))}`
}

/** `1 seed`, `5 seeds`. */
export const plural = (n: number, noun: string): string => `${count(n)} ${noun}${n === 1 ? '' : 's'}`
