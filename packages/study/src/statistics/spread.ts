/** Medians and ranges: how a study speaks of several seeds without choosing one. */

/** Median, smallest and largest of several values. */
export interface Spread {
  median: number
  min: number
  max: number
}

/**
 * The values below which these shares of all values lie, interpolated linearly between neighbours (R's type 7).
 * NaN when there are no values.
 */
export function quantiles(values: readonly number[], shares: readonly number[]): number[] {
  const sorted = [...values].sort((a, b) => a - b)
  return shares.map(share => {
    const position = (sorted.length - 1) * share
    const below = sorted[Math.floor(position)] ?? Number.NaN
    const above = sorted[Math.ceil(position)] ?? Number.NaN
    return below === above || !Number.isFinite(below)
      ? below
      : below + (above - below) * (position - Math.floor(position))
  })
}

export const median = (values: readonly number[]): number => quantiles(values, [0.5])[0]!

export const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

export const smallest = (values: readonly number[]): number =>
  values.reduce((a, b) => Math.min(a, b), Infinity)

export const largest = (values: readonly number[]): number =>
  values.reduce((a, b) => Math.max(a, b), -Infinity)

/** Null when there is nothing to describe. */
export function spread(values: readonly number[]): Spread | null {
  if (values.length === 0) return null
  return { median: median(values), min: smallest(values), max: largest(values) }
}
