/** Activations: values, slopes and curvatures agree with core and the tape, and are finite far out. */
import { fc, test } from '@fast-check/vitest'
import * as core from '@sensigrad/core'
import { grad, type Tensor, tensor } from '@sensigrad/core'
import { type Activation, activationOf, activations, Dense, piecewise } from '@sensigrad/nn'
import { describe, expect } from 'vitest'
import { f64, gap, numbers } from './support/backend.ts'

const { leakyRelu, elu, celu, hardtanh, ...rest } = piecewise
const all: Readonly<Record<string, Activation>> = {
  ...activations,
  ...rest,
  leakyRelu: leakyRelu(),
  'leakyRelu(0.2)': leakyRelu(0.2),
  elu: elu(),
  'elu(0.5)': elu(0.5),
  celu: celu(),
  'celu(2)': celu(2),
  hardtanh: hardtanh(),
  'hardtanh(0, 6)': hardtanh(0, 6),
}
/** Where pieces meet: derivatives jump there. */
const kinks = [-3, -1, 0, 1, 3, 6]
const potentials = fc.integer({ min: -800, max: 800 }).map(n => n / 100)

describe.each(Object.entries(all))('%s', (name, f) => {
  const slopeOf = grad((u: Tensor) => f(u).sum())
  const curvatureOf = grad((u: Tensor) => slopeOf(u).sum())

  test('is called so', () => {
    expect(f.label).toBe(name)
  })

  test.prop([potentials], { numRuns: 50 })('knows the slope and the curvature that the tape finds', u => {
    const at = f64([u])
    const known = [f.slope(at, f(at)), f.curvature(at, f(at))]
    expect(gap(numbers(...known), numbers(slopeOf(at), curvatureOf(at)))).toBeLessThan(1e-13)
  })

  test.prop([potentials.filter(u => kinks.every(kink => Math.abs(u - kink) > 0.01))], { numRuns: 50 })(
    'knows the slope and the curvature that central differences see',
    u => {
      const step = 1e-3
      const differences = (g: (u: Tensor) => Tensor) => {
        const [b2, b1, a1, a2] = numbers(g(f64([u - 2 * step, u - step, u + step, u + 2 * step])))
        return (8 * (a1! - b1!) - (a2! - b2!)) / (12 * step)
      }
      const at = f64([u])
      expect(gap(numbers(f.slope(at, f(at))), [differences(f)])).toBeLessThan(1e-9)
      expect(gap(numbers(f.curvature(at, f(at))), [differences(v => f.slope(v, f(v)))])).toBeLessThan(1e-9)
    },
  )

  test.each(['float32', 'float64'] as const)(
    'is finite far out and at 0, with its derivatives: %s',
    dtype => {
      const u = tensor([1e4, 700, 100, 10, 0, -10, -100, -700, -1e4], { dtype })
      const found = numbers(f(u), f.slope(u, f(u)), f.curvature(u, f(u)))
      expect(found.filter(value => !Number.isFinite(value))).toEqual([])
    },
  )
})

const { elu: coreElu, gelu, hardtanh: coreHardtanh, leakyRelu: coreLeaky, logSigmoid, mish } = core
const { selu, silu, softsign } = core
const ofCore = {
  silu,
  gelu,
  mish,
  logSigmoid,
  selu,
  softsign,
  leakyRelu: coreLeaky,
  elu: coreElu,
  hardtanh: coreHardtanh,
}
describe.each(Object.entries(ofCore))('%s of core', (name, f) => {
  test('is the one that ships', () => {
    expect(activationOf(f as (u: Tensor) => Tensor).label).toBe(name)
  })
  test('has the same values, bit for bit', () => {
    const u = f64(Array.from({ length: 200 }, (_, i) => (i - 100) / 7))
    expect(numbers(all[name]!(u))).toEqual(numbers(f(u)))
  })
})

test('gelu by tanh is that of core', () => {
  const u = f64([-3, -0.5, 0, 2])
  expect(numbers(activations.geluTanh(u))).toEqual(numbers(gelu(u, { approximate: 'tanh' })))
})

describe('values that PyTorch gives', () => {
  // torch.nn.functional of 1.13.0: celu(alpha=2), hardsigmoid, hardswish at these potentials, in float64
  const u = f64([-4, -1.5, -0.25, 0.5, 2, 5])
  // biome-ignore format: a table
  const table: readonly [string, Activation, readonly number[]][] = [
    ['celu', celu(2), [-1.7293294335267746, -1.0552668945179706, -0.2350061948308091, 0.5, 2.0, 5.0]],
    ['hardsigmoid', piecewise.hardsigmoid, [0.0, 0.25, 0.4583333333333333, 0.5833333333333334, 0.8333333333333334, 1.0]],
    ['hardswish', piecewise.hardswish, [-0.0, -0.375, -0.11458333333333333, 0.2916666666666667, 1.6666666666666667, 5.0]],
  ]
  test.each(table)('%s', (_, f, wanted) => {
    expect(gap(numbers(f(u)), wanted)).toBeLessThan(1e-15)
  })
})

test('a layer takes one made of pieces', () => {
  const layer = new Dense(2, 3, { key: core.key(1), activation: leakyRelu(0.2) })
  expect(layer.activation.label).toBe('leakyRelu(0.2)')
})

// biome-ignore format: a table
const refused: readonly [what: string, call: () => unknown, message: RegExp][] = [
  ['an infinite slope', () => leakyRelu(Number.POSITIVE_INFINITY), /^leakyRelu: the slope is Infinity/],
  ['a slope as text', () => leakyRelu('0.2' as never), /^leakyRelu: the slope is '0\.2'/],
  ['an alpha of NaN', () => elu(Number.NaN), /^elu: the alpha is NaN/],
  ['an alpha of 0', () => celu(0), /^celu: the alpha is 0/],
  ['bounds that cross', () => hardtanh(1, -1), /^hardtanh: the upper bound is -1/],
]
test.each(refused)('%s is refused', (_, call, message) => {
  expect(call).toThrow(message)
})
