/** `pnpm bench gpu` runs in a browser, says what it ran on, and counts fused kernels. How long things take is no test. */
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { main } from '../packages/bench/src/index.ts'
import { root } from './support/snippets.ts'

type Row = Record<string, number | string | null>

const folder = mkdtempSync(join(tmpdir(), 'sensigrad-bench-gpu-'))
let found: { rows: Row[]; findings: Row[] }
let printed: string

beforeAll(async () => {
  const json = join(folder, 'rows.json')
  const options = ['gpu', '--quick', '--only', 'matmul,fusion', '--json', json, '--figures', folder]
  const { stdout } = await promisify(execFile)(process.execPath, ['scripts/bench.mjs', ...options], {
    cwd: root,
  })
  printed = stdout
  found = JSON.parse(readFileSync(json, 'utf8'))
}, 240_000) // generous: a busy machine is no failure
afterAll(() => rmSync(folder, { recursive: true }))

const findings = (kind: string) => found.findings.filter(({ finding }) => finding === kind)

test('times both sizes in both ways, wherever there is a backend', () => {
  const there = findings('device').filter(({ kind }) => kind !== 'missing')
  const timed = found.rows.filter(({ seconds }) => seconds !== null)
  expect(there.map(({ backend }) => backend)).toEqual(
    expect.arrayContaining(['cpu', 'wasm', 'webgl2', 'webgpu']),
  )
  expect(timed).toHaveLength(there.length * 2 * 2)
  for (const { seconds } of timed) expect(seconds).toBeGreaterThan(0)
})

test('says what stands for a GPU where there is none', () => {
  for (const { backend, name, kind } of findings('device')) {
    expect(printed).toContain(String(name))
    if (/swiftshader|llvmpipe/i.test(String(name))) expect(kind, String(backend)).toBe('software')
  }
  expect(findings('device').some(({ kind }) => kind === 'GPU')).toBe(
    !printed.includes('software in place of a GPU'),
  )
})

test('finds for each GPU from where on it pays, or that it does not', () => {
  expect(findings('crossover').map(({ way, backend }) => `${way} ${backend}`)).toEqual(
    ['eager', 'captured'].flatMap(way => [`${way} webgl2`, `${way} webgpu`]),
  )
  for (const { upTo } of findings('crossover')) expect(upTo).toBe(128)
})

test('counts one kernel for a captured chain, and twenty for an eager one', () => {
  const kernels = (name: string) =>
    Object.fromEntries(
      findings('fusion')
        .filter(({ backend }) => backend === name)
        .map(({ way, kernels }) => [String(way), kernels as number]),
    )
  for (const name of ['webgl2', 'webgpu']) {
    expect(kernels(name).captured).toBe(1)
    expect(kernels(name).eager).toBeGreaterThanOrEqual(20)
  }
})

test('draws them', () => {
  const svg = readFileSync(join(folder, 'gpu.svg'), 'utf8')
  expect(svg).toMatch(/^<svg /)
  expect(svg).not.toMatch(/NaN|Infinity|undefined/)
})

test('without a browser says so', async () => {
  const path = process.env.CHROMIUM_PATH
  let errors = ''
  try {
    delete process.env.CHROMIUM_PATH
    const output = { out: () => {}, err: (text: string) => (errors += text) }
    expect(await main(['gpu', '--quick', '--figures', folder], output)).toBe(1)
  } finally {
    if (path !== undefined) process.env.CHROMIUM_PATH = path
  }
  expect(errors).toMatch(/^error: no browser to measure in\. Run pnpm bench gpu, install Chromium or Chrome/)
})
