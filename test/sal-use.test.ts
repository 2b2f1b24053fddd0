/** SAL in use: what it is attached to, which passes count, what it says, and what it leaves alone beside a task. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { fc, test } from '@fast-check/vitest'
import {
  activations,
  type Dense,
  Module,
  meanSquaredError,
  NeuronLayer,
  SAL,
  type SALMode,
  type SALOptions,
  SGD,
  valueAndGrad,
  valuesOf,
} from '@sensigrad/nn'
import type { Tensor } from 'sensigrad'
import { describe, expect, vi } from 'vitest'
import { bits, f64, gap, values } from './support/neurons.ts'
import { bitsOf, layerOf, neuron, only, Pair, pairOf, quietly, signals } from './support/sal.ts'

const { identity, tanh } = activations

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
