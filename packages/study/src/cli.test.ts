/** What the command line answers: help, mistakes, exit codes, and files only where they belong. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { main } from './cli.ts'

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 }) // generous: a busy machine is no failure

/** Runs a command line and keeps what it says. */
async function sensigrad(...args: string[]) {
  const said = { out: '', err: '' }
  const sink = (name: 'out' | 'err') => ({ write: (text: string) => (said[name] += text) })
  const code = await main(args, { out: sink('out'), err: sink('err'), exitCode: 0 })
  return { code, ...said }
}

const temporary = () => mkdtempSync(join(tmpdir(), 'sensigrad-'))

/** Small enough for a test: two networks, two probes. */
const tiny = [
  '--size',
  '4',
  '--seeds',
  '2',
  '--steps',
  '20',
  '--probe-every',
  '10',
  '--transient',
  '5',
  '--window',
  '20',
]
const study = (...args: string[]) => sensigrad('edge-of-chaos', ...tiny, '--workers', '0', ...args)

describe('a command line that cannot be meant', () => {
  test.each([
    [
      ['edge-of-chaos', '--size', '0'],
      '--size 0: a network needs at least 2 neurons. Give a whole number from 2 to 2000.',
    ],
    [
      ['edge-of-chaos', '--size', '10,x'],
      '--size "x": this is not a number. Give a whole number from 2 to 2000.',
    ],
    [['edge-of-chaos', '--probe-every', '9', '--steps', '5'], '--probe-every 9: the run ends after 5 steps.'],
    [['edge-of-chaos', '--seeds', '3,3'], '--seeds 3: it is named twice'],
    [
      ['edge-of-chaos', '--seeds', '1,2', '--first-seed', '4'],
      '--first-seed 4: --seeds 1,2 names every seed already.',
    ],
    [['edge-of-chaos', '--mode', 'lower'], 'Allowed choices are raise, both, proportional, always.'],
    [['edge-of-chaos', '--sise', '3'], 'Did you mean --size?'],
    [['edge-of-chaoss'], 'Did you mean edge-of-chaos?'],
  ])('%j ends with exit code 2 and says why', async (args, message) => {
    const { code, err, out } = await sensigrad(...args)
    expect(err).toContain(message)
    expect({ code, out }).toEqual({ code: 2, out: '' })
  })
})

test('help shows every option with its default, and examples', async () => {
  const { code, out } = await sensigrad('edge-of-chaos', '--help')
  expect(code).toBe(0)
  expect(out).toContain('$ npx sensigrad edge-of-chaos --quick')
  expect(out).toMatch(/--probe-every <number>.*default: 200/)
})

test('the list of commands names every study and loads none', async () => {
  const { code, out } = await sensigrad('--help')
  expect(code).toBe(0)
  for (const name of ['edge-of-chaos', 'deep-300', 'lag-300', 'digits', 'claims', 'tape']) {
    expect(out).toMatch(new RegExp(`^  ${name} .*\\w`, 'm'))
  }
})

test('a study of arms has its settings as options and says what its arms are', async () => {
  const { out } = await sensigrad('deep-300', '--help')
  expect(out).toMatch(/--sal-rate <number>.*default: 0.0003/)
  expect(out).toMatch(/^ {2}sal +Starts small/m)
  expect((await sensigrad('deep-300', '--arms', 'sall')).err).toContain(
    'error: --arms sall: there is no such arm.',
  )
})

test('an output folder that cannot be used is refused before any work', async () => {
  const file = join(temporary(), 'taken')
  writeFileSync(file, '')
  const { code, err } = await sensigrad('edge-of-chaos', '--size', '2000', '--output', file)
  expect({ code, err }).toEqual({
    code: 2,
    err: `error: --output ${file}: a file has this name. Give the name of a folder.\n`,
  })
})

test('a file of verdicts that cannot be written is refused by its own option', async () => {
  const file = join(temporary(), 'taken')
  writeFileSync(file, '')
  const { code, err } = await sensigrad('claims', '--json', join(file, 'claims.json'))
  expect({ code, err }).toEqual({
    code: 2,
    err: `error: --json ${file}: a file has this name. Give the name of a folder.\n`,
  })
})

describe('a study', () => {
  const folder = temporary()
  let run: Awaited<ReturnType<typeof study>>
  beforeAll(async () => {
    run = await study('--output', folder)
  })

  test('ends with a table, a verdict and the place of its report', () => {
    expect(run.code).toBe(0)
    expect(run.out).toContain('N = 4')
    expect(run.out.trimEnd().split('\n').at(-1)).toBe(`Report: ${join(folder, 'report.html')}`)
  })

  test('leaves the numbers, the figures and a page that needs nothing else', () => {
    expect(readdirSync(folder).sort()).toEqual([
      'edge.svg',
      'identity.svg',
      'neurons.csv',
      'neurons.svg',
      'probes.csv',
      'report.html',
      'results.json',
      'trajectories.svg',
    ])
    const page = readFileSync(join(folder, 'report.html'), 'utf8')
    expect(page.match(/<svg /g)).toHaveLength(4)
    expect(page).not.toMatch(/<script|<link|src=|NaN|undefined|\[object/)
  })

  test('gives the same bytes again', async () => {
    const again = temporary()
    await study('--output', again)
    for (const name of readdirSync(folder)) {
      expect(readFileSync(join(again, name)).equals(readFileSync(join(folder, name))), name).toBe(true)
    }
  })

  test('says on its page how to run it again', () => {
    const page = readFileSync(join(folder, 'report.html'), 'utf8')
    expect(page).toContain('sensigrad edge-of-chaos --size 4 --seeds 1,2')
    expect(page).toContain('--probe-every 10')
  })
})

test('with --json the output is one JSON document and all talk goes elsewhere', async () => {
  const { out, err } = await study('--json', '--no-plots', '--rate', '0.01', '--output', temporary())
  const { sizes, runs, files } = JSON.parse(out)
  expect(sizes[0].seeds).toEqual([1, 2])
  expect(runs).toHaveLength(2)
  expect(files.every(existsSync)).toBe(true)
  expect(err).toContain('warning: rate 0.01 is above 0.1·(1 - decay) = 0.001')
})

test('without figures the figures of an earlier study go too', async () => {
  const folder = temporary()
  writeFileSync(join(folder, 'edge.svg'), 'of another study')
  writeFileSync(join(folder, 'notes.txt'), 'mine')
  await study('--no-plots', '--output', folder)
  expect(readdirSync(folder).sort()).toEqual([
    'neurons.csv',
    'notes.txt',
    'probes.csv',
    'report.html',
    'results.json',
  ])
})

test('with --record one run of each size leaves records, until a study without takes their place', async () => {
  const folder = temporary()
  await study('--record', '--no-plots', '--output', folder)
  const left = () => readdirSync(join(folder, 'records')).sort()
  const endings = ['ledger.jsonl', 'maps.json', 'numbers.jsonl', 'tape.json']
  expect(left()).toEqual(endings.map(end => `size-4-seed-1.${end}`))
  const { code, out } = await sensigrad('ledger', join(folder, 'records', 'size-4-seed-1.ledger.jsonl'))
  expect([code, out]).toEqual([0, expect.stringContaining('recurrentWeight')])
  const tape = await sensigrad('tape', join(folder, 'records', 'size-4-seed-1.tape.json'))
  expect([tape.code, tape.out]).toEqual([0, expect.stringContaining('layers.0')])
  await study('--no-plots', '--output', folder)
  expect(left()).toEqual([])
})

test('--quick gives way to what is said explicitly', async () => {
  const { out } = await study('--quick', '--json', '--no-plots', '--output', temporary())
  const { plan } = JSON.parse(out)
  expect(plan).toMatchObject({ sizes: [4], seeds: [1, 2], settings: { steps: 20, rate: 5e-4 } })
})
