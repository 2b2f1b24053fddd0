/** What a claim comes to: its rule over the numbers, whichever way they turn out. */
import { describe, expect, test } from 'vitest'
import type { ArmSummary } from '../arms/summary.ts'
import { good, run } from '../edge-of-chaos/runs.test-data.ts'
import { summariseRun } from '../edge-of-chaos/summary.ts'
import { kaplanMeier } from '../statistics/survival.ts'
import { type Evidence, judge } from './claims.ts'

/** An arm of which so many of so many seeds succeeded. */
function arm(id: string, successes: number, runs: number, ratio = 0.5): ArmSummary {
  const seeds = Array.from({ length: runs }, (_, i) => i + 1)
  const spread = { median: ratio, min: ratio / 2, max: 2 * ratio }
  return {
    arm: { id, label: id, description: '' },
    seeds,
    successes: seeds.slice(0, successes),
    interrupted: [],
    failed: [],
    interval: null,
    survival: kaplanMeier(seeds.map(seed => ({ time: 100, event: seed <= successes }))),
    logRank: null,
    ratioStart: spread,
    ratioPrepared: spread,
    ratioEnd: spread,
    sensitivityStart: null,
    sensitivityEnd: null,
    bestAccuracy: null,
    bestTestAccuracy: null,
  }
}

const evidence: Evidence = {
  deep: [arm('sal', 5, 5), arm('plain', 0, 5, 1e-158)],
  lag: [arm('sal', 7, 8), arm('plain', 0, 8, 1e-149), arm('radius-1', 1, 8), arm('radius-1.1', 3, 8)],
  edge: [1, 2].map(seed => summariseRun(run(good, { seed }))),
  planned: { deep: 10, lag: 32, edge: 2 },
}

const held = (changes: Partial<Evidence> = {}) =>
  Object.fromEntries(judge({ ...evidence, ...changes }).map(({ id, holds }) => [id, holds]))

test('all four can hold', () => {
  expect(held()).toEqual({ deep: true, lag: true, vanishing: true, edge: true })
})

describe('each can fail, and only it', () => {
  test.each<[string, Partial<Evidence>]>([
    ['deep', { deep: [arm('sal', 4, 5), arm('plain', 0, 5, 1e-158)] }],
    ['deep', { deep: [arm('sal', 5, 5), arm('plain', 1, 5, 1e-158)] }],
    ['lag', { lag: [arm('sal', 6, 8), ...evidence.lag.slice(1)] }],
    ['lag', { lag: [...evidence.lag.slice(0, 3), arm('radius-1.1', 4, 8)] }],
    ['vanishing', { deep: [arm('sal', 5, 5), arm('plain', 0, 5, 0.9e-100)] }],
    ['edge', { edge: [1, 2].map(seed => summariseRun(run([[-1, -1.2], ...good.slice(1)], { seed }))) }],
    ['edge', { edge: [1, 2].map(seed => summariseRun(run([...good, [0.03, 0.1]], { seed }))) }],
  ])('%s', (id, changes) => {
    expect(held(changes)).toEqual({ deep: true, lag: true, vanishing: true, edge: true, [id]: false })
  })
})

test('a gradient of exactly 0 has vanished too', () => {
  expect(held({ deep: [arm('sal', 5, 5), arm('plain', 0, 5, 0)] }).vanishing).toBe(true)
})

test('missing runs leave a claim open', () => {
  const deep = [arm('sal', 5, 5), arm('plain', 0, 4, 1e-158)]
  expect(held({ deep })).toEqual({ deep: null, lag: true, vanishing: null, edge: true })
  expect(held({ lag: [], edge: [] })).toEqual({ deep: true, lag: null, vanishing: null, edge: null })
})

test('there is a row for each claim and arm, with the numbers and the verdict', () => {
  const rows = judge(evidence).flatMap(claim => claim.rows)
  expect(rows.map(({ claim, study, arm }) => `${claim} ${study} ${arm}`)).toEqual([
    ...['deep deep-300 sal', 'deep deep-300 plain', 'lag lag-300 sal', 'lag lag-300 plain'],
    ...[
      'lag lag-300 radius-1',
      'lag lag-300 radius-1.1',
      'vanishing deep-300 plain',
      'vanishing lag-300 plain',
    ],
    'edge edge-of-chaos SAL, N = 2',
  ])
  expect(rows[0]).toMatchObject({ seeds: [1, 2, 3, 4, 5], successes: 5, medianIterations: 100, holds: true })
  expect(rows[6]).toMatchObject({ gradientRatio: 1e-158, medianIterations: null })
  expect(rows[8]).toMatchObject({ successes: 2, largestGap: expect.closeTo(0.1, 12), largestEnd: 0.001 })
})
