/** What is computed here is what R computes. */
import { describe, expect, test } from 'vitest'
import { chiSquareTail } from './chi-square.ts'
import { holm, wilson } from './proportion.ts'
import { r } from './r-values.test-data.ts'
import { kaplanMeier, logRank, type Waiting } from './survival.ts'

const samples = Object.fromEntries(
  r.kaplanMeier.map(({ name, times, events }) => [
    name,
    times.map((time, i): Waiting => ({ time, event: events[i] === 1 })),
  ]),
)

/** Numbers to a relative 1e-12, nulls exactly. */
function expectNear(found: readonly (number | null)[], expected: readonly (number | null)[]) {
  expect(found.map(x => x === null)).toEqual(expected.map(x => x === null))
  for (const [i, value] of expected.entries()) {
    expect(Math.abs((found[i] ?? 0) - (value ?? 0))).toBeLessThanOrEqual(1e-12 * Math.abs(value ?? 0))
  }
}

describe('Kaplan and Meier: survfit with log-log intervals', () => {
  test.each(r.kaplanMeier)('$name', expected => {
    const { steps, median, medianInterval } = kaplanMeier(samples[expected.name]!)
    expectNear(
      steps.map(step => step.time),
      expected.at,
    )
    expectNear(
      steps.map(step => step.atRisk),
      expected.atRisk,
    )
    expectNear(
      steps.map(step => step.events),
      expected.happened,
    )
    expectNear(
      steps.map(step => step.survival),
      expected.survival,
    )
    expectNear(
      steps.map(step => step.interval?.[0] ?? null),
      expected.lower,
    )
    expectNear(
      steps.map(step => step.interval?.[1] ?? null),
      expected.upper,
    )
    expectNear([median], [expected.median])
    expectNear(medianInterval, expected.medianInterval)
  })
})

test.each(r.logRank)('log-rank of $first and $second: survdiff', ({ first, second, statistic, p, ratio }) => {
  const found = logRank(samples[first]!, samples[second]!)
  expectNear([found!.statistic, found!.p, found!.ratio], [statistic, p, ratio])
})

test.each(r.wilson)('$successes of $trials: prop.test', ({ successes, trials, interval }) => {
  expectNear(wilson(successes, trials)!, interval)
})

test.each(r.chiSquareTail)('χ² = $x with $freedom degrees of freedom: pchisq', ({ x, freedom, tail }) => {
  expectNear([chiSquareTail(x, freedom)], [tail])
})

test("Holm's adjustment: p.adjust", () => {
  expectNear(holm(r.holm.p), r.holm.adjusted)
})

test('nothing to compare is no difference', () => {
  expect(logRank([], samples.plain!)).toBeNull()
  expect(logRank(samples.never!, samples.never!)).toBeNull()
  expect(wilson(0, 0)).toBeNull()
  expect(kaplanMeier([])).toEqual({ steps: [], median: null, medianInterval: [null, null] })
})
