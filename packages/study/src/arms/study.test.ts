/** Studies of arms end to end on a toy: same plan, same bytes, in one go or in several. */
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import type { ArmsPlan } from './plan.ts'
import { runInFolder } from './run.ts'
import { runArms } from './study.ts'
import toy, { type ToySettings } from './toy.test-data.ts'

vi.setConfig({ testTimeout: 30_000 }) // generous: a busy machine is no failure

const plan = (changes: Partial<ArmsPlan> = {}): ArmsPlan => ({
  arms: ['sal', 'plain'],
  seeds: [1, 2],
  settings: toy.defaults,
  ...changes,
})
const here = { workers: 0, plots: false, fresh: false }
const temporary = () => mkdtempSync(join(tmpdir(), 'sensigrad-'))
const resultsIn = (folder: string) => readFileSync(join(folder, 'results.json'), 'utf8')

test('runs come by arm as the study lists them, then by seed', async () => {
  const { runs } = await runArms(toy, plan({ arms: ['plain', 'sal'], seeds: [2, 1] }), { workers: 0 })
  expect(runs.map(({ arm, seed }) => `${arm} ${seed}`)).toEqual(['sal 1', 'sal 2', 'plain 1', 'plain 2'])
})

test('progress grows to the whole, runs that succeed early included', async () => {
  const shares: number[] = []
  await runArms(toy, plan(), { workers: 0, progress: ({ share }) => shares.push(share) })
  expect(shares).toEqual([...shares].sort((a, b) => a - b))
  expect(shares.at(-1)).toBeCloseTo(1, 12)
})

test('stopped after each run and taken up again, the results are the same bytes as in one go', async () => {
  const [whole, pieces] = [temporary(), temporary()]
  await runInFolder(toy, plan(), { ...here, folder: whole })
  const begun: number[] = []
  for (let attempt = 0; attempt < 6; attempt++) {
    const stop = new AbortController()
    let ended: number | undefined
    const view = {
      update: (_: number, text: string) => {
        const now = Number.parseInt(text, 10)
        if (ended !== undefined && now > ended) stop.abort()
        ended = now
      },
      end: () => {},
    }
    const begin = (_: ArmsPlan, kept: number) => begun.push(kept)
    await runInFolder(toy, plan(), { ...here, folder: pieces, signal: stop.signal, view, begin })
  }
  expect(begun.slice(0, 2)).toEqual([0, 1])
  expect(begun.at(-1)).toBe(4)
  expect(resultsIn(pieces)).toBe(resultsIn(whole))
})

test('more arms and seeds are added to what a folder holds, and fewer show only themselves', async () => {
  const folder = temporary()
  await runInFolder(toy, plan(), { ...here, folder })
  const kept: number[] = []
  const options = { ...here, folder, begin: (_: ArmsPlan, known: number) => void kept.push(known) }
  const wider = plan({ arms: ['sal', 'plain', 'tuned'], seeds: [1, 2, 3] })
  expect((await runInFolder(toy, wider, options)).result.runs).toHaveLength(9)
  expect((await runInFolder(toy, plan({ arms: ['tuned'] }), options)).result.runs).toHaveLength(2)
  expect(kept).toEqual([4, 2])
})

test('a run that fails is named, is not kept, and spares the others', async () => {
  const folder = temporary()
  const file = new URL('./missing.ts', import.meta.url).href
  const broken = { ...toy, file }
  const { result, files } = await runInFolder(broken, plan({ seeds: [1] }), { ...here, folder })
  expect(result.failures.map(({ arm }) => arm)).toEqual(['sal', 'plain'])
  expect(files).toEqual([])
  expect((await runInFolder(toy, plan({ seeds: [1] }), { ...here, folder })).result.runs).toHaveLength(2)
})

describe('a plan that cannot be meant is refused before anything runs', () => {
  test.each<[Partial<ArmsPlan>, string]>([
    [{ arms: [] }, 'arms (none): there is nothing to run. Give at least one.'],
    [{ arms: ['sal', 'sal'] }, 'arms sal: it is named twice'],
    [{ arms: ['sall'] }, 'arms sall: there is no such arm. Give some of sal, plain, tuned.'],
    [{ seeds: [0.5] }, 'seeds 0.5: a seed is a whole number.'],
    [{ settings: { ...toy.defaults, rate: -1 } }, 'rate -1: nothing moves otherwise. Give a number above 0.'],
    [{ settings: { ...toy.defaults, rate: 200 } }, 'rate 200: it is over at once.'],
    [{ settings: { ...toy.defaults, rat: 1 } as ToySettings }, 'there is no such setting. There are rate,'],
  ])('%o', async (changes, message) => {
    await expect(runArms(toy, plan(changes))).rejects.toThrow(message)
  })
})
