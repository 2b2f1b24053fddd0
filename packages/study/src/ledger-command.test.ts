/** `sensigrad ledger` says who moved a weight, and what is wrong with a question in one line. */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ledger, ledgerText } from '@sensigrad/inspect'
import { Dense, key, normal, SAL, SGD, valueAndGrad } from 'sensigrad'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { main } from './cli.ts'

vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 }) // generous: a busy machine is no failure

vi.stubEnv('LC_ALL', 'C.UTF-8') // signs and width are those of the tests, not of whoever runs them
vi.stubEnv('COLUMNS', '100')

const folder = mkdtempSync(join(tmpdir(), 'sensigrad-'))
const file = join(folder, 'run.ledger.jsonl')

beforeAll(async () => {
  const layer = new Dense(3, 4, { key: key(1) })
  const optimiser = new SGD({ rate: 0.1, momentum: 0.9, clip: { norm: 0.05 } })
  const sal = new SAL({ rate: 1e-3, decay: 0.9, warn: () => {} }).attach(layer)
  const ledger = new Ledger({ level: 'neurons', without: ['clip'], title: 'a run' })
  ledger.attach(layer, optimiser, sal)
  for (let step = 0; step < 6; step++) {
    const x = normal(key(step), [5, 3])
    const [, gradients] = valueAndGrad(layer, () => layer.call(x).sub(0.5).square().mean())
    optimiser.update(layer, gradients)
    sal.adjust()
  }
  await ledger.flush()
  writeFileSync(file, ledgerText(ledger.data))
})

async function sensigrad(...args: string[]) {
  const said = { out: '', err: '' }
  const sink = (name: 'out' | 'err') => ({ write: (text: string) => (said[name] += text) })
  const code = await main(['ledger', ...args], { out: sink('out'), err: sink('err'), exitCode: 0 })
  return { code, ...said }
}

describe('an answer', () => {
  test('without a parameter has a line for each', async () => {
    const { code, out } = await sensigrad(file)
    expect(code).toBe(0)
    expect(out).toMatch(/^parameter +net +path +task +clipping +SAL +rounding$/m)
    expect(out).toMatch(/^weight /m)
    expect(out).toMatch(/^bias /m)
  })

  test('on a parameter names the steps, everybody and the sum', async () => {
    const { out } = await sensigrad(file, '--parameter', 'weight', '--steps', '1-4')
    expect(out).toContain('weight [4,3] · a run · SGD, SAL · steps 1-4')
    for (const who of ['task gradient', 'clipping took', 'SAL', 'sum']) expect(out).toContain(`  ${who} `)
    expect(out).toContain('without clip the change would be')
  })

  test('on a neuron shows its way', async () => {
    const { out } = await sensigrad(file, '--parameter', 'weight', '--neuron', '2')
    expect(out).toContain('neuron 2')
    expect(out).toMatch(/step +s +average +gate/)
  })

  test('by age tells this step from momentum, and in ASCII has no other signs', async () => {
    const { out } = await sensigrad(file, '--parameter', 'weight', '--by', 'age', '--ascii')
    expect(out).toContain('momentum: earlier steps')
    expect(out).toMatch(/^[\n -~]*$/)
  })

  test('keeps to the width of the terminal', async () => {
    vi.stubEnv('COLUMNS', '80')
    const all = await sensigrad(file)
    const one = await sensigrad(file, '--parameter', 'weight')
    vi.stubEnv('COLUMNS', '100')
    for (const line of `${all.out}${one.out}`.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
    expect(all.out).toMatch(/^parameter +net +path +task +clipping +SAL +rounding$/m)
    expect(one.out).toMatch(/^ {2}who +net +share +cos +last step {3}share over/m)
  })

  test('as JSON has the shares', async () => {
    const { out } = await sensigrad(file, '--parameter', 'weight', '--json', '--without', 'clip')
    const { rows, without } = JSON.parse(out)
    expect(rows.reduce((sum: number, { share }: { share: number }) => sum + share, 0)).toBeCloseTo(1, 10)
    expect(without.map(({ stage }: { stage: string }) => stage)).toEqual(['clip'])
  })
})

describe('a question that makes no sense', () => {
  const bad = join(folder, 'bad.jsonl')
  writeFileSync(bad, '{"format":"something"}\n')
  test.each([
    [[join(folder, 'none')], 'none: there is no such file. Give a file that a ledger wrote'],
    [[folder], `error: ${folder}: it is no file. Give a file that a ledger wrote`],
    [[bad], 'bad.jsonl: line 1 is no ledger: its format is "something". Give a file that a ledger wrote'],
    [
      [file, '--parameter', 'wieght'],
      'the parameter wieght did not move in these steps. Those that did are weight, bias',
    ],
    [[file, '--neuron', '1'], '--neuron 1: of which parameter is not said. Add --parameter.'],
    [
      [file, '--parameter', 'weight', '--neuron', '4'],
      'weight has no neuron 4. Give a whole number from 0 to 3',
    ],
    [[file, '--steps', '9-3'], '--steps 9-3: this is no range. Give the first and the last, such as 1-200.'],
    [[file, '--steps', '7-9'], 'there are no steps 7-9. The ledger holds 1-6'],
    [[file, '--without', 'decay'], '--without decay: this ledger tried without clip.'],
    [[file, '--by', 'size'], 'Allowed choices are source, age.'],
    [[], "missing required argument 'file'"],
  ])('%j ends with exit code 2 and says why', async (args, message) => {
    const { code, err, out } = await sensigrad(...args)
    expect(err).toContain(message)
    expect({ code, out }).toEqual({ code: 2, out: '' })
  })
})
