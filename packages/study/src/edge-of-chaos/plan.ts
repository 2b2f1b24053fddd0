/** Which runs a study is made of: every size with every seed. */

import { SettingsError } from '../errors.ts'
import { checkSettings, type Settings } from './settings.ts'

/** What is to be run: `settings` once for each size and seed. */
export interface Plan {
  /** Numbers of neurons. */
  sizes: number[]
  /** Whole numbers from 0 to 2³² - 1; a seed decides everything that is random in a run. */
  seeds: number[]
  settings: Omit<Settings, 'size'>
}

/**
 * Refuses a plan that cannot be run, and lays it out.
 *
 * @returns the settings and seed of each run, by size and seed
 * @throws  SettingsError with the first broken rule
 */
export function checkPlan({ sizes, seeds, settings }: Plan): { settings: Settings; seed: number }[] {
  distinct('size', sizes)
  distinct('seeds', seeds)
  for (const seed of seeds) {
    if (!Number.isInteger(seed) || seed < 0 || seed > 2 ** 32 - 1) {
      throw new SettingsError('seeds', seed, 'a seed is a whole number', 'Give one from 0 to 4294967295.')
    }
  }
  const ascending = (values: number[]) => [...values].sort((a, b) => a - b)
  const inputs = ascending(sizes).flatMap(size =>
    ascending(seeds).map(seed => ({ settings: { size, ...settings }, seed })),
  )
  for (const input of inputs) checkSettings(input.settings)
  return inputs
}

function distinct(field: string, values: number[]): void {
  if (values.length === 0)
    throw new SettingsError(field, '(none)', 'there is nothing to run', 'Give at least one.')
  const twice = values.find((value, i) => values.indexOf(value) !== i)
  if (twice !== undefined) {
    throw new SettingsError(field, twice, 'it is named twice and would count twice', 'Name it once.')
  }
}
