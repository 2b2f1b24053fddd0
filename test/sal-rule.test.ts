/** SAL moves weights as its rule says: by how much, when, and which neurons. */
import { fc, test } from '@fast-check/vitest'
import {
  activations,
  Dense,
  initialise,
  observe,
  RNN,
  SAL,
  type SALMode,
  sensitivityGradient,
  valuesOf,
} from '@sensigrad/nn'
import { key, zeros } from 'sensigrad'
import { describe, expect } from 'vitest'
import { bits, f64, gap, values } from './support/neurons.ts'
import { bitsOf, layerOf, neuron, only, quietly, signals } from './support/sal.ts'

const { tanh } = activations

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

  test('others keep even a weight of -0', () => {
    const weight = initialise.constant(-0)
    const layer = new Dense(2, 2, { key: key(1), dtype: 'float64', weight, activation: tanh })
    const row = () => bits(layer.weight.value.slice(0, 1))
    const before = row()
    const sal = quietly({ rate: 0.05, mode: 'both' }).attach(layer, { neurons: [1] })
    layer.call(f64([0.5, 1]))
    sal.adjust()
    expect(row()).toBe(before)
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
