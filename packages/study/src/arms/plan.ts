/** Which runs a study is made of: every arm with every seed. */

import { createHash } from 'node:crypto'
import { SettingsError } from '../errors.ts'
import type { RecordPlace } from '../recording/place.ts'
import { checkAll, type Rules } from '../rules.ts'
import { ascending, checkSeeds, distinct } from '../seeds.ts'
import type { Arm, ArmsStudy } from './experiment.ts'

/** A study whatever its settings are. */
export type AnyStudy = ArmsStudy<object>

/** What is to be run: each arm once with each seed, all with the same settings. */
export interface ArmsPlan {
  /** Ids. */
  arms: string[]
  /** Whole numbers from 0 to 2³² - 1; arm and seed decide everything that is random in a run. */
  seeds: number[]
  settings: object
}

/** One run of a plan. */
export interface Place {
  arm: string
  seed: number
}

/**
 * Refuses a plan that cannot be run, and puts it in order: arms as the study lists them, seeds ascending.
 *
 * @throws SettingsError with the first broken rule
 */
export function checkPlan(study: AnyStudy, { arms, seeds, settings }: ArmsPlan): ArmsPlan {
  distinct('arms', arms)
  const known = study.arms.map(({ id }) => id)
  const stranger = arms.find(id => !known.includes(id))
  if (stranger !== undefined) {
    throw new SettingsError('arms', stranger, 'there is no such arm', `Give some of ${known.join(', ')}.`)
  }
  checkSeeds(seeds)
  checkNames(study, settings)
  checkAll(settings, study.rules as Rules<object>)
  study.check?.(settings)
  return { arms: known.filter(id => arms.includes(id)), seeds: ascending(seeds), settings }
}

function checkNames({ rules }: AnyStudy, settings: object): void {
  const stranger = Object.keys(settings).find(name => !(name in rules))
  if (stranger === undefined) return
  const remedy = `There are ${Object.keys(rules).join(', ')}.`
  throw new SettingsError(stranger, '', 'there is no such setting', remedy)
}

/** The runs of a plan in its order. */
export const places = ({ arms, seeds }: ArmsPlan): Place[] =>
  arms.flatMap(arm => seeds.map(seed => ({ arm, seed })))

/** Where a run is recorded: those with the first seed are. */
export function recordPlace(
  { seeds }: ArmsPlan,
  { arm, seed }: Place,
  folder: string,
): RecordPlace | undefined {
  return seed === seeds[0] ? { folder, run: `${arm}-seed-${seed}` } : undefined
}

/** A short hash of all that the runs depend on beside arm, seed and version. */
export function settingsHash(study: AnyStudy, settings: object): string {
  const ordered = Object.keys(study.rules).map(name => [name, settings[name as keyof object]])
  const text = JSON.stringify([study.name, ordered, study.fingerprint?.(settings) ?? ''])
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}

/** The arm of an id that a checked plan names. */
export const armOf = (study: AnyStudy, id: string): Arm => study.arms.find(arm => arm.id === id)!
