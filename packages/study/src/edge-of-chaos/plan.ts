/** Which runs a study is made of: every size with every seed. */

import type { RecordPlace } from '../recording/place.ts'
import { ascending, checkSeeds, distinct } from '../seeds.ts'
import { checkSettings, type Settings } from './settings.ts'

/** What is to be run: `settings` once for each size and seed. */
export interface Plan {
  /** Numbers of neurons. */
  sizes: number[]
  /** Whole numbers from 0 to 2³² - 1; a seed decides everything that is random in a run. */
  seeds: number[]
  settings: Omit<Settings, 'size'>
}

/** One run of a plan. */
export interface Place {
  size: number
  seed: number
}

/** Where a run is recorded: those with the first seed are. */
export function recordPlace({ seeds }: Plan, { size, seed }: Place, folder: string): RecordPlace | undefined {
  return seed === Math.min(...seeds) ? { folder, run: `size-${size}-seed-${seed}` } : undefined
}

/**
 * Refuses a plan that cannot be run, and lays it out.
 *
 * @returns the settings and seed of each run, by size and seed
 * @throws  SettingsError with the first broken rule
 */
export function checkPlan({ sizes, seeds, settings }: Plan): { settings: Settings; seed: number }[] {
  distinct('size', sizes)
  checkSeeds(seeds)
  const inputs = ascending(sizes).flatMap(size =>
    ascending(seeds).map(seed => ({ settings: { size, ...settings }, seed })),
  )
  for (const input of inputs) checkSettings(input.settings)
  return inputs
}
