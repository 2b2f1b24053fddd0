/** Stopping a study: once to keep what is finished, twice to quit at once. */
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { main } from './cli.ts'
import type { Events } from './edge-of-chaos/experiment.ts'
import { probe } from './edge-of-chaos/runs.test-data.ts'
import type { Run, Settings } from './edge-of-chaos/settings.ts'
import { onInterrupt } from './interrupt.ts'

vi.setConfig({ testTimeout: 30_000 }) // generous: a busy machine is no failure

/** Probes that the next interrupted run brings back. */
let probes: Run['probes'] = []

vi.mock('./edge-of-chaos/experiment.ts', () => ({
  runExperiment: async (settings: Settings, seed: number, events: Events): Promise<Run> => {
    process.emit('SIGINT')
    return { settings, seed, probes, status: events.stopped() ? 'interrupted' : 'finished' }
  },
}))

afterEach(() => void vi.restoreAllMocks())

async function interruptedStudy() {
  const folder = mkdtempSync(join(tmpdir(), 'sensigrad-'))
  let err = ''
  const terminal = { out: { write: () => {} }, err: { write: (text: string) => (err += text) }, exitCode: 0 }
  const args = [
    'edge-of-chaos',
    '--size',
    '2',
    '--seeds',
    '3',
    '--workers',
    '0',
    '--no-plots',
    '--output',
    folder,
  ]
  const code = await main(args, terminal)
  return { code, err, folder }
}

test('an interrupted study reports what it has and ends with exit code 130', async () => {
  probes = [probe(-1, -1.1)]
  const { code, err, folder } = await interruptedStudy()
  expect(code).toBe(130)
  expect(err).toBe('Stopping, to report what is finished. Once more to quit at once.\n')
  const { interrupted, runs } = JSON.parse(readFileSync(join(folder, 'results.json'), 'utf8'))
  expect(interrupted).toBe(true)
  expect(runs).toMatchObject([{ seed: 1, status: 'interrupted', probes }])
})

test('interrupted before its first probe it writes nothing', async () => {
  probes = []
  const { code, err, folder } = await interruptedStudy()
  expect(code).toBe(130)
  expect(err).toContain('Nothing was measured, so nothing was written.')
  expect(readdirSync(folder)).toEqual([])
})

test('the first signal asks, its echo does nothing, the next ends the program at once', () => {
  const exit = vi.spyOn(process, 'exit').mockReturnValue(undefined as never)
  const now = vi.spyOn(performance, 'now').mockReturnValue(1000)
  const ask = vi.fn()
  const stop = onInterrupt(ask)
  process.emit('SIGTERM')
  expect(ask).toHaveBeenCalledTimes(1)
  expect(exit).not.toHaveBeenCalled()
  now.mockReturnValue(1200)
  process.emit('SIGINT')
  expect(exit).not.toHaveBeenCalled()
  now.mockReturnValue(2000)
  process.emit('SIGINT')
  expect(exit).toHaveBeenCalledWith(130)
  stop()
})

test('nothing listens any more once the work is over', () => {
  const before = process.listenerCount('SIGINT')
  onInterrupt(() => {})()
  expect(process.listenerCount('SIGINT')).toBe(before)
})
