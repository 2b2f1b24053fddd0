/** A summary says what a model is made of and leaves it, to the last bit, as it was. */
import {
  BatchNorm,
  Dense,
  Dropout,
  initialise,
  Module,
  Residual,
  RNN,
  Sequential,
  summary,
} from '@sensigrad/nn'
import { bernoulli, key, normal, ones, type Tensor, tanh, Variable, zeros } from 'sensigrad'
import { describe, expect, test } from 'vitest'
import { bits, f64 } from './support/neurons.ts'

const draws = (seed: number, ...shape: number[]) => normal(key(seed), shape)
const modelOf = () =>
  new Sequential(
    new Dense(64, 40, { key: key(1) }),
    new BatchNorm(40),
    tanh,
    new Residual(new Dense(40, 40, { key: key(2) })),
    new Dropout(0.3, { key: key(3) }),
  )

describe('the table', () => {
  test('of a model alone has paths, modules and parameters', () => {
    expect(String(summary(modelOf()))).toBe(
      [
        'path             module      parameters',
        '                 Sequential',
        'layers.0         Dense            2,600',
        'layers.1         BatchNorm           80',
        'layers.3         Residual',
        'layers.3.module  Dense            1,640',
        'layers.4         Dropout',
        '4,320 parameters',
      ].join('\n'),
    )
  })

  test('of a model with an example has outputs and sensitivities, too', () => {
    const layer = new Dense(4, 2, { key: key(1), dtype: 'float64', weight: initialise.constant(0.25) })
    expect(`${summary(layer, f64([1, 2, 3, 4]))}`).toBe(
      [
        'module  output      parameters  sensitivity', //
        'Dense   float64[2]          10          0.5',
        '10 parameters',
      ].join('\n'),
    )
  })

  test('says how much is frozen', () => {
    const model = modelOf()
    ;(model.at(0) as Dense).freeze()
    expect(String(summary(model))).toMatch(/\n4,320 parameters, 2,600 of them frozen$/)
  })
})

describe('the rows', () => {
  test('tell what each module put out', () => {
    const outputs = summary(modelOf(), draws(1, 8, 64)).rows.map(({ output }) => output)
    expect(outputs).toEqual(Array(6).fill('float32[8, 40]'))
  })

  test('count shared parameters once', () => {
    const shared = new Dense(2, 2, { key: key(1) })
    const { rows, parameters } = summary(new Sequential(shared, tanh, shared), draws(1, 2))
    expect([parameters, rows.map(row => row.parameters)]).toEqual([6, [0, 6]])
  })

  test('take parameters for those of the module whose fields they are in', () => {
    class Model extends Module {
      readonly layer = new Dense(2, 2, { key: key(1) })
      readonly layerNorms = [new BatchNorm(2), new BatchNorm(2)]
      readonly gains = { first: new Dense(2, 1, { key: key(2) }).weight }
      forward(x: Tensor): Tensor {
        return x
      }
    }
    expect(summary(new Model()).rows.map(({ path, parameters }) => [path, parameters])).toEqual([
      ['', 2],
      ['layer', 6],
      ['layerNorms.0', 4],
      ['layerNorms.1', 4],
    ])
  })

  test('tell what is in an output of several tensors, and the mean sensitivity over time', () => {
    const rnn = new RNN(2, 3, { key: key(1), activation: x => x, recurrentWeight: initialise.constant(0.5) })
    const [row] = summary(rnn, draws(1, 5, 2)).rows
    expect(row!.output).toBe('outputs float32[5, 3], state float32[3]')
    expect(row!.sensitivity).toBeCloseTo(0.5 * Math.sqrt(3), 6)
  })

  test('are without outputs where there is no example', () => {
    const { rows } = summary(modelOf())
    expect(rows.every(({ output, sensitivity }) => output === undefined && sensitivity === undefined)).toBe(
      true,
    )
  })
})

describe('the model', () => {
  /** Changes in evaluation, too. */
  class Restless extends Module {
    readonly dropout = new Dropout(0.5, { key: key(1) })
    readonly calls = new Variable(zeros([1]))
    forward(x: Tensor): Tensor {
      this.calls.value = this.calls.value.add(1)
      const mask = bernoulli(this.dropout.keys.next(), 0.5, x.shape, { dtype: 'float32' })
      return this.dropout.call(x).mul(mask)
    }
  }
  const stateOf = (model: Module) =>
    Object.values(model.state()).map(value => (typeof value === 'object' ? bits(value) : value))

  test('is as it was, whatever it does', () => {
    const model = new Sequential(modelOf(), new Restless())
    const before = stateOf(model)
    summary(model, draws(1, 8, 64))
    expect(stateOf(model)).toEqual(before)
  })

  test('has each module in its mode again, also where the example does not fit', () => {
    const model = modelOf()
    const norm = model.at(1) as BatchNorm
    norm.eval()
    expect(() => summary(model, ones([3]))).toThrow(/^Dense in layers\.0: the input is float32\[3\]/)
    summary(model, draws(1, 8, 64))
    expect([...model.modules().values()].map(({ isTraining }) => isTraining)).toEqual([
      true,
      true,
      false,
      true,
      true,
      true,
    ])
  })

  test('is not listened to any more', () => {
    const model = modelOf()
    summary(model, draws(1, 8, 64))
    expect([...model.modules().values()].some(({ isHeard }) => isHeard)).toBe(false)
  })

  test('must be one', () => {
    expect(() => summary(5 as never)).toThrow(/^summary: 5 is no module/)
  })
})
