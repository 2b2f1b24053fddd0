/** The record of a tape says what was computed, and where each number comes from; recording changes nothing. */
import { test as property } from '@fast-check/vitest'
import { wasm } from '@sensigrad/backend-wasm'
import {
  checkpoint,
  custom,
  type Entry,
  elementwise,
  grad,
  key,
  operations,
  pullback,
  record,
  type SingleOp,
  scope,
  sliceTape,
  specifications,
  type Tape,
  type Tensor,
  tanh,
  tensor,
  withSources,
} from '@sensigrad/core'
import { fromJSON, hashOf, recordOf, statisticsOf, tapeOf, toJSON } from '@sensigrad/inspect'
import { Dense, Module, meanSquaredError, valueAndGrad } from '@sensigrad/nn'
import { arbitraries } from '@sensigrad/testing'
import { describe, expect, test } from 'vitest'
import { attributesFromJSON, attributesToJSON } from '../packages/inspect/src/record/attributes.ts'
import { draw, f64, numbers, read } from './support/backend.ts'

/** Two layers, the second without an activation. */
class Model extends Module {
  readonly layers = [
    new Dense(3, 4, { key: key(1), activation: tanh, dtype: 'float64' }),
    new Dense(4, 2, { key: key(2), dtype: 'float64' }),
  ]
  forward(x: Tensor): Tensor {
    return this.layers.reduce((at, layer) => layer.call(at), x)
  }
}

const hashes = (tape: Tape) => tape.entries.flatMap(({ outputs }) => outputs.map(x => hashOf(read(x))))

describe('the entries of a record', () => {
  test('are those of the tape, with constants as entries, each named by its number', async () => {
    const w = f64([1, 2])
    const { entries, inputs, outputs } = await recordOf(record(x => x.mul(w).tanh().sum(), f64([0.1, 0.2])))
    expect(entries.map(({ id, op, text, inputs, role }) => [id, op, text, inputs, role])).toEqual([
      [0, 'input', 'input 0', [], 'input'],
      [1, 'constant', 'float64[2]', [], 'constant'],
      [2, 'map', '%0 * %1', [0, 1], 'op'],
      [3, 'map', 'tanh(%2)', [2], 'op'],
      [4, 'sum', 'sum(%3, axes=[0])', [3], 'op'],
    ])
    expect([inputs, outputs]).toEqual([[0], [[4, 0]]])
  })

  test('of several outputs say which one is read', async () => {
    const { entries } = await recordOf(record(x => x.split(2)[1]!.exp(), f64([1, 2, 3, 4])))
    expect(entries[1]!.outputs).toHaveLength(2)
    expect(entries[2]).toMatchObject({ text: 'exp(%1.1)', inputs: [1], inputOutputs: [1] })
  })

  test('name one constant once, though it was read twice or left over from a gradient', async () => {
    const ended: Tensor[] = []
    grad((x: Tensor) => {
      ended.push(x.square())
      return ended[0]!.sum()
    })(f64([1, 2]))
    const old = ended[0]!
    const { entries } = await recordOf(record(x => x.mul(old).add(old), f64([1, 1])))
    expect(entries.map(({ text }) => text)).toEqual(['input 0', 'float64[2]', '%0 * %1', '%2 + %1'])
  })

  test('of a module are told by their parameters, which stand with the layer that reads them', async () => {
    const model = new Model()
    const x = draw(1, [5, 3], [-1, 1])
    const { entries, inputs } = await recordOf(
      tapeOf(model, () => model.call(x).square().mean()),
      { module: model, title: 'two layers' },
    )
    const parameters = entries.filter(({ role }) => role === 'parameter')
    expect(parameters.map(({ name, text, scope }) => [name, text, scope])).toEqual([
      ['layers.0.weight', 'layers.0.weight', 'layers.0'],
      ['layers.0.bias', 'layers.0.bias', 'layers.0'],
      ['layers.1.weight', 'layers.1.weight', 'layers.1'],
      ['layers.1.bias', 'layers.1.bias', 'layers.1'],
    ])
    expect(parameters.map(({ id }) => id)).toEqual(inputs)
    const scopes = entries.map(({ scope }) => scope)
    expect(scopes).toEqual([...scopes].sort((a, b) => ((a || 'z') < (b || 'z') ? -1 : a === b ? 0 : 1))) // layer by layer
  })

  test('of a slice begin with what it was cut at', async () => {
    const whole = record(x => x.mul(2).exp().sum(), f64([1, 2]))
    const { entries, inputs } = await recordOf(sliceTape([whole.output], [whole.entries[2]!.outputs[0]!]))
    expect(entries.map(({ text }) => text)).toEqual(['input 0', 'sum(%0, axes=[0])'])
    expect(inputs).toEqual([0])
  })

  test('know where in the program they were made, if the tape does', async () => {
    const tape = withSources(() => record(x => x.exp(), f64([1])))
    expect((await recordOf(tape)).entries[1]!.source).toMatch(/inspect-record\.test\.ts:\d+:\d+/)
    expect((await recordOf(record(x => x.exp(), f64([1])))).entries[1]).not.toHaveProperty('source')
  })
})

describe('the numbers of a record', () => {
  property.prop([arbitraries.programs()], { numRuns: 60 })(
    'are those of the values and of the cotangents that a sweep brings',
    async ({ run, inputs }) => {
      const tape = record((...given: Tensor[]) => run(...given).sum(), ...inputs)
      const before = hashes(tape)
      const made = await recordOf(tape, { values: 'all' })
      const ops = made.entries.filter(({ role }) => role !== 'constant')
      expect(ops.map(({ outputs }) => outputs[0]!.value!.hash)).toEqual(
        tape.entries.map(({ outputs }) => hashOf(read(outputs[0]!))),
      )
      const cotangents = pullback(tape, f64(1))
      for (const [i, id] of made.inputs.entries()) {
        const { gradient, gradientElements, gradientFrom } = made.entries[id]!.outputs[0]!
        expect(gradientFrom).toBe('recorded')
        if (gradient === undefined) expect(numbers(cotangents[i]!).every(each => each === 0)).toBe(true)
        else expect(gradientElements).toEqual(numbers(cotangents[i]!))
      }
      expect(hashes(tape)).toEqual(before) // and recording changed nothing
    },
  )

  test('tell a gradient that is zero from one that does not arrive, and from one that nobody asked for', async () => {
    const tape = record((x, y) => x.mul(0).sum().add(y.stopGradient().sum()), f64([1]), f64([2]))
    const [x, y] = (await recordOf(tape)).inputs
    const made = await recordOf(tape)
    expect(made.entries[x!]!.outputs[0]).toMatchObject({ gradientFrom: 'recorded', gradient: { zeros: 1 } })
    expect(made.entries[y!]!.outputs[0]).not.toHaveProperty('gradient')
    const without = await recordOf(tape, { cotangents: 'none' })
    expect(without.entries.every(({ outputs }) => outputs[0]!.gradientFrom === 'not-kept')).toBe(true)
  })

  test('are the gradients of valueAndGrad', async () => {
    const model = new Model()
    const [x, y] = [draw(1, [5, 3], [-1, 1]), draw(2, [5, 2], [-1, 1])]
    const loss = () => meanSquaredError(model.call(x), y)
    const [value, gradients] = valueAndGrad(model, loss)
    const { entries, outputs } = await recordOf(tapeOf(model, loss), { module: model })
    expect(entries[outputs[0]![0]]!.outputs[0]!.elements).toEqual(numbers(value))
    for (const { name, outputs } of entries.filter(({ role }) => role === 'parameter')) {
      expect(outputs[0]!.gradient).toEqual(statisticsOf(read(gradients[name!]!)))
    }
  })

  test('begin with the cotangents that are given', async () => {
    const tape = record(x => x.mul(3), f64([1, 2]))
    const { entries, notes } = await recordOf(tape, { cotangents: f64([1, -1]) })
    expect(entries[0]!.outputs[0]!.gradientElements).toEqual([3, -3])
    expect(notes).toEqual([])
    expect((await recordOf(tape)).notes).toEqual(['The gradients are those of the sum of all outputs.'])
  })

  test('keep the elements of small tensors, of all, or of none', async () => {
    const tape = record(x => x.sum(), draw(1, [13], [-1, 1]))
    const kept = async (values: 'none' | 'small' | 'all') =>
      (await recordOf(tape, { values })).entries.map(({ outputs }) => outputs[0]!.elements?.length)
    expect(await Promise.all([kept('none'), kept('small'), kept('all')])).toEqual([
      [undefined, undefined],
      [undefined, 1],
      [13, 1],
    ])
  })

  test('count where an activation has gone flat', async () => {
    const share = async (f: (x: Tensor) => Tensor) =>
      (await recordOf(record(f, f64([-9, 0.1, 9, 2])))).entries.at(-1)!.outputs[0]!.value!.saturated
    expect(await share(x => x.tanh())).toBe(0.5)
    expect(await share(x => x.sigmoid())).toBe(0.5)
    expect(await share(x => x.relu())).toBe(0.25)
    expect(await share(x => x.exp())).toBeUndefined()
  })

  test('of what was released are not there, and said not to be', async () => {
    const backend = await wasm()
    const x = tensor([1, 2], { backend })
    const tape = scope(() => record(each => each.exp().sum(), x))
    expect((await recordOf(tape)).entries[1]!.outputs[0]!.valueFrom).toBe('recorded') // a tape that is returned stays
    let lost: Tape | undefined
    scope(() => {
      lost = record(each => each.exp(), x)
    })
    const { entries } = await recordOf(lost!, { cotangents: 'none' })
    expect(entries.map(({ outputs }) => outputs[0]!.valueFrom)).toEqual(['recorded', 'not-kept'])
  })

  test('have times where those are asked for, but not of what only hands on what was computed before', async () => {
    const tape = record(x => checkpoint((each: Tensor) => each.exp())(x).sum(), f64([1, 2]))
    const { entries, notes } = await recordOf(tape, { time: true })
    expect(entries.map(({ op, milliseconds }) => [op, milliseconds !== undefined])).toEqual([
      ['input', false],
      ['checkpoint', false],
      ['sum', true],
    ])
    expect(entries[2]!.milliseconds).toBeGreaterThanOrEqual(0)
    expect(notes).toHaveLength(2)
  })
})

describe('a record as JSON', () => {
  property.prop([arbitraries.programs()], { numRuns: 60 })(
    'is the same when it is read again',
    async ({ run, inputs }) => {
      const made = await recordOf(record(run, ...inputs), { values: 'all', title: 'a "program"\n' })
      expect(fromJSON(toJSON(made))).toEqual(made)
    },
  )

  test('keeps the numbers that JSON lacks', async () => {
    const made = await recordOf(record(x => x.log(), f64([0, -0, -1, Number.POSITIVE_INFINITY])))
    const { elements } = fromJSON(toJSON(made)).entries[1]!.outputs[0]!
    expect(elements).toEqual([
      Number.NEGATIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      Number.NaN,
      Number.POSITIVE_INFINITY,
    ])
    expect(fromJSON(toJSON(made)).entries[0]!.outputs[0]!.elements![1]).toBe(-0)
  })

  test('has a line for the whole and one for each entry', async () => {
    const lines = toJSON(await recordOf(record(x => x.exp(), f64([1]))))
      .trimEnd()
      .split('\n')
    expect(lines.map(line => JSON.parse(line).op ?? JSON.parse(line).format)).toEqual([
      'sensigrad.tape',
      'input',
      'map',
    ])
  })
})

describe('attributes as JSON', () => {
  const samples = specifications.flatMap(({ name, samples }) =>
    samples.map(sample => ({ ...sample, of: name })),
  )

  /** Computes an entry again from what a file would say. */
  const again = async ({ op, inputs, attributes }: Entry): Promise<Tensor[] | undefined> => {
    const json = await attributesToJSON(op, attributes)
    if (json === undefined && attributes !== undefined) return undefined
    const given = attributesFromJSON(op.name, JSON.parse(JSON.stringify(json ?? null)), inputs[0]!.backend)
    return [(op as SingleOp).apply(inputs, given)].flat()
  }

  test.each(samples)('of $of ($name) compute the same again', async ({ shapes, call }) => {
    const tape = record(
      (...x) => call(...(x as [Tensor])),
      ...shapes.map((shape, i) => draw(i, shape, [0.2, 0.8])),
    )
    for (const entry of tape.entries.slice(tape.inputs.length)) {
      const found = await again(entry)
      expect(found, entry.op.name).toBeDefined()
      expect(found!.map(x => hashOf(read(x)))).toEqual(entry.outputs.map(x => hashOf(read(x))))
    }
  })

  test('are not written of what closes over functions, nor of an operation that is only called like one of core', async () => {
    const twice = custom({ name: 'twice', forward: (x: Tensor) => x.add(x), vjp: ({ g }) => [g!.mul(2)] })
    const { entries } = await recordOf(record(x => twice(x), f64([1])))
    expect(entries[1]).not.toHaveProperty('attributes')
    const impostor = { ...operations.find(({ name }) => name === 'reshape')! }
    expect(await attributesToJSON(impostor, { shape: [1] })).toBeUndefined()
  })

  test('of expressions write what is shared once, and do not write what would fill pages', async () => {
    const squares = (times: number) =>
      elementwise(`squares ${times}`, (e, x) => {
        let at = x
        for (let i = 0; i < times; i++) at = e.mul(at, e.add(at, 1))
        return at
      })
    const attributes = async (times: number) =>
      (await recordOf(record(x => squares(times)(x), f64([1])))).entries[1]!.attributes as {
        expression: unknown[]
      }
    expect((await attributes(5)).expression).toHaveLength(12)
    expect(await attributes(20)).toBeUndefined()
  })
})

describe('what cannot be recorded is refused in one line', () => {
  const tape = record(x => x.exp(), f64([1]))
  test.each([
    ['no tape', {}, {}, 'recordOf: the tape is an object. Make one with record(f, x)'],
    [
      'an unknown option',
      tape,
      { value: 'all' },
      'recordOf: there is no option value. There is title, module, cotangents, values, time',
    ],
    [
      'values of no kind',
      tape,
      { values: 'some' },
      "recordOf: values is 'some'. Give 'none', 'small' or 'all'",
    ],
    [
      'no module',
      tape,
      { module: {} },
      'recordOf: the module is an object. Give the model that was recorded',
    ],
    ['no title', tape, { title: 7 }, 'recordOf: the title is 7. Give a text'],
    ['no options', tape, null, "recordOf: the options are null. Give an object: { values: 'all' }"],
    ['a cotangent that does not fit', tape, { cotangents: f64([1, 2]) }, /the cotangent is float64\[2\]/],
  ])('%s', async (_, given, options, message) => {
    await expect(recordOf(given as Tape, options as never)).rejects.toThrow(message)
  })

  test('what is no record is no JSON of one', () => {
    expect(() => toJSON({} as never)).toThrow('toJSON: the record is an object. Give await recordOf(tape)')
  })
})
