/** `pnpm bench` measures the workloads, proves what it measures, and says what it found. How long things take is no test. */
import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { main } from '../packages/bench/src/index.ts'
import { root } from './support/snippets.ts'

describe('pnpm bench', () => {
  const refused = async (...args: string[]) => {
    let text = ''
    const code = await main(args, { out: () => {}, err: said => (text += said) })
    return { code, text }
  }

  test('without a name measures speed, and refuses what it does not know with what there is', async () => {
    const cases = [
      {
        args: ['--only', 'R1,R2'],
        message: /no part 'R2'\. The parts are R1, R32, D16, D128, L, chain, gemm/,
      },
      {
        args: ['--peers', 'torch,numpy'],
        message: /no peer 'numpy'\. The peers are loops, limit, tfjs-cpu, tfjs-wasm, jax-js, torch, jax/,
      },
      { args: ['speed', '--rounds', '3'], message: /unknown option '--rounds'\nAdd --help/ },
      { args: ['curves', '--peers', 'torch'], message: /unknown option '--peers'/ },
    ]
    for (const { args, message } of cases) {
      const { code, text } = await refused(...args)
      expect(code).toBe(2)
      expect(text).toMatch(message)
    }
  })
})

describe('pnpm bench --quick --only chain,R1 --peers loops', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sensigrad-bench-'))
  const json = join(folder, 'rows.json')
  const workloads = ['R1', 'R1 gain 0.5', 'chain', 'chain and gradient']
  let printed: { stdout: string; stderr: string }
  let rows: Record<string, string | number>[]

  beforeAll(async () => {
    const options = ['--quick', '--only', 'chain,R1', '--peers', 'loops', '--json', json, '--figures', folder]
    printed = await promisify(execFile)(process.execPath, ['scripts/bench.mjs', ...options], { cwd: root })
    rows = JSON.parse(readFileSync(json, 'utf8')).rows
  }, 120_000) // generous: a busy machine is no failure
  afterAll(() => rmSync(folder, { recursive: true }))

  test('gives rows of the stated form', () => {
    for (const row of rows) {
      const { median, min, max, ...words } = row
      expect(words).toEqual({
        workload: expect.toBeOneOf(workloads),
        runner: expect.any(String),
        mode: expect.any(String),
        threads: expect.toBeOneOf([1, 2]),
        unit: String(row.workload).startsWith('chain') ? 'µs/operation' : 'ms',
      })
      expect(min).toBeGreaterThan(0)
      expect(median).toBeGreaterThanOrEqual(Number(min))
      expect(max).toBeGreaterThanOrEqual(Number(median))
    }
  })

  test('measures our backends, eager and captured, and the loops on every workload', () => {
    const expected = ['sensigrad wasm', 'sensigrad cpu'].flatMap(ours => [
      `${ours} eager`,
      `${ours} captured`,
    ])
    for (const workload of workloads) {
      const own = rows.filter(row => row.workload === workload)
      const who = own.map(({ runner, mode }) => `${runner} ${mode}`)
      expect(who, workload).toEqual(expect.arrayContaining([...expected, 'plain loops by hand']))
    }
  })

  test('prints tables and progress, and draws the workloads', () => {
    for (const workload of workloads)
      expect(printed.stdout).toMatch(new RegExp(`^\\| ${workload} +\\| mode`, 'm'))
    expect(printed.stdout).toMatch(/^\| ms +\| +R1 \| R1 gain 0\.5 \|$/m)
    expect(printed.stderr).toMatch(/computations are right/)
    expect(readdirSync(folder).sort()).toEqual(['rows.json', 'speed-R1.svg', 'speed-chain.svg'])
    for (const name of ['R1', 'chain']) {
      expect(readFileSync(join(folder, `speed-${name}.svg`), 'utf8')).not.toMatch(/NaN|Infinity|undefined/)
    }
  })
})
