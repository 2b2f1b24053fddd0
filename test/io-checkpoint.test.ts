/** Checkpoints: a training goes on as if it had never stopped, plain values come back exactly, and all parts or none. */
import { fc, test } from '@fast-check/vitest'
import { wasm } from '@sensigrad/backend-wasm'
import { type State, type Stateful, type Tensor, tensor, useBackend, ValueError } from '@sensigrad/core'
import {
  decodeCheckpoint,
  decodeSafetensors,
  encodeCheckpoint,
  encodeSafetensors,
  FileError,
} from '@sensigrad/io'
import {
  Adam,
  activations,
  BatchNorm,
  Dense,
  Dropout,
  KeyStream,
  Module,
  meanSquaredError,
  SAL,
  SGD,
  valueAndGrad,
} from '@sensigrad/nn'
import { capture, cpu, fresh, key, normal } from 'sensigrad'
import { beforeEach, describe, expect } from 'vitest'

beforeEach(() => useBackend(cpu()))

/** A part that holds what it was given, and may refuse. */
class Part implements Stateful {
  held: State
  refuses = false
  constructor(held: State = {}) {
    this.held = held
  }
  state() {
    return this.held
  }
  restore(state: State) {
    if (this.refuses) throw new ValueError('Part.restore', 'I refuse', 'Ask another one')
    this.held = state
  }
}

const plain = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.boolean(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('true', '7', '', 'NaN'),
)
const partName = fc.stringMatching(/^[a-z][a-zA-Z0-9]{0,5}$/)
const path = fc.oneof(fc.stringMatching(/^[a-z.0-9]{0,8}$/), fc.constantFrom('constructor', 'step', 'a.b'))
const states = fc.dictionary(
  path,
  fc.oneof(
    plain,
    fc.array(fc.double()).map(values => tensor(Float64Array.from(values))),
  ),
  { maxKeys: 4, noNullPrototype: true },
)

/** All that a state says, each number to its last bit but for which NaN it is. */
async function told(state: State) {
  const entries = Object.entries(state).map(async ([path, value]) =>
    typeof value === 'object' ? [path, String(value), [...(await value.data())]] : [path, value],
  )
  return (await Promise.all(entries)).sort(([a], [b]) => (String(a) < String(b) ? -1 : 1))
}

const holdings = fc.dictionary(
  partName,
  fc.oneof(
    states.map(state => new Part(state)),
    plain,
  ),
  { maxKeys: 6 },
)

test.prop([holdings])('what was saved is restored, every number to its last bit', async holding => {
  const bytes = await encodeCheckpoint(holding)
  const [parts, values]: [Record<string, Part>, Record<string, unknown>] = [{}, {}]
  for (const [name, held] of Object.entries(holding)) {
    if (held instanceof Part) parts[name] = new Part()
    else values[name] = held
  }
  expect(decodeCheckpoint(bytes, parts)).toEqual(values)
  for (const [name, part] of Object.entries(parts)) {
    expect(await told(part.held)).toEqual(await told((holding[name] as Part).held))
  }
})

test('plain values have the type of their example', async () => {
  const bytes = await encodeCheckpoint({ step: 7, name: 'run', isBest: true, loss: -0 })
  const { step, name, isBest, loss } = decodeCheckpoint(bytes, { step: 0, name: '', isBest: false })
  expect([step + 1, name.length, !isBest, Object.is(loss, -0)]).toEqual([8, 3, false, true])
})

test('every program that reads safetensors finds the tensors by part and path', async () => {
  const part = new Part({ 'layers.0.weight': tensor([1, 2]), rate: 0.1 })
  const { tensors, metadata } = decodeSafetensors(await encodeCheckpoint({ model: part, step: 7 }))
  expect(Object.keys(tensors)).toEqual(['model.layers.0.weight'])
  expect({ ...metadata }).toEqual({
    'model.rate': '0.1',
    step: '7',
    __checkpoint__: '{"version":1,"parts":["model"]}',
  })
})

describe('all parts or none:', () => {
  const bytes = () =>
    encodeCheckpoint({ a: new Part({ x: 1 }), b: new Part({ x: 2 }), c: new Part({ x: 3 }), step: 7 })

  test.prop([fc.subarray(['a', 'b', 'c']), fc.shuffledSubarray(['a', 'b', 'c'], { minLength: 3 })])(
    'when one refuses, those before it are put back',
    async (refusing, order) => {
      const parts = Object.fromEntries(order.map(name => [name, new Part({ x: name })]))
      for (const name of refusing) parts[name]!.refuses = true
      const load = async () => decodeCheckpoint(await bytes(), parts)
      if (refusing.length === 0) await load()
      else
        await expect(load()).rejects.toThrow(
          /^decodeCheckpoint: [abc] refuses its state \(Part\.restore: I refuse/,
        )
      for (const [i, name] of ['a', 'b', 'c'].entries()) {
        expect(parts[name]!.held.x).toBe(refusing.length === 0 ? i + 1 : name)
      }
    },
  )

  test('a module that does not fit refuses, and an optimiser beside it stays', async () => {
    const model = (neurons: number) => new Dense(2, neurons, { key: key(1) })
    const optimizer = new SGD({ rate: 0.1 })
    const saved = await encodeCheckpoint({ optimizer: new SGD({ rate: 0.2 }), model: model(3) })
    expect(() => decodeCheckpoint(saved, { optimizer, model: model(4) })).toThrow(
      /^decodeCheckpoint: model refuses its state \(.*weight.*\)\. Nothing has changed\. /s,
    )
    expect(optimizer.state().rate).toBe(0.1)
    decodeCheckpoint(saved, { optimizer })
    expect(optimizer.state().rate).toBe(0.2)
  })
})

describe('a training goes on to the last bit', () => {
  class Net extends Module {
    readonly hidden = new Dense(3, 8, { key: key(1), activation: activations.tanh })
    readonly norm = new BatchNorm(8)
    readonly dropout = new Dropout(0.3, { key: key(2) })
    readonly readout = new Dense(8, 1, { key: key(3) })
    forward(x: Tensor) {
      return this.readout.call(this.dropout.call(this.norm.call(this.hidden.call(x))))
    }
  }
  const optimisers = {
    'SGD with momentum': () => new SGD({ rate: 0.05, momentum: 0.9 }),
    Adam: () => new Adam({ rate: 0.01 }),
  }
  function training(makeOptimizer: () => SGD | Adam, isCaptured: boolean) {
    const model = new Net()
    const optimizer = makeOptimizer()
    const sal = new SAL({ rate: 1e-3 }).attach(model.hidden)
    const keys = new KeyStream(key(4))
    const step = () => {
      const x = fresh(() => normal(keys.next(), [6, 3]))
      const [, gradients] = valueAndGrad(model, () =>
        meanSquaredError(model.call(x), x.sum(1, { keepDims: true })),
      )
      sal.adjust()
      optimizer.update(model, gradients)
    }
    const run = isCaptured ? capture(step) : step
    return {
      parts: { model, optimizer, sal, keys },
      run: (steps: number) => Array.from({ length: steps }, run),
    }
  }
  const backends = { cpu: async () => cpu(), wasm: async () => wasm() }
  const ways = Object.entries(optimisers).flatMap(([name, make]) =>
    Object.entries(backends).flatMap(([backend, open]) =>
      [false, true].map(
        isCaptured => [name, backend, isCaptured ? 'captured' : 'eager', make, open, isCaptured] as const,
      ),
    ),
  )

  test.each(ways)('with %s on %s, %s', async (_, __, ___, make, open, isCaptured) => {
    useBackend(await open())
    const whole = training(make, isCaptured)
    whole.run(7)
    const first = training(make, isCaptured)
    first.run(3)
    const bytes = await encodeCheckpoint({ ...first.parts, step: 3 })
    const second = training(make, isCaptured)
    second.run(2) // it has gone elsewhere meanwhile
    const { step } = decodeCheckpoint(bytes, { ...second.parts, step: 0 })
    second.run(7 - step)
    expect(await encodeCheckpoint(second.parts)).toEqual(await encodeCheckpoint(whole.parts))
  })
})

describe('a checkpoint is refused', () => {
  const x = tensor([1])
  const known = (parts: unknown, version: unknown = 1) => JSON.stringify({ version, parts })
  test.each<[string, Record<string, Tensor>, Record<string, string>, RegExp]>([
    ['that is none', { x }, {}, /it is no checkpoint\. Read its tensors with loadSafetensors/],
    ['that is none, though it says so', {}, { __checkpoint__: '7' }, /it is no checkpoint/],
    ['that is no JSON', {}, { __checkpoint__: '{' }, /it is no checkpoint/],
    ['of a version to come', {}, { __checkpoint__: known([], 2) }, /of version 2, and version 1 is known/],
    ['whose parts are no list', {}, { __checkpoint__: known('a') }, /its parts are "a"/],
    ['with a tensor of no part', { 'b.x': x }, { __checkpoint__: known(['a']) }, /"b\.x" belongs to no part/],
    ['with a tensor without a part', { x }, { __checkpoint__: known(['a']) }, /"x" belongs to no part/],
    [
      'with a number of no part',
      {},
      { __checkpoint__: known(['a']), 'b.x': '1' },
      /"b\.x" belongs to no part/,
    ],
    [
      'with a value twice',
      { 'a.x': x },
      { __checkpoint__: known(['a']), 'a.x': '1' },
      /"a\.x" is there twice/,
    ],
    [
      'with a value that is none',
      {},
      { __checkpoint__: known([]), step: '0x10' },
      /the value of "step" is "0x10"/,
    ],
    [
      'with a list as value',
      {},
      { __checkpoint__: known([]), step: '[1]' },
      /the value of "step" is "\[1\]"/,
    ],
  ])('%s', async (_, tensors, metadata, message) => {
    const bytes = await encodeSafetensors(tensors, metadata)
    expect(() => decodeCheckpoint(bytes, {})).toThrow(FileError)
    expect(() => decodeCheckpoint(bytes, {})).toThrow(message)
  })

  test('that lacks what is asked for', async () => {
    const bytes = await encodeCheckpoint({ model: new Part(), step: 7 })
    const part = new Part({ x: 1 })
    expect(() => decodeCheckpoint(bytes, { other: part })).toThrow(
      /there is no part other\. It has model, step \(a number\)$/,
    )
    expect(() => decodeCheckpoint(bytes, { step: part })).toThrow(/there is no part step\. /)
    expect(() => decodeCheckpoint(bytes, { model: part, step: '' })).toThrow(/there is no string step\. /)
    expect(() => decodeCheckpoint(bytes, { model: 7 })).toThrow(/there is no number model\. /)
    expect(part.held).toEqual({ x: 1 })
  })

  test('for parts that are none', async () => {
    const wrong: [unknown, RegExp][] = [
      [null, /the parts are null\. Give them by name/],
      [new Part(), /the parts are a Part\. Give them by name/],
      [{ 'a.b': 1 }, /"a\.b" names no part\. /],
      [{ __checkpoint__: 1 }, /names no part/],
      [{ model: {} }, /model is an object\. Give what has state\(\) and restore\(state\)/],
      [{ model: undefined }, /model is undefined/],
    ]
    for (const [parts, message] of wrong) {
      await expect(encodeCheckpoint(parts as never)).rejects.toThrow(message)
      expect(() => decodeCheckpoint(new Uint8Array(0), parts as never)).toThrow(message)
    }
  })
})
