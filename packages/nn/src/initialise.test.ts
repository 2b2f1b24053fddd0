/** What initial weights look like: their formulas, their statistics over keys, and that a key decides every bit. */
import { fc, test } from '@fast-check/vitest'
import { key, type Shape } from '@sensigrad/core'
import { eigenvaluesOf } from '@sensigrad/linalg'
import { describe, expect } from 'vitest'
import {
  constant,
  gaussian,
  gaussianOf,
  he,
  type Initialiser,
  identity,
  lecun,
  ones,
  orthogonal,
  spectralRadius,
  truncatedNormal,
  uniform,
  xavier,
  zeros,
} from './initialise.ts'

const keys = [1, 2, 3, 4, 5].map(key)
const shape: Shape = [300, 200]

/** The values of several keys in one list. */
function drawn(initialiser: Initialiser, of: Shape = shape): number[] {
  return keys.flatMap(key => Array.from(initialiser(key, of)))
}

const mean = (x: readonly number[]) => x.reduce((a, b) => a + b, 0) / x.length
const deviation = (x: readonly number[]) => Math.sqrt(mean(x.map(value => value * value)))
const largest = (x: readonly number[]) => x.reduce((most, value) => Math.max(most, Math.abs(value)), 0)

describe('300,000 normal weights', () => {
  const cases: readonly [name: string, initialiser: Initialiser, expected: number][] = [
    ['gaussian() have the deviation 1/√inputs', gaussian(), 1 / Math.sqrt(200)],
    ['gaussian(1.3) have the deviation 1.3/√inputs', gaussian(1.3), 1.3 / Math.sqrt(200)],
    ['gaussianOf(0.2) have the deviation 0.2', gaussianOf(0.2), 0.2],
    ['he() have the deviation √(2/inputs)', he(), Math.sqrt(2 / 200)],
    ['he() by outputs have the deviation √(2/outputs)', he({ mode: 'fanOut' }), Math.sqrt(2 / 300)],
    ['he() for a slope of 2 have the deviation √(2/5/inputs)', he({ slope: 2 }), Math.sqrt(0.4 / 200)],
    ['lecun() have the deviation 1/√inputs', lecun(), 1 / Math.sqrt(200)],
  ]
  describe.each(cases)('%s', (_, initialiser, expected) => {
    const values = drawn(initialiser)
    test('to five standard errors', () => {
      expect(Math.abs(deviation(values) / expected - 1)).toBeLessThan(5 / Math.sqrt(2 * values.length))
    })
    test('and the mean 0, to five standard errors', () => {
      expect(Math.abs(mean(values))).toBeLessThan((5 * expected) / Math.sqrt(values.length))
    })
    test('and as much beyond two deviations as the normal distribution, to five standard errors', () => {
      const share = values.filter(value => Math.abs(value) > 2 * expected).length / values.length
      const p = 0.045500263896
      expect(Math.abs(share - p)).toBeLessThan(5 * Math.sqrt((p * (1 - p)) / values.length))
    })
  })
})

describe('300,000 even weights', () => {
  const cases: readonly [name: string, initialiser: Initialiser, limit: number][] = [
    ['uniform() reach to 1/√inputs', uniform(), 1 / Math.sqrt(200)],
    ['uniform(0.4) reach to 0.4', uniform(0.4), 0.4],
    ['uniform(undefined, 50) reach to 1/√50', uniform(undefined, 50), 1 / Math.sqrt(50)],
    ['xavier() reach to √(6/(inputs + outputs))', xavier(), Math.sqrt(6 / 500)],
    ['xavier(2) reach to twice that', xavier(2), 2 * Math.sqrt(6 / 500)],
    ['he() that are even reach to √(6/inputs)', he({ distribution: 'uniform' }), Math.sqrt(6 / 200)],
    [
      'lecun() that are even reach to √(3/outputs) by outputs',
      lecun({ distribution: 'uniform', mode: 'fanOut' }),
      Math.sqrt(3 / 300),
    ],
  ]
  describe.each(cases)('%s', (_, initialiser, limit) => {
    const values = drawn(initialiser)
    test('and not beyond', () => {
      expect(largest(values)).toBeLessThanOrEqual(limit)
    })
    test('and nearly that far: the last 1/10,000 is missed with a chance of 1e-13', () => {
      expect(largest(values)).toBeGreaterThan(limit * 0.9999)
    })
    test('with the deviation limit/√3, to five standard errors', () => {
      const error = 5 * Math.sqrt(0.2 / values.length) // of the variance of an even distribution, relative to itself
      expect(Math.abs(deviation(values) ** 2 / (limit ** 2 / 3) - 1)).toBeLessThan(2 * error)
    })
    test('with the mean 0, to five standard errors', () => {
      expect(Math.abs(mean(values))).toBeLessThan((5 * limit) / Math.sqrt(3 * values.length))
    })
  })
})

test('a bias of the default uniform reaches to 1/√inputs of its neuron, not of its own shape', () => {
  expect(largest(drawn(uniform(undefined, 16), [5000]))).toBeCloseTo(0.25, 3)
})

describe('300,000 truncated weights', () => {
  const values = drawn(truncatedNormal(0.1))
  test('reach to two deviations, and not beyond', () => {
    expect(largest(values)).toBeLessThanOrEqual(0.2)
    expect(largest(values)).toBeGreaterThan(0.1999)
  })
  test('have 0.87962566 of the deviation', () => {
    expect(Math.abs(deviation(values) / 0.087962566 - 1)).toBeLessThan(5 / Math.sqrt(2 * values.length))
  })
  test('lie within one deviation as often as the distribution says, to five standard errors', () => {
    const share = values.filter(value => Math.abs(value) < 0.1).length / values.length
    const p = 0.682689492137 / 0.954499736104
    expect(Math.abs(share - p)).toBeLessThan(5 * Math.sqrt((p * (1 - p)) / values.length))
  })
  test('of lecun() have the deviation 1/√inputs after the cut', () => {
    const cut = drawn(lecun({ distribution: 'truncated' }))
    expect(Math.abs(deviation(cut) * Math.sqrt(200) - 1)).toBeLessThan(5 / Math.sqrt(2 * cut.length))
  })
  test('may be cut elsewhere', () => {
    expect(largest(drawn(truncatedNormal(1, 0.5)))).toBeLessThanOrEqual(0.5)
  })
})

describe('of a convolution [40, 20, 5, 3]', () => {
  const kernel: Shape = [40, 20, 5, 3]
  const cases: readonly [what: string, initialiser: Initialiser, limit: number][] = [
    ['xavier() counts each place of the kernel', xavier(), Math.sqrt(6 / (300 + 600))],
    ['uniform() counts those of the inputs', uniform(), 1 / Math.sqrt(300)],
    [
      'he() by outputs counts those of the outputs',
      he({ mode: 'fanOut', distribution: 'uniform' }),
      Math.sqrt(6 / 600),
    ],
  ]
  test.each(cases)('%s', (_, initialiser, limit) => {
    const reach = largest(drawn(initialiser, kernel)) / limit
    expect(reach).toBeGreaterThan(0.999)
    expect(reach).toBeLessThanOrEqual(1)
  })
})

describe('identity', () => {
  const place = (shape: Shape) => Array.from(identity()(keys[0]!, shape))
  test('passes on the inputs that there are', () => {
    expect(place([2, 3])).toEqual([1, 0, 0, 0, 1, 0])
    expect(place([3, 2])).toEqual([1, 0, 0, 1, 0, 0])
  })
  test('of a convolution passes them on in the middle of the kernel', () => {
    expect(place([2, 2, 3])).toEqual([0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0])
    expect(place([1, 1, 3, 3])).toEqual([0, 0, 0, 0, 1, 0, 0, 0, 0])
  })
})

test('zeros and ones are what they say', () => {
  expect([...zeros()(keys[0]!, [2]), ...ones()(keys[0]!, [2])]).toEqual([0, 0, 1, 1])
})

test('constant gives its value everywhere', () => {
  expect(Array.from(constant(0.5)(keys[0]!, [2, 2]))).toEqual([0.5, 0.5, 0.5, 0.5])
})

describe('orthogonal', () => {
  /** The largest distance of the products of all pairs of vectors from gain²·I. */
  function distance(vectors: readonly (readonly number[])[], gain: number): number {
    const products = vectors.flatMap((a, i) =>
      vectors.map(
        (b, j) => a.reduce((sum, value, k) => sum + value * b[k]!, 0) - Number(i === j) * gain ** 2,
      ),
    )
    return largest(products)
  }
  const rowsOf = (values: Float64Array, [rows, columns]: readonly [number, number]) =>
    Array.from({ length: rows }, (_, i) => Array.from(values.subarray(i * columns, (i + 1) * columns)))
  const columnsOf = (values: Float64Array, [rows, columns]: readonly [number, number]) =>
    Array.from({ length: columns }, (_, j) =>
      Array.from({ length: rows }, (_, i) => values[i * columns + j]!),
    )

  const sizes = fc.tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 }))
  const gains = fc.constantFrom(0.5, 1, 1.05, 2)
  const settings = { numRuns: 50 }

  test.prop([sizes.filter(([m, n]) => m >= n), gains, fc.nat()], settings)(
    'a tall weight has orthogonal columns of the length gain',
    (size, gain, seed) => {
      expect(distance(columnsOf(orthogonal(gain)(key(seed), size), size), gain)).toBeLessThan(1e-13)
    },
  )

  test.prop([sizes.filter(([m, n]) => m <= n), gains, fc.nat()], settings)(
    'a wide weight has orthogonal rows of the length gain',
    (size, gain, seed) => {
      expect(distance(rowsOf(orthogonal(gain)(key(seed), size), size), gain)).toBeLessThan(1e-13)
    },
  )

  test('each element of 2,000 rotations has the mean 0, to five standard errors: no direction is preferred', () => {
    const draws = Array.from({ length: 2000 }, (_, seed) => orthogonal()(key(seed), [3, 3]))
    const means = Array.from({ length: 9 }, (_, i) => mean(draws.map(q => q[i]!)))
    expect(largest(means)).toBeLessThan(5 * Math.sqrt(1 / 3 / 2000))
  })

  test('rotations and reflections are equally frequent in 2,000 draws, to five standard errors', () => {
    const determinants = Array.from({ length: 2000 }, (_, seed) => {
      const [a, b, c, d] = orthogonal()(key(seed), [2, 2]) as unknown as [number, number, number, number]
      return Math.sign(a * d - b * c)
    })
    expect(Math.abs(mean(determinants))).toBeLessThan(5 / Math.sqrt(2000))
  })
})

describe('spectralRadius', () => {
  test.prop([fc.integer({ min: 1, max: 15 }), fc.constantFrom(0.3, 1, 1.5), fc.nat()], { numRuns: 50 })(
    'makes the largest modulus of an eigenvalue what was asked',
    (size, radius, seed) => {
      const { real, imaginary } = eigenvaluesOf(spectralRadius(radius)(key(seed), [size, size]), size)
      const moduli = Array.from(real, (re, i) => Math.hypot(re, imaginary[i]!))
      expect(Math.max(...moduli) / radius).toBeCloseTo(1, 12)
    },
  )

  test('refuses a weight that is not square', () => {
    expect(() => spectralRadius(1)(keys[0]!, [2, 3])).toThrow(
      /^spectralRadius: a weight of shape \[2,3\] has no eigenvalues\. Use it for square weights$/,
    )
  })
})

describe('keys', () => {
  const all: Readonly<Record<string, Initialiser>> = {
    gaussian: gaussian(),
    gaussianOf: gaussianOf(1),
    uniform: uniform(),
    xavier: xavier(),
    he: he(),
    'he, even': he({ distribution: 'uniform' }),
    lecun: lecun({ mode: 'fanOut' }),
    truncatedNormal: truncatedNormal(1),
    orthogonal: orthogonal(),
    spectralRadius: spectralRadius(1),
  }
  describe.each(Object.entries(all))('of %s', (_, initialiser) => {
    test.prop([fc.nat()], { numRuns: 20 })('decide every bit', seed => {
      expect(initialiser(key(seed), [4, 4])).toEqual(initialiser(key(seed), [4, 4]))
    })
    test.prop([fc.nat()], { numRuns: 20 })('that differ share no value', seed => {
      const other = new Set(initialiser(key(seed + 1), [4, 4]))
      expect(Array.from(initialiser(key(seed), [4, 4])).filter(value => other.has(value))).toEqual([])
    })
  })
})

// biome-ignore format: a table
const refused: readonly [what: string, call: () => unknown, message: RegExp][] = [
  ['a negative gain', () => gaussian(-1), /^gaussian: the gain -1 is not ≥ 0 and finite\. Give zero or a positive number$/],
  ['an infinite gain', () => xavier(Number.POSITIVE_INFINITY), /^xavier: the gain Infinity is not/],
  ['a deviation of NaN', () => gaussianOf(Number.NaN), /^gaussianOf: the standard deviation NaN is not/],
  ['a negative limit', () => uniform(-0.1), /^uniform: the limit -0\.1 is not/],
  ['a negative orthogonal gain', () => orthogonal(-1), /^orthogonal: the gain -1 is not/],
  ['another mode', () => he({ mode: 'fan_in' as never }), /^he: the mode is 'fan_in'\. Give 'fanIn' or 'fanOut'/],
  ['another distribution', () => lecun({ distribution: 'toString' as never }), /^lecun: there is no distribution 'toString'/],
  ['a misspelt option', () => he({ gain: 1 } as never), /^he: there is no option gain/],
  ['a slope of NaN', () => he({ slope: Number.NaN }), /^he: the slope is NaN/],
  ['a bound that leaves nothing', () => truncatedNormal(1, 0.1), /^truncatedNormal: the bound is 0\.1/],
  ['a bias for the identity', () => identity()(keys[0]!, [3]), /^identity: a weight of shape \[3\] has no inputs/],
  ['a negative radius', () => spectralRadius(-1), /^spectralRadius: the radius -1 is not/],
]
test.each(refused)('%s is refused', (_, call, message) => {
  expect(call).toThrow(message)
})
