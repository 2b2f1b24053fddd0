/** SAL under control: what it acts on and towards what, by a schedule or a signal, held still, and gone on with later. */
import { fc, test } from '@fast-check/vitest'
import {
  type AnyModule,
  activations,
  Dense,
  initialise,
  loopLogSensitivity,
  neuron,
  observe,
  SAL,
  type SALOptions,
  sensitivities,
} from '@sensigrad/nn'
import { capture, grad, key, NonFiniteError, type State, scope, type Tensor, zeros } from 'sensigrad'
import { describe, expect } from 'vitest'
import { bits, f64, gap, values } from './support/neurons.ts'
import { bitsOf, layerOf, only, Pair, pairOf, quietly, signals } from './support/sal.ts'

const gateOf = (sal: SAL, module: AnyModule) => values(sal.of(module)!.gate)

describe('what is attached', () => {
  const moved = (select: Parameters<SAL['attach']>[1]) => {
    const model = pairOf(7)
    const before = bitsOf(model)
    const sal = quietly({ rate: 0.05, mode: 'always' }).attach(model, select)
    model.call(signals(8, 3))
    sal.adjust()
    return Object.entries(bitsOf(model)).flatMap(([path, now]) => (now === before[path] ? [] : [path]))
  }
  const second = ['layers.1.weight', 'layers.1.bias']

  test.each([
    ['a path', 'layers.1'],
    ['a pattern', '*.1'],
    ['a function', (path: string) => path.endsWith('1')],
  ])('can be chosen by %s', (_, select) => {
    expect(moved({ select })).toEqual(second)
  })

  test('has a target of its own', () => {
    const model = pairOf(7)
    const sal = quietly({ rate: 0.05, mode: 'both' })
    sal.attach(model.layers[0], { target: 1e-9 }).attach(model.layers[1], { target: 1e9 })
    model.call(signals(8, 3))
    sal.adjust()
    expect(model.layers.map(layer => new Set(gateOf(sal, layer)))).toEqual([new Set([-1]), new Set([1])])
  })

  test('is shown by path', () => {
    const model = pairOf(7)
    const sal = quietly({ rate: 0.05 })
      .attach(model)
      .attach(layerOf(3, 3, 1))
      .attach(layerOf(3, 3, 2))
    expect([...sal.all().keys()]).toEqual([])
    model.call(signals(8, 3))
    sal.adjust()
    expect([...sal.all().keys()]).toEqual(['layers.0', 'layers.1'])
    expect(Object.keys(sal.state()).filter(name => name.startsWith('Dense'))).toEqual([
      'Dense.isFrozen',
      'Dense 2.isFrozen',
    ])
  })

  test('is of what neuron() wraps only the units', () => {
    const model = pairOf(7)
    const unit = neuron(model)
    const sal = quietly({ rate: 0.05 }).attach(unit)
    expect(() => sal.attach(model)).not.toThrow()
    model.call(signals(8, 3))
    sal.adjust()
    expect([...sal.all().keys()]).toEqual(['Units', 'layers.0', 'layers.1'])
  })
})

describe('a layer that is frozen', () => {
  const training = (isCaptured: boolean) => {
    const model = pairOf(7)
    const sal = quietly({ rate: 0.05, mode: 'always', decay: 0.5 }).attach(model)
    const body = (x: Tensor) => {
      model.call(x)
      sal.adjust()
    }
    return { model, sal, step: isCaptured ? capture(body) : body }
  }
  test.each([false, true])('stays, while its averages go on; captured: %s', isCaptured => {
    const { model, sal, step } = training(isCaptured)
    step(signals(8, 3))
    const [before, average] = [bitsOf(model), bits(sal.of(model.layers[0])!.average)]
    sal.freeze(model.layers[0])
    step(signals(9, 3))
    expect(bitsOf(model)['layers.0.weight']).toBe(before['layers.0.weight'])
    expect(bitsOf(model)['layers.1.weight']).not.toBe(before['layers.1.weight'])
    expect(bits(sal.of(model.layers[0])!.average)).not.toBe(average)
    sal.thaw()
    step(signals(10, 3))
    expect(bitsOf(model)['layers.0.weight']).not.toBe(before['layers.0.weight'])
  })

  test('is one whose parameters were frozen, too', () => {
    const { model, step } = training(false)
    const before = bitsOf(model)
    model.layers[0].weight.isFrozen = true
    step(signals(8, 3))
    const moved = Object.entries(bitsOf(model)).filter(([path, now]) => now !== before[path])
    expect(moved.map(([path]) => path)).toEqual(['layers.0.bias', 'layers.1.weight', 'layers.1.bias'])
  })
})

describe('a schedule', () => {
  const rate = (n: number) => 0.1 / (n + 1)
  const trained = (isCaptured: boolean, options: SALOptions) => {
    const layer = layerOf(3, 4, 7)
    const sal = quietly(options).attach(layer)
    const body = (x: Tensor) => {
      layer.call(x)
      sal.adjust()
    }
    const step = isCaptured ? capture(body) : body
    for (let n = 0; n < 4; n++) step(signals(n, 5, 3))
    step(signals(9, 2, 3)) // another shape: captured anew
    return { layer, sal }
  }

  test.each([false, true])('goes by how many adjustments there were; captured: %s', isCaptured => {
    const seen: number[] = []
    const { layer } = trained(isCaptured, {
      rate: n => {
        if (seen.at(-1) !== n) seen.push(n)
        return rate(n)
      },
      mode: 'always',
    })
    const byHand = layerOf(3, 4, 7)
    const sal = quietly({ rate: 1, mode: 'always' }).attach(byHand)
    for (const [n, seed] of [0, 1, 2, 3, 9].entries()) {
      sal.rate = rate(n)
      byHand.call(signals(seed, n < 4 ? 5 : 2, 3))
      sal.adjust()
    }
    expect(gap(values(layer.weight.value), values(byHand.weight.value))).toBeLessThan(1e-14)
    expect(seen.at(-1)).toBe(4)
  })

  test.each([false, true])('may be that of the target; captured: %s', isCaptured => {
    const target = (n: number) => (n < 4 ? 1e-9 : 1e9)
    const { layer, sal } = trained(isCaptured, { rate: 0.01, target, mode: 'both' })
    expect(new Set(gateOf(sal, layer))).toEqual(new Set([1]))
  })

  test('may end at a rate of 0', () => {
    const layer = layerOf(3, 4, 7)
    const before = bitsOf(layer)
    const sal = quietly({ rate: () => 0, mode: 'always' }).attach(layer)
    layer.call(signals(1, 3))
    sal.adjust()
    expect(bitsOf(layer)).toEqual(before)
  })
})

describe('a signal in the place of the gate', () => {
  test.prop([fc.double({ min: -2, max: 2, noNaN: true }), fc.boolean()], { numRuns: 20 })(
    'scales the step, on both ways',
    (signal, isTaped) => {
      const [one, other] = [layerOf(3, 4, 7), layerOf(3, 4, 7)]
      const heard = (layer: Dense) => (isTaped ? neuron(layer) : layer)
      const [controlled, free] = [quietly({ rate: 0.1 }), quietly({ rate: 0.1, mode: 'always' })]
      controlled.attach(heard(one))
      free.attach(heard(other))
      const start = values(one.weight.value)
      for (const layer of [one, other]) layer.call(signals(8, 5, 3))
      controlled.adjust({ signal })
      free.adjust()
      const expected = values(other.weight.value).map((w, i) => start[i]! + signal * (w - start[i]!))
      expect(gap(values(one.weight.value), expected)).toBeLessThan(1e-13)
    },
  )

  test('may differ from unit to unit, and by path', () => {
    const model = pairOf(7)
    const before = bitsOf(model)
    const sal = quietly({ rate: 0.1 }).attach(model)
    model.call(signals(8, 3))
    sal.adjust({ signal: { 'layers.1': f64([0, -1]) } })
    expect(gateOf(sal, model.layers[1])).toEqual([0, -1])
    expect(bitsOf(model)['layers.0.weight']).toBe(before['layers.0.weight'])
  })

  test('may be an argument of a captured step', () => {
    const layer = layerOf(3, 4, 7)
    const sal = quietly({ rate: 0.1 }).attach(layer)
    const step = capture((x: Tensor, signal: Tensor) => {
      layer.call(x)
      sal.adjust({ signal })
    })
    for (const signal of [-1, 0.5]) {
      step(signals(8, 5, 3), f64([signal], []))
      expect(new Set(gateOf(sal, layer))).toEqual(new Set([signal]))
    }
  })

  test('lowers the sensitivity that it is to lower', () => {
    const layer = layerOf(3, 4, 7)
    const sal = quietly({ rate: 0.01 }).attach(layer)
    const s = () => {
      layer.call(signals(8, 3))
      sal.adjust({ signal: -1 })
      return values(sal.of(layer)!.sensitivity)
    }
    const [before, after] = [s(), s()]
    expect(after.every((value, i) => value < before[i]!)).toBe(true)
  })
})

describe('a state', () => {
  const make = () => {
    const model = pairOf(7)
    const unit = neuron((x: Tensor) => model.layers[0].call(x).square(), { of: model.layers[0] })
    const sal = quietly({ rate: n => 0.05 / (n + 1), decay: 0.8, mode: 'proportional' })
      .attach(model)
      .attach(unit)
    const step = (seed: number) => {
      model.call(signals(seed, 5, 3))
      unit.call(signals(seed + 1, 5, 3))
      sal.adjust()
    }
    return { model, sal, step }
  }

  test('goes on to the last bit', () => {
    const [whole, first, second] = [make(), make(), make()]
    for (let n = 0; n < 6; n++) whole.step(n)
    for (let n = 0; n < 3; n++) first.step(n)
    first.sal.freeze(first.model.layers[1])
    const [model, sal] = [first.model.state(), first.sal.state()]
    first.step(9) // what comes later does not change it
    second.model.restore(model)
    second.sal.restore(sal)
    second.sal.thaw()
    for (let n = 3; n < 6; n++) second.step(n)
    expect(bitsOf(second.model)).toEqual(bitsOf(whole.model))
    expect([...second.sal.all().values()].map(({ average }) => bits(average))).toEqual(
      [...whole.sal.all().values()].map(({ average }) => bits(average)),
    )
  })

  const whole = make()
  whole.step(1)
  const state = whole.sal.state()
  // biome-ignore format: a table
  const cases: readonly [what: string, state: unknown, message: RegExp][] = [
    ['nothing', null, /^SAL\.restore: the state is null\. Give what sal\.state\(\) gave$/],
    ['one of nothing', {}, /^SAL\.restore: the state lacks adjustments, layers\.0\.isFrozen/],
    ['one of more', { ...state, 'x.gate': 1 }, /^SAL\.restore: the state has x\.gate, which is not attached/],
    ['half a count', { ...state, adjustments: 0.5 }, /^SAL\.restore: adjustments is 0\.5\. It is how many/],
    ['another size', { ...state, 'layers.0.gate': zeros([3], { dtype: 'float64' }) }, /^SAL\.restore: layers\.0\.gate is float64\[3\], and what is attached float64\[4\]/],
    ['another type', { ...state, 'layers.0.gate': zeros([4]) }, /^SAL\.restore: layers\.0\.gate is float32\[4\]/],
    ['a number for a tensor', { ...state, 'layers.0.gate': 1 }, /^SAL\.restore: layers\.0\.gate is 1\. It is a tensor$/],
    ['no flag', { ...state, 'layers.0.isFrozen': 1 }, /^SAL\.restore: layers\.0\.isFrozen is 1\. It is true or false$/],
  ]
  test.each(cases)('is refused when it is %s, and nothing changes', (_, wrong, message) => {
    const fresh = make()
    expect(() => fresh.sal.restore(wrong as State)).toThrow(message)
    expect(fresh.sal.all().size).toBe(0)
  })
})

test('passes heard in one scope can be adjusted in a later one', () => {
  const [layer, plain] = [layerOf(3, 4, 7), layerOf(3, 4, 7)]
  const unit = neuron(layer)
  const sal = quietly({ rate: 0.05 }).attach(layer).attach(unit).attach(plain)
  scope(() => void layer.call(signals(8, 5, 3).mul(2)))
  expect(() => scope(() => sal.adjust())).not.toThrow()
})

test('a step that would make a weight infinite is refused, and nothing moves', () => {
  const [weight, bias] = [initialise.constant(1e10), initialise.constant(0)]
  const layer = new Dense(1, 2, { key: key(1), activation: activations.identity, weight, bias })
  const model = new Pair(layerOf(3, 1, 7), layer)
  const before = bitsOf(model)
  const sal = quietly({ rate: 3e38, mode: 'always' }).attach(model)
  model.layers[0].call(signals(1, 3))
  layer.call(zeros([1]))
  layer.weight.value = layer.weight.value.mul(3e28)
  expect(() => sal.adjust()).toThrow(NonFiniteError)
  expect(() => sal.adjust()).toThrow(
    /^SAL\.adjust: the step makes element 0 of weight of this Dense Infinity\. Nothing/,
  )
  expect(bitsOf(model)['layers.0.weight']).toBe(before['layers.0.weight'])
})

test('the gradient of sensitivities is 0 where a neuron has no weights', () => {
  const layer = new Dense(3, 1, {
    key: key(1),
    dtype: 'float64',
    activation: activations.tanh,
    weight: initialise.constant(0),
  })
  const total = grad((w: Tensor) => {
    const firing = observe(layer, () => layer.call(signals(1, 3))).firings[0]!.firing
    return sensitivities({ ...firing, synapses: [{ ...firing.synapses[0]!, weights: w }] }).sum()
  })
  expect(values(total(layer.weight.value))).toEqual([0, 0, 0])
})

test('a loop of three layers is brought to a log-sensitivity near 0', () => {
  const layers = [1, 2, 3].map(seed => {
    const [weight, bias] = [initialise.gaussian(0.3), initialise.constant(0)]
    return new Dense(12, 12, { key: key(seed), dtype: 'float64', activation: activations.tanh, weight, bias })
  })
  const sal = new SAL({ rate: 0.01, decay: 0.9, mode: 'both' })
  for (const layer of layers) sal.attach(layer)
  let state = signals(4, 12)
  const revolve = () => {
    state = layers.reduce((h, layer) => layer.call(h), state).add(signals(5, 12).mul(1e-3))
    sal.adjust()
    return only(loopLogSensitivity(layers.map(layer => sal.of(layer)!.average)))
  }
  const start = revolve()
  for (let turn = 0; turn < 200; turn++) revolve()
  expect(start).toBeLessThan(-2)
  expect(Math.abs(revolve())).toBeLessThan(0.1)
})
