/** The command of a study of arms: its settings are options, and it goes on where it was stopped. */
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { armsCommand } from './command.ts'
import toy from './toy.test-data.ts'

vi.setConfig({ testTimeout: 30_000 }) // generous: a busy machine is no failure

const folder = () => mkdtempSync(join(tmpdir(), 'sensigrad-'))

/** Runs the toy's command and keeps what it says. */
async function run(...args: string[]) {
  const said = { out: '', err: '' }
  const sink = (name: 'out' | 'err') => ({
    write: (text: string) => {
      said[name] += text
    },
  })
  const terminal = { out: sink('out'), err: sink('err'), exitCode: 0 }
  const command = armsCommand(toy, terminal).exitOverride()
  command.configureOutput({ writeOut: terminal.out.write, writeErr: terminal.err.write })
  await command.parseAsync(['--workers', '0', ...args], { from: 'user' })
  return { code: terminal.exitCode, ...said }
}

test('a study ends with a table, what it says, and its files', async () => {
  const output = folder()
  const { code, out } = await run('--output', output, '--depth', '4', '--seeds', '2')
  expect(code).toBe(0)
  expect(out).toMatch(/SAL +2 of 2 +34 %–100 % +3[05] /)
  expect(out.trimEnd().split('\n').at(-1)).toBe(`Report: ${join(output, 'report.html')}`)
  expect(readdirSync(output).sort()).toEqual([
    ...[
      'arms.csv',
      'curves.csv',
      'gradients.svg',
      'learning.svg',
      'neurons.csv',
      'neurons.svg',
      'overview.svg',
    ],
    ...[
      'profiles.csv',
      'report.html',
      'results.json',
      'runs.csv',
      'runs.jsonl',
      'sensitivities.svg',
      'success.svg',
    ],
  ])
  const page = readFileSync(join(output, 'report.html'), 'utf8')
  expect(page).not.toMatch(/<script|<link|src=|NaN|undefined|\[object/)
})

test('the same command again does nothing twice; other settings need --fresh', async () => {
  const output = folder()
  const plain = ['--output', output, '--no-plots', '--seeds', '2']
  await run(...plain)
  expect((await run(...plain)).err).toBe(`Going on after 6 runs that ${output} holds already.\n`)
  await expect(run(...plain, '--rate', '2')).rejects.toThrow('--fresh to do all runs again.')
  expect((await run(...plain, '--rate', '2', '--fresh')).err).toBe('')
})

test('--record is refused by a study that does not record its runs', async () => {
  await expect(run('--output', folder(), '--record')).rejects.toThrow('toy does not record its runs.')
})

test('--quick gives way to what is said explicitly, and --json is one document', async () => {
  const { out } = await run(
    '--output',
    folder(),
    '--no-plots',
    '--quick',
    '--seeds',
    '5,7',
    '--arms',
    'tuned,sal',
    '--json',
  )
  expect(JSON.parse(out).plan).toEqual({
    arms: ['sal', 'tuned'],
    seeds: [5, 7],
    settings: { rate: 1, iterations: 100, depth: 5 },
  })
})

test('settings that are likely to disappoint raise a warning', async () => {
  expect((await run('--output', folder(), '--no-plots', '--rate', '3')).err).toContain(
    'warning: rate 3 is fast.',
  )
})

test('a setting that breaks its rule, or is no number, is refused', async () => {
  await expect(run('--depth', '0')).rejects.toThrow('depth 0: there is at least one layer.')
  await expect(run('--depth', 'x')).rejects.toThrow('Give a whole number from 1 to 500.')
})
