/** Normalised numbers have mean 0 and variance 1, do not depend on shift and scale, and survive any finite input. */
import { fc, test } from '@fast-check/vitest'
import { BatchNorm, GroupNorm, LayerNorm, type Module, RMSNorm, valueAndGrad } from '@sensigrad/nn'
import { grad, key, normal, type Tensor, tensor, zeros } from 'sensigrad'
import { describe, expect } from 'vitest'
import { bits, f64, gap, moved, values } from './support/neurons.ts'

type Float = 'float32' | 'float64'
const dtype = 'float64'
const draws = (seed: number, ...shape: number[]) => normal(key(seed), shape, { dtype })

/** Each normalisation of [batch, 4, 6] without parameters, and the axes that it normalises over. */
const norms: Readonly<
  Record<string, { make: (eps: number, dtype?: Float) => Module; axes: number[]; groups?: number }>
> = {
  BatchNorm: {
    make: (eps, dtype = 'float64') => new BatchNorm(4, { dtype, eps, affine: false }),
    axes: [0, 2],
  },
  LayerNorm: { make: (eps, dtype = 'float64') => new LayerNorm(6, { dtype, eps, affine: false }), axes: [2] },
  'LayerNorm over two axes': {
    make: (eps, dtype = 'float64') => new LayerNorm([4, 6], { dtype, eps, affine: false }),
    axes: [1, 2],
  },
  GroupNorm: {
    make: (eps, dtype = 'float64') => new GroupNorm(2, 4, { dtype, eps, affine: false }),
    axes: [2, 3],
    groups: 2,
  },
}
const inGroups = (y: Tensor, groups: number | undefined) =>
  groups === undefined ? y : y.reshape([y.shape[0]!, groups, 4 / groups, 6])

describe.each(Object.entries(norms))('%s', (_, { make, axes, groups }) => {
  const seeds = fc.nat()
  const scales = fc.constantFrom(1e-3, 0.7, 1, 40, 1e6)

  test.prop([seeds, scales])('gives mean 0 and variance 1', (seed, scale) => {
    const y = inGroups(make(1e-100).call(draws(seed, 3, 4, 6).mul(scale).add(scale)), groups)
    expect(Math.max(...values(y.mean(axes).abs()))).toBeLessThan(1e-13)
    expect(Math.max(...values(y.square().mean(axes).sub(1).abs()))).toBeLessThan(1e-13)
  })

  test.prop([seeds, scales, fc.integer({ min: -1000, max: 1000 })])(
    'does not depend on shift and scale',
    (seed, scale, shift) => {
      const x = draws(seed, 3, 4, 6)
      const there = make(1e-100).call(x.mul(scale).add(shift * scale))
      expect(gap(values(there), values(make(1e-100).call(x)))).toBeLessThan(1e-11)
    },
  )

  test.prop([seeds], { numRuns: 10 })('has gradients by x that add up to nothing, and none along x', seed => {
    const [x, along] = [draws(seed, 3, 4, 6), draws(seed + 1, 3, 4, 6)]
    const layer = make(1e-100)
    const gradient = grad((x: Tensor) => layer.call(x).mul(along).sum())(x)
    expect(Math.max(...values(inGroups(gradient, groups).sum(axes).abs()))).toBeLessThan(1e-12)
    expect(Math.max(...values(inGroups(gradient.mul(x), groups).sum(axes).abs()))).toBeLessThan(1e-12)
  })

  test.each(['float32', 'float64'] as const)('gives exactly 0 for equal numbers of %s', dtype => {
    for (const value of [0, 0.1, -1e6, 1e30, 3.4e38]) {
      const y = make(1e-5, dtype).call(zeros([3, 4, 6], { dtype }).add(value))
      expect(new Set(values(y.abs()))).toEqual(new Set([0]))
    }
  })
})

const layers: Readonly<Record<string, (dtype: Float) => Module>> = {
  BatchNorm: dtype => new BatchNorm(4, { dtype }),
  LayerNorm: dtype => new LayerNorm(6, { dtype }),
  GroupNorm: dtype => new GroupNorm(2, 4, { dtype }),
  RMSNorm: dtype => new RMSNorm(6, { dtype }),
}

describe.each(Object.entries(layers))('%s', (_, make) => {
  const anyNumber = { noNaN: true, noDefaultInfinity: true }
  const lists = {
    float32: fc.array(fc.float(anyNumber), { minLength: 48, maxLength: 48 }),
    float64: fc.array(fc.double(anyNumber), { minLength: 48, maxLength: 48 }),
  }
  describe.each(['float32', 'float64'] as const)('in %s', dtype => {
    test.prop([lists[dtype]], { numRuns: 40 })(
      'is finite, with its gradient, for all that is finite',
      list => {
        const x = tensor(list, { dtype, shape: [2, 4, 6] })
        const layer = make(dtype)
        const [, { weight }, y] = valueAndGrad(
          layer,
          () => {
            const y = layer.call(x)
            return [y.square().sum(), y]
          },
          { aux: true },
        )
        const dx = grad((x: Tensor) => layer.call(x).square().mul(0.5).sum())(x)
        const buffers = [...layer.buffers().values()].map(({ value }) => value)
        for (const each of [y, weight!, dx, ...buffers])
          expect(values(each).every(Number.isFinite)).toBe(true)
      },
    )

    test('tells enormous numbers apart', () => {
      const most = dtype === 'float32' ? 1e38 : 1e308
      const [x, small] = [most, 1].map(far => draws(5, 2, 4, 6).clip(-1, 1).mul(far).cast(dtype))
      expect(gap(values(make(dtype).call(x!)), values(make(dtype).call(small!)))).toBeLessThan(1e-4)
    })
  })

  test.prop([fc.nat()], { numRuns: 15 })('has the gradients that central differences see', seed => {
    const layer = make('float64')
    for (const [i, parameter] of [...layer.parameters().values()].entries()) {
      parameter.value = draws(seed + 10 + i, ...parameter.value.shape)
    }
    const [x, along, far] = [draws(seed, 2, 4, 6), draws(seed + 1, 2, 4, 6), draws(seed + 2, 2, 4, 6)]
    const loss = (x: Tensor) => layer.call(x).mul(along).sum()
    const difference = (at: (far: number) => Tensor) => {
      const [step, value] = [1e-3, (far: number) => values(at(far))[0]!]
      return (8 * (value(step) - value(-step)) - (value(2 * step) - value(-2 * step))) / (12 * step)
    }
    const byX = values(grad(loss)(x).mul(far).sum())
    expect(gap(byX, [difference(t => loss(x.add(far.mul(t))))])).toBeLessThan(1e-8)
    const [, gradients] = valueAndGrad(layer, () => loss(x))
    for (const [path, gradient] of Object.entries(gradients)) {
      const direction = draws(seed + 3, ...gradient.shape)
      const byWeight = values(gradient.mul(direction).sum())
      const seen = difference(t => moved(layer, { [path]: direction }, t, () => loss(x)))
      expect(gap(byWeight, [seen])).toBeLessThan(1e-9)
    }
  })
})

describe('RMSNorm', () => {
  test.prop([fc.nat()])('divides by the root of the mean square', seed => {
    const x = values(draws(seed, 6))
    const root = Math.sqrt(x.reduce((sum, each) => sum + each ** 2, 0) / 6 + 1e-2)
    const y = new RMSNorm(6, { dtype, eps: 1e-2 }).call(f64(x))
    expect(
      gap(
        values(y),
        x.map(each => each / root),
      ),
    ).toBeLessThan(1e-14)
  })

  test('adds the machine epsilon unless said', () => {
    expect([new RMSNorm(2).eps, new RMSNorm(2, { dtype }).eps]).toEqual([2 ** -23, 2 ** -52])
  })
})

describe('BatchNorm', () => {
  test('in evaluation treats each sample by itself', () => {
    const layer = new BatchNorm(4, { dtype })
    layer.call(draws(1, 5, 4, 6))
    const x = draws(2, 3, 4, 6)
    expect(bits(layer.eval().call(x).slice([1, 2]))).toBe(bits(layer.call(x.slice([1, 2]))))
  })

  test('follows the mean and the variance of many batches', () => {
    const layer = new BatchNorm(1, { dtype })
    for (let i = 0; i < 100; i++) layer.call(draws(i, 500, 1).mul(3).add(7))
    expect(values(layer.runningMean.value)[0]).toBeCloseTo(7, 0)
    expect(values(layer.runningVariance.value)[0]).toBeCloseTo(9, 0)
  })
})

// biome-ignore format: a table
const refused: readonly [what: string, call: () => unknown, message: RegExp][] = [
  ['no channels', () => new BatchNorm(0), /^BatchNorm: 0 is no number of channels\. Give a whole number, 1 or more$/],
  ['a momentum above 1', () => new BatchNorm(2, { momentum: 2 }), /^BatchNorm: the momentum is 2\. Give a number from 0 to 1$/],
  ['a batch of one in training', () => new BatchNorm(2).call(zeros([1, 2])), /^BatchNorm: in training float32\[1, 2\] has one element for each channel/],
  ['other channels', () => new BatchNorm(2).call(zeros([4, 3])), /^BatchNorm: the input is float32\[4, 3\], but the layer takes \[batch, 2, …\]/],
  ['a shape of no axes', () => new LayerNorm([]), /^LayerNorm: the shape has no axes/],
  ['other last axes', () => new LayerNorm([2, 3]).call(zeros([3])), /^LayerNorm: the input is float32\[3\], but the layer takes \[…, 2, 3\]/],
  ['a misspelt option', () => new LayerNorm(2, { epsilon: 1 } as object), /^LayerNorm: there is no option epsilon\. There is dtype, eps, affine$/],
  ['no ε', () => new LayerNorm(2, { eps: 0 }), /^LayerNorm: eps is 0\. Give a number of 1e-12 or more$/],
  ['whole numbers', () => new RMSNorm(2, { dtype: 'int32' as 'float32' }), /^RMSNorm: weights of 'int32' cannot learn/],
  ['what is no tensor', () => new RMSNorm(2).call([1, 2] as never), /^RMSNorm: the input is an array/],
  ['groups that do not divide', () => new GroupNorm(3, 4), /^GroupNorm: 4 channels do not make 3 groups/],
  ['half an affinity', () => new GroupNorm(2, 4, { affine: 0.5 as never }), /^GroupNorm: affine is 0\.5\. Give true or false$/],
]
test.each(refused)('a normalisation refuses %s', (_, call, message) => {
  expect(call).toThrow(message)
})
