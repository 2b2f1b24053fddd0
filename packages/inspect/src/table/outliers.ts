/**
 * Which of what repeats is not like the others: that is what one looks for in 300 layers. A gradient that shrinks a
 * little in each of them makes no outlier of any; it shows in the range.
 */

import type { Member } from './fold.ts'
import { median, type Numbers } from './numbers.ts'

/** One of what repeats that differs from its like. */
export interface Outlier {
  /** `layers.41`. */
  readonly name: string
  /** The id of its first entry. */
  readonly id: number
  readonly statistic: 'value' | 'grad' | 'flow' | 'sat'
  readonly value: number
  /** From the usual: in decades, -Infinity for exact zeros; of saturation in shares of one. */
  readonly distance: number
}

/** From where to where a number goes in what repeats. */
export interface Range {
  readonly statistic: 'value' | 'grad'
  readonly least: { readonly name: string; readonly value: number }
  readonly most: { readonly name: string; readonly value: number }
}

interface Looked {
  readonly statistic: Outlier['statistic']
  readonly of: (numbers: Numbers) => number | undefined
  /** The scale on which distances are measured. */
  readonly scale: (value: number) => number
  /** How far is far. */
  readonly far: number
}

const as = (value: number) => value

/** A decade, and half of all outputs. */
const looked: readonly Looked[] = [
  { statistic: 'grad', of: each => each.gradientRms, scale: Math.log10, far: 1 },
  { statistic: 'flow', of: each => each.flow, scale: as, far: 1 },
  { statistic: 'value', of: each => each.valueRms, scale: Math.log10, far: 1 },
  { statistic: 'sat', of: each => each.saturated, scale: as, far: 0.5 },
]

const distance = (value: number, usual: number) => (value === usual ? 0 : value - usual)

/** The outliers, those that differ most first: far from the median of all, and from where its neighbours would have it. */
export function outliersOf(members: readonly Member[], numbers: readonly Numbers[]): Outlier[] {
  const found: Outlier[] = []
  for (const { statistic, of, scale, far } of looked) {
    const values = numbers.map(each => {
      const value = of(each)
      return value === undefined ? undefined : scale(value)
    })
    const usual = median(values.flatMap(value => value ?? []))
    if (usual === undefined) continue
    for (const [i, member] of members.entries()) {
      const value = values[i]
      if (value === undefined || Math.abs(distance(value, usual)) <= far) continue
      const expected = expectedAt(values, i)
      if (expected === undefined || Math.abs(distance(value, expected)) <= far) continue
      const { id } = member.entries[0]!
      found.push({
        name: member.name,
        id,
        statistic,
        value: of(numbers[i]!)!,
        distance: distance(value, usual),
      })
    }
  }
  return found.sort((a, b) => (size(a) === size(b) ? a.id - b.id : size(b) - size(a)))
}

/** How many on each side are the neighbours. */
const reach = 4

/** What the neighbours of a place lead one to expect there: the median of them, each moved by the usual step. */
function expectedAt(values: readonly (number | undefined)[], at: number): number | undefined {
  const around: (readonly [place: number, value: number])[] = []
  for (let j = Math.max(at - reach, 0); j <= Math.min(at + reach, values.length - 1); j++) {
    const value = values[j]
    if (value !== undefined && Number.isFinite(value)) around.push([j, value])
  }
  const steps = around.flatMap(([j, value], k) =>
    around[k - 1]?.[0] === j - 1 ? [value - around[k - 1]![1]] : [],
  )
  const step = median(steps) ?? 0
  return median(around.map(([j, value]) => value + (at - j) * step))
}

function size({ distance, statistic }: Outlier): number {
  if (Number.isNaN(distance)) return Number.POSITIVE_INFINITY
  return Math.abs(distance) * (statistic === 'sat' ? 2 : 1)
}

/** What goes over more than a decade from one end of what repeats to the other, whether in steps or at once. */
export function rangesOf(members: readonly Member[], numbers: readonly Numbers[]): Range[] {
  return looked.flatMap(({ statistic, of, scale, far }) => {
    if (statistic !== 'grad' && statistic !== 'value') return []
    const known = members.flatMap(({ name }, i) => {
      const value = of(numbers[i]!)
      return value === undefined || Number.isNaN(value) ? [] : [{ name, value }]
    })
    if (known.length === 0) return []
    const least = known.reduce((a, b) => (b.value < a.value ? b : a))
    const most = known.reduce((a, b) => (b.value > a.value ? b : a))
    return distance(scale(most.value), scale(least.value)) > far ? [{ statistic, least, most }] : []
  })
}
