/** Modules in training and in evaluation: what drops and what follows, eagerly and in captured steps, and what is frozen. */
import { fc, test } from '@fast-check/vitest'
import {
  BatchNorm,
  Dense,
  Dropout,
  KeyStream,
  type Module,
  Residual,
  Sequential,
  SGD,
  valueAndGrad,
  valuesOf,
} from '@sensigrad/nn'
import { capture, grad, key, normal, ones, type Tensor, tanh, zeros } from 'sensigrad'
import { describe, expect } from 'vitest'
import { bits, f64, values } from './support/neurons.ts'

const dtype = 'float64'
const draws = (seed: number, ...shape: number[]) => normal(key(seed), shape, { dtype })
const dense = (inputs: number, outputs: number, seed: number) =>
  new Dense(inputs, outputs, { key: key(seed), dtype })

/** A model whose training leaves no state out. */
const modelOf = () =>
  new Sequential(
    dense(3, 8, 1),
    new BatchNorm(8, { dtype }),
    tanh,
    new Dropout(0.3, { key: key(2) }),
    new Residual(dense(8, 8, 4)),
    dense(8, 2, 3),
  )
const stepOf =
  (model: Module, optimiser = new SGD({ rate: 0.1, momentum: 0.9 })) =>
  (x: Tensor) => {
    const [loss, gradients] = valueAndGrad(model, () => model.call(x).square().mean())
    optimiser.update(model, gradients)
    return loss
  }
const stateBits = (model: Module) =>
  Object.entries(model.state()).map(
    ([path, value]) => `${path} ${typeof value === 'object' ? bits(value) : value}`,
  )

describe('a module', () => {
  test('is in training at first', () => {
    expect(modelOf().isTraining).toBe(true)
  })

  test('takes all below it along', () => {
    const model = modelOf()
    const modes = () => new Set([...model.modules().values()].map(({ isTraining }) => isTraining))
    expect([modes(), model.eval() && modes(), model.train() && modes()]).toEqual(
      [[true], [false], [true]].map(all => new Set(all)),
    )
  })

  test('leaves those above it alone', () => {
    const model = modelOf()
    const layer = model.at(1) as BatchNorm
    layer.eval()
    expect([model.isTraining, layer.isTraining]).toEqual([true, false])
  })

  test('gives itself back', () => {
    const model = modelOf()
    expect(
      [model.train(), model.eval(), model.freeze(), model.unfreeze()].every(each => each === model),
    ).toBe(true)
  })
})

describe('dropout', () => {
  const shares = fc.integer({ min: 0, max: 20 }).map(n => n / 20)

  test.prop([shares, fc.nat()])('gives each number as 0 or divided by 1 - p', (p, seed) => {
    const y = values(new Dropout(p, { key: key(seed) }).call(ones([50], { dtype })))
    expect(y.filter(each => each !== 0 && each !== 1 / (1 - p))).toEqual([])
  })

  test('drops so many, and keeps the mean', () => {
    const y = values(new Dropout(0.2, { key: key(1) }).call(ones([20_000])))
    expect(y.filter(each => each === 0).length / 20_000).toBeCloseTo(0.2, 2)
    expect(y.reduce((sum, each) => sum + each) / 20_000).toBeCloseTo(1, 2)
  })

  test('drops all with probability 1, and half unless said', () => {
    expect(values(new Dropout(1, { key: key(1) }).call(ones([3])))).toEqual([0, 0, 0])
    expect(new Dropout(undefined, { key: key(1) }).p).toBe(0.5)
  })

  test('drops others at each call, and the same from the same key', () => {
    const [one, other] = [new Dropout(0.5, { key: key(1) }), new Dropout(0.5, { key: key(1) })]
    const x = ones([64])
    const calls = [one.call(x), one.call(x)].map(bits)
    expect(calls[0]).not.toBe(calls[1])
    expect([other.call(x), other.call(x)].map(bits)).toEqual(calls)
  })

  test('lets gradients through where it lets numbers through', () => {
    const dx = grad((x: Tensor) => new Dropout(0.5, { key: key(1) }).call(x).sum())(ones([64]))
    expect(bits(dx)).toBe(bits(new Dropout(0.5, { key: key(1) }).call(ones([64]))))
  })

  test('drops what is infinite, too', () => {
    const y = values(new Dropout(0.5, { key: key(1) }).call(ones([64]).div(0)))
    expect(new Set(y)).toEqual(new Set([0, Number.POSITIVE_INFINITY]))
  })

  test('in evaluation gives what it got, and uses no key up', () => {
    const layer = new Dropout(0.5, { key: key(1) }).eval()
    const x = draws(1, 5)
    expect(layer.call(x)).toBe(x)
    expect(layer.state()['keys.count']).toBe(0)
  })

  // biome-ignore format: a table
  const refused: readonly [what: string, call: () => unknown, message: RegExp][] = [
    ['no probability', () => new Dropout(1.5, { key: key(1) }), /^Dropout: the probability is 1\.5\. Give a number from 0 to 1$/],
    ['no options', () => new Dropout(0.5, undefined as never), /^Dropout: the options are undefined/],
    ['no key', () => new Dropout(0.5, {} as never), /^KeyStream: there is no key\. Make one with key\(seed\)$/],
    ['a misspelt option', () => new Dropout(0.5, { keys: key(1) } as never), /^Dropout: there is no option keys\. There is key$/],
    ['what is no tensor', () => new Dropout(0.5, { key: key(1) }).call([1] as never), /^Dropout: the input is an array/],
  ]
  test.each(refused)('refuses %s', (_, call, message) => {
    expect(call).toThrow(message)
  })
})

describe('a stream of keys', () => {
  test('never gives a key twice', () => {
    const keys = new KeyStream(key(7))
    expect(new Set(Array.from({ length: 1000 }, () => String(keys.next()))).size).toBe(1000)
  })

  test('goes on from its state, whatever key it began with', () => {
    const [one, other] = [new KeyStream(key(7)), new KeyStream(key(8))]
    one.next()
    other.restore(one.state())
    expect(other.next()).toEqual(one.next())
  })

  // biome-ignore format: a table
  const refused: readonly [what: string, call: (keys: KeyStream) => unknown, message: RegExp][] = [
    ['a seed', () => new KeyStream(7 as never), /^KeyStream: 7 is no key\. Make one with key\(seed\)$/],
    ['half a word', () => new KeyStream([0.5, 1]), /^KeyStream: an array is no key/],
    ['a state of nothing', keys => keys.restore(undefined as never), /^KeyStream\.restore: an array is no key/],
    ['a state without a count', keys => keys.restore({ high: 0, low: 1 }), /^KeyStream\.restore: the count of keys is undefined/],
    ['a count below zero', keys => keys.restore({ high: 0, low: 1, count: -1 }), /^KeyStream\.restore: the count of keys is -1/],
  ]
  test.each(refused)('refuses %s, and stays as it was', (_, call, message) => {
    const keys = new KeyStream(key(7))
    const before = keys.state()
    expect(() => call(keys)).toThrow(message)
    expect(keys.state()).toEqual(before)
  })
})

describe('a captured step', () => {
  test('of dropout and batch norm is the eager one, to the last bit, in whatever mode', () => {
    const [eager, captured] = [modelOf(), modelOf()]
    const [step, fast] = [stepOf(eager), capture(stepOf(captured))]
    for (let call = 0; call < 24; call++) {
      if (call === 8) for (const model of [eager, captured]) model.eval()
      if (call === 12) for (const model of [eager, captured]) model.train()
      const x = draws(100 + call, call < 18 ? 5 : 4, 3)
      expect(bits(fast(x))).toBe(bits(step(x)))
    }
    expect(stateBits(captured)).toEqual(stateBits(eager))
    expect(fast.captures).toBe(3) // in training, in evaluation, and for the smaller batch
  })

  test('goes by the mode of now', () => {
    const layer = new Dropout(0.5, { key: key(1) })
    const fast = capture((x: Tensor) => layer.call(x).mul(1))
    const zerosIn = () => values(fast(ones([64]))).filter(each => each === 0).length
    expect([zerosIn() > 0, layer.eval() && zerosIn(), layer.train() && zerosIn() > 0]).toEqual([
      true,
      0,
      true,
    ])
  })

  test('goes by what is frozen now', () => {
    const model = modelOf()
    const fast = capture(stepOf(model, new SGD({ rate: 0.1 })))
    const first = model.at(0) as Dense
    const moves = () => {
      const before = bits(first.weight.value)
      fast(draws(1, 5, 3))
      return bits(first.weight.value) !== before
    }
    expect([moves(), first.freeze() && moves(), first.unfreeze() && moves()]).toEqual([true, false, true])
  })
})

describe('a frozen parameter', () => {
  test('has no gradient, and stays', () => {
    const model = new Sequential(dense(2, 3, 1), dense(3, 1, 2))
    ;(model.at(0) as Dense).freeze()
    const before = values(valuesOf(model)['layers.0.weight']!)
    const [, gradients] = valueAndGrad(model, () => model.call(f64([1, 2])).sum())
    new SGD({ rate: 1 }).update(model, gradients)
    expect(Object.keys(gradients)).toEqual(['layers.1.weight', 'layers.1.bias'])
    expect(values(valuesOf(model)['layers.0.weight']!)).toEqual(before)
  })

  test('lets gradients through to those before it', () => {
    const make = () => new Sequential(dense(2, 3, 1), dense(3, 1, 2))
    const [free, frozen] = [make(), make()]
    ;(frozen.at(1) as Dense).freeze()
    const gradientOf = (model: Module) =>
      valueAndGrad(model, () => model.call(f64([1, 2])).sum())[1]['layers.0.weight']!
    expect(bits(gradientOf(frozen))).toBe(bits(gradientOf(free)))
  })

  test('may be every one: then there is nothing to learn', () => {
    const model = modelOf().freeze()
    expect(valueAndGrad(model, () => model.call(zeros([2, 3], { dtype })).sum())[1]).toEqual({})
  })
})
