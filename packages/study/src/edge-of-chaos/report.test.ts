/** The report: one page that says what was asked, what held and what did not. */
import { expect, test } from 'vitest'
import { command, report } from './report.ts'
import { good, run } from './runs.test-data.ts'
import { defaults, type Run } from './settings.ts'
import type { Study } from './study.ts'
import { summarise, summariseRun } from './summary.ts'

function page(runs: Run[], changes: Partial<Study> = {}): string {
  const plan = { sizes: [2], seeds: [1, 2], settings: defaults }
  const summaries = runs.map(summariseRun)
  return report(
    { plan, runs, failures: [], interrupted: false, ...changes },
    summaries,
    summarise(summaries),
    [],
  )
}

test('a broken claim stands on the page with its seed, and the score is not rounded up', () => {
  const html = page([
    run(good, { seed: 1 }),
    run(
      [
        [-1, -1.2],
        [0, 0],
      ],
      { seed: 2 },
    ),
  ])
  expect(html).toContain('N = 2, seed 2: |λ\u00a0−\u00a0S| reached 0.200 before the edge.')
  expect(html).toContain('✗ 1 of 2')
})

test('an interrupted study says what is missing', () => {
  const html = page([run(good, { status: 'interrupted' })], { interrupted: true })
  expect(html).toMatch(/1 run stopped on the way and\s+1 did not begin/)
  expect(html).toContain('No run finished')
})

test('a failed run is named, and its message cannot become part of the page', () => {
  const error = { name: 'Error', message: '<script>alert(1)</script>' }
  const html = page([run(good)], { failures: [{ size: 2, seed: 2, error }] })
  expect(html).toContain('N = 2 and seed 2 failed: Error: &lt;script&gt;')
  expect(html).not.toContain('<script')
})

test('of a ring the page says how many layers it has, and that its numbers are per revolution', () => {
  const settings = { ...defaults, layers: 3 }
  const html = page([run(good, { layers: 3 })], { plan: { sizes: [2], seeds: [1], settings } })
  expect(html).toContain('3 layers of N tanh neurons stand in a ring')
  expect(html).toContain('S and λ are in nats per revolution.')
  expect(html).toContain('ρ(W_3 ⋯ W_1)')
  expect(html).not.toContain('nats per step')
  expect(page([run(good)])).not.toMatch(/revolution|in a ring/)
})

test('the command on the page names every setting', () => {
  expect(command({ sizes: [100, 300], seeds: [7], settings: defaults })).toBe(
    'npx sensigrad edge-of-chaos --size 100,300 --seeds 1 --first-seed 7 \\\n' +
      '  --layers 1 --gain 0.3 --rate 0.0002 --target 1 --decay 0.99 --mode raise --noise 0.0001 --bias 0' +
      ' --steps 6000 --probe-every 200 --transient 500 --window 1000',
  )
})
