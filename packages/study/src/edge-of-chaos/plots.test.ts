/** The figures: every size side by side, and the same bytes each time. */

import { drawRow } from '@sensigrad/inspect/plot'
import { expect, test, vi } from 'vitest'
import { figures } from './plots.ts'
import { good, run } from './runs.test-data.ts'

vi.setConfig({ testTimeout: 30_000 }) // generous: a busy machine is no failure

const runs = [run(good, { seed: 1 }), run(good, { seed: 2 }), run(good, { size: 3 })]

test('each figure shows every size side by side', () => {
  for (const { plots } of figures(runs)) {
    expect(plots.map(plot => plot.title)).toEqual(['N = 2', 'N = 3'])
  }
})

test('of a ring each figure says how many layers it has and counts by revolutions', async () => {
  const [first, ...others] = figures([run(good, { layers: 3 })])
  for (const { plots } of [first!, ...others]) expect(plots[0]!.title).toBe('N = 2, 3 layers')
  const drawing = await drawRow(first!.plots, first!.name, first!.title)
  expect(drawing).toContain('nats per revolution')
  expect(drawing).not.toContain('nats per step')
})

test('drawings are the same bytes each time and share no ids', async () => {
  for (const { name, title, plots } of figures(runs)) {
    const first = await drawRow(plots, name, title)
    expect(await drawRow(plots, name, title)).toBe(first)
    for (const id of first.matchAll(/id="([^"]*)"/g)) expect(id[1]).toMatch(new RegExp(`^${name}-`))
  }
})

test('numbers that are not finite leave gaps, not broken drawings', async () => {
  const dead = [
    run([
      [-1, -1],
      [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY],
      [Number.NaN, 0],
    ]),
  ]
  for (const { name, title, plots } of figures(dead)) {
    expect(await drawRow(plots, name, title)).not.toMatch(/NaN|Infinity|undefined/)
  }
})

test('runs without probes are drawn as empty axes', async () => {
  for (const { name, title, plots } of figures([run([], { status: 'interrupted' })])) {
    expect(await drawRow(plots, name, title)).toContain('<svg')
  }
})
