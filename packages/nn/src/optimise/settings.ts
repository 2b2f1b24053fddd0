/** The options of optimisers: the rule that each obeys, and what it is where it was left out. */

import { describeValue, ValueError } from '@sensigrad/core'
import { checkOptions } from '../check.ts'
import type { Parameter } from '../parameter.ts'
import { checkSelector, type Selector } from '../select.ts'
import type { Schedule } from './schedules.ts'
import type { Betas } from './stages.ts'

/** A learning rate, or what it is at each step. */
export type Rate = number | Schedule

/** Limits of gradients; those that are given are applied in this order. */
export interface ClipOptions {
  /** The most that an element may be, either way. */
  readonly value?: number
  /** The most that the norm of each parameter's gradient may be. */
  readonly norm?: number
  /** The most that the norm of all gradients together may be. */
  readonly globalNorm?: number
}

/** Options that all optimisers share, beside settings of their own. */
export interface OptimiserOptions<Settings> {
  /** The learning rate, or a schedule of it, which counts the updates. */
  readonly rate: Rate
  /** Limits that gradients are brought to before anything else. */
  readonly clip?: ClipOptions
  /**
   * Whether an update with a gradient that is NaN or infinite is refused as a whole: with a NonFiniteError or, where a
   * captured step cannot look, by leaving all as it is and counting it in `refused`. On with `clip`, else off unless said.
   */
  readonly guard?: boolean
  /** Other options for some parameters; the first group that selects a parameter has it. */
  readonly groups?: readonly GroupOptions<Settings>[]
}

/** Options of some parameters; those left out are the optimiser's. */
export type GroupOptions<Settings> = Partial<Settings> & {
  /** Which parameters, by their paths. */
  readonly select: Selector<Parameter>
  readonly rate?: Rate
  readonly clip?: ClipOptions
}

/** What an option must be. */
export interface Rule<Value> {
  /** What it is unless said. */
  readonly initial: Value
  readonly holds: (value: unknown) => boolean
  /** What is wrong with a value for which it does not hold, and what to do. */
  readonly problem: string
  readonly remedy: string
}

/** A rule for each setting. */
export type Rules<Settings> = { readonly [Name in keyof Settings]-?: Rule<Settings[Name]> }

const isNumber = (value: unknown, low: number): value is number =>
  typeof value === 'number' && value >= low && value < Number.POSITIVE_INFINITY
const isShare = (value: unknown) => isNumber(value, 0) && value < 1

/** A number in [0, 1). */
export const share = (initial: number, such = 0.9): Rule<number> => ({
  initial,
  holds: isShare,
  problem: 'does not lie in [0, 1)',
  remedy: `Give a number such as ${such}`,
})

/** A number that is not negative. */
export const notNegative = (initial: number, such = 0.01): Rule<number> => ({
  initial,
  holds: value => isNumber(value, 0),
  problem: 'is not ≥ 0 and finite',
  remedy: `Give a number such as ${such}`,
})

/** What keeps a divisor from being 0, in float32, too. */
export const epsilon = (initial: number): Rule<number> => ({
  initial,
  holds: value => isNumber(value, 1e-30),
  problem: 'is not ≥ 1e-30 and finite',
  remedy: `Give a small number such as ${initial}`,
})

/** Two numbers in [0, 1). */
export const betas = (first: number, second: number): Rule<Betas> => ({
  initial: [first, second],
  holds: value => Array.isArray(value) && value.length === 2 && value.every(isShare),
  problem: 'are no pair of numbers in [0, 1)',
  remedy: `Give two such as [${first}, ${second}]`,
})

/** On or off. */
export const flag = (initial: boolean): Rule<boolean> => ({
  initial,
  holds: value => typeof value === 'boolean',
  problem: 'is neither on nor off',
  remedy: 'Give true or false',
})

/** A number of repetitions. */
export const count = (initial: number): Rule<number> => ({
  initial,
  holds: value => Number.isInteger(value) && (value as number) >= 1,
  problem: 'is no whole number of times',
  remedy: `Give one such as ${initial}`,
})

/** What messages call the settings whose names are no words. */
const words: Readonly<Record<string, string>> = { weightDecay: 'weight decay' }

/** The settings of one group of parameters, and how they learn. */
export interface Group<Settings> {
  readonly select: Selector<Parameter> | undefined
  readonly settings: Settings
  readonly clip: ClipOptions
  /** May be changed between updates. */
  rate: Rate
}

/**
 * The groups that options describe, those with a selector first; the last one takes all that none of them selects.
 *
 * @throws ValueError for an option that is not known or breaks its rule
 */
export function groupsOf<Settings>(
  optimiser: string,
  options: OptimiserOptions<Settings> & Partial<Settings>,
  rules: Rules<Settings>,
): Group<Settings>[] {
  const names = Object.keys(rules)
  const given = options ?? {} // the rate that it lacks is what to say
  checkOptions(optimiser, given, ['rate', ...names, 'clip', 'guard', 'groups'])
  const { groups = [] } = given
  if (!Array.isArray(groups)) {
    throw new ValueError(
      optimiser,
      `the groups are ${describeValue(groups)}`,
      "Give a list: [{ select: '**.bias', rate: 0.01 }]",
    )
  }
  const selected = groups.map((group: GroupOptions<Settings>) => {
    checkOptions(`${optimiser}.groups`, group, ['select', 'rate', ...names, 'clip'])
    checkSelector(optimiser, group.select)
    return groupOf(optimiser, { ...given, ...group }, rules, group.select)
  })
  return [...selected, groupOf(optimiser, given, rules, undefined)]
}

function groupOf<Settings>(
  optimiser: string,
  options: Partial<Settings> & { readonly rate: Rate; readonly clip?: ClipOptions },
  rules: Rules<Settings>,
  select: Selector<Parameter> | undefined,
): Group<Settings> {
  const settings = Object.entries<Rule<unknown>>(rules).map(([name, rule]) => {
    const { [name as keyof Settings]: value = rule.initial } = options
    if (rule.holds(value)) return [name, value]
    throw new ValueError(
      optimiser,
      `the ${words[name] ?? name} ${describeValue(value)} ${rule.problem}`,
      rule.remedy,
    )
  })
  const { rate, clip = {} } = options
  return {
    select,
    settings: Object.fromEntries(settings),
    clip: checkedClip(optimiser, clip),
    rate: typeof rate === 'function' ? rate : checkedRate(optimiser, rate),
  }
}

function checkedClip(optimiser: string, clip: ClipOptions): ClipOptions {
  checkOptions(`${optimiser}.clip`, clip, ['value', 'norm', 'globalNorm'])
  for (const [name, limit] of Object.entries(clip)) {
    if (isNumber(limit, Number.MIN_VALUE)) continue
    throw new ValueError(
      optimiser,
      `the limit ${name} of clip, ${describeValue(limit)}, is not positive and finite`,
      'Give one such as 1, or leave it out',
    )
  }
  return clip
}

/**
 * The learning rate, where it is one.
 *
 * @throws ValueError when it is no finite number, zero or more
 */
export function checkedRate(optimiser: string, rate: unknown, step?: number): number {
  if (isNumber(rate, 0)) return rate
  const when = step === undefined ? '' : ` that the schedule gives at step ${step}`
  throw new ValueError(
    optimiser,
    `the rate ${describeValue(rate)}${when} is not ≥ 0 and finite`,
    'Give a positive number such as 0.1',
  )
}
