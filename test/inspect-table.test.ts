/** The table folds a tape to a screen, names what is not like the others, and says what to look at next. */
import { fc, test as property } from '@fast-check/vitest'
import { key, normal, record, type Tensor, tanh } from '@sensigrad/core'
import {
  formatTable,
  recordOf,
  type TableOptions,
  type TapeRecord,
  tableOf,
  tapeOf,
  toDot,
  toMermaid,
} from '@sensigrad/inspect'
import { Dense, Module, meanSquaredError, RNN } from '@sensigrad/nn'
import { arbitraries } from '@sensigrad/testing'
import { describe, expect, test } from 'vitest'
import { f64 } from './support/backend.ts'

const count = 20

/** Twenty layers that are alike, but for what was done to them. */
class Deep extends Module {
  readonly entrance = new Dense(4, 6, { key: key(1), activation: tanh })
  readonly layers = Array.from(
    { length: count },
    (_, i) => new Dense(6, 6, { key: key(i + 2), activation: tanh }),
  )
  readonly head = new Dense(6, 1, { key: key(0) })
  forward(x: Tensor): Tensor {
    return this.head.call(this.layers.reduce((at, layer) => layer.call(at), this.entrance.call(x)))
  }
}

/** The record of a pass in which layer 7 passes on little, and layer 13 is saturated. */
async function deep(change: (model: Deep) => void = () => {}): Promise<TapeRecord> {
  const model = new Deep()
  change(model)
  const [x, y] = [normal(key(90), [8, 4]), normal(key(91), [8, 1])]
  return recordOf(
    tapeOf(model, () => meanSquaredError(model.call(x), y)),
    { module: model, title: 'deep' },
  )
}

const scale = (layer: Dense, by: number): void => {
  layer.weight.value = layer.weight.value.mul(by)
}
const plain = await deep()
const odd = await deep(({ layers }) => {
  scale(layers[7]!, 1e-3)
  layers[13]!.bias.value = layers[13]!.bias.value.add(6)
})

const names = (record: TapeRecord, options?: TableOptions) =>
  tableOf(record, options).rows.map(({ path, text, kind }) => (kind === 'entry' ? text : path))

describe('folding', () => {
  test('closes modules, makes one line of layers that are alike, and lists what stands in no module', () => {
    expect(names(plain)).toEqual([
      'entrance',
      'layers.0-19',
      'head',
      'float32[8, 1]',
      expect.stringMatching(/^%\d+ - %\d+$/),
      expect.stringMatching(/²$/),
      expect.stringMatching(/^sum/),
      'float32[]',
      expect.stringMatching(/ \/ /),
    ])
    expect(tableOf(plain).rows[1]).toMatchObject({
      kind: 'repeat',
      repeats: count,
      text: 'matmul → + → tanh',
    })
  })

  test('each entry belongs to one line at most, and to one of the outermost', () => {
    const outermost = tableOf(plain).rows.filter(({ level }) => level === 0)
    expect(outermost.reduce((sum, { entries }) => sum + entries, 0)).toBe(plain.entries.length)
  })

  test('opens the module that is named, and leaves those around it folded', () => {
    const rows = tableOf(plain, { open: 'layers.7' }).rows
    expect(rows.filter(({ kind }) => kind !== 'entry').map(({ path }) => path)).toEqual([
      'entrance',
      'layers.0-6',
      'layers.7',
      'layers.8-19',
      'head',
    ])
    expect(
      rows.filter(({ path, kind }) => path === 'layers.7' && kind === 'entry').map(({ text }) => text),
    ).toEqual([
      'weight',
      expect.stringMatching(/^transpose/),
      expect.stringMatching(/^matmul/),
      'bias',
      expect.stringMatching(/^broadcastTo/),
      expect.stringMatching(/ \+ /),
      expect.stringMatching(/^tanh/),
    ])
  })

  test('shows everything when asked to', () => {
    const rows = tableOf(plain, { all: true }).rows
    expect(rows.filter(({ kind }) => kind === 'entry')).toHaveLength(plain.entries.length)
  })

  test('does not join layers of other shapes or other activations', async () => {
    const model = new Deep()
    const layers = [...model.layers.slice(0, 4), new Dense(6, 6, { key: key(70) }), ...model.layers.slice(5)]
    const made = await recordOf(
      tapeOf(model, () => {
        Object.assign(model, { layers })
        return model.call(normal(key(1), [2, 4])).mean()
      }),
    )
    expect(names(made)).toEqual(expect.arrayContaining(['layers.0-3', 'layers.4', 'layers.5-19']))
  })

  test('makes one line of the steps of a recurrent network, and of a loop without modules', async () => {
    const rnn = new RNN(3, 4, { key: key(1) })
    const x = normal(key(2), [12, 2, 3])
    const made = await recordOf(tapeOf(rnn, () => rnn.call(x).outputs.mean()))
    expect(tableOf(made).rows.find(({ path }) => path === 'steps.0-11')).toMatchObject({ repeats: 12 })
    const loop = await recordOf(
      record((x: Tensor) => Array.from({ length: 9 }).reduce((at: Tensor) => at.mul(x).sin(), x), f64([0.5])),
    )
    expect(tableOf(loop).rows).toMatchObject([
      { text: 'input 0' },
      { isLoop: true, repeats: 9, text: '* → sin' },
    ])
  })
})

describe('what is not like the others', () => {
  test('is nothing in layers that are alike', () => {
    expect(tableOf(plain).rows.flatMap(({ outliers }) => outliers)).toEqual([])
  })

  test('is named: the layer that swallows the gradient, and the one that is saturated', () => {
    const { outliers } = tableOf(odd).rows[1]!
    expect(new Set(outliers.map(({ name, statistic }) => `${name} ${statistic}`))).toEqual(
      new Set(['layers.7 flow', 'layers.13 flow', 'layers.13 sat']),
    )
    expect(outliers.find(({ statistic }) => statistic === 'sat')!.value).toBe(1)
  })

  test('shows as a range where it comes by steps', async () => {
    const shrinking = await deep(({ layers }) => layers.forEach(layer => void scale(layer, 0.5)))
    const row = tableOf(shrinking).rows[1]!
    expect(row.outliers.filter(({ statistic }) => statistic === 'grad')).toEqual([])
    const range = row.ranges.find(({ statistic }) => statistic === 'grad')!
    expect([range.least.name, range.most.name]).toEqual(['layers.0', 'layers.19'])
  })

  test('stands in the notes, each with what to look at next', () => {
    const { notes } = tableOf(odd)
    expect(
      notes.filter(({ isWrong }) => isWrong).map(({ text, follow }) => [text.split(':')[0], follow]),
    ).toEqual([
      ['layers.13', { open: 'layers.13' }],
      ['layers.7', { open: 'layers.7' }],
    ])
  })

  test('is also what is not finite, first of all', async () => {
    const made = await recordOf(record(x => x.log().sum(), f64([1, 0, -1])))
    expect(tableOf(made).notes[0]).toMatchObject({
      text: '3 entries have NaN or infinite numbers, the first is %0 input 0',
      follow: { where: 'bad>0' },
    })
    expect(formatTable(tableOf(made))).toMatch(/^ +1 +log\(%0\) .* 2 *$/m)
  })

  test('and a gradient that is exactly zero', async () => {
    const made = await recordOf(record(x => x.mul(0).sum(), f64([1, 2])))
    expect(tableOf(made).notes[0]!.text).toBe('the gradient of 1 tensor is exactly 0')
    expect(tableOf(made, { where: 'grad=0' }).rows.map(({ text }) => text)).toEqual(['input 0'])
  })
})

describe('asking for some lines', () => {
  test('of an operation, by its name or that of its function', () => {
    expect(names(plain, { op: 'matmul' })).toHaveLength(count + 2)
    expect(names(plain, { op: 'tanh' })).toHaveLength(count + 1)
    expect(names(plain, { op: 'map', scope: 'head' })).toHaveLength(1)
  })

  test('of modules', () => {
    expect(names(plain, { scope: 'layers.3' })).toEqual(['layers.3'])
    expect(names(plain, { scope: 'layers' })).toEqual(['layers.0-19'])
  })

  test('of a size', () => {
    const rows = tableOf(odd, { where: 'sat > 0.9' }).rows
    expect(rows.map(({ path }) => path)).toEqual(['layers.13'])
  })

  test('in the order of a number: what has most comes first, and what has none last', () => {
    const sorted = (options: TableOptions) => tableOf(odd, options).rows.map(({ numbers }) => numbers)
    expect(names(odd, { sort: 'flow' }).slice(0, 2).sort()).toEqual(['layers.13', 'layers.7'])
    const grads = sorted({ sort: 'grad' }).map(({ gradientRms }) => gradientRms ?? -1)
    expect(grads).toEqual([...grads].sort((a, b) => b - a))
    const least = sorted({ sort: 'grad', reverse: true }).flatMap(({ gradientRms }) => gradientRms ?? [])
    expect(least).toEqual([...least].sort((a, b) => a - b))
  })

  test.each<[string, unknown, string]>([
    ['an unknown option', { colour: 1 }, 'tableOf: there is no option colour. There is depth, open, all, '],
    [
      'a condition that is none',
      { where: 'small' },
      "tableOf: 'small' is no condition. Compare one of value, grad",
    ],
    ['a condition on nothing', { where: 'size<3' }, "tableOf: 'size<3' is no condition"],
    [
      'a column that there is not',
      { sort: 'size' },
      "tableOf: nothing is sorted by 'size'. Give one of value, grad",
    ],
    ['half a level', { depth: 0.5 }, 'tableOf: depth is 0.5. Give a number of levels, such as 2'],
    ['no module', { open: '' }, "'' selects nothing"],
  ])('%s is refused', (_, options, message) => {
    expect(() => tableOf(plain, options as TableOptions)).toThrow(message)
  })
})

describe('the text', () => {
  const shown = formatTable(tableOf(odd), { columns: 100 })

  test('fits its width and its lines, and has no colour unless somebody paints', () => {
    for (const columns of [60, 80, 100, 140]) {
      for (const ascii of [false, true]) {
        const lines = formatTable(tableOf(odd), { columns, ascii }).split('\n')
        for (const line of lines.filter(each => !each.startsWith('●') && !each.startsWith('*'))) {
          expect(line.length).toBeLessThanOrEqual(columns)
        }
        expect(lines.length).toBeLessThanOrEqual(40)
        if (ascii) expect(lines.join('')).toMatch(/^[\u0020-\u007e]*$/)
      }
    }
    expect(formatTable(tableOf(odd, { all: true })).split('\n')).toHaveLength(40)
  })

  test('names layers, their numbers and what is strange', () => {
    expect(shown).toMatch(/^▸ \d+-\d+ +layers\.0-19 ×20 · matmul/m)
    expect(shown).toMatch(/^ +↳ unlike the other modules: layers\.\d+ flow -\d\.\d/m)
    expect(shown).toMatch(
      /^● layers\.7: divides the gradient by [\d,]+, unlike the others {2}→ \{ open: 'layers\.7' \}$/m,
    )
  })

  test('is the same with colours, once these are taken away', () => {
    const painted = formatTable(tableOf(odd), { paint: (text, tone) => `<${tone}>${text}</${tone}>` })
    expect(painted).toContain('<heading>')
    expect(painted.replace(/<\/?(heading|faint|good|warning|bad)>/g, '').replace(/ +$/gm, '')).toBe(shown)
  })

  test('says how much it leaves out, in the middle', () => {
    const lines = formatTable(tableOf(plain, { all: true }), { lines: 20 }).split('\n')
    expect(lines.filter(line => /^ {2}… \d+ rows more$/.test(line))).toHaveLength(1)
    expect(lines.find(line => line.includes(' / '))).toBeDefined() // the loss, at the end
    const ranked = formatTable(tableOf(plain, { sort: 'grad', all: true }), { lines: 20 }).split('\n')
    expect(ranked.findIndex(line => line.includes('rows more'))).toBeGreaterThan(10)
  })

  test('says that nothing is like that', () => {
    expect(formatTable(tableOf(plain, { where: 'bad>0' }))).toContain('nothing is like that')
  })

  property.prop([arbitraries.programs(), fc.integer({ min: 40, max: 160 })], { numRuns: 30 })(
    'of any program fits, and its numbers are those of the record',
    async ({ run, inputs }, columns) => {
      const made = await recordOf(record(run, ...inputs))
      const table = tableOf(made, { all: true })
      for (const { kind, first, numbers } of table.rows) {
        if (kind === 'entry') expect(numbers.valueRms).toBe(made.entries[first]!.outputs[0]!.value!.rms)
      }
      expect(formatTable(table, { columns }).split('\n').length).toBeLessThanOrEqual(40)
    },
  )
})

describe('graphs', () => {
  test('have a node for each line of the folded tape, and lead from the data to the loss', () => {
    const mermaid = toMermaid(plain)
    expect(mermaid).toMatch(/^flowchart TD\n/)
    expect(mermaid.match(/\["|\[\["|\[\/"/g)).toHaveLength(tableOf(plain).rows.length)
    expect(mermaid).toMatch(/n\d+\[\["layers\.0#45;?19 ×20|n\d+\[\["layers\.0-19 ×20/)
    expect(toDot(plain)).toMatch(/n\d+ \[label="layers\.0-19 ×20\\nfloat32\[8,6\]", shape=box3d\]/)
  })

  test('frame a module that is open', () => {
    expect(toMermaid(plain, { open: 'head' })).toMatch(/subgraph s0\["head"\]\n( {4}n\d+.*\n)+ {2}end/)
    expect(toDot(plain, { open: 'head' })).toMatch(/subgraph cluster_s0 \{\n {4}label="head"\n/)
  })

  test('are never larger than they may be, and say what they leave out', async () => {
    const turns = (i: number) => [...i.toString(2)].filter(bit => bit === '1').length % 2 // no three of them in a row repeat
    const run = (x: Tensor) =>
      Array.from({ length: 50 }, (_, i) => i).reduce((at, i) => (turns(i) ? at.sin() : at.tanh()), x)
    const long = await recordOf(record(run, f64([0.5])))
    const nodes = toDot(long, { nodes: 10 }).match(/^ {2}(n\d+|more) \[/gm)
    expect(nodes).toHaveLength(11)
    expect(toDot(long, { nodes: 10 })).toMatch(/more \[label="\d+ nodes more"/)
  })

  test('refuse what they do not know', () => {
    expect(() => toDot({} as never)).toThrow('toDot: the record is an object. Give await recordOf(tape)')
    expect(() => toMermaid(plain, { nodes: 0 })).toThrow(
      'toMermaid: nodes is 0. Give the most nodes there may be',
    )
    expect(() => toMermaid(plain, { all: true } as never)).toThrow(
      'there is no option all. There is depth, open, nodes',
    )
  })
})
