/** What is said of a study of arms: every arm and seed, failures included, and nothing that the numbers do not say. */

import { drawGrid } from '@sensigrad/inspect/plot'
import { expect, test, vi } from 'vitest'
import type { ArmRun } from './experiment.ts'
import { comparison, headline, paragraph } from './findings.ts'
import { figures } from './plots.ts'
import { curvesCsv, neuronsCsv, profilesCsv, resultsJson } from './records.ts'
import { command, report } from './report.ts'
import type { ArmsResult } from './study.ts'
import { summarise, verdict } from './summary.ts'
import toy, { runToy } from './toy.test-data.ts'

vi.setConfig({ testTimeout: 30_000 }) // generous: a busy machine is no failure

const never = { stopped: () => false, progress: () => {} }
const settings = { ...toy.defaults, depth: 300 }

function toyResult(seeds: number[], change: (run: ArmRun) => void = () => {}): ArmsResult {
  const arms = toy.arms.map(({ id }) => id)
  const runs = arms.flatMap(arm => seeds.map(seed => runToy(arm, seed, settings, never)))
  for (const run of runs) change(run)
  return { plan: { arms, seeds, settings }, runs, failures: [], interrupted: false }
}

const five = toyResult([1, 2, 3, 4, 5])
const [sal, plain, tuned] = summarise(toy, five)

test('an arm is its successes, its median with censored runs, and its ratio', () => {
  expect(sal).toMatchObject({ successes: [1, 2, 3, 4, 5], survival: { median: 50 }, logRank: null })
  expect(plain).toMatchObject({ successes: [], survival: { median: null, steps: [] } })
  expect(tuned).toMatchObject({ successes: [1, 2, 3, 4], survival: { median: 90 } })
  expect(plain!.ratioStart!.median).toBeCloseTo(0.3 ** 299, 200)
  expect(sal!.ratioStart!.median).toBeLessThan(1e-150)
  expect(sal!.ratioPrepared!.median).toBeCloseTo(0.99 ** 299, 12)
})

test('arms are compared with the reference, more cautiously the more there are', () => {
  expect([sal, plain, tuned].map(arm => verdict(arm!))).toEqual(['open', 'worse', 'worse'])
  expect(plain!.logRank!.adjusted).toBeGreaterThan(plain!.logRank!.p)
})

test('the headline names the best of the others beside the reference', () => {
  const words = headline(toy, [sal!, plain!, tuned!])
  expect(words).toContain('SAL: 5 of 5 runs succeeded, median 50 iterations.')
  expect(words).toContain('Of the other arms tuned did best, 4 of 5, median 90 iterations.')
})

test('an arm that beats the reference is said to', () => {
  const turned = { ...toy, reference: 'tuned' }
  const words = comparison(turned, summarise(turned, five)).join(' ')
  expect(words).toMatch(/^SAL \(p = 0\.\d+\) reached success sooner than tuned\./)
})

test('each failure stands with its seed, its loss and its note', () => {
  const noted = toyResult([1, 2], run => {
    if (run.arm === 'plain' && run.seed === 2) run.note = 'the loss was no number after 30'
  })
  const summary = summarise(toy, noted)[1]!
  const words = paragraph(toy, summary, noted.runs)
  expect(words).toContain('0 of 2 succeeded (0 % to 66 %, Wilson).')
  expect(words).toContain('seed 1 (100 iterations, loss 0.693 and accuracy 0.50)')
  expect(words).toContain(
    'seed 2 (100 iterations, loss 0.693 and accuracy 0.50; the loss was no number after 30)',
  )
})

test('an interrupted run counts in nothing and is said to be missing', () => {
  const result = {
    ...toyResult([1, 2], run => {
      if (run.seed === 2) run.status = 'interrupted'
    }),
    interrupted: true,
  }
  expect(summarise(toy, result)[0]).toMatchObject({ seeds: [1], interrupted: [2] })
  expect(report(toy, result, summarise(toy, result), [])).toMatch(
    /3 runs stopped on the way and\s+0 did not begin/,
  )
})

test('names and messages cannot become part of the page, and nothing is left undefined', () => {
  const error = { name: 'Error', message: '<script>' }
  const result = { ...five, failures: [{ arm: 'sal', seed: 9, error }] }
  const page = report(toy, result, summarise(toy, result), [])
  expect(page).toContain('plain &lt;start&gt;')
  expect(page).toContain('SAL, seed 9 failed: Error: &lt;script&gt;')
  expect(page).not.toMatch(/<script|NaN|undefined|\[object/)
})

test('the command on the page names every setting', () => {
  expect(command(toy, { arms: ['sal'], seeds: [3], settings })).toBe(
    'npx sensigrad toy --arms sal --seeds 1 --first-seed 3 \\\n  --rate 1 --iterations 100 --depth 300',
  )
})

test('results hold every run, neurons.csv every neuron, profiles.csv every layer', () => {
  const results = JSON.parse(resultsJson(toy, five))
  expect(results.runs).toHaveLength(15)
  expect(results.runs[0].sensitivities.start).toHaveLength(5)
  expect(neuronsCsv(five.runs).trimEnd().split('\n')).toHaveLength(1 + 15 * 300)
  expect(profilesCsv(toy, five.runs).split('\n')[1]).toMatch(/^sal,1,start,0,0,\d.*e-\d+,-1\.1/)
  expect(curvesCsv(five.runs).split('\n')[1]).toMatch(/^sal,1,0,0\.69\d*,0\.5,$/)
})

test('figures are the same bytes each time, and numbers that are none leave gaps', async () => {
  const odd = toyResult([1, 2], run => {
    run.curve[1]!.loss = Number.NaN
    run.profiles[0]!.gradientNorms[0] = 0
    run.profiles[0]!.logSensitivity[0] = Number.NEGATIVE_INFINITY
    run.sensitivities.end[0] = Number.POSITIVE_INFINITY
  })
  const drawn = figures(toy, odd, summarise(toy, odd))
  expect(drawn.map(({ name }) => name)).toEqual([
    'overview',
    'success',
    'learning',
    'gradients',
    'sensitivities',
    'neurons',
  ])
  for (const { name, title, plots, columns } of drawn) {
    const first = await drawGrid(plots, columns, name, title)
    expect(await drawGrid(plots, columns, name, title)).toBe(first)
    expect(first).not.toMatch(/NaN|Infinity|undefined/)
  }
})

test('nothing finished gives no figures and says so', () => {
  const none = toyResult([1], run => {
    run.status = 'interrupted'
  })
  expect(figures(toy, none, summarise(toy, none))).toEqual([])
  expect(headline(toy, summarise(toy, none))).toBe('No run finished, so nothing can be said.')
})
