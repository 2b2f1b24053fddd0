/** The rule that each setting of a study must obey: what it may be, and why nothing else. */

import { SettingsError } from './errors.ts'

export interface Rule<Value> {
  allows(value: Value): boolean
  /** Why the value is refused, as a clause. */
  because(value: Value): string
  /** What to give instead, as in `a whole number from 2 to 2000`. */
  give: string
}

/** Whole numbers between two others. */
export const whole = (min: number, max: number, because: string): Rule<number> => ({
  allows: value => Number.isInteger(value) && value >= min && value <= max,
  because: value => (value > max ? `more than ${max} is beyond this study` : because),
  give: `a whole number from ${min} to ${max}`,
})

/** Finite numbers that pass a test. */
export const real = (allows: (value: number) => boolean, because: string, give: string): Rule<number> => ({
  allows: value => Number.isFinite(value) && allows(value),
  because: () => because,
  give,
})

/** One word of several. */
export const oneOf = (words: readonly string[], because: string): Rule<string> => ({
  allows: value => words.includes(value),
  because: () => because,
  give: `one of ${words.join(', ')}`,
})

/** The path of a file. What is in it is for its reader to judge. */
export const path = (because: string): Rule<string> => ({
  allows: value => typeof value === 'string' && value !== '',
  because: () => because,
  give: 'the path of a file',
})

/** The rule of each setting. */
export type Rules<Settings> = { readonly [Field in keyof Settings]: Rule<Settings[Field]> }

/**
 * Refuses settings of which one breaks its rule.
 *
 * @throws SettingsError with the first broken rule, in the order of the rules
 */
export function checkAll<Settings extends object>(settings: Settings, rules: Rules<Settings>): void {
  for (const [field, rule] of Object.entries(rules) as [keyof Settings & string, Rule<unknown>][]) {
    const value = settings[field]
    if (!rule.allows(value)) throw new SettingsError(field, value, rule.because(value), `Give ${rule.give}.`)
  }
}
