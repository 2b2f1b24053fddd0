/** The study end to end on small networks: same plan, same bytes. */
import { describe, expect, test, vi } from 'vitest'
import type { Plan } from './plan.ts'
import { defaults } from './settings.ts'
import { runStudy } from './study.ts'

vi.setConfig({ testTimeout: 30_000 }) // generous: a busy machine is no failure

const settings = { ...defaults, steps: 20, probeEvery: 10, transient: 5, window: 20 }
const plan = (changes: Partial<Plan> = {}): Plan => ({ sizes: [3, 4], seeds: [1, 2], settings, ...changes })
const here = { workers: 0 }

test('runs come by size and seed, whatever order the plan names them in', async () => {
  const { runs } = await runStudy(plan({ sizes: [4, 3], seeds: [2, 1] }), here)
  expect(runs.map(run => [run.settings.size, run.seed])).toEqual([
    [3, 1],
    [3, 2],
    [4, 1],
    [4, 2],
  ])
})

test('a seed decides everything: the same plan gives the same numbers', async () => {
  expect(await runStudy(plan(), here)).toEqual(await runStudy(plan(), here))
})

test('a run depends on its own size and seed only, not on which others run', async () => {
  const alone = await runStudy(plan({ sizes: [4], seeds: [2] }), here)
  const among = await runStudy(plan(), here)
  expect(among.runs).toContainEqual(alone.runs[0])
})

test('seeds differ', async () => {
  const { runs } = await runStudy(plan({ sizes: [4] }), here)
  expect(runs[0]?.probes).not.toEqual(runs[1]?.probes)
})

test('progress grows to the whole', async () => {
  const shares: number[] = []
  await runStudy(plan(), { ...here, progress: ({ share }) => shares.push(share) })
  expect(shares).toEqual([...shares].sort((a, b) => a - b))
  expect(shares.at(-1)).toBeCloseTo(1, 12)
})

test('a stopped study keeps the run it was in as interrupted and begins no other', async () => {
  const stopping = new AbortController()
  const options = { ...here, signal: stopping.signal, progress: () => stopping.abort() }
  const { runs, interrupted } = await runStudy(plan(), options)
  expect(interrupted).toBe(true)
  expect(runs.map(run => run.status)).toEqual(['interrupted'])
})

describe('a plan that cannot be meant is refused before anything runs', () => {
  test.each<[Partial<Plan>, string]>([
    [{ sizes: [] }, 'size (none): there is nothing to run. Give at least one.'],
    [{ seeds: [] }, 'seeds (none): there is nothing to run. Give at least one.'],
    [{ seeds: [1, 1] }, 'seeds 1: it is named twice and would count twice. Name it once.'],
    [{ seeds: [-1] }, 'seeds -1: a seed is a whole number. Give one from 0 to 4294967295.'],
    [{ sizes: [3, 1] }, 'size 1: a network needs at least 2 neurons.'],
  ])('%o', async (changes, message) => {
    await expect(runStudy(plan(changes), here)).rejects.toThrow(message)
  })
})
