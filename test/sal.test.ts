/** Sensitivity Adjustment Learning: what it moves, when, by how much, and what it leaves alone. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { fc, test } from '@fast-check/vitest'
import {
  activations,
  Dense,
  initialise,
  Module,
  meanSquaredError,
  NeuronLayer,
  observe,
  RNN,
  SAL,
  type SALMode,
  type SALOptions,
  SGD,
  sensitivityGradient,
  valueAndGrad,
  valuesOf,
} from '@sensigrad/nn'
import { type DType, dtypes, key, normal, type Tensor, tensor, zeros } from 'sensigrad'
import { describe, expect, vi } from 'vitest'
import { bits, f64, gap, values } from './support/neurons.ts'

const { identity, tanh } = activations

/** SAL that does not warn. */
function quietly(options: SALOptions): SAL {
  return new SAL({ warn: () => {}, ...options })
}

/** One neuron with one input; the identity's sensitivity is |w|. */
function neuron(w: number, { activation = identity, theta = 0 } = {}): Dense {
  const [weight, bias] = [initialise.constant(w), initialise.constant(theta)]
  return new Dense(1, 1, { key: key(0), dtype: 'float64', activation, weight, bias })
}

/** A float64 layer of random tanh neurons, biases included. */
function layerOf(inputs: number, neurons: number, seed: number): Dense {
  const options = { weight: initialise.gaussian(), bias: initialise.gaussianOf(0.3) }
  return new Dense(inputs, neurons, { key: key(seed), dtype: 'float64', activation: tanh, ...options })
}

function signals(seed: number, ...shape: number[]): Tensor {
  return normal(key(seed), shape, { dtype: 'float64' })
}

/** Two layers, one after the other. */
class Pair extends Module {
  readonly layers: readonly [Dense, Dense]
  constructor(first: Dense, second: Dense) {
    super()
    this.layers = [first, second]
  }
  forward(x: Tensor): Tensor {
    return this.layers[1].call(this.layers[0].call(x))
  }
}

const pairOf = (seed: number) => new Pair(layerOf(3, 4, seed), layerOf(4, 2, seed + 1))

/** Every bit of a module's parameters, by path. */
function bitsOf(module: Module<never, unknown>): Record<string, string> {
  return Object.fromEntries(Object.entries(valuesOf(module)).map(([path, value]) => [path, bits(value)]))
}

/** The only element. */
const only = (x: Tensor | undefined) => values(x!)[0]!

describe('the average', () => {
  /** The averages of a tanh neuron with w = 2 after each of some inputs. Its s is 2/cosh²(2x). */
  function averages(inputs: readonly number[], decay: number): number[] {
    const layer = neuron(2, { activation: tanh })
    const sal = quietly({ rate: Number.MIN_VALUE, decay }).attach(layer)
    return inputs.map(x => {
      layer.call(f64([x]))
      sal.adjust()
      return only(sal.of(layer)?.average)
    })
  }

  test('begins at the first sensitivity, not at 0', () => {
    expect(averages([0.4], 0.99)[0]).toBeCloseTo(2 / Math.cosh(0.8) ** 2, 14)
  })

  test('keeps the share β of itself and takes 1 - β of the new sensitivity', () => {
    const s = [0, 1.5, 0.3].map(x => 2 / Math.cosh(2 * x) ** 2)
    const second = 0.9 * s[0]! + 0.1 * s[1]!
    expect(gap(averages([0, 1.5, 0.3], 0.9), [s[0]!, second, 0.9 * second + 0.1 * s[2]!])).toBeLessThan(1e-14)
  })
})

describe('the gate', () => {
  const cases: readonly [SALMode, below: number, at: number, above: number][] = [
    ['raise', 1, 0, 0],
    ['both', 1, 0, -1],
    ['proportional', 0.25, 0, -0.5],
    ['always', 1, 1, 1],
  ]
  describe.each(cases)('%s', (mode, ...gates) => {
    test.each([
      ['below', 0.5, gates[0]],
      ['at', 0.75, gates[1]],
      ['above', 1.25, gates[2]],
    ] as const)('%s the target', (_, s, gate) => {
      const layer = neuron(s)
      const sal = quietly({ rate: 0.01, target: 0.75, mode }).attach(layer)
      layer.call(f64([0]))
      sal.adjust()
      expect(only(sal.of(layer)?.gate)).toBe(gate)
    })

    test.each([0.5, 0.75, 1.25])('moves a neuron of sensitivity %d by rate times gate', s => {
      const layer = neuron(s)
      const sal = quietly({ rate: 0.01, target: 0.75, mode }).attach(layer)
      layer.call(f64([0]))
      sal.adjust()
      const gate = gates[[0.5, 0.75, 1.25].indexOf(s)]!
      expect(only(layer.weight.value)).toBeCloseTo(s + 0.01 * gate, 15)
    })
  })

  test('looks at the average, not at the moment', () => {
    const layer = neuron(2, { activation: tanh })
    const sal = quietly({ rate: 0.01 }).attach(layer)
    for (const x of [0, 2]) {
      layer.call(f64([x]))
      sal.adjust()
    }
    expect(only(sal.of(layer)?.sensitivity)).toBeLessThan(0.01)
    expect(only(sal.of(layer)?.gate)).toBe(0)
  })

  test('follows a target that is changed on the way', () => {
    const layer = neuron(0.5)
    const sal = quietly({ rate: 0.01 }).attach(layer)
    sal.target = 0.4
    layer.call(f64([0]))
    sal.adjust()
    expect(only(sal.of(layer)?.gate)).toBe(0)
  })
})

describe('a step', () => {
  const modes = fc.constantFrom<SALMode>('raise', 'both', 'proportional', 'always')
  test.prop([modes, fc.nat(), fc.integer({ min: 1, max: 4 })])(
    'is rate · gate · ∇s of the pass it heard, for weights and biases',
    (mode, seed, batch) => {
      const layer = layerOf(3, 4, seed)
      const x = signals(seed + 1, batch, 3)
      const before = valuesOf(layer)
      const sal = quietly({ rate: 0.05, mode }).attach(layer)
      const { firings } = observe(layer, () => layer.call(x))
      sal.adjust()
      const { weights, bias } = sensitivityGradient(firings.map(({ firing }) => firing))
      const gate = sal.of(layer)!.gate!
      const climb = weights[0]!.along.mul(weights[0]!.weights).add(weights[0]!.push)
      const expected = {
        weight: before.weight!.add(climb.mul(gate.expandDims(1)).mul(0.05)),
        bias: before.bias!.add(bias.mul(gate).mul(0.05)),
      }
      expect(gap(values(layer.weight.value), values(expected.weight))).toBeLessThan(1e-14)
      expect(gap(values(layer.bias.value), values(expected.bias))).toBeLessThan(1e-14)
    },
  )

  test('takes the mean over the passes heard since the last one', () => {
    const [whole, parts] = [layerOf(3, 4, 7), layerOf(3, 4, 7)]
    const x = signals(8, 5, 3)
    const [one, several] = [quietly({ rate: 0.05 }).attach(whole), quietly({ rate: 0.05 }).attach(parts)]
    whole.call(x)
    one.adjust()
    parts.call(x.slice([0, 2]))
    parts.call(x.slice([2, 5]))
    several.adjust()
    expect(gap(values(parts.weight.value), values(whole.weight.value))).toBeLessThan(1e-15)
  })

  test('counts a sample without a batch axis as a batch of one', () => {
    const [batched, single] = [layerOf(3, 4, 7), layerOf(3, 4, 7)]
    const sal = quietly({ rate: 0.05 }).attach(batched).attach(single)
    batched.call(signals(8, 1, 3))
    single.call(signals(8, 3))
    sal.adjust()
    expect(bitsOf(single)).toEqual(bitsOf(batched))
  })

  test('counts every sample of several batch axes', () => {
    const [deep, flat] = [layerOf(3, 4, 7), layerOf(3, 4, 7)]
    const sal = quietly({ rate: 0.05 }).attach(deep).attach(flat)
    deep.call(signals(8, 2, 5, 3))
    flat.call(signals(8, 10, 3))
    sal.adjust()
    expect(bitsOf(deep)).toEqual(bitsOf(flat))
  })

  test('follows a rate that is changed on the way', () => {
    const layer = neuron(0.5)
    const sal = quietly({ rate: 0.01 }).attach(layer)
    sal.rate = 0.25
    layer.call(f64([0]))
    sal.adjust()
    expect(only(layer.weight.value)).toBe(0.75)
  })

  test('is taken once: without a new pass the second adjustment does nothing', () => {
    const layer = layerOf(3, 4, 7)
    const sal = quietly({ rate: 0.05 }).attach(layer)
    layer.call(signals(8, 3))
    sal.adjust()
    const after = bitsOf(layer)
    sal.adjust()
    expect(bitsOf(layer)).toEqual(after)
  })

  test('leaves the average alone where there was no new pass', () => {
    const layer = layerOf(3, 4, 7)
    const sal = quietly({ rate: 0.05 }).attach(layer)
    layer.call(signals(8, 3))
    sal.adjust()
    const { average } = sal.of(layer)!
    sal.adjust()
    expect(sal.of(layer)?.average).toBe(average)
  })
})

describe('recurrent layers', () => {
  const rnnOf = () =>
    new RNN(2, 5, { key: key(3), dtype: 'float64', recurrentWeight: initialise.gaussian(0.3) })

  test('keep their input weights to the last bit, since only their own outputs count', () => {
    const rnn = rnnOf()
    const sal = quietly({ rate: 0.05 }).attach(rnn)
    const before = bitsOf(rnn).inputWeight
    rnn.call(signals(4, 6, 3, 2))
    sal.adjust()
    expect(bitsOf(rnn).inputWeight).toBe(before)
  })

  test('move their input weights too where all inputs count', () => {
    const rnn = rnnOf()
    const sal = quietly({ rate: 0.05 }).attach(rnn, { counted: 'all' })
    const before = values(rnn.inputWeight!.value)
    rnn.call(signals(4, 6, 3, 2))
    sal.adjust()
    expect(values(rnn.inputWeight!.value).filter((w, i) => w === before[i])).toEqual([])
  })

  test('take one step for a whole sequence: the mean over its steps', () => {
    const [whole, stepwise] = [rnnOf(), rnnOf()]
    const sal = quietly({ rate: 0.05 }).attach(whole).attach(stepwise)
    const sequence = signals(4, 6, 3, 2)
    whole.call(sequence)
    let state = zeros([3, 5], { dtype: 'float64' })
    for (let t = 0; t < 6; t++) state = stepwise.step(state, sequence.slice(t))
    sal.adjust()
    expect(bitsOf(stepwise)).toEqual(bitsOf(whole))
  })

  test('may begin a batch from one state for all', () => {
    const [shared, spread] = [rnnOf(), rnnOf()]
    const sal = quietly({ rate: 0.05 }).attach(shared).attach(spread)
    const [sequence, state] = [signals(4, 6, 3, 2), signals(5, 5)]
    shared.call(sequence, state)
    spread.call(sequence, state.broadcastTo([3, 5]))
    sal.adjust()
    expect(bitsOf(shared)).toEqual(bitsOf(spread))
  })

  test('without inputs of their own reach the target', () => {
    const rnn = new RNN(0, 20, { key: key(3), dtype: 'float64', recurrentWeight: initialise.gaussian(0.5) })
    const sal = new SAL({ rate: 0.01, decay: 0.9, mode: 'both' }).attach(rnn)
    let state = signals(5, 20)
    for (let t = 0; t < 300; t++) {
      state = rnn.step(state)
      sal.adjust()
    }
    const distances = values(sal.of(rnn)!.average!).map(average => Math.abs(average - 1))
    expect(Math.max(...distances)).toBeLessThan(0.1)
  })
})

describe('single neurons', () => {
  const chosen = (neurons: readonly number[]) => {
    const layer = layerOf(3, 4, 7)
    const whole = layerOf(3, 4, 7)
    const before = valuesOf(layer)
    const sal = quietly({ rate: 0.05, mode: 'always' }).attach(layer, { neurons }).attach(whole)
    layer.call(signals(8, 2, 3))
    whole.call(signals(8, 2, 3))
    sal.adjust()
    return { layer, whole, before, sal }
  }
  const others = [0, 1, 3]

  test('others keep their weights to the last bit', () => {
    const { layer, before } = chosen([2])
    expect(others.map(j => bits(layer.weight.value.slice(j)))).toEqual(
      others.map(j => bits(before.weight!.slice(j))),
    )
  })

  test('others keep their biases to the last bit', () => {
    const { layer, before } = chosen([2])
    expect(others.map(j => bits(layer.bias.value.slice(j)))).toEqual(
      others.map(j => bits(before.bias!.slice(j))),
    )
  })

  test('others keep even a weight of -0 and an input of NaN', () => {
    const weight = initialise.constant(-0)
    const layer = new Dense(2, 2, { key: key(1), dtype: 'float64', weight, activation: tanh })
    const before = bitsOf(layer)
    const sal = quietly({ rate: 0.05, mode: 'both' }).attach(layer, { neurons: [] })
    layer.call(f64([Number.NaN, 1]))
    sal.adjust()
    expect(bitsOf(layer)).toEqual(before)
  })

  test('the chosen ones move as if all were attached', () => {
    const { layer, whole } = chosen([2])
    expect(bits(layer.weight.value.slice(2))).toBe(bits(whole.weight.value.slice(2)))
  })

  test('others have the gate 0', () => {
    const { layer, sal } = chosen([0, 3])
    expect(values(sal.of(layer)!.gate!)).toEqual([1, 0, 0, 1])
  })
})

describe('what SAL is attached to', () => {
  test('every neuron layer of a model', () => {
    const model = pairOf(7)
    const before = bitsOf(model)
    const sal = quietly({ rate: 0.05, mode: 'always' }).attach(model)
    model.call(signals(8, 3))
    sal.adjust()
    expect(Object.entries(bitsOf(model)).filter(([path, now]) => now === before[path])).toEqual([])
  })

  test('a layer that two models share hears both, once each', () => {
    const shared = layerOf(3, 3, 7)
    const alone = layerOf(3, 3, 7)
    const model = new Pair(shared, shared)
    const sal = quietly({ rate: 0.05 }).attach(model).attach(alone)
    const x = signals(8, 3)
    model.call(x)
    alone.call(alone.call(x))
    sal.adjust()
    expect(bitsOf(shared)).toEqual(bitsOf(alone))
  })

  test('nothing is propagated to the layers before', () => {
    const model = pairOf(7)
    const before = bitsOf(model.layers[0])
    const sal = quietly({ rate: 0.05, mode: 'always' }).attach(model.layers[1])
    model.call(signals(8, 3))
    sal.adjust()
    expect(bitsOf(model.layers[0])).toEqual(before)
  })

  test('a layer moves by its own inputs alone, whatever computed them', () => {
    const model = pairOf(7)
    const alone = pairOf(7).layers[1]
    const x = signals(8, 3)
    const sal = quietly({ rate: 0.05 }).attach(model.layers[1]).attach(alone)
    alone.call(model.layers[0].call(x))
    model.call(x)
    sal.adjust()
    expect(bitsOf(model.layers[1])).toEqual(bitsOf(alone))
  })

  test('a layer that is detached stays as it is', () => {
    const layer = layerOf(3, 4, 7)
    const sal = quietly({ rate: 0.05, mode: 'always' }).attach(layer)
    layer.call(signals(8, 3))
    sal.detach(layer)
    const before = bitsOf(layer)
    layer.call(signals(9, 3))
    sal.adjust()
    expect(bitsOf(layer)).toEqual(before)
  })

  test('detaching a model detaches its layers', () => {
    const model = pairOf(7)
    const sal = quietly({ rate: 0.05 }).attach(model).detach(model)
    expect(model.layers.map(layer => sal.of(layer))).toEqual([undefined, undefined])
  })

  test('detaching one layer leaves the others attached', () => {
    const model = pairOf(7)
    const sal = quietly({ rate: 0.05, mode: 'always' }).attach(model).detach(model.layers[0])
    const before = bitsOf(model)
    model.call(signals(8, 3))
    sal.adjust()
    const moved = Object.entries(bitsOf(model)).filter(([path, now]) => now !== before[path])
    expect(moved.map(([path]) => path)).toEqual(['layers.1.weight', 'layers.1.bias'])
  })

  test('a layer that is attached again begins a new average', () => {
    const layer = layerOf(3, 4, 7)
    const sal = quietly({ rate: 0.05 }).attach(layer)
    layer.call(signals(8, 3))
    sal.adjust()
    sal.detach(layer).attach(layer)
    expect(sal.of(layer)).toBeUndefined()
  })

  test('two SALs on one layer add up', () => {
    const layer = neuron(0.25)
    const both = [0.125, 0.25].map(rate => quietly({ rate }).attach(layer))
    layer.call(f64([0]))
    for (const sal of both) sal.adjust()
    expect(only(layer.weight.value)).toBe(0.625)
  })

  test('passes that are forgotten do not count', () => {
    const layer = layerOf(3, 4, 7)
    const sal = quietly({ rate: 0.05, mode: 'always' }).attach(layer)
    const before = bitsOf(layer)
    layer.call(signals(8, 3))
    sal.forget()
    sal.adjust()
    expect(bitsOf(layer)).toEqual(before)
  })

  test('passes that are only for looking do not count', () => {
    const layer = layerOf(3, 4, 7)
    const sal = quietly({ rate: 0.05, mode: 'always' }).attach(layer)
    const before = bitsOf(layer)
    sal.paused(() => layer.call(signals(8, 3)))
    sal.adjust()
    expect(bitsOf(layer)).toEqual(before)
  })

  test('passes count again after those that were only for looking, even if these threw', () => {
    const layer = layerOf(3, 4, 7)
    const sal = quietly({ rate: 0.05, mode: 'always' }).attach(layer)
    const before = bitsOf(layer)
    expect(() => sal.paused(() => layer.call(signals(8, 2)))).toThrow()
    layer.call(signals(8, 3))
    sal.adjust()
    expect(bitsOf(layer)).not.toEqual(before)
  })

  test('forgetting passes keeps the average', () => {
    const layer = layerOf(3, 4, 7)
    const sal = quietly({ rate: 0.05 }).attach(layer)
    layer.call(signals(8, 3))
    sal.adjust()
    const { average } = sal.of(layer)!
    layer.call(signals(9, 3))
    sal.forget()
    expect(sal.of(layer)?.average).toBe(average)
  })
})

describe('the rate rule η ≤ 0.1(1 - β)', () => {
  const warningsOf = (options: SALOptions) => {
    const warnings: string[] = []
    new SAL({ ...options, warn: message => warnings.push(message) })
    return warnings
  }

  test('is told to those who leave it, with numbers and a way out', () => {
    expect(warningsOf({ rate: 0.01 })).toEqual([
      'SAL: the rate 0.01 is above 0.1·(1 - decay) = 0.001. The gate lags by 1/(1 - decay) steps, so sensitivities ' +
        'will overshoot by about 1. Lower the rate or the decay.',
    ])
  })

  test.prop([fc.double({ min: 0, max: 0.9999, noNaN: true })])('is silent at the limit', decay => {
    expect(warningsOf({ rate: 0.1 * (1 - decay), decay })).toEqual([])
  })

  test.prop([fc.double({ min: 0, max: 0.9999, noNaN: true })])('speaks a thousandth above it', decay => {
    expect(warningsOf({ rate: 0.1001 * (1 - decay), decay })).toHaveLength(1)
  })

  test('is told on the console unless said', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    new SAL({ rate: 0.01 })
    const calls = warn.mock.calls.length
    warn.mockRestore()
    expect(calls).toBe(1)
  })
})

describe('passes that wait', () => {
  /** A layer that tells the same firing over and over, at no cost. */
  class Repeating extends NeuronLayer {
    readonly neurons = 1
    readonly bias = neuron(1).bias
    forward(x: Tensor): Tensor {
      return this.fire({ synapses: [], bias: this.bias, potential: x, output: x, activation: identity })
    }
  }
  const warningsAfter = (passes: number, prepare: (sal: SAL, layer: Repeating) => void) => {
    const [layer, warnings] = [new Repeating(), [] as string[]]
    const sal = new SAL({ rate: 1e-4, warn: message => warnings.push(message) }).attach(layer)
    prepare(sal, layer)
    for (let pass = 0; pass < passes; pass++) layer.forward(layer.bias.value)
    return warnings
  }

  test('for an adjustment by the 100,000 are pointed out, once', () => {
    expect(warningsAfter(100_010, () => {})).toEqual([
      'SAL: 100000 forward passes wait for an adjustment. Call adjust() after each, wrap passes that are only for ' +
        'looking in paused(), or detach() the layer.',
    ])
  })

  test('are no more heard after the layer is detached', () => {
    expect(warningsAfter(100_010, (sal, layer) => sal.detach(layer))).toEqual([])
  })
})

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

describe('beside a task', () => {
  const [x, y] = [signals(20, 5, 3), signals(21, 5, 2)]
  const lossOf = (model: Pair) => () => meanSquaredError(model.call(x), y)

  test('the order of the optimiser and of SAL does not matter after one pass', () => {
    const [before, after] = [true, false].map(first => {
      const model = pairOf(7)
      const sal = quietly({ rate: 0.05 }).attach(model)
      const [, gradients] = valueAndGrad(model, lossOf(model))
      if (first) sal.adjust()
      new SGD({ rate: 0.1 }).update(model, gradients)
      if (!first) sal.adjust()
      return Object.values(valuesOf(model)).flatMap(values)
    })
    expect(gap(before!, after!)).toBeLessThan(1e-15)
  })

  test('listening does not change the gradient of the task by a bit', () => {
    const [alone, heard] = [false, true].map(attached => {
      const model = pairOf(7)
      if (attached) quietly({ rate: 0.05 }).attach(model)
      const [loss, gradients] = valueAndGrad(model, lossOf(model))
      return [loss, ...Object.values(gradients)].map(bits)
    })
    expect(heard).toEqual(alone)
  })

  test('a step from a pass inside a gradient is the step from the same pass outside', () => {
    const [outside, inside] = [false, true].map(inGradient => {
      const model = pairOf(7)
      const sal = quietly({ rate: 0.05 }).attach(model)
      if (inGradient) valueAndGrad(model, lossOf(model))
      else model.call(x)
      sal.adjust()
      return bitsOf(model)
    })
    expect(inside).toEqual(outside)
  })

  test('adjusting inside a gradient of these parameters, which would be lost, is refused', () => {
    const model = pairOf(7)
    const sal = quietly({ rate: 0.05 }).attach(model)
    const loss = () => {
      const output = model.call(x)
      sal.adjust()
      return meanSquaredError(output, y)
    }
    expect(() => valueAndGrad(model, loss)).toThrow(
      /^SAL\.adjust: a gradient with respect to the parameters of this Dense is being taken, .* Call adjust\(\) after it$/,
    )
  })

  test('what SAL keeps does not keep the tape of the task alive', async () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const model = pairOf(7)
    const sal = quietly({ rate: 0.05 }).attach(model.layers[1])
    let onTape: WeakRef<Tensor> | undefined
    valueAndGrad(model, () => {
      const hidden = model.layers[0].call(x)
      onTape = new WeakRef(hidden)
      return meanSquaredError(model.layers[1].call(hidden.mul(2)), y)
    })
    await new Promise(resolve => setTimeout(resolve))
    collect()
    expect(onTape?.deref()).toBeUndefined()
    sal.adjust()
  })

  test('training with SAL leaves no history on parameters or averages', () => {
    const model = pairOf(7)
    const sal = quietly({ rate: 0.05 }).attach(model)
    const optimiser = new SGD({ rate: 0.1, momentum: 0.9 })
    for (let step = 0; step < 3; step++) {
      optimiser.update(model, valueAndGrad(model, lossOf(model))[1])
      sal.adjust()
    }
    const kept = model.layers.flatMap(layer => Object.values(sal.of(layer)!) as Tensor[])
    const all = [...kept, ...Object.values(valuesOf(model))]
    expect(all.filter(({ entry }) => entry !== undefined)).toEqual([])
  })
})

describe('refusals, each in one line', () => {
  class Empty extends Module {
    forward(x: Tensor): Tensor {
      return x
    }
  }
  const layer = layerOf(3, 4, 7)
  const attached = quietly({ rate: 1e-4 }).attach(layer)
  // biome-ignore format: a table
  const cases: readonly [what: string, call: () => unknown, message: RegExp][] = [
    ['an unknown mode', () => new SAL({ rate: 1e-4, mode: 'up' as SALMode }), /^SAL: there is no mode 'up'\. Choose raise, both, proportional, always$/],
    ['a mode that is only a property of objects', () => new SAL({ rate: 1e-4, mode: 'toString' as SALMode }), /^SAL: there is no mode 'toString'\. Choose /],
    ['the rate 0', () => new SAL({ rate: 0 }), /^SAL: the rate 0 is not positive and finite\. Give a rate such as 2e-4$/],
    ['a rate of NaN', () => new SAL({ rate: Number.NaN }), /^SAL: the rate NaN is not positive/],
    ['no rate', () => new SAL({} as SALOptions), /^SAL: the rate undefined is not positive/],
    ['the decay 1', () => new SAL({ rate: 1e-4, decay: 1 }), /^SAL: the decay 1 does not lie in \[0, 1\)\. Give a number such as 0\.99$/],
    ['the target -1', () => new SAL({ rate: 1e-4, target: -1 }), /^SAL: the target -1 is not positive and finite\. Give a target such as 1$/],
    ['a neuron that is not there', () => attached.attach(layerOf(3, 2, 1), { neurons: [2] }), /^SAL\.attach: there is no neuron 2 in Dense with 2 neurons\. Give whole numbers from 0 to 1$/],
    ['half a neuron', () => attached.attach(layerOf(3, 2, 1), { neurons: [0.5] }), /^SAL\.attach: there is no neuron 0\.5 in/],
    ['a layer twice', () => attached.attach(layer), /^SAL\.attach: this Dense with 4 neurons is attached already\. Detach it first, /],
    ['what is no module', () => attached.attach({} as Dense), /^SAL\.attach: .* is no module\. Give a layer or a model/],
    ['a module without neurons', () => attached.attach(new Empty()), /^SAL\.attach: there is no layer of neurons in Empty\. Attach a Dense or RNN layer, /],
  ]
  test.each(cases)('%s', (_, call, message) => {
    expect(call).toThrow(message)
  })

  test('a refused attachment attaches nothing', () => {
    const [fresh, sal] = [layerOf(4, 2, 1), quietly({ rate: 1e-4 }).attach(layer)]
    expect(() => sal.attach(new Pair(fresh, layer))).toThrow()
    expect(sal.of(fresh)).toBeUndefined()
  })
})

test('a layer of your own needs only to tell its firings', () => {
  /** Neurons whose weights are those of a dense layer, doubled outputs and all. */
  class Own extends NeuronLayer {
    readonly neurons = 4
    readonly weight = layerOf(3, 4, 7).weight
    readonly bias = layerOf(3, 4, 7).bias
    forward(x: Tensor): Tensor {
      const weights = this.weight.value
      const potential = x.matmul(weights.transpose()).add(this.bias.value)
      const synapses = [{ source: 'external', weight: this.weight, weights, inputs: x }] as const
      const { bias } = this
      return this.fire({ synapses, bias, potential, output: tanh(potential), activation: tanh }).mul(2)
    }
  }
  const [own, dense] = [new Own(), layerOf(3, 4, 7)]
  const sal = quietly({ rate: 0.05 }).attach(own).attach(dense)
  own.call(signals(8, 3))
  dense.call(signals(8, 3))
  sal.adjust()
  expect(bitsOf(own)).toEqual(bitsOf(dense))
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
