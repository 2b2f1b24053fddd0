/** Dense and recurrent layers compute what their formulas say, for batches of any shape, and so do their gradients. */
import { fc, test } from '@fast-check/vitest'
import {
  type Activation,
  activationOf,
  activations,
  crossEntropy,
  Dense,
  Module,
  meanSquaredError,
  RNN,
  valueAndGrad,
  valuesOf,
} from '@sensigrad/nn'
import {
  grad,
  type Key,
  key,
  normal,
  relu,
  sigmoid,
  sin,
  softplus,
  type Tensor,
  tanh,
  tensor,
  zeros,
} from 'sensigrad'
import { describe, expect } from 'vitest'
import { bits, everyActivation, f64, gap, moved, values } from './support/neurons.ts'

const signals = (seed: number, ...shape: number[]) => normal(key(seed), shape, { dtype: 'float64' })
const smooth = Object.values(everyActivation).filter(f => f.label !== 'relu')
const smoothActivations = fc.constantFrom(...smooth)
const widths = fc.integer({ min: 1, max: 4 })

/** The largest distance of a module's gradient, path by path and along a random direction, from central differences. */
function distanceFromDifferences(module: Module<never, unknown>, loss: () => Tensor): number {
  const [, gradients] = valueAndGrad(module, loss)
  const step = 1e-3
  const distances = Object.entries(gradients).map(([path, gradient], i) => {
    const draw = signals(i, ...gradient.shape)
    const direction = draw.div(draw.norm())
    const at = (far: number) => values(moved(module, { [path]: direction }, far * step, loss))[0]!
    const difference = (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * step)
    return gap(values(gradient.mul(direction).sum()), [difference])
  })
  return Math.max(...distances)
}

class Stack extends Module {
  readonly layers: readonly Dense[]
  constructor(sizes: readonly number[], activation: Activation, seed: number) {
    super()
    this.layers = sizes
      .slice(1)
      .map((size, i) => new Dense(sizes[i]!, size, { key: key(seed + i), dtype: 'float64', activation }))
  }
  forward(x: Tensor): Tensor {
    return this.layers.reduce((h, layer) => layer.call(h), x)
  }
}

describe('a dense layer', () => {
  const layer = new Dense(3, 2, { key: key(1), dtype: 'float64', activation: activations.tanh })

  test.prop([fc.nat()])('computes f(w·x + θ) for each neuron', seed => {
    const x = values(signals(seed, 3))
    const theta = values(layer.bias.value)
    const expected = [0, 1].map(j => {
      const w = values(layer.weight.value.slice(j))
      return Math.tanh(w.reduce((sum, weight, i) => sum + weight * x[i]!, theta[j]!))
    })
    expect(gap(values(layer.call(f64(x))), expected)).toBeLessThan(1e-15)
  })

  test.each([
    [[3], [2]],
    [
      [5, 3],
      [5, 2],
    ],
    [
      [2, 4, 5, 3],
      [2, 4, 5, 2],
    ],
  ])('turns inputs %j into outputs %j', (inputs, outputs) => {
    expect(layer.call(signals(1, ...inputs)).shape).toEqual(outputs)
  })

  test('computes each sample of a batch as if it were alone', () => {
    const x = signals(1, 2, 4, 3)
    expect(bits(layer.call(x).slice(1, 2))).toBe(bits(layer.call(x.slice(1, 2))))
  })

  test('begins with weights and biases within 1/√inputs', () => {
    const { weight, bias } = new Dense(100, 500, { key: key(1) })
    const largest = [weight, bias].map(({ value }) => Math.max(...values(value.abs())))
    expect(largest.map(bound => bound > 0.099 && bound <= Math.fround(0.1))).toEqual([true, true])
  })

  test('begins with the same bits for the same key', () => {
    const again = new Dense(3, 2, { key: key(1), dtype: 'float64' })
    expect(Object.values(valuesOf(again)).map(bits)).toEqual(Object.values(valuesOf(layer)).map(bits))
  })

  test('begins with other weights for another key', () => {
    const other = new Dense(3, 2, { key: key(2), dtype: 'float64' })
    const held = values(layer.weight.value)
    expect(values(other.weight.value).filter((w, i) => w === held[i])).toEqual([])
  })

  test('does not begin with biases that repeat its weights', () => {
    const { weight, bias } = new Dense(4, 4, { key: key(1), dtype: 'float64' })
    const weights = new Set(values(weight.value))
    expect(values(bias.value).filter(theta => weights.has(theta))).toEqual([])
  })

  test('refuses inputs of another size', () => {
    expect(() => layer.call(zeros([5, 4]))).toThrow(
      /^Dense: the input is float32\[5, 4\], but the layer takes 3 on the/,
    )
  })

  test('refuses inputs of another type', () => {
    expect(() => layer.call(zeros([5, 3]))).toThrow(/^matmul: .*float32\[5, 3\] and float64\[3, 2\]/)
  })

  const nets = fc.tuple(fc.array(widths, { minLength: 2, maxLength: 4 }), smoothActivations, fc.nat())
  test.prop([nets, widths], { numRuns: 60 })(
    'has the gradient that central differences see, in stacks of any depth',
    ([sizes, f, seed], batch) => {
      const stack = new Stack(sizes, f, seed)
      const [x, y] = [signals(seed + 50, batch, sizes[0]!), signals(seed + 51, batch, sizes.at(-1)!)]
      const loss = () => meanSquaredError(stack.call(x), y)
      expect(distanceFromDifferences(stack, loss)).toBeLessThan(1e-9)
    },
  )

  test.prop([nets, widths], { numRuns: 30 })(
    'has the gradient that central differences see, as a classifier',
    ([sizes, f, seed], batch) => {
      const stack = new Stack(sizes, f, seed)
      const x = signals(seed + 50, batch, sizes[0]!)
      const labels = tensor(Int32Array.from({ length: batch }, (_, i) => (seed + i) % sizes.at(-1)!))
      expect(distanceFromDifferences(stack, () => crossEntropy(stack.call(x), labels))).toBeLessThan(1e-9)
    },
  )
})

describe('a recurrent layer', () => {
  const rnn = new RNN(2, 3, { key: key(1), dtype: 'float64' })

  test('computes tanh(W h + V x + θ) for each neuron', () => {
    const [h, x] = [values(signals(2, 3)), values(signals(3, 2))]
    const theta = values(rnn.bias.value)
    const expected = [0, 1, 2].map(j => {
      const terms = [
        ...values(rnn.recurrentWeight.value.slice(j)).map((w, i) => w * h[i]!),
        ...values(rnn.inputWeight!.value.slice(j)).map((w, i) => w * x[i]!),
      ]
      return Math.tanh(terms.reduce((sum, term) => sum + term, theta[j]!))
    })
    expect(gap(values(rnn.step(f64(h), f64(x))), expected)).toBeLessThan(1e-15)
  })

  test.prop([fc.nat(), fc.integer({ min: 1, max: 5 }), fc.array(widths, { maxLength: 2 })], { numRuns: 30 })(
    'runs over a sequence as it steps, whatever the batch axes',
    (seed, steps, batch) => {
      const sequence = signals(seed, steps, ...batch, 2)
      const { outputs } = rnn.call(sequence)
      let state: Tensor = zeros([...batch, 3], { dtype: 'float64' })
      const states = Array.from({ length: steps }, (_, t) => {
        state = rnn.step(state, sequence.slice(t))
        return bits(state)
      })
      expect(states).toEqual(Array.from({ length: steps }, (_, t) => bits(outputs.slice(t))))
    },
  )

  test('gives the last of its outputs as its state', () => {
    const { outputs, state } = rnn.call(signals(4, 5, 2, 2))
    expect(bits(state)).toBe(bits(outputs.slice(-1)))
  })

  test('goes on from a state that is given', () => {
    const sequence = signals(4, 5, 2, 2)
    const first = rnn.call(sequence.slice([0, 3]))
    const second = rnn.call(sequence.slice([3, 5]), first.state)
    expect(bits(second.state)).toBe(bits(rnn.call(sequence).state))
  })

  test('without inputs is a dynamical system of its own', () => {
    const alone = new RNN(0, 3, { key: key(1), dtype: 'float64', activation: activations.identity })
    const h = signals(5, 3)
    const expected = alone.recurrentWeight.value.matmul(h).add(alone.bias.value)
    expect(gap(values(alone.step(h)), values(expected))).toBeLessThan(1e-15)
  })

  const lives = fc.tuple(widths, widths, fc.integer({ min: 1, max: 5 }), widths, smoothActivations, fc.nat())
  test.prop([lives], { numRuns: 60 })(
    'has the gradient that central differences see, over sequences of batches',
    ([inputs, neurons, steps, batch, activation, seed]) => {
      const rnn = new RNN(inputs, neurons, { key: key(seed), dtype: 'float64', activation })
      const [sequence, initial] = [signals(seed + 1, steps, batch, inputs), signals(seed + 2, batch, neurons)]
      const loss = () => {
        const { outputs, state } = rnn.call(sequence, initial)
        return outputs.square().mean().add(state.sum())
      }
      expect(distanceFromDifferences(rnn, loss)).toBeLessThan(1e-9)
    },
  )

  // biome-ignore format: a table
  const refused: readonly [what: string, call: () => unknown, message: RegExp][] = [
    ['a state of another size', () => rnn.step(signals(1, 4), signals(1, 2)), /^RNN: the state is float64\[4\], but the layer takes 3 on the last axis/],
    ['an input of another size', () => rnn.step(signals(1, 3), signals(1, 3)), /^RNN: the input is float64\[3\], but the layer takes 2 on the last axis/],
    ['a missing input', () => rnn.step(signals(1, 3)), /^RNN: the step got no input, but the layer takes 2 inputs/],
    ['an input where there are none', () => new RNN(0, 3, { key: key(1) }).step(zeros([3]), zeros([1])), /^RNN: the step got float32\[1\], but the layer takes 0 inputs/],
    ['a sequence without steps', () => rnn.call(zeros([0, 2], { dtype: 'float64' })), /^RNN: the sequence float64\[0, 2\] has no steps/],
  ]
  test.each(refused)('refuses %s', (_, call, message) => {
    expect(call).toThrow(message)
  })
})

// biome-ignore format: a table
const misfits: readonly [what: string, call: () => unknown, message: RegExp][] = [
  ['no neurons', () => new Dense(2, 0, { key: key(1) }), /^Dense: 0 is no number of neurons\. Give a whole number$/],
  ['half an input', () => new RNN(0.5, 2, { key: key(1) }), /^RNN: 0\.5 is no number of inputs\. Give a whole number$/],
  ['no key', () => new Dense(2, 2, {} as { key: Key }), /^Dense: there is no key for the initial values\. Give one among the options/],
  ['a number where a tensor is due', () => new Dense(2, 2, { key: key(1) }).call(5 as unknown as Tensor), /^Dense: the input is 5\. Make it a tensor with tensor/],
]
test.each(misfits)('a layer with %s is refused', (_, call, message) => {
  expect(call).toThrow(message)
})

describe('an activation', () => {
  const potentials = fc.integer({ min: -300, max: 300 }).map(n => n / 100)
  describe.each(Object.entries(everyActivation))('%s', (name, f) => {
    const away = potentials.filter(u => name !== 'relu' || Math.abs(u) > 0.01)
    test.prop([away])('knows its slope', u => {
      const slope = grad((u: Tensor) => f(u).sum())(f64([u]))
      expect(gap(values(f.slope(f64([u]), f(f64([u])))), values(slope))).toBeLessThan(1e-14)
    })
    test.prop([away])('knows its curvature', u => {
      const slope = grad((u: Tensor) => f(u).sum())
      const curvature = grad((u: Tensor) => slope(u).sum())(f64([u]))
      expect(gap(values(f.curvature(f64([u]), f(f64([u])))), values(curvature))).toBeLessThan(1e-14)
    })
  })

  test.each(Object.entries({ tanh, sigmoid, relu, softplus, sin }))(
    '%s of core is the one that ships',
    (name, f) => {
      expect(activationOf(f).label).toBe(name)
    },
  )

  test('of your own has the name of its function', () => {
    const cube = (u: Tensor) => u.mul(u).mul(u)
    expect(activationOf(cube).label).toBe('cube')
  })

  test('may be any function of tensors in a layer', () => {
    const options = { key: key(1), dtype: 'float64' } as const
    const [own, shipped] = [(u: Tensor) => u.tanh(), activations.tanh].map(
      activation => new Dense(3, 2, { ...options, activation }),
    )
    expect(bits(own!.call(signals(1, 3)))).toBe(bits(shipped!.call(signals(1, 3))))
  })
})
