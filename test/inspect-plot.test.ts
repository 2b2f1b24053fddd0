/** Maps and figures: nothing that matters is reduced away, names are text, and the same data gives the same bytes. */
import { stripVTControlCharacters } from 'node:util'
import { fc, test } from '@fast-check/vitest'
import {
  flowGrid,
  formatMap,
  type Grid,
  gradientFlow,
  type LayerSensitivities,
  Recorder,
  reduced,
  SensitivityMap,
  sensitivityGrid,
} from '@sensigrad/inspect'
import { plotFlow, plotHistograms, plotScalars, plotSensitivities, standalone } from '@sensigrad/inspect/plot'
import { activations, Dense, initialise } from '@sensigrad/nn'
import { key, normal, record, type Tensor, tensor, withScope } from 'sensigrad'
import { describe, expect, vi } from 'vitest'

vi.setConfig({ testTimeout: 30_000 }) // generous: a busy machine is no failure

const cell = fc.oneof(
  fc.double({ min: -12, max: 12, noNaN: true }),
  fc.constantFrom(Number.NaN, Number.NEGATIVE_INFINITY),
)
const grids = fc
  .tuple(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 12 }), fc.boolean())
  .chain(([rows, columns, isRange]) =>
    fc
      .array(fc.array(cell, { minLength: columns, maxLength: columns }), { minLength: rows, maxLength: rows })
      .map(
        (values): Grid => ({
          title: 'a map',
          across: 'step',
          down: 'layer',
          rows: values.map((_, i) => `row ${i}`),
          columns: Array.from({ length: columns }, (_, j) => 10 * j),
          values,
          scale: isRange
            ? { kind: 'range', from: -8, to: 2, unit: 'log10 of the gradient (rms)' }
            : { kind: 'around', middle: 0, reach: 2, unit: 'log10 of the gain, backwards' },
        }),
      ),
  )

const flowOf = (f: (x: Tensor) => Tensor) => gradientFlow(record(x => f(x).sum(), normal(key(1), [2, 3])))
const deep = (x: Tensor) =>
  ['first', 'second', 'third'].reduce((h, name) => withScope(name, () => h.tanh().mul(0.5)), x)

describe('a map', () => {
  test.prop([grids, fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 })])(
    'that is reduced shows of each part a number of it, and none is farther from the middle',
    (grid, rows, columns) => {
      const small = reduced(grid, rows, columns)
      expect(small.rows.length).toBe(Math.min(rows, grid.rows.length))
      expect(small.columns.length).toBe(Math.min(columns, grid.columns.length))
      const middle = grid.scale.kind === 'around' ? grid.scale.middle : -3
      const distance = (value: number) => (Number.isNaN(value) ? -1 : Math.abs(value - middle))
      const farthest = (all: readonly (readonly number[])[]) => Math.max(-1, ...all.flat().map(distance))
      if (grid.columns.length > 0) expect(farthest(small.values)).toBe(farthest(grid.values))
      const known = new Set(grid.values.flat())
      expect(small.values.flat().every(value => known.has(value))).toBe(true)
      const hasZeros = (values: Grid['values']) => values.flat().includes(Number.NEGATIVE_INFINITY)
      expect(hasZeros(small.values)).toBe(hasZeros(grid.values))
    },
  )

  test.prop([grids, fc.boolean(), fc.integer({ min: 30, max: 90 })])(
    'on a terminal has a line for each row, or for two, and keeps to its width',
    (grid, colours, columns) => {
      const lines = formatMap(grid, { colours, columns, lines: 5 }).split('\n')
      const rows = Math.min(grid.rows.length, colours ? 10 : 5)
      expect(lines).toHaveLength((colours ? Math.ceil(rows / 2) : rows) + 3)
      const plain = lines.map(stripVTControlCharacters)
      for (const line of plain.slice(1, -2)) expect(line.length).toBeLessThanOrEqual(columns)
      if (!colours) expect(plain).toEqual(lines)
    },
  )

  test('tells zeros, what is missing, and the two sides of a middle by signs', () => {
    const values = [[Number.NEGATIVE_INFINITY, Number.NaN, -2, -0.5, 0, 0.5, 2]]
    const scale = { kind: 'around', middle: 0, reach: 2, unit: 'log10 of the gain, backwards' } as const
    const columns = values[0]!.map((_, i) => i)
    const text = formatMap({ title: 't', across: 'step', down: 'layer', rows: ['a'], columns, values, scale })
    expect(text.split('\n')[1]).toBe('  a  x =-.+#')
  })

  test('of a training has a column for each step and a row for each layer, in the order of the forward pass', async () => {
    const flow = await flowOf(deep)
    const { rows, columns, values } = flowGrid(
      [
        { step: 0, flow },
        { step: 50, flow },
      ],
      'gain',
    )
    expect([rows, columns]).toEqual([
      ['first', 'second', 'third'],
      [0, 50],
    ])
    expect(values[2]).toEqual([flow.rows[2]!.gain, flow.rows[2]!.gain])
  })

  test('is refused without flows, for an unknown measure or a target of 0', async () => {
    const flow = await flowOf(deep)
    const layer: LayerSensitivities = { layer: 'a', neurons: 1, columns: [], dropped: 0 }
    expect(() => flowGrid([])).toThrow('flowGrid: there are no flows. Give one or more')
    expect(() => flowGrid(flow, 'toString' as never)).toThrow(
      "flowGrid: there is no measure 'toString'. There is gradient, value, gain, stretch",
    )
    expect(() => sensitivityGrid(layer, 0)).toThrow('sensitivityGrid: the target is 0')
  })
})

/** Figures of everything, some of it strange. */
async function figures(): Promise<Record<string, () => Promise<string>>> {
  const dead = new Dense(3, 5, { key: key(1), activation: activations.relu, bias: initialise.gaussianOf(2) })
  const [map, recorder] = [new SensitivityMap(dead), new Recorder()]
  for (let i = 0; i < 4; i++) {
    dead.call(normal(key(i), [2, 3]))
    recorder.scalar('loss', i === 2 ? Number.NaN : 1 / (i + 1))
    recorder.histogram('x', tensor([i, 0, 2 ** -i, i === 3 ? Number.POSITIVE_INFINITY : 1]))
    recorder.next()
  }
  const [sensitivities, recording] = [await map.read(), await recorder.read()]
  const flow = await flowOf(deep)
  const none = await flowOf(x => withScope('gone', () => x.mul(0)).mul(0))
  return {
    flow: () => plotFlow(flow),
    gain: () =>
      plotFlow(
        [
          { step: 3, flow },
          { step: 4, flow: none },
        ],
        { measure: 'gain' },
      ),
    vanished: () => plotFlow(none),
    sensitivities: () =>
      plotSensitivities(sensitivities.layers[0]!, {
        target: 0.9,
        lyapunov: [
          [0, -0.5],
          [3, 0],
        ],
      }),
    'no firings': () => plotSensitivities({ layer: 'a', neurons: 2, columns: [], dropped: 0 }),
    scalars: () => plotScalars(recording),
    'logarithmic scalars': () => plotScalars(recording, { log: true }),
    histograms: () => plotHistograms(recording, 'x'),
  }
}

describe('figures', () => {
  test('are the same bytes each time, hold no numbers that are none, and nothing is printed on the way', async () => {
    const said = ['log', 'warn', 'error'].map(how =>
      vi.spyOn(console, how as 'log').mockImplementation(() => {}),
    )
    for (const [name, draw] of Object.entries(await figures())) {
      const svg = await draw()
      expect(svg, name).toMatch(/^<svg role="img" aria-label="/)
      expect(svg, name).not.toMatch(/NaN|Infinity|undefined/)
      expect(await draw(), name).toBe(svg)
    }
    expect(said.flatMap(({ mock }) => mock.calls)).toEqual([])
    vi.restoreAllMocks()
  })

  test('say which number is exactly 0, where there is one, and what the colours mean', async () => {
    const { flow, vanished, sensitivities } = await figures()
    expect(await vanished!()).toContain('exactly 0')
    expect(await flow!()).not.toContain('exactly 0')
    expect(await flow!()).toContain('log10 of the gradient (rms)')
    const drawn = await sensitivities!()
    for (const text of ['sensitivity s', 'log-sensitivity S', 'exponent λ', 's now', 'neuron', 'firing'])
      expect(drawn).toContain(text)
  })

  test('show names as text, whatever they hold', async () => {
    const name = '<script>alert("1")</script>\u001b[31m'
    const drawn = standalone(await plotFlow(await flowOf(x => withScope(name, () => x.tanh()))))
    expect(drawn).not.toContain('<script>')
    expect(drawn).toContain('&lt;script&gt;')
  })

  test('are refused for names that were not recorded', () => {
    const empty = { scalars: new Map(), histograms: new Map(), notes: [] }
    expect(() => plotScalars(empty)).toThrow('plotScalars: no numbers were recorded')
    expect(() => plotScalars(empty, { names: ['loss'] })).toThrow(
      'plotScalars: nothing was recorded under loss',
    )
    expect(() => plotHistograms(empty, 'x')).toThrow('nothing was recorded under x')
  })
})
