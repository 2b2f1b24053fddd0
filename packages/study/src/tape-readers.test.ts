/** The commands below `sensigrad tape`: what they print of a file, their exit codes, and what they refuse. */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { recordOf, toJSON } from '@sensigrad/inspect'
import { record, type Tensor, tanh, tensor, withScope } from 'sensigrad'
import { describe, expect, test, vi } from 'vitest'
import { main } from './cli.ts'

vi.setConfig({ testTimeout: 30_000 }) // generous: a busy machine is no failure

async function tape(...args: string[]) {
  const said = { out: '', err: '' }
  const sink = (name: 'out' | 'err') => ({ write: (text: string) => (said[name] += text) })
  const code = await main(['tape', ...args], { out: sink('out'), err: sink('err'), exitCode: 0 })
  return { code, ...said }
}

const folder = mkdtempSync(join(tmpdir(), 'sensigrad-tape-'))

/** The file of what f computes. */
async function filed(name: string, f: (x: Tensor) => Tensor, x: Tensor): Promise<string> {
  const file = join(folder, name)
  writeFileSync(file, toJSON(await recordOf(record(f, x), { values: 'all' })))
  return file
}

const neuron = (x: Tensor) => withScope('neuron', () => tanh(x.mul(2))).sum()
const good = await filed('good.tape', neuron, tensor([0.5, -1]))
const steep = await filed('steep.tape', x => x.sqrt().sum(), tensor([0, 1]))

describe('sensigrad tape explain', () => {
  test('checks every rule, and says so in a line when all are right', async () => {
    expect(await tape('explain', good)).toEqual({ code: 0, err: '', out: 'rules: 3 right\n' })
  })

  test('shows an entry with its numbers', async () => {
    const { code, out } = await tape('explain', good, '--entry', '3', '--ascii')
    expect(code).toBe(0)
    expect(out).toContain('%3 = tanh(%2)  float32[2]  neuron\n')
    expect(out).toContain('    rule     dx = dy * (1 - y^2)  (derived from y)\n')
  })

  test('shows what is not right where nothing was named', async () => {
    const { code, out } = await tape('explain', steep)
    expect(code).toBe(0)
    expect(out).toContain('rules: 2 right\n') // one element of two is at the edge
  })

  test('as JSON holds the same', async () => {
    const { out } = await tape('explain', good, '--json', '--no-check')
    expect((JSON.parse(out) as { id: number }[]).map(({ id }) => id)).toEqual([2, 3, 4])
  })

  test('refuses an entry that there is not', async () => {
    const { code, err } = await tape('explain', good, '--entry', '99')
    expect({ code, err }).toEqual({
      code: 2,
      err: `error: ${good}: there is no entry %99 that has a gradient. Give ids as the table prints them: 0, 2, 3, 4\n`,
    })
  })
})

describe('sensigrad tape nan', () => {
  test('finds nothing where all is finite', async () => {
    expect(await tape('nan', good)).toEqual({
      code: 0,
      err: '',
      out: 'all numbers are finite, and so are their gradients\n',
    })
  })

  test('ends with exit code 1 where a gradient is infinite', async () => {
    const { code, out } = await tape('nan', steep)
    expect(code).toBe(1)
    expect(out).toContain('because  0.5 / 0 = ∞')
  })
})

test('sensigrad tape compare says that two backends agree', async () => {
  const { code, out } = await tape('compare', good)
  expect(code).toBe(0)
  expect(out).toMatch(/^wasm beside cpu: 3 entries\n/)
  expect(out).toMatch(/no entry is off: by itself each is within \S+\n$/)
})

describe('sensigrad tape diff', () => {
  test('finds what moved', async () => {
    const other = await filed('other.tape', neuron, tensor([0.5, -1.5]))
    const { code, out } = await tape('diff', good, other)
    expect(code).toBe(0)
    expect(out.split('\n')[0]).toBe(`${good} → ${other}: 1 equal, 4 moved`)
  })

  test('names the file that is missing', async () => {
    const { code, err } = await tape('diff', good, join(folder, 'nowhere'))
    expect(code).toBe(2)
    expect(err).toMatch(/^error: .*nowhere: there is no such file\. Give a file/)
  })
})
