/** The benchmarks run, say what they measured, and see that checkpoints save memory. How long things take is no test. */
import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { benchmarks, main } from '../packages/bench/src/index.ts'
import { root } from './support/snippets.ts'

describe('pnpm bench', () => {
  /** What a command line printed, and its exit code. */
  const bench = async (...args: string[]) => {
    let [out, err] = ['', '']
    const output = { out: (text: string) => (out += text), err: (text: string) => (err += text) }
    const code = await main(args, output)
    return { code, out, err }
  }

  test('lists what there is', async () => {
    const { code, out } = await bench('--help')
    expect(code).toBe(0)
    for (const { name } of benchmarks) expect(out).toContain(name)
  })

  test('of an unknown benchmark, part or option says what there is', async () => {
    const refused = [
      { args: ['curve'], message: /unknown command 'curve'\n\(Did you mean curves\?\)/ },
      {
        args: ['curves', '--only', 'chain,scn'],
        message: /no part 'scn'\. The parts are chain, rnn, scan, inner/,
      },
      { args: ['curves', '--quik'], message: /unknown option '--quik'/ },
    ]
    for (const { args, message } of refused) {
      const { code, err } = await bench(...args)
      expect(code).toBe(2)
      expect(err).toMatch(message)
    }
  })

  test('does not begin when it could not write what it finds', async () => {
    const { code, err } = await bench('curves', '--quick', '--json', join(root, 'package.json', 'rows.json'))
    expect(code).toBe(1)
    expect(err).toMatch(/^error: .*rows\.json cannot be written \(.*\)\. Give another place\n$/)
  })
})

describe('pnpm bench denormals --quick', () => {
  test('finds that rescaled adjoints lose no norm', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sensigrad-bench-'))
    const json = join(folder, 'rows.json')
    const options = ['scripts/bench.mjs', 'denormals', '--quick', '--json', json]
    await promisify(execFile)(process.execPath, options, { cwd: root })
    const { rows } = JSON.parse(readFileSync(json, 'utf8')) as { rows: Record<string, number | string>[] }
    rmSync(folder, { recursive: true })
    expect(rows.map(({ way, gain }) => `${way} ${gain}`)).toHaveLength(6)
    for (const { way, known, steps } of rows) if (way === 'rescaled') expect(known).toBe(steps)
  }, 60_000)
})

describe('pnpm bench curves --quick --only scan', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sensigrad-bench-'))
  const json = join(folder, 'rows.json')
  const series = ['everything kept', 'every 20 steps', 'sqrt']
  type Row = Record<string, number | string>
  let found: { rows: Row[]; findings: Row[]; machine: Record<string, unknown> }

  beforeAll(async () => {
    const options = ['curves', '--quick', '--only', 'scan', '--json', json, '--figures', folder]
    await promisify(execFile)(process.execPath, ['scripts/bench.mjs', ...options], { cwd: root })
    found = JSON.parse(readFileSync(json, 'utf8'))
  }, 60_000) // generous: a busy machine is no failure
  afterAll(() => rmSync(folder, { recursive: true }))

  test('gives a row for each series and length', () => {
    expect(found.rows.map(({ series, length }) => `${series} ${length}`)).toEqual(
      series.flatMap(one => [`${one} 100`, `${one} 400`]),
    )
    for (const row of found.rows) {
      expect(row.part).toBe('scan')
      for (const field of ['seconds', 'forwardSeconds', 'repeats'])
        expect(row[field], field).toBeGreaterThan(0)
      for (const field of ['heldBytes', 'peakBytes']) expect(row[field], field).toBeTypeOf('number')
    }
    expect(found.machine.node).toBe(process.versions.node)
  })

  test('gives the exponents of time and memory', () => {
    const fitted = found.findings.map(({ series, quantity }) => `${series} ${quantity}`)
    expect(fitted).toEqual(expect.arrayContaining(series.map(one => `${one} seconds`)))
    expect(fitted).toEqual(expect.arrayContaining(['everything kept heldBytes', 'everything kept peakBytes']))
    for (const { exponent } of found.findings) expect(exponent).toBeTypeOf('number')
  })

  test('draws them', () => {
    expect(readdirSync(folder).sort()).toEqual(['curves-scan.svg', 'rows.json'])
    const svg = readFileSync(join(folder, 'curves-scan.svg'), 'utf8')
    expect(svg).toMatch(/^<svg /)
    expect(svg).not.toMatch(/NaN|Infinity|undefined/)
  })

  test('sees less memory with checkpoints than with everything kept', () => {
    const longest = (series: string) => found.rows.find(row => row.series === series && row.length === 400)!
    const [kept, sqrt] = [longest('everything kept'), longest('sqrt')]
    expect(Number(sqrt.heldBytes)).toBeLessThan(Number(kept.heldBytes) / 4)
    expect(Number(sqrt.peakBytes)).toBeLessThan(Number(kept.peakBytes) / 2)
  })
})

describe('pnpm bench inspect --quick', () => {
  test('measures a record and the size of its file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sensigrad-bench-'))
    const json = join(folder, 'rows.json')
    const output = { out: () => {}, err: () => {} }
    const code = await main(
      ['inspect', '--quick', '--only', 'gradient,file', '--json', json, '--figures', folder],
      output,
    )
    const { rows } = JSON.parse(readFileSync(json, 'utf8')) as { rows: Record<string, number | string>[] }
    rmSync(folder, { recursive: true })
    expect(code).toBe(0)
    expect(rows.map(({ way }) => way)).toEqual(['gradient', 'file'])
    expect(rows[1]!.bytes).toBeGreaterThan(10_000)
  }, 60_000)
})
