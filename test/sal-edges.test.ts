/** SAL at its edges: what it refuses, warns of, and leaves as it was. */
import { test } from '@fast-check/vitest'
import { activations, Dense, initialise, Module, Parameter, neuron as unitsOf } from '@sensigrad/nn'
import { type DType, dtypes, key, normal, type Tensor, tensor, zeros } from 'sensigrad'
import { describe, expect } from 'vitest'
import { f64, values } from './support/neurons.ts'
import { bitsOf, layerOf, neuron, pairOf, quietly, signals } from './support/sal.ts'

const { tanh } = activations

describe('numbers at the edge', () => {
  const floats = dtypes.filter((dtype): dtype is 'float32' | 'float64' => dtype.startsWith('float'))

  test.each(floats)('a neuron without weights stays put and makes no NaN, in %s', dtype => {
    const options = { weight: initialise.constant(0), bias: initialise.constant(0) }
    const layer = new Dense(3, 2, { key: key(0), dtype, activation: tanh, ...options })
    const sal = quietly({ rate: 0.01 }).attach(layer)
    layer.call(normal(key(1), [4, 3], { dtype }))
    sal.adjust()
    expect([...values(layer.weight.value), ...values(layer.bias.value)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0])
  })

  /** Potentials of any size that the type holds, made by a large bias, a large input or large weights. */
  const huge = {
    float32: [10, 40, 100, 1e10, 1e19, 1e30, 3e38],
    float64: [20, 710, 1e10, 1e154, 1e300, 1.7e308],
  }
  const causes = ['bias', 'input', 'weights'] as const
  const cases = Object.entries(activations).flatMap(([name, f]) =>
    floats.map(dtype => [name, dtype, f] as const),
  )
  test.each(cases)('%s makes no NaN of any finite potential, in %s', (_, dtype, activation) => {
    const bad = huge[dtype].flatMap(size =>
      [size, -size].flatMap(u =>
        causes
          .filter(cause => {
            const layer = new Dense(2, 1, {
              key: key(0),
              dtype,
              activation,
              weight: initialise.constant(cause === 'weights' ? u : 0.5),
              bias: initialise.constant(cause === 'bias' ? u : 0),
            })
            const sal = quietly({ rate: 1e-3, mode: 'both' }).attach(layer)
            layer.call(tensor([[cause === 'input' ? u : 0.5, 0.25]], { dtype }))
            sal.adjust()
            const { sensitivity, average, gate } = sal.of(layer)!
            const after = [layer.weight.value, layer.bias.value, sensitivity!, average!, gate!]
            return after.flatMap(values).some(Number.isNaN)
          })
          .map(cause => `${u} by ${cause}`),
      ),
    )
    expect(bad).toEqual([])
  })

  test('a saturated neuron is dead to SAL', () => {
    const layer = neuron(1, { activation: tanh, theta: 20 })
    const before = bitsOf(layer)
    const sal = quietly({ rate: 0.01 }).attach(layer)
    layer.call(f64([1]))
    sal.adjust()
    expect(bitsOf(layer)).toEqual(before)
  })

  test('a dead ReLU cannot be revived', () => {
    const layer = neuron(1, { activation: activations.relu, theta: -2 })
    const before = bitsOf(layer)
    const sal = quietly({ rate: 0.01 }).attach(layer)
    layer.call(f64([1]))
    sal.adjust()
    expect(bitsOf(layer)).toEqual(before)
  })

  test('a pass without samples says nothing, and is no step', () => {
    const layer = layerOf(3, 2, 7)
    const before = bitsOf(layer)
    const sal = quietly({ rate: 0.01 }).attach(layer)
    layer.call(zeros([0, 3], { dtype: 'float64' }))
    sal.adjust()
    expect(bitsOf(layer)).toEqual(before)
    expect(sal.of(layer)).toBeUndefined()
  })

  test.each(floats)('%s keeps its type', dtype => {
    const layer = new Dense(3, 2, { key: key(0), dtype, activation: tanh })
    const sal = quietly({ rate: 0.01 }).attach(layer)
    layer.call(normal(key(1), [4, 3], { dtype }))
    sal.adjust()
    const { sensitivity, average, gate } = sal.of(layer)!
    const all = [layer.weight.value, layer.bias.value, sensitivity!, average!, gate!]
    expect(new Set(all.map(x => x.dtype))).toEqual(new Set<DType>([dtype]))
  })
})

describe('a pass that is not finite', () => {
  const model = () => pairOf(7)
  const cases = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]

  test.each(cases)('with an input of %d is refused, and the neuron named', input => {
    const broken = model()
    const sal = quietly({ rate: 0.05 }).attach(broken)
    broken.call(f64([input, 0, 0]))
    expect(() => sal.adjust()).toThrow(
      /^SAL\.adjust: the sensitivity of neuron 0 in layers\.0 is NaN\. Its weights or its inputs are not finite; /,
    )
  })

  test.each(cases)('with an input of %d changes no weight', input => {
    const broken = model()
    const before = bitsOf(broken)
    const sal = quietly({ rate: 0.05 }).attach(broken)
    broken.call(f64([input, 0, 0]))
    expect(() => sal.adjust()).toThrow()
    expect(bitsOf(broken)).toEqual(before)
  })

  test('can be forgotten', () => {
    const broken = model()
    const sal = quietly({ rate: 0.05 }).attach(broken)
    broken.call(f64([Number.NaN, 0, 0]))
    sal.forget()
    broken.call(f64([1, 0, 0]))
    expect(() => sal.adjust()).not.toThrow()
  })
})

describe('What is not finite', () => {
  test('is named by layer and neuron before it reaches the weights', () => {
    class Model extends Module {
      readonly layers = [layerOf(3, 4, 7), layerOf(4, 4, 8)]
      forward(x: Tensor): Tensor {
        return this.layers.reduce((h, layer) => layer.call(h), x)
      }
    }
    const model = new Model()
    const [, second] = model.layers
    const weights = Array.from({ length: 16 }, (_, i) => (i === 9 ? Number.NaN : 0.1))
    second!.weight.value = tensor(weights, { shape: [4, 4], dtype: second!.weight.value.dtype })
    const sal = quietly({ rate: 0.05 }).attach(model)
    model.call(signals(8, 3))
    const before = bitsOf(model)
    expect(() => sal.adjust()).toThrow(
      /^SAL.adjust: the sensitivity of neuron 2 in layers.1 is NaN\. Its weights/,
    )
    expect(values(second!.weight.value).filter(Number.isNaN)).toHaveLength(1)
    expect(bitsOf(model)).toEqual(before)
  })
})

test('a state of too few units is refused before anything is put back', () => {
  const attached = (count: number, options: { neurons?: number[] }) => {
    const [layer, weights] = [layerOf(2, 3, 1), new Parameter(signals(5, count, 3))]
    const units = unitsOf((x: Tensor) => x.matmul(weights.value.transpose()).tanh(), {
      parameters: [weights],
    })
    return { layer, units, sal: quietly({ rate: 1e-3 }).attach(layer).attach(units, options) }
  }
  const [few, many] = [attached(3, {}), attached(6, { neurons: [5] })]
  few.layer.call(signals(1, 4, few.layer.inputs))
  few.units.call(signals(2, 4, 3))
  few.sal.adjust()
  const before = many.sal.state()
  expect(() => many.sal.restore(few.sal.state())).toThrow('there is no neuron 5 in Units with 3 neurons')
  expect(many.sal.state()).toEqual(before)
})
