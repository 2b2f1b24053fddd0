/**
 * Times to an event, some of which were not awaited: a run that ended without success would perhaps have had it
 * later, so its time is a lower bound (censored), never left out and never counted as the event.
 */

import { chiSquareTail } from './chi-square.ts'
import { z } from './proportion.ts'

/** One waiting time. `event` is false where it was not awaited. */
export interface Waiting {
  time: number
  event: boolean
}

/** The estimate from one event's time on to the next. */
export interface SurvivalStep {
  time: number
  /** How many had neither had the event nor left before this time. */
  atRisk: number
  events: number
  /** Probability that the event comes after this time. */
  survival: number
  /** Its 95 % interval on the log-log scale; null once nobody is left. */
  interval: [low: number, high: number] | null
}

export interface Survival {
  /** One for each time at which events happened. */
  steps: SurvivalStep[]
  /** The median waiting time; null where fewer than half had the event. */
  median: number | null
  /** Its 95 % interval, each end null where it is not reached. */
  medianInterval: [low: number | null, high: number | null]
}

/**
 * The estimate of Kaplan and Meier ("Nonparametric estimation from incomplete observations", JASA 53, 1958) with
 * Greenwood's variance.
 *
 * Where the survival is exactly 1/2 over a stretch the median is the middle of that stretch, as in R's survfit.
 *
 * @example kaplanMeier([{ time: 150, event: true }, { time: 1500, event: false }]).median // 150
 */
export function kaplanMeier(waiting: readonly Waiting[]): Survival {
  const steps: SurvivalStep[] = []
  let survival = 1
  let greenwood = 0
  for (const { time, atRisk, events } of eventTimes(waiting)) {
    survival *= 1 - events / atRisk
    greenwood += events / (atRisk * (atRisk - events))
    steps.push({ time, atRisk, events, survival, interval: logLog(survival, greenwood) })
  }
  const at = (end: 0 | 1) => halfTime(steps.map(({ time, interval }) => [time, interval?.[end]]))
  return {
    steps,
    median: halfTime(steps.map(({ time, survival }) => [time, survival])),
    medianInterval: [at(0), at(1)],
  }
}

export interface LogRank {
  /** χ² with one degree of freedom. */
  statistic: number
  p: number
  /** Events of the first group over what was to be expected of it if both waited alike: above 1 it is the faster. */
  ratio: number
}

/**
 * The log-rank test of two groups (Mantel 1966; Peto and Peto 1972): do they wait alike?
 *
 * @returns null where the data cannot tell: no events, or nobody to compare with
 */
export function logRank(first: readonly Waiting[], second: readonly Waiting[]): LogRank | null {
  let observed = 0
  let expected = 0
  let variance = 0
  for (const { time, atRisk, events } of eventTimes([...first, ...second])) {
    const mine = first.filter(one => one.time >= time).length
    const share = mine / atRisk
    observed += first.filter(one => one.event && one.time === time).length
    expected += events * share
    if (atRisk > 1) variance += (events * share * (1 - share) * (atRisk - events)) / (atRisk - 1)
  }
  if (variance === 0) return null
  const statistic = (observed - expected) ** 2 / variance
  return { statistic, p: chiSquareTail(statistic, 1), ratio: observed / expected }
}

function eventTimes(waiting: readonly Waiting[]): { time: number; atRisk: number; events: number }[] {
  const times = [...new Set(waiting.filter(one => one.event).map(one => one.time))].sort((a, b) => a - b)
  return times.map(time => ({
    time,
    atRisk: waiting.filter(one => one.time >= time).length,
    events: waiting.filter(one => one.event && one.time === time).length,
  }))
}

function logLog(survival: number, greenwood: number): [number, number] | null {
  if (survival <= 0) return null
  const log = Math.log(survival)
  const spread = Math.exp((z * Math.sqrt(greenwood)) / -log)
  return [Math.exp(log * spread), Math.exp(log / spread)]
}

/** Products of fractions reach 1/2 only nearly. R's tolerance. */
const nearly = Math.sqrt(Number.EPSILON)

/** When a falling curve passes 1/2; the middle where it rests there. */
function halfTime(curve: [time: number, height: number | undefined][]): number | null {
  const below = curve.flatMap(([time, height]) =>
    height !== undefined && height < 0.5 + nearly ? [{ time, height }] : [],
  )
  const [first] = below
  if (!first) return null
  const next = Math.abs(first.height - 0.5) < nearly && below.find(({ height }) => height < first.height)
  return next ? (first.time + next.time) / 2 : first.time
}
