/** `sensigrad tape` prints what a file holds, as a table, JSON or a graph, and refuses in one line what it cannot read. */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { recordOf, tapeOf, toJSON } from '@sensigrad/inspect'
import { Dense, key, Module, normal, type Tensor, tanh } from 'sensigrad'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { main } from './cli.ts'
import { coloured, lookOf } from './terminal-look.ts'

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 }) // generous: a busy machine is no failure

const folder = mkdtempSync(join(tmpdir(), 'sensigrad-'))
const file = join(folder, 'step.tape')

class Model extends Module {
  readonly layers = Array.from({ length: 5 }, (_, i) => new Dense(3, 3, { key: key(i), activation: tanh }))
  forward(x: Tensor): Tensor {
    return this.layers.reduce((at, layer) => layer.call(at), x)
  }
}

beforeAll(async () => {
  const model = new Model()
  const tape = tapeOf(model, () =>
    model
      .call(normal(key(9), [4, 3]))
      .square()
      .mean(),
  )
  writeFileSync(file, toJSON(await recordOf(tape, { module: model, title: 'small' })))
})

async function tape(...args: string[]) {
  const said = { out: '', err: '' }
  const sink = (name: 'out' | 'err') => ({ write: (text: string) => (said[name] += text) })
  const code = await main(['tape', ...args], { out: sink('out'), err: sink('err'), exitCode: 0 })
  return { code, ...said }
}

test('prints the table, folded', async () => {
  const { code, out, err } = await tape(file)
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toMatch(/^small · cpu · 40 entries in 6 modules · values recorded\n/)
  expect(out).toMatch(/^▸ \d+-\d+ +layers\.0-4 ×5 · matmul → \+ → tanh /m)
  expect(out).toMatch(/^● smallest gradient: .* → --sort grad --reverse$/m)
})

test.each<[string[], RegExp]>([
  [['--open', 'layers.2'], /^▾ \d+-\d+ +layers\.2 /m],
  [['--op', 'tanh'], /^ +\d+ +tanh\(%\d+\)/m],
  [['--sort', 'grad'], /· by grad\n/],
  [['--where', 'grad<1e30', '--scope', 'layers.1'], /weight parameter/],
  [['--all', '--ascii'], /^v \d+-\d+ +layers\.0 \| matmul > \+ > tanh/m],
  [['--all', '--lines', '10'], /^ +39 .* \/ /m],
  [['--depth', '1'], /layers\.0-4 ×5/],
])('%j is understood', async (options, shown) => {
  const { code, out } = await tape(file, ...options)
  expect(code).toBe(0)
  expect(out).toMatch(shown)
})

test('prints the same rows as JSON', async () => {
  const { rows, notes } = JSON.parse((await tape(file, '--json')).out)
  expect(rows[0]).toMatchObject({ kind: 'repeat', path: 'layers.0-4', repeats: 5 })
  expect(notes.length).toBeGreaterThan(0)
})

test('prints graphs', async () => {
  expect((await tape(file, '--mermaid')).out).toMatch(/^flowchart TD\n/)
  expect((await tape(file, '--dot', '--open', 'layers.1')).out).toMatch(
    /^digraph tape \{\n[\s\S]*subgraph cluster_s0/,
  )
})

describe('what it cannot do it refuses with exit code 2, in one line', () => {
  const broken = join(folder, 'broken.tape')
  const strange = join(folder, 'strange\u001b[2J.tape')
  beforeAll(() => {
    writeFileSync(broken, '{"format":"sensigrad.tape","version":9}')
    writeFileSync(strange, '')
  })

  test.each<[string, string[], string]>([
    [
      'no file',
      [join(folder, 'none.tape')],
      'there is no such file. Give a file that toJSON(await recordOf(tape)) was',
    ],
    ['a folder', [folder], 'it is a folder. '],
    [
      'another version',
      [broken],
      'line 1: version is 9, and only version 1 is known here. Read it with a newer sensigrad',
    ],
    [
      'a column that there is not',
      [file, '--sort', 'size'],
      "nothing is sorted by 'size'. Give one of value, grad, ",
    ],
    [
      'a condition that is none',
      [file, '--where', 'small'],
      "'small' is no condition. Compare one of value, grad, ",
    ],
    ['a name that steers terminals', [strange], 'strange\\u{1b}[2J.tape: the text is empty. '],
  ])('%s', async (_, args, message) => {
    const { code, out, err } = await tape(...args)
    expect(err).toMatch(/^error: .*\n$/)
    expect(err).toContain(message)
    expect({ code, out }).toEqual({ code: 2, out: '' })
  })
})

describe('the look of a terminal', () => {
  const terminal = { write: () => true, isTTY: true, columns: 120 }
  const pipe = { write: () => true }

  test.each<[string, typeof pipe, Record<string, string>, boolean]>([
    ['a terminal', terminal, {}, true],
    ['a pipe', pipe, {}, false],
    ['NO_COLOR', terminal, { NO_COLOR: '1' }, false],
    ['an empty NO_COLOR', terminal, { NO_COLOR: '' }, true],
    ['FORCE_COLOR in a pipe', pipe, { FORCE_COLOR: '1' }, true],
    ['FORCE_COLOR=0', terminal, { FORCE_COLOR: '0' }, false],
    ['a dumb terminal', terminal, { TERM: 'dumb' }, false],
  ])('with colours or not: %s', (_, sink, env, isColoured) => {
    expect(lookOf(sink, false, env).paint).toBe(isColoured ? coloured : undefined)
  })

  test('has the width of COLUMNS, of the terminal, or 100', () => {
    const width = (sink: typeof pipe, env: Record<string, string>) => lookOf(sink, false, env).columns
    expect([
      width(terminal, {}),
      width(terminal, { COLUMNS: '80' }),
      width(pipe, {}),
      width(pipe, { COLUMNS: 'x' }),
    ]).toEqual([120, 80, 100, 100])
  })

  test('is ASCII where the locale is no UTF-8, or where that is asked for', () => {
    const isAscii = (env: Record<string, string>, asked = false) => lookOf(pipe, asked, env).ascii
    expect([
      isAscii({}),
      isAscii({ LANG: 'de_DE.UTF-8' }),
      isAscii({ LANG: 'C' }),
      isAscii({ LC_ALL: 'C', LANG: 'C.utf8' }),
      isAscii({}, true),
    ]).toEqual([false, false, true, true, true])
  })
})
