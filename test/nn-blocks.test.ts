/** Blocks to build with: parts in sequence, residual connections, embeddings, pooling and flattening. */
import { fc, test } from '@fast-check/vitest'
import {
  AveragePool1d,
  AveragePool2d,
  Dense,
  Embedding,
  Flatten,
  MaxPool1d,
  MaxPool2d,
  type Part,
  Residual,
  RNN,
  Sequential,
  SGD,
  valueAndGrad,
} from '@sensigrad/nn'
import {
  averagePool1d,
  averagePool2d,
  capture,
  key,
  maxPool1d,
  maxPool2d,
  normal,
  record,
  type Tensor,
  tanh,
  tensor,
  zeros,
} from 'sensigrad'
import { describe, expect } from 'vitest'
import { bits, f64, values } from './support/neurons.ts'

const dtype = 'float64'
const draws = (seed: number, ...shape: number[]) => normal(key(seed), shape, { dtype })
const dense = (inputs: number, outputs: number, seed = 1) =>
  new Dense(inputs, outputs, { key: key(seed), dtype })
const indices = (list: number[], ...shape: number[]) =>
  tensor(list, { dtype: 'int32', shape: shape.length > 0 ? shape : [list.length] })

describe('parts in sequence', () => {
  const [first, last] = [dense(2, 3), dense(3, 1)]
  const model = new Sequential(first, tanh, x => x.mul(2), last)

  test.prop([fc.nat()])('are applied one after another', seed => {
    const x = draws(seed, 4, 2)
    expect(bits(model.call(x))).toBe(bits(last.call(tanh(first.call(x)).mul(2))))
  })

  test('are there to be picked and gone through', () => {
    expect([model.length, model.at(0), model.at(-1), model.at(9)]).toEqual([4, first, last, undefined])
    expect([...model]).toEqual(model.layers)
  })

  test('have paths, on tapes as for parameters', () => {
    const scopes = record(x => model.call(x), draws(1, 2)).entries.map(({ scope }) => scope)
    expect([...new Set(scopes)]).toEqual(['', 'layers.0', 'layers.3'])
    expect([...model.parameters().keys()]).toEqual(
      ['layers.0', 'layers.3'].flatMap(p => [`${p}.weight`, `${p}.bias`]),
    )
  })

  test('may be none: then x stays', () => {
    const x = draws(1, 2)
    expect(new Sequential().call(x)).toBe(x)
  })

  test('must each be a module or a function', () => {
    expect(() => new Sequential(first, 7 as unknown as Part)).toThrow(
      /^Sequential: part 1 is 7\. Give a module, or a function of a tensor such as tanh$/,
    )
  })

  test('must each take what the one before it gives', () => {
    const astray = new Sequential(new RNN(2, 3, { key: key(1), dtype }) as unknown as Part, last)
    expect(() => astray.call(draws(1, 4, 2))).toThrow(/^Dense in layers\.1: the input is an object/)
  })
})

describe('a residual connection', () => {
  test.prop([fc.nat()])('gives x + f(x)', seed => {
    const [x, f] = [draws(seed, 4, 3), dense(3, 3)]
    expect(bits(new Residual(f).call(x))).toBe(bits(x.add(f.call(x))))
  })

  test('gives project(x) + f(x) where shapes differ', () => {
    const [x, f, project] = [draws(1, 4, 3), dense(3, 2), dense(3, 2, 2)]
    const layer = new Residual(f, { project })
    expect(bits(layer.call(x))).toBe(bits(project.call(x).add(f.call(x))))
    expect([...layer.parameters().keys()]).toEqual(
      ['module', 'project'].flatMap(p => [`${p}.weight`, `${p}.bias`]),
    )
  })

  test('does not broadcast', () => {
    expect(() => new Residual(dense(3, 1)).call(draws(1, 4, 3))).toThrow(
      /^Residual: float64\[4, 1\] cannot be added to float64\[4, 3\]\. Give what brings the input to that shape: \{ project/,
    )
  })

  test.each([
    [() => new Residual(5 as never), /^Residual: what is added is 5/],
    [() => new Residual(tanh, { project: 5 as never }), /^Residual: project is 5/],
    [() => new Residual(tanh, { projection: tanh } as object), /^Residual: there is no option projection/],
  ] as const)('refuses what is no part: %s', (call, message) => {
    expect(call).toThrow(message)
  })
})

describe('an embedding', () => {
  const layer = new Embedding(4, 2, { key: key(1), dtype })
  const rows = Array.from({ length: 4 }, (_, i) => values(layer.weight.value.slice(i)))

  test.prop([fc.array(fc.nat(3), { minLength: 6, maxLength: 6 })])('gives the vector at each index', list => {
    const y = layer.call(indices(list, 2, 3))
    expect(y.shape).toEqual([2, 3, 2])
    expect(values(y)).toEqual(list.flatMap(i => rows[i]!))
  })

  test('begins with the deviation 1', () => {
    const all = values(new Embedding(200, 100, { key: key(1) }).weight.value)
    expect(Math.sqrt(all.reduce((sum, w) => sum + w * w, 0) / all.length)).toBeCloseTo(1, 1)
  })

  test('learns what it was asked for, but for the padding', () => {
    const padded = new Embedding(4, 2, { key: key(1), dtype, padding: 2 })
    const before = values(padded.weight.value)
    const step = capture((x: Tensor) => {
      const [, gradients] = valueAndGrad(padded, () => padded.call(x).sum())
      new SGD({ rate: 1 }).update(padded, gradients)
    })
    step(indices([0, 2, 0]))
    const moved = values(padded.weight.value).map((w, i) => Math.round(before[i]! - w))
    expect(before.slice(4, 6)).toEqual([0, 0])
    expect(moved).toEqual([2, 2, 0, 0, 0, 0, 0, 0])
  })

  // biome-ignore format: a table
  const refused: readonly [what: string, call: () => unknown, message: RegExp][] = [
    ['no vectors', () => new Embedding(0, 2, { key: key(1) }), /^Embedding: 0 is no number of vectors/],
    ['no elements', () => new Embedding(2, 0.5, { key: key(1) }), /^Embedding: 0\.5 is no number of elements/],
    ['no key', () => new Embedding(2, 2, {} as never), /^Embedding: there is no key for the initial values/],
    ['a misspelt option', () => new Embedding(2, 2, { key: key(1), pad: 0 } as never), /^Embedding: there is no option pad\. There is key, dtype, weight, padding$/],
    ['a padding that is no index', () => new Embedding(2, 2, { key: key(1), padding: 2 }), /^Embedding: the padding 2 is no index\. Give a whole number from 0 to 1$/],
    ['an index out of range', () => layer.call(indices([4])), /^gather: index 4 lies outside axis 0 of size 4/],
    ['numbers with fractions', () => layer.call(f64([1])), /^gather: the indices are float64\[1\]/],
    ['what is no tensor', () => layer.call([1] as never), /^Embedding: the index argument is an array/],
  ]
  test.each(refused)('refuses %s', (_, call, message) => {
    expect(call).toThrow(message)
  })
})

describe('pooling', () => {
  const options = { stride: 1, padding: 1 } as const
  test.each([
    ['MaxPool1d', new MaxPool1d(3, options), maxPool1d],
    ['MaxPool2d', new MaxPool2d(3, options), maxPool2d],
    ['AveragePool1d', new AveragePool1d(3, options), averagePool1d],
    ['AveragePool2d', new AveragePool2d(3, options), averagePool2d],
  ] as const)('%s is the function of core', (_, layer, pool) => {
    const x = draws(1, 2, 3, 5, 6)
    expect(bits(layer.call(x))).toBe(bits(pool(x, { size: 3, ...options })))
  })

  test.each([
    [() => new MaxPool1d(2, { countPadding: true } as object), /^MaxPool1d: there is no option countPadding/],
    [() => new AveragePool2d(2, { dilation: 2 } as object), /^AveragePool2d: there is no option dilation/],
    [() => new MaxPool2d(0), /^MaxPool2d: the size is 0/],
  ] as const)('refuses what it does not know: %s', (call, message) => {
    expect(call).toThrow(message)
  })
})

describe('flattening', () => {
  test.each([
    [new Flatten(), [2, 12]],
    [new Flatten(0), [24]],
    [new Flatten(0, 1), [6, 4]],
    [new Flatten(-2), [2, 12]],
    [new Flatten(2), [2, 3, 4]],
  ] as const)('%o gives the shape %j', (layer, shape) => {
    const x = draws(1, 2, 3, 4)
    expect(layer.call(x).shape).toEqual(shape)
    expect(bits(layer.call(x))).toBe(bits(x))
  })

  test.each([
    [() => new Flatten(0.5), /^Flatten: 0\.5 is no axis/],
    [() => new Flatten(3).call(zeros([2, 3])), /^Flatten: float32\[2, 3\] has no axes from 3 to -1/],
    [() => new Flatten(1, 0).call(zeros([2, 3])), /^Flatten: float32\[2, 3\] has no axes from 1 to 0/],
    [() => new Flatten().call([1] as never), /^Flatten: the input is an array/],
  ] as const)('refuses axes that are not there: %s', (call, message) => {
    expect(call).toThrow(message)
  })
})
