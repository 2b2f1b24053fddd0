/** How a quantity grows: the exponent of a power law, fitted to measured points. */

/** A fitted exponent, and where it was fitted. */
export interface Fit {
  /** p in value ∝ lengthᵖ: 1 is linear, 0.5 a square root, 0 flat. */
  readonly exponent: number
  /** The smallest and the largest length that entered. */
  readonly from: number
  readonly to: number
}

/**
 * Fits log value = p · log length + c by least squares over the upper decade: the lengths from a tenth of the largest
 * on. What is small and the same for every length, such as the time of a call, would hide the growth below it.
 *
 * @param points  pairs of a length and a value; those with a value that is not positive have no logarithm and are
 *                left out
 * @returns the fit; undefined when fewer than two lengths remain
 * @example exponent([[10, 1], [100, 10]]) // { exponent: 1, from: 10, to: 100 }
 */
export function exponent(points: readonly (readonly [length: number, value: number])[]): Fit | undefined {
  const largest = points.reduce((most, [length]) => Math.max(most, length), 0)
  const upper = points.filter(([length, value]) => length >= largest / 10 && value > 0)
  const lengths = upper.map(([length]) => length)
  if (new Set(lengths).size < 2) return undefined
  const xs = lengths.map(Math.log)
  const ys = upper.map(([, value]) => Math.log(value))
  const [middleX, middleY] = [mean(xs), mean(ys)]
  const covariance = mean(xs.map((x, i) => (x - middleX) * (ys[i]! - middleY)))
  const variance = mean(xs.map(x => (x - middleX) ** 2))
  return { exponent: covariance / variance, from: Math.min(...lengths), to: Math.max(...lengths) }
}

/** The value in the middle; of an even number of values, halfway between the two. NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  return ((sorted[Math.floor(middle)] ?? Number.NaN) + (sorted[Math.ceil(middle)] ?? Number.NaN)) / 2
}

const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length
