/** `sensigrad claims` on toys in the place of the studies: what runs, what is printed, what is written. */
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { main } from '../cli.ts'
import type { Plan } from '../edge-of-chaos/plan.ts'
import type { Study } from '../edge-of-chaos/study.ts'

vi.setConfig({ testTimeout: 30_000 }) // generous: a busy machine is no failure

vi.mock('../experiments/deep-300/study.ts', async () => {
  const { default: toy } = await import('../arms/toy.test-data.ts')
  return { default: { ...toy, name: 'deep-300' } }
})
vi.mock('../experiments/lag-300/study.ts', async () => {
  const { default: toy } = await import('../arms/toy.test-data.ts')
  return { default: { ...toy, name: 'lag-300' } }
})
vi.mock('../edge-of-chaos/command.ts', async () => {
  const { good, run } = await import('../edge-of-chaos/runs.test-data.ts')
  const runShown = async (plan: Plan): Promise<Study> => ({
    plan,
    runs: plan.seeds.map(seed => run(good, { seed })),
    failures: [],
    interrupted: false,
  })
  return { runShown }
})

async function claims(...args: string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'sensigrad-'))
  let out = ''
  let err = ''
  const terminal = {
    out: {
      write: (text: string) => {
        out += text
      },
    },
    err: {
      write: (text: string) => {
        err += text
      },
    },
    exitCode: 0,
  }
  const file = join(folder, 'rows.json')
  const plain = ['claims', '--workers', '0', '--no-plots', '--output', folder, '--json', file]
  const code = await main([...plain, ...args], terminal)
  return { code, out, err, folder, rows: JSON.parse(readFileSync(file, 'utf8')) }
}

test('each claim is printed with its verdict, its rule and its numbers', async () => {
  const { code, out } = await claims()
  expect(code).toBe(0)
  expect(out).toContain('HOLDS: From small weights a network of 300 layers')
  expect(out).toContain('  Rule: every seed succeeds with SAL, and none from the same start without SAL.')
  expect(out).toMatch(/^ {2}deep-300 +sal +3 of 3 +40 /m)
  expect(out).toContain('DOES NOT HOLD: With SAL a recurrent network') // the toy has no spectral radii
})

test('only the arms that the claims name run, from the first seed on, and all of them with --full', async () => {
  const few = await claims('--seed', '2')
  const of = (rows: { claim: string }[], claim: string) => rows.filter(row => row.claim === claim)
  expect(of(few.rows, 'deep')).toMatchObject([
    { arm: 'sal', seeds: [2, 3, 4], successes: 3, medianIterations: 50, holds: true },
    { arm: 'plain', seeds: [2, 3, 4], successes: 0, medianIterations: null, holds: true },
  ])
  expect(of((await claims('--full')).rows, 'deep')).toHaveLength(3)
  expect(readdirSync(few.folder).sort()).toEqual(['deep-300', 'edge-of-chaos', 'lag-300', 'rows.json'])
})
