/** How sure a share of successes is, when the runs are few. */

/** The standard normal distribution's 97.5 % quantile: intervals here are 95 % ones. */
export const z = 1.959963984540054

/**
 * Wilson's 95 % interval of a proportion, without continuity correction. It stays within [0, 1] and says something
 * even of 0 or all successes.
 *
 * E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927).
 *
 * @returns null where there are no trials
 * @example wilson(5, 5) // [0.5655…, 1]
 */
export function wilson(successes: number, trials: number): [low: number, high: number] | null {
  if (trials === 0) return null
  const share = successes / trials
  const centre = share + z ** 2 / (2 * trials)
  const half = z * Math.sqrt((share * (1 - share)) / trials + (z / (2 * trials)) ** 2)
  const whole = 1 + z ** 2 / trials
  return [successes === 0 ? 0 : (centre - half) / whole, successes === trials ? 1 : (centre + half) / whole]
}

/**
 * Holm's adjustment of several p-values: each may then be compared with one level, and the chance that any true
 * hypothesis is refused stays below it.
 *
 * S. Holm, "A simple sequentially rejective multiple test procedure", Scand. J. Statist. 6 (1979).
 */
export function holm(p: readonly number[]): number[] {
  const order = [...p.keys()].sort((a, b) => p[a]! - p[b]!)
  const adjusted = [...p]
  let largest = 0
  for (const [rank, i] of order.entries()) {
    largest = Math.max(largest, Math.min(1, (p.length - rank) * p[i]!))
    adjusted[i] = largest
  }
  return adjusted
}
