/** Isometry: its closed form is the gradient of what it says it climbs, and where it leads singular values are even. */
import { test } from '@fast-check/vitest'
import {
  activations,
  Dense,
  Isometry,
  initialise,
  isometryGradient,
  observe,
  sensitivityGradient,
} from '@sensigrad/nn'
import { capture, eye, grad, key, type Tensor } from 'sensigrad'
import { describe, expect } from 'vitest'
import {
  denseScenes,
  everyActivation,
  f64,
  gap,
  isSmooth,
  recurrentScenes,
  type Scene,
  values,
} from './support/neurons.ts'
import { bitsOf, layerOf, neuron, only, pairOf, signals } from './support/sal.ts'

const { tanh } = activations

/** E by its definition, Jacobian after Jacobian, as a function of all weights and the bias. */
function byDefinition({ firings, counted, layer }: Scene, target: number) {
  const { activation, synapses, potential } = firings[0]!
  const counts = synapses.map(({ source }) => counted === 'all' || source === 'recurrent')
  const samples = Array.from({ length: potential.size / layer.neurons }, (_, i) => i)
  const distance = (weights: readonly Tensor[], bias: Tensor, sample: number) => {
    const terms = weights.map((w, i) =>
      w.matmul(synapses[i]!.inputs.reshape([-1, w.shape[1]!]).slice(sample)),
    )
    const u = terms.reduce((sum, each) => sum.add(each), bias)
    const slope = activation.slope(u, activation(u)).expandDims(1)
    const jacobians = weights.filter((_, i) => counts[i]).map(w => slope.mul(w))
    const gram = jacobians.map(j => j.matmul(j.transpose())).reduce((sum, each) => sum.add(each))
    return gram
      .div(target ** 2)
      .sub(eye(layer.neurons, { dtype: 'float64' }))
      .square()
      .sum()
  }
  const objective = ({ weights, bias }: { weights: Tensor[]; bias: Tensor }) =>
    samples
      .map(i => distance(weights, bias, i))
      .reduce((sum, each) => sum.add(each))
      .div(-4 * samples.length)
  const held = { weights: synapses.map(({ weights }) => weights), bias: firings[0]!.bias.value }
  const gradient = grad(objective)(held)
  return {
    value: objective(held),
    gradient: [...gradient.weights.filter((_, i) => counts[i]), gradient.bias],
  }
}

describe.each(Object.entries(everyActivation))('with %s', (_, f) => {
  const layers = {
    'a dense layer': denseScenes(f),
    'a recurrent layer, its own outputs counted': recurrentScenes(f, 'recurrent'),
    'a recurrent layer, all inputs counted': recurrentScenes(f, 'all'),
  }
  describe.each(Object.entries(layers))('for %s', (_, scenes) => {
    test.prop([scenes.filter(isSmooth)], { numRuns: 5 })('the closed form is the gradient of E', scene => {
      const { objective, weights, bias } = isometryGradient(scene.firings, 1.3, scene.counted)
      const { value, gradient } = byDefinition(scene, 1.3)
      const found = [...weights.map(({ gradient }) => gradient), bias]
      expect(gap(values(objective), values(value))).toBeLessThan(1e-10)
      expect(gap(found.flatMap(values), gradient.flatMap(values))).toBeLessThan(1e-10)
    })
  })
})

test('of a neuron alone it is SAL, by (1 - s²) s', () => {
  const layer = layerOf(3, 1, 5)
  const firings = observe(layer, () => layer.call(signals(6, 3))).firings.map(({ firing }) => firing)
  const { sensitivity, weights, bias } = sensitivityGradient(firings)
  const s = only(sensitivity)
  const sal = [weights[0]!.along.mul(weights[0]!.weights).add(weights[0]!.push), bias].flatMap(values)
  const isometry = isometryGradient(firings)
  expect(
    gap(
      [isometry.weights[0]!.gradient, isometry.bias].flatMap(values),
      sal.map(d => (1 - s * s) * s * d),
    ),
  ).toBeLessThan(1e-13)
})

describe('where it leads', () => {
  const small = () =>
    new Dense(12, 8, { key: key(3), dtype: 'float64', activation: tanh, weight: initialise.gaussian(0.3) })
  const carried = (layer: Dense, x: Tensor, target: number) => {
    const isometry = new Isometry({ rate: 0.05, target }).attach(layer)
    for (let i = 0; i < 600; i++) {
      layer.call(x)
      isometry.adjust()
    }
    return layer
  }

  test.each([1, 1.2])('the answers of neurons have length %s and are orthogonal, for one sample', target => {
    const x = signals(4, 12)
    const layer = carried(small(), x, target)
    const o = layer.call(x)
    const jacobian = tanh.slope(o, o).expandDims(1).mul(layer.weight.value)
    const gram = jacobian.matmul(jacobian.transpose())
    expect(gap(values(gram), values(eye(8, { dtype: 'float64' }).mul(target ** 2)))).toBeLessThan(1e-6)
  })

  test('with more neurons than inputs no direction of the inputs is amplified more than another', () => {
    const weight = initialise.gaussian(0.3)
    const wide = new Dense(12, 20, { key: key(3), dtype: 'float64', weight })
    const { value } = carried(wide, signals(4, 12), 1).weight
    expect(gap(values(value.transpose().matmul(value)), values(eye(12, { dtype: 'float64' })))).toBeLessThan(
      1e-6,
    )
  })
})

test('a captured step does what one outside does', () => {
  const [captured, plain] = [pairOf(7), pairOf(7)]
  const inside = new Isometry({ rate: 0.05, target: 1.1 }).attach(captured)
  const outside = new Isometry({ rate: 0.05, target: 1.1 }).attach(plain)
  const step = capture((x: Tensor) => {
    captured.call(x)
    inside.adjust()
  })
  for (let i = 0; i < 4; i++) {
    if (i === 2) inside.rate = outside.rate = 0.02 // is asked for at each call
    if (i === 3) inside.target = outside.target = 0.9
    const x = signals(i, 5, 3)
    step(x)
    plain.call(x)
    outside.adjust()
  }
  const [a, b] = [captured, plain].map(model =>
    [...model.parameters().values()].flatMap(p => values(p.value)),
  )
  expect(gap(a!, b!)).toBeLessThan(1e-12)
})

describe('what stays as it is', () => {
  test('a layer that is detached or frozen, and all while it is paused', () => {
    const model = pairOf(7)
    const isometry = new Isometry({ rate: 0.05 }).attach(model).detach(model.layers[0])
    model.layers[1].bias.isFrozen = true
    const before = bitsOf(model)
    isometry.paused(() => model.call(signals(8, 3)))
    isometry.adjust()
    expect(bitsOf(model)).toEqual(before)
    model.call(signals(8, 3))
    isometry.adjust()
    const moved = Object.entries(bitsOf(model)).filter(([path, now]) => now !== before[path])
    expect(moved.map(([path]) => path)).toEqual(['layers.1.weight'])
  })

  test('everything, where a step would not be finite', () => {
    const layer = neuron(1e120)
    const isometry = new Isometry({ rate: 0.05 }).attach(layer)
    layer.call(f64([0]))
    expect(() => isometry.adjust()).toThrow(/^Isometry\.adjust: the step makes element 0 of weight/)
    expect(values(layer.weight.value)).toEqual([1e120])
  })
})

test.each([
  [() => new Isometry({ rate: 0 }), /the rate 0 is not positive and finite/],
  [() => new Isometry({ rate: 1, target: Number.NaN }), /the target NaN is not positive/],
  [() => new Isometry({ rate: 1, mode: 'raise' } as never), /there is no option mode/],
  [
    () => new Isometry({ rate: 1 }).attach(layerOf(1, 1, 1), { counted: 'none' as never }),
    /no counted: 'none'/,
  ],
  [
    () => new Isometry({ rate: 1 }).attach(pairOf(1), { select: 'layers.7' }),
    /no such layer of neurons in Pair/,
  ],
  [() => twice(layerOf(1, 1, 1)), /this Dense is attached already/],
  [() => new Isometry({ rate: 1 }).paused(3 as never), /^Isometry\.paused: the body is 3/],
])('what it cannot do it says: %s', (attempt, message) => {
  expect(attempt).toThrow(message)
})

const twice = (layer: Dense) => new Isometry({ rate: 1 }).attach(layer).attach(layer)
