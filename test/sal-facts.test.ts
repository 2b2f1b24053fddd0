/** What is true of sensitivity and of one step up its gradient, whatever the numbers: the facts of docs and paper. */
import { fc, test } from '@fast-check/vitest'
import {
  type Activation,
  activations,
  Dense,
  initialise,
  logSensitivity,
  loopLogSensitivity,
  observe,
  SAL,
  sensitivities,
  sensitivityGradient,
} from '@sensigrad/nn'
import { key, normalValues, type Tensor, vjp } from 'sensigrad'
import { describe, expect } from 'vitest'
import { f64, gap, values } from './support/neurons.ts'

interface Neuron {
  readonly f: Activation
  readonly w: readonly number[]
  readonly theta: number
}

/** s, ∇_w s and ∇_θ s of one neuron that sees x. */
function sensitivityOf({ f, w, theta }: Neuron, x: readonly number[]) {
  const layer = denseOf(f, [w], [theta])
  const { firings } = observe(layer, () => layer.call(f64(x)))
  const { sensitivity, weights, bias } = sensitivityGradient(firings.map(({ firing }) => firing))
  const { weights: at, along, push } = weights[0]!
  return {
    s: values(sensitivity)[0]!,
    weight: values(along.mul(at).add(push)),
    bias: values(bias)[0]!,
  }
}

/** A float64 layer with these rows of weights. */
function denseOf(f: Activation, rows: readonly (readonly number[])[], biases: readonly number[]): Dense {
  return new Dense(rows[0]!.length, rows.length, {
    key: key(0),
    dtype: 'float64',
    activation: f,
    weight: () => Float64Array.from(rows.flat()),
    bias: () => Float64Array.from(biases),
  })
}

const { tanh, sin, identity } = activations
const number = fc.integer({ min: -150, max: 150 }).map(n => n / 100)
const vectors = (length: number) => fc.array(number, { minLength: length, maxLength: length })
const dot = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, value, i) => sum + value * b[i]!, 0)
const isLong = (w: readonly number[]) => Math.hypot(...w) > 0.1
const weights = (length: number) => vectors(length).filter(isLong)
const smooth = fc.constantFrom(...Object.values(activations).filter(f => f.label !== 'relu'))
const odd = fc.constantFrom(tanh, sin, identity)
/** A neuron and what it sees. */
const sights = (f: fc.Arbitrary<Activation> = smooth, width = fc.integer({ min: 1, max: 6 })) =>
  width.chain(n => fc.record({ f, w: weights(n), theta: number, x: vectors(n) }))

describe('the golden neuron', () => {
  const { s, weight, bias } = sensitivityOf({ f: tanh, w: [0.6, 0.8], theta: 0.1 }, [0.5, -0.25])
  test('has the sensitivity 1 - tanh² 0.2', () => {
    expect(s).toBeCloseTo(0.961042982966, 12)
  })
  test('has the weight gradient (0.386939623, 0.863677469)', () => {
    expect(gap(weight, [0.386939623267, 0.863677469629])).toBeLessThan(1e-12)
  })
  test('has the bias gradient -0.379372333', () => {
    expect(bias).toBeCloseTo(-0.379372333026, 12)
  })
})

describe('symmetries', () => {
  test.prop([sights(odd)])('turning (w, θ) around leaves s as it is', ({ f, w, theta, x }) => {
    const turned = { f, w: w.map(value => -value), theta: -theta }
    expect(sensitivityOf(turned, x).s).toBe(sensitivityOf({ f, w, theta }, x).s)
  })

  test.prop([sights(odd)])('turning (w, θ) around turns the gradient around', ({ f, w, theta, x }) => {
    const there = sensitivityOf({ f, w: w.map(value => -value), theta: -theta }, x)
    const here = sensitivityOf({ f, w, theta }, x)
    expect(
      gap(
        [...there.weight, there.bias],
        [...here.weight, here.bias].map(value => -value),
      ),
    ).toBeLessThan(1e-15)
  })

  /** A rotation, permutation or change of signs of the inputs. */
  type Turn = (x: readonly number[]) => number[]
  const turns: Record<string, fc.Arbitrary<Turn>> = {
    'changing signs': fc
      .array(fc.constantFrom(1, -1), { minLength: 6, maxLength: 6 })
      .map(signs => (x: readonly number[]) => x.map((value, i) => signs[i]! * value)),
    permuting: fc
      .uniqueArray(fc.integer({ min: 0, max: 5 }), { minLength: 6, maxLength: 6 })
      .map(order => (x: readonly number[]) => order.map(i => x[i]!)),
    rotating: fc.tuple(weights(6), weights(6)).map(
      ([a, b]) =>
        (x: readonly number[]) =>
          reflect(reflect([...x], a), b),
    ),
  }
  const reflect = (x: readonly number[], across: readonly number[]) => {
    const share = (2 * dot(x, across)) / dot(across, across)
    return x.map((value, i) => value - share * across[i]!)
  }

  describe.each(Object.entries(turns))('%s the inputs and weights', (_, turns) => {
    const six = fc.constant(6)
    test.prop([sights(smooth, six), turns])('leaves s as it is', ({ x, ...neuron }, turn) => {
      const turned = { ...neuron, w: turn(neuron.w) }
      expect(gap([sensitivityOf(turned, turn(x)).s], [sensitivityOf(neuron, x).s])).toBeLessThan(1e-13)
    })

    test.prop([sights(smooth, six), turns])('turns the gradient along', ({ x, ...neuron }, turn) => {
      const turned = { ...neuron, w: turn(neuron.w) }
      expect(gap(sensitivityOf(turned, turn(x)).weight, turn(sensitivityOf(neuron, x).weight))).toBeLessThan(
        1e-12,
      )
    })
  })

  test.prop([sights(), sights()])('other neurons of the layer do not matter', ({ f, w, theta, x }, other) => {
    const stranger = w.map((_, i) => other.w[i % other.w.length]!)
    const layer = denseOf(f, [stranger, w, stranger], [other.theta, theta, 0])
    const { firings } = observe(layer, () => layer.call(f64(x)))
    expect(values(sensitivities(firings[0]!.firing))[1]).toBe(sensitivityOf({ f, w, theta }, x).s)
  })
})

describe('the gradient', () => {
  test.prop([sights()])("is ∇_w s = (|f'|/‖w‖) w + (∇_θ s) x", ({ x, ...neuron }) => {
    const { s, weight, bias } = sensitivityOf(neuron, x)
    const square = dot(neuron.w, neuron.w)
    expect(
      gap(
        weight,
        neuron.w.map((w, i) => (s / square) * w + bias * x[i]!),
      ),
    ).toBeLessThan(1e-13)
  })

  test.prop([sights()])('satisfies w·∇_w s = s + (∇_θ s)(w·x)', ({ x, ...neuron }) => {
    const { s, weight, bias } = sensitivityOf(neuron, x)
    expect(gap([dot(neuron.w, weight)], [s + bias * dot(neuron.w, x)])).toBeLessThan(1e-13)
  })
})

describe('a step', () => {
  /** The length of w after some steps of SAL without a gate. */
  function lengthAfter(steps: number, rate: number, w: readonly number[]): number {
    const layer = denseOf(tanh, [w], [0])
    const sal = new SAL({ rate, mode: 'always', warn: () => {} }).attach(layer)
    for (let t = 0; t < steps; t++) {
      layer.call(f64(w.map(() => 0)))
      sal.adjust()
    }
    return Math.hypot(...values(layer.weight.value))
  }

  test.prop([fc.integer({ min: 1, max: 6 }).chain(weights), fc.integer({ min: 1, max: 30 })])(
    'without input and bias lengthens w by exactly the rate',
    (w, steps) => {
      expect(lengthAfter(steps, 0.01, w)).toBeCloseTo(Math.hypot(...w) + steps * 0.01, 13)
    },
  )

  test.prop([fc.integer({ min: 1, max: 30 }), fc.nat(), fc.constantFrom(1e-4, 1e-3, 1e-2)], { numRuns: 40 })(
    'raises the sensitivity of all of 50 random neurons to the same input',
    (inputs, seed, rate) => {
      const layer = new Dense(inputs, 50, {
        key: key(seed),
        dtype: 'float64',
        activation: tanh,
        weight: initialise.gaussian(),
        bias: initialise.gaussianOf(0.5),
      })
      const x = f64([...normalValues(key(seed + 1), inputs)])
      const before = sensitivitiesAt(layer, x)
      const sal = new SAL({ rate, mode: 'always', warn: () => {} }).attach(layer)
      layer.call(x)
      sal.adjust()
      expect(sensitivitiesAt(layer, x).filter((s, i) => s <= before[i]!)).toEqual([])
    },
  )
})

function sensitivitiesAt(layer: Dense, x: Tensor): number[] {
  return values(sensitivities(observe(layer, () => layer.call(x)).firings[0]!.firing))
}

describe('lengths of 10,000 rows of N(0, 1/n)', () => {
  const rows = 10_000
  describe.each([5, 20])('with n = %i', n => {
    const w = initialise.gaussian()(key(n), [rows, n])
    const lengths = Array.from({ length: rows }, (_, i) => Math.hypot(...w.subarray(i * n, (i + 1) * n)))
    const mean = lengths.reduce((a, b) => a + b) / rows
    const deviation = Math.hypot(...lengths.map(length => length - mean)) / Math.sqrt(rows)

    test('have the mean 1 - 1/(4n), to four standard errors and the next order', () => {
      const error = 4 / Math.sqrt(2 * n * rows) + 1 / (32 * n * n)
      expect(Math.abs(mean - (1 - 1 / (4 * n)))).toBeLessThan(error)
    })

    test('have the standard deviation 1/√(2n), to four standard errors and the next order', () => {
      const error = 4 / Math.sqrt(2 * rows) + 1 / (8 * n)
      expect(Math.abs(deviation * Math.sqrt(2 * n) - 1)).toBeLessThan(error)
    })
  })
})

describe('log-sensitivity', () => {
  /** ‖J‖_F² of a function of one vector, row by row from the tape. */
  function squaredNorm(f: (x: Tensor) => Tensor, x: Tensor): number {
    const [y, pull] = vjp(f, x)
    const rows = Array.from({ length: y.size }, (_, j) => {
      const unit = f64(Array.from({ length: y.size }, (_, i) => Number(i === j)))
      return values(pull(unit)[0])
    })
    return rows.flat().reduce((sum, value) => sum + value * value, 0)
  }

  const layers = fc.tuple(fc.nat(), fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }), smooth)
  test.prop([layers])('of a layer is ln(‖J‖_F/√outputs)', ([seed, inputs, outputs, f]) => {
    const layer = new Dense(inputs, outputs, { key: key(seed), dtype: 'float64', activation: f })
    const x = f64([...normalValues(key(seed + 1), inputs)])
    const expected = Math.log(squaredNorm(x => layer.call(x), x) / outputs) / 2
    expect(gap(values(logSensitivity(f64(sensitivitiesAt(layer, x)))), [expected])).toBeLessThan(1e-12)
  })

  const sensitivities = fc.array(
    fc.integer({ min: 1, max: 300 }).map(n => n / 100),
    { minLength: 1, maxLength: 8 },
  )
  test.prop([sensitivities])('is the logarithm of the root mean square', s => {
    const expected = Math.log(Math.hypot(...s) / Math.sqrt(s.length))
    expect(values(logSensitivity(f64(s)))[0]).toBeCloseTo(expected, 13)
  })

  test.prop([sensitivities, sensitivities])('of several layers counts every neuron alike', (a, b) => {
    expect(values(logSensitivity([f64(a), f64(b)]))[0]).toBeCloseTo(
      values(logSensitivity(f64([...a, ...b])))[0]!,
      13,
    )
  })

  test.prop([sensitivities, sensitivities])('of a loop is the sum over its layers', (a, b) => {
    const [one, other] = [f64(a), f64(b)].map(layer => values(logSensitivity(layer))[0]!)
    expect(values(loopLogSensitivity([f64(a), f64(b)]))[0]).toBeCloseTo(one! + other!, 13)
  })

  test('is zero where every neuron has the sensitivity 1', () => {
    expect(values(logSensitivity(f64([1, 1, 1])))).toEqual([0])
  })
})
