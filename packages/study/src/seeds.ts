/** Lists that say what is to be run: each entry once, and seeds that a random key can be made of. */

import { SettingsError } from './errors.ts'

/** The largest seed. */
export const maxSeed = 2 ** 32 - 1

/**
 * Refuses seeds that no run can have.
 *
 * @throws SettingsError
 */
export function checkSeeds(seeds: readonly number[]): void {
  distinct('seeds', seeds)
  for (const seed of seeds) {
    if (!Number.isInteger(seed) || seed < 0 || seed > maxSeed) {
      throw new SettingsError('seeds', seed, 'a seed is a whole number', `Give one from 0 to ${maxSeed}.`)
    }
  }
}

/** Refuses an empty list, and one that names something twice. */
export function distinct(field: string, values: readonly unknown[]): void {
  if (values.length === 0) {
    throw new SettingsError(field, '(none)', 'there is nothing to run', 'Give at least one.')
  }
  const twice = values.find((value, i) => values.indexOf(value) !== i)
  if (twice !== undefined) {
    throw new SettingsError(field, twice, 'it is named twice and would count twice', 'Name it once.')
  }
}

export const ascending = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b)
