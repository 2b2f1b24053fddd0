/** The sentences of the report, from what was measured. */
import { expect, test } from 'vitest'
import { claimTests, exceptions, headline, paragraph } from './findings.ts'
import { good, run } from './runs.test-data.ts'
import { summarise, summariseRun } from './summary.ts'

const bad: [number, number][] = [
  [-1, -1.2],
  [0, 0],
  [0.15, 0.59],
]
const one = { layers: 1 }
const summaries = [run(good, { seed: 1 }), run(bad, { seed: 2 })].map(summariseRun)

test('success in every run is said in one sentence', () => {
  expect(headline(summarise(summaries.slice(0, 1)))).toBe('All three claims held in the one finished run.')
})

test('anything less is counted, claim by claim', () => {
  expect(headline(summarise(summaries))).toBe(
    'λ followed S until the edge in 1 of 2 finished runs, was 0 at the end in 1 of 2, and S arrived at its target in 1 of 2.',
  )
})

test('what is open is not counted as success', () => {
  const short = summarise([summariseRun(run([[-1, -1]]))])
  expect(headline(short)).toContain('was 0 at the end in 0 of 1 (1 open)')
})

test('nothing is claimed when no run finished', () => {
  expect(headline([])).toBe('No run finished, so nothing can be said about the claims.')
})

test('each broken claim is named with its seed and its number, a line a run', () => {
  expect(exceptions(summaries)).toEqual([
    'N = 2, seed 2: |λ\u00a0−\u00a0S| reached 0.200 before the edge, λ was 0.150 at the end, S was 0.590 at the end.',
  ])
})

test('a paragraph gives medians with their ranges', () => {
  expect(paragraph(summarise(summaries)[0]!, one)).toContain(
    'At the end λ was 0.075 (0.001 to 0.150) and S was 0.305 (0.020 to 0.590).',
  )
})

test('a paragraph says so when no probe lay before the edge, and when the edge was not reached', () => {
  const beyond = summarise([
    summariseRun(
      run([
        [0.1, 0.2],
        [0, 0],
      ]),
    ),
  ])
  const below = summarise([summariseRun(run([[-1, -1]]))])
  expect(paragraph(beyond[0]!, one)).toContain('nothing shows whether λ follows S')
  expect(paragraph(below[0]!, one)).toContain('λ did not reach the edge.')
})

test('the test of arrival names the target where it is not 1', () => {
  expect(claimTests({ target: 1, ...one }).arrives).toContain('|S| ≤ 0.1')
  expect(claimTests({ target: 1.3, ...one }).arrives).toContain('|S − ln 1.3| ≤ 0.1')
})

test('the test of arrival grows with the layers of a ring, target and tolerance alike', () => {
  expect(claimTests({ target: 1, layers: 3 }).arrives).toContain('|S| ≤ 0.3')
  expect(claimTests({ target: 1.3, layers: 3 }).arrives).toContain('|S − 3 ln 1.3| ≤ 0.3')
})

test('a paragraph on a ring speaks of revolutions', () => {
  const text = paragraph(summarise(summaries)[0]!, { layers: 2 })
  expect(text).toContain('nats per revolution on average')
  expect(text).not.toContain('nats per step')
})
