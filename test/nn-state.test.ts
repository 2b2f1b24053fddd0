/** The state of a module goes on where it was, on any backend, or is refused without a trace. */
import { cpu } from '@sensigrad/backend-cpu'
import { BatchNorm, Dense, Dropout, Module, Parameter, Sequential } from '@sensigrad/nn'
import { capture, key, normal, ones, type State, scope, type Tensor, Variable, zeros } from 'sensigrad'
import { describe, expect, test } from 'vitest'
import { bits, values } from './support/neurons.ts'

const draws = (seed: number, ...shape: number[]) => normal(key(seed), shape)
const modelOf = (seed: number) =>
  new Sequential(
    new Dense(2, 3, { key: key(seed) }),
    new BatchNorm(3),
    new Dropout(0.5, { key: key(seed + 1) }),
  )
const names = [
  'layers.0.weight',
  'layers.0.bias',
  'layers.1.weight',
  'layers.1.bias',
  'layers.1.runningMean',
  'layers.1.runningVariance',
  'layers.2.keys.high',
  'layers.2.keys.low',
  'layers.2.keys.count',
]

test('buffers are the variables that are no parameters', () => {
  expect([...modelOf(1).buffers().keys()]).toEqual(['layers.1.runningMean', 'layers.1.runningVariance'])
  expect([...modelOf(1).parameters().keys()]).toEqual(names.slice(0, 4))
})

test('a state has parameters, buffers and streams of keys by path, shared ones once', () => {
  const model = modelOf(1)
  const norm = model.at(1) as BatchNorm
  const tied = new Sequential(...model.layers, norm)
  expect(Object.keys(model.state())).toEqual(names)
  expect(Object.keys(tied.state())).toEqual(names)
})

test('a module of another key goes on as the one whose state it was given', () => {
  const [model, copy] = [modelOf(1), modelOf(9)]
  for (let i = 0; i < 3; i++) model.call(draws(i, 4, 2))
  copy.restore(model.state())
  for (let i = 3; i < 6; i++) expect(bits(copy.call(draws(i, 4, 2)))).toBe(bits(model.call(draws(i, 4, 2))))
})

test('a state stays as it is while the module goes on, in scopes and in captured steps', () => {
  const model = modelOf(1)
  const step = capture((x: Tensor) => {
    model.call(x)
  })
  scope(() => {
    model.call(draws(0, 4, 2))
  })
  const state = model.state()
  const before = bits(state['layers.1.runningMean'] as Tensor)
  scope(() => {
    model.call(draws(1, 4, 2))
  })
  step(draws(2, 4, 2))
  expect(bits(state['layers.1.runningMean'] as Tensor)).toBe(before)
  expect((state['layers.1.runningMean'] as Tensor).released).toBe(false)
  model.restore(state)
  step(draws(3, 4, 2))
  const other = modelOf(1)
  for (const i of [0, 3]) other.call(draws(i, 4, 2))
  expect(bits(model.state()['layers.1.runningMean'] as Tensor)).toBe(
    bits(other.state()['layers.1.runningMean'] as Tensor),
  )
})

test('values go to the backend on which the module lives', () => {
  const elsewhere = cpu()
  const model = new BatchNorm(2)
  const given = model.state()
  const state = { ...given, weight: ones([2], { backend: elsewhere }).mul(3) }
  model.restore(state)
  expect(model.weight!.value.backend).toBe((given.weight as Tensor).backend)
  expect(values(model.weight!.value)).toEqual([3, 3])
})

test('a custom module takes ten lines', () => {
  class RunningMean extends Module {
    readonly mean = new Variable(zeros([2]))
    readonly scale = new Parameter(ones([2]))
    forward(x: Tensor) {
      const mean = this.mean.value
      if (this.isTraining) this.mean.value = mean.mul(0.9).add(x.mean(0).stopGradient().mul(0.1))
      return x.sub(mean).mul(this.scale.value)
    }
  }
  const layer = new RunningMean()
  const fast = capture((x: Tensor) => layer.call(x))
  fast(ones([4, 2]))
  layer.eval()
  expect(values(fast(ones([1, 2]))).map(each => each.toFixed(6))).toEqual(['0.900000', '0.900000'])
  expect(Object.keys(layer.state())).toEqual(['scale', 'mean'].sort())
  expect([...layer.buffers().keys()]).toEqual(['mean'])
})

describe('a state is refused, and nothing has changed, where', () => {
  const good = modelOf(2).state()
  const without = (name: string): State =>
    Object.fromEntries(Object.entries(good).filter(([each]) => each !== name))
  const released = () => {
    let escaped: Tensor | undefined
    scope(() => {
      escaped = ones([3]).mul(2)
    })
    return escaped!
  }
  // biome-ignore format: a table
  const cases: readonly [what: string, state: () => unknown, message: RegExp][] = [
    ['it is none', () => undefined, /^Module\.restore: the state is undefined\. Give what module\.state\(\) gave$/],
    ['a name is missing', () => without('layers.1.bias'), /^Module\.restore: the state lacks layers\.1\.bias\. Give that of a module which was made alike$/],
    ['a name is unknown', () => ({ ...good, more: 1 }), /^Module\.restore: the state has more, which the module has not\./],
    ['names are both', () => ({ ...without('layers.0.bias'), more: 1 }), /^Module\.restore: the state lacks layers\.0\.bias and has more, which the module has not\./],
    ['many names are missing', () => ({}), /^Module\.restore: the state lacks (\S+, ){7}\S+ and 1 more\./],
    ['a shape is another', () => ({ ...good, 'layers.1.bias': zeros([4]) }), /^Module\.restore: layers\.1\.bias is float32\[4\], and that of the module float32\[3\]/],
    ['a type is another', () => ({ ...good, 'layers.1.bias': zeros([3], { dtype: 'float64' }) }), /^Module\.restore: layers\.1\.bias is float64\[3\], and that of the module float32\[3\]\. Cast it: \.cast\('float32'\)$/],
    ['a value is no tensor', () => ({ ...good, 'layers.1.bias': 0 }), /^Module\.restore: layers\.1\.bias is 0/],
    ['a value was released', () => ({ ...good, 'layers.1.bias': released() }), /^Module\.restore: layers\.1\.bias was released when a scope ended/],
    ['a stream of keys stands nowhere', () => ({ ...good, 'layers.2.keys.count': -1 }), /^KeyStream\.restore: the count of keys is -1/],
  ]
  test.each(cases)('%s', (_, state, message) => {
    const model = modelOf(1)
    const read = () =>
      Object.values(model.state()).map(value => (typeof value === 'object' ? bits(value) : value))
    const before = read()
    expect(() => model.restore(state() as State)).toThrow(message)
    expect(read()).toEqual(before)
  })
})
