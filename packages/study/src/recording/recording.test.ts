/** Recorded runs: results are bit for bit what they are without, and what is left can be read. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fromJSON, ledgerReport, readLedger, readRecording } from '@sensigrad/inspect'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import type { ArmRun } from '../arms/experiment.ts'
import { runInFolder } from '../arms/run.ts'
import toy from '../arms/toy.test-data.ts'
import { defaults, type Settings } from '../edge-of-chaos/settings.ts'
import { runStudy } from '../edge-of-chaos/study.ts'
import { writeStudy } from '../edge-of-chaos/write.ts'
import deep300 from '../experiments/deep-300/study.ts'
import lag300 from '../experiments/lag-300/study.ts'
import { mapsFrom } from './maps.ts'
import { LineFile, prepareRecords } from './place.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 }) // generous: a busy machine is no failure

const temporary = () => mkdtempSync(join(tmpdir(), 'sensigrad-'))
const read = (folder: string, name: string) => readFileSync(join(folder, name), 'utf8')
/** What came of an arm with seed 3. */
const runOf = (folder: string, arm: string): ArmRun =>
  read(folder, 'runs.jsonl')
    .trim()
    .split('\n')
    .map((line): ArmRun => JSON.parse(line).run)
    .find(run => run.arm === arm && run.seed === 3)!
const records = (folder: string) => readdirSync(join(folder, 'records')).sort()
const here = { workers: 0, plots: false, fresh: false }
const learning = { preparation: 12, preparationRate: 2e-2, iterations: 10, probeEvery: 5 }
const deep = {
  arms: ['sal', 'plain'],
  seeds: [3, 4],
  settings: { ...deep300.defaults, ...learning, layers: 4, width: 6 },
}

describe('a study of arms', () => {
  const [plain, recorded] = [temporary(), temporary()]
  beforeAll(async () => {
    await runInFolder(deep300, deep, { ...here, folder: plain })
    await runInFolder(deep300, deep, { ...here, folder: recorded, record: true, plots: true })
  })

  test('comes to the same bytes, recorded or not', () => {
    for (const name of ['runs.jsonl', 'results.json', 'curves.csv', 'neurons.csv']) {
      expect(read(recorded, name)).toBe(read(plain, name))
    }
    expect(existsSync(join(plain, 'records'))).toBe(false)
  })

  test('records the first seed of each arm, and nothing else', () => {
    const endings = ['flow.svg', 'ledger.jsonl', 'ledger.svg', 'maps.json']
    const more = ['numbers.jsonl', 'sensitivities.svg', 'tape.json']
    const names = ['plain', 'sal'].flatMap(arm => [...endings, ...more].map(end => `${arm}-seed-3.${end}`))
    expect(records(recorded)).toEqual(names)
  })

  test('leaves maps of every step, those before learning below 0', () => {
    const { flow, sensitivities, neurons, logSensitivity } = mapsFrom(
      read(recorded, 'records/sal-seed-3.maps.json'),
    )!
    expect(flow.columns).toEqual(Array.from({ length: 23 }, (_, i) => i - 12))
    expect(flow.rows).toEqual(['hidden.0', 'hidden.1', 'hidden.2', 'hidden.3', 'hidden.4', 'readout'])
    expect([sensitivities.rows.length, neurons]).toEqual([30, 30])
    expect(logSensitivity.at(-1)).toBeGreaterThan(logSensitivity[0]!)
    expect(flow.values[0]![12]).toBeGreaterThan(flow.values[0]![0]!) // SAL has let the gradient through
  })

  test('leaves maps that end where the network ended', () => {
    const { sensitivities } = runOf(recorded, 'sal')
    const { sensitivities: map } = mapsFrom(read(recorded, 'records/sal-seed-3.maps.json'))!
    const ends = map.values.map(row => Math.exp(row.at(-1)!))
    for (const [i, s] of ends.entries()) expect(s / sensitivities.end[i]!).toBeCloseTo(1, 2)
  })

  test('leaves a ledger of the first, the middle and the last layer, in which SAL has its part', () => {
    const ledger = readLedger(read(recorded, 'records/sal-seed-3.ledger.jsonl'))
    const paths = ['hidden.0', 'hidden.2', 'hidden.4', 'readout'].flatMap(layer => [
      `${layer}.weight`,
      `${layer}.bias`,
    ])
    expect(ledger.steps).toHaveLength(10)
    expect(ledger.steps[0]!.parameters.map(({ path }) => path).sort()).toEqual([...paths].sort())
    const sources = (arm: string) =>
      ledgerReport(readLedger(read(recorded, `records/${arm}-seed-3.ledger.jsonl`)), {
        parameter: 'hidden.2.weight',
      }).rows.map(({ name }) => name)
    expect(sources('sal')).toEqual(['gradient', 'SAL', 'rounding'])
    expect(sources('plain')).toEqual(['gradient', 'rounding'])
  })

  test('leaves a tape and numbers that can be read', () => {
    const tape = fromJSON(read(recorded, 'records/plain-seed-3.tape.json'))
    expect(tape.title).toBe('same start, no SAL, seed 3, after 10 steps')
    expect(tape.entries.some(({ name }) => name === 'hidden.3.weight')).toBe(true)
    const { scalars } = readRecording(read(recorded, 'records/plain-seed-3.numbers.jsonl'))
    expect(scalars.get('loss')!.points.map(({ step }) => step)).toEqual([...Array(10).keys()])
    const { curve } = runOf(recorded, 'plain')
    expect(scalars.get('loss')!.points[0]!.value).toBeCloseTo(curve[0]!.loss, 5)
  })

  test('shows it in the report, with the commands that tell more', () => {
    const page = read(recorded, 'report.html')
    expect(page).toContain('<h2>What the gradients did</h2>')
    expect(page).toContain('One run of each arm was recorded, that with seed 3.')
    expect(page).toContain('npx sensigrad ledger records/sal-seed-3.ledger.jsonl --parameter hidden.2.weight')
    expect(page.match(/<details/g)).toHaveLength(2)
    expect(page.match(/<svg /g)!.length).toBeGreaterThanOrEqual(6)
    expect(page).not.toMatch(/<script|<link|src=|NaN|undefined|\[object/)
    expect(read(plain, 'report.html')).not.toContain('What the gradients did')
  })
})

describe('a run that finished before it was to be recorded', () => {
  const some = { ...deep, arms: ['plain'] }

  test('is done again for that, and kept once', async () => {
    const folder = temporary()
    await runInFolder(deep300, some, { ...here, folder })
    const before = read(folder, 'runs.jsonl')
    const { result } = await runInFolder(deep300, some, { ...here, folder, record: true })
    expect(read(folder, 'runs.jsonl')).toBe(before)
    expect(result.failures).toEqual([])
    expect(records(folder)).toContain('plain-seed-3.maps.json')
    const stamp = read(folder, 'records/plain-seed-3.maps.json')
    writeFileSync(join(folder, 'records', 'plain-seed-3.maps.json'), `${stamp} `)
    await runInFolder(deep300, some, { ...here, folder, record: true }) // nothing is left to do
    expect(read(folder, 'records/plain-seed-3.maps.json')).toBe(`${stamp} `)
  })

  test('must come to what is kept', async () => {
    const folder = temporary()
    await runInFolder(deep300, some, { ...here, folder })
    const path = join(folder, 'runs.jsonl')
    writeFileSync(path, readFileSync(path, 'utf8').replace(/"loss":0\.\d/, '"loss":7.7'))
    const { result } = await runInFolder(deep300, some, { ...here, folder, record: true })
    expect(result.failures.map(({ seed, error }) => [seed, error.name])).toEqual([[3, 'RecordError']])
  })
})

test('--fresh forgets what was recorded, and leaves the files of others', async () => {
  const folder = temporary()
  const some = { ...deep, arms: ['plain'] }
  await runInFolder(deep300, some, { ...here, folder, record: true })
  writeFileSync(join(folder, 'records', 'notes.txt'), 'mine')
  await runInFolder(deep300, some, { ...here, folder, fresh: true })
  expect(records(folder)).toEqual(['notes.txt'])
  expect(read(folder, 'report.html')).not.toContain('What the gradients did')
})

test('a run that was stopped does not count as recorded', async () => {
  const folder = temporary()
  const stop = new AbortController()
  const view = { update: () => stop.abort(), end: () => {} }
  await runInFolder(deep300, deep, { ...here, folder, record: true, signal: stop.signal, view })
  expect(records(folder).filter(name => name.endsWith('.maps.json'))).toEqual([])
})

test('a study that does not record its runs refuses to', async () => {
  const plan = { arms: ['sal'], seeds: [1], settings: toy.defaults }
  await expect(runInFolder(toy, plan, { ...here, folder: temporary(), record: true })).rejects.toThrow(
    'toy does not record its runs. Leave it out.',
  )
})

test('of a recurrent network the flow goes along time', async () => {
  const folder = temporary()
  const settings = { ...lag300.defaults, ...learning, lag: 8, neurons: 6, iterations: 5 }
  const plan = { arms: ['sal'], seeds: [1], settings }
  await runInFolder(lag300, plan, { ...here, folder, record: true })
  const { flow, shown } = mapsFrom(read(folder, 'records/sal-seed-1.maps.json'))!
  expect(flow.rows).toEqual([...Array.from({ length: 9 }, (_, t) => `recurrent · ${t}`), 'readout'])
  expect(shown).toBe('recurrent.recurrentWeight')
})

describe('the edge of chaos', () => {
  const settings: Omit<Settings, 'size'> = {
    ...defaults,
    steps: 20,
    probeEvery: 10,
    transient: 5,
    window: 10,
    rate: 1e-3,
  }
  const plan = { sizes: [8, 5], seeds: [2, 1], settings: { ...settings, layers: 2 } }

  test('comes to the same probes, recorded or not, and records the first seed of each size', async () => {
    const folder = temporary()
    prepareRecords(folder)
    const recorded = await runStudy(plan, { workers: 0, records: folder })
    expect(recorded).toEqual(await runStudy(plan, { workers: 0 }))
    await writeStudy(recorded, folder, { plots: false })
    expect(records(folder).filter(name => name.endsWith('.maps.json'))).toEqual([
      'size-5-seed-1.maps.json',
      'size-8-seed-1.maps.json',
    ])
    const { flow, sensitivities } = mapsFrom(read(folder, 'records/size-5-seed-1.maps.json'))!
    expect(flow.rows.slice(0, 3)).toEqual(['layers.0 · 0', 'layers.1 · 0', 'layers.0 · 1'])
    expect(sensitivities.rows).toHaveLength(10)
    expect(flow.columns).toHaveLength(21)
    const ledger = readLedger(read(folder, 'records/size-5-seed-1.ledger.jsonl'))
    expect(ledger.steps).toHaveLength(20)
    expect(read(folder, 'report.html')).toContain('that with seed 1')
  })
})

test('a file that is written line by line ends with a whole line, at its limit', () => {
  const folder = temporary()
  prepareRecords(folder)
  const file = new LineFile({ folder, run: 'a' }, 'ledger', 10)
  for (const line of ['four', 'four', 'more', 'x']) file.write(line)
  file.close()
  expect([read(folder, 'records/a.ledger.jsonl'), file.isFull]).toEqual(['four\nfour\n', true])
})

test.each([
  '',
  '{',
  '[]',
  '{"format":"sensigrad.study-maps","version":2}',
  '{"format":"sensigrad.study-maps","version":1}',
])('what is no maps of ours is left out: %s', text => expect(mapsFrom(text)).toBeUndefined())

test('a record that somebody removed is no error', async () => {
  const folder = temporary()
  const some = { ...deep, arms: ['plain'] }
  await runInFolder(deep300, some, { ...here, folder, record: true })
  rmSync(join(folder, 'records', 'plain-seed-3.ledger.jsonl'))
  await runInFolder(deep300, some, { ...here, folder, plots: true })
  expect(read(folder, 'report.html')).toContain('npx sensigrad tape records/plain-seed-3.tape.json')
  expect(read(folder, 'report.html')).not.toContain('npx sensigrad ledger')
})
