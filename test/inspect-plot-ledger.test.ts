/** Figures of ledgers and of maps, and ledgers of some parameters only. */
import {
  type Grid,
  Ledger,
  type LedgerData,
  type LedgerOptions,
  ledgerReport,
  ledgerText,
  readLedger,
} from '@sensigrad/inspect'
import { plotGrid, plotLedger } from '@sensigrad/inspect/plot'
import { Dense, meanSquaredError, SAL, Sequential, SGD, valueAndGrad } from '@sensigrad/nn'
import { capture, key, normal, tanh } from 'sensigrad'
import { describe, expect, test, vi } from 'vitest'

vi.setConfig({ testTimeout: 30_000 }) // generous: a busy machine is no failure

const layer = (seed: number) => new Dense(4, 4, { key: key(seed), dtype: 'float64', activation: tanh })

/** A training of two layers with clipping and SAL: its ledger, and what its parameters come to. */
async function trained(options?: LedgerOptions, steps = 12) {
  const network = new Sequential(layer(1), layer(2))
  const optimiser = new SGD({ rate: 0.1, clip: { globalNorm: 0.05 } })
  const sal = new SAL({ rate: 2e-3, decay: 0.9 }).attach(network)
  const ledger = options && new Ledger(options)
  ledger?.attach(network, optimiser, sal)
  const [x, y] = [normal(key(3), [5, 4], { dtype: 'float64' }), normal(key(4), [5, 4], { dtype: 'float64' })]
  const learn = capture(() => {
    const [, gradients] = valueAndGrad(network, () => meanSquaredError(network.call(x), y))
    optimiser.update(network, gradients)
    sal.adjust()
  })
  for (let step = 0; step < steps; step++) learn()
  await ledger?.flush()
  const values = await Promise.all([...network.parameters().values()].map(({ value }) => value.data()))
  return { data: ledger?.data as LedgerData, values: values.map(value => [...value]) }
}

describe('a ledger of some parameters', () => {
  const parameters = ['layers.1.weight']

  test('says of them what a ledger of all says, and leaves the training as it is', async () => {
    const [all, some, none] = [await trained({}), await trained({ parameters }), await trained()]
    expect(some.data.steps.map(each => each.parameters.map(({ path }) => path))).toEqual(
      Array(12).fill(parameters),
    )
    const rows = ({ data }: typeof all) => ledgerReport(data, { parameter: parameters[0]! }).rows
    expect(rows(some)).toEqual(rows(all))
    expect(some.values).toEqual(none.values)
    expect(some.data.steps[0]!.layers.map(({ path }) => path)).toHaveLength(1) // SAL moved others, too
  })

  test.each<[unknown, string]>([
    [[], "Ledger: parameters is no list of paths. Give paths of parameters: ['rnn.recurrentWeight']"],
    [[7], 'Ledger: parameters is no list of paths'],
    [
      ['layers.7.weight'],
      'Ledger.attach: the model has no parameter layers.7.weight. Give paths such as layers.0.',
    ],
  ])('%o is refused', async (given, message) => {
    await expect(trained({ parameters: given as string[] }, 0)).rejects.toThrow(message)
  })
})

describe('a figure of a ledger', () => {
  test('shows each source that did something, in the same bytes each time, from memory or a file', async () => {
    const { data } = await trained({})
    const svg = await plotLedger(data, { parameter: 'layers.0.weight' })
    for (const name of ['task gradient', 'clipping took', 'SAL']) expect(svg).toContain(`>${name}<`)
    expect(svg).not.toContain('>rounding<')
    expect(svg).not.toMatch(/NaN|undefined|Infinity/)
    expect(await plotLedger(readLedger(ledgerText(data)), { parameter: 'layers.0.weight' })).toBe(svg)
    expect(await plotLedger(data, { parameter: 'layers.0.weight', steps: [1, 6] })).not.toBe(svg)
  })

  test('stays small, however many steps there are', async () => {
    const { data } = await trained({}, 200)
    const svg = await plotLedger(data)
    expect(svg.length).toBeLessThan(60_000)
  })

  test('is of a parameter that moved', async () => {
    const { data } = await trained({})
    expect(() => plotLedger(data, { parameter: 'layers.9.weight' })).toThrow('Those that did are layers.0.')
    expect(() => plotLedger(data, { parameter: 9 as never })).toThrow(
      'plotLedger: the parameter is 9. Give its path',
    )
  })

  test('takes names for text', async () => {
    const { data } = await trained({})
    const path = '<script>alert(1)</script>'
    const steps = data.steps.map(step => ({
      ...step,
      parameters: step.parameters.slice(0, 1).map(each => ({ ...each, path })),
    }))
    expect(await plotLedger({ ...data, steps }, { parameter: path })).not.toContain('<script')
  })
})

describe('a figure of a map', () => {
  const grid: Grid = {
    title: 'a map',
    across: 'step',
    down: 'layer',
    rows: ['first', 'second'],
    columns: [0, 1, 2],
    values: [
      [-3, Number.NEGATIVE_INFINITY, -30],
      [Number.NaN, 0, 1],
    ],
    scale: { kind: 'range', from: -8, to: 2, unit: 'log10 of the gradient (rms)' },
  }

  test('tells zeros and what is beyond the scale by signs, and has a line above where it is asked for', async () => {
    const svg = await plotGrid(grid, { title: 'the gradient' })
    for (const text of ['╱', '▾', 'the gradient', 'exactly 0']) expect(svg).toContain(text)
    const above = { title: 'S, in nats', values: [-1, Number.NEGATIVE_INFINITY, 0.5] }
    const more = await plotGrid(grid, { above })
    expect(more).toContain('S, in nats')
    expect(more).not.toMatch(/NaN|undefined|Infinity/)
    expect(svg).not.toContain('S, in nats')
  })

  test('has one number above each column', () => {
    expect(() => plotGrid(grid, { above: { title: 'S', values: [1] } })).toThrow(
      'plotGrid: there are 1 numbers above 3 columns. Give one for each',
    )
  })
})
