/**
 * Draws follow their distributions. Seeds are fixed, so a test passes always or never; the bounds are such that a right
 * generator would fail with a given seed once in a million times (5 standard deviations: once in 1.7 million).
 */
import {
  arange,
  bernoulli,
  categorical,
  type DType,
  eye,
  isRecorded,
  key,
  log,
  normal,
  permutation,
  record,
  softmax,
  type Tensor,
  tensor,
  truncatedNormal,
  zeros,
} from '@sensigrad/core'
import { describe, expect, test } from 'vitest'
import { draw, f64, numbers } from './support/backend.ts'

const infinity = Number.POSITIVE_INFINITY

/** How many standard deviations a number of successes is off. */
function surprise(count: number, trials: number, p: number): number {
  return Math.abs(count - trials * p) / Math.sqrt(trials * p * (1 - p))
}

describe('bernoulli', () => {
  test.each([0.001, 0.1, 0.5, 0.9])('is true with probability %d', p => {
    const drawn = bernoulli(key(1), p, [40_000])
    expect(drawn.dtype).toBe('bool')
    const values = numbers(drawn)
    expect(surprise(values.filter(Boolean).length, values.length, p)).toBeLessThan(5)
    const pairs = values.filter((value, i) => i > 0 && value === 1 && values[i - 1] === 1).length
    expect(Math.abs(pairs - values.length * p ** 2)).toBeLessThan(5 * Math.sqrt(values.length * p ** 2) + 1)
  })

  test('is never true with probability 0 and always with 1, in any type', () => {
    expect(new Set(numbers(bernoulli(key(1), 0, [1000]), bernoulli(key(1), -0, [1000])))).toEqual(
      new Set([0]),
    )
    const ones = bernoulli(key(1), 1, [10, 100], { dtype: 'float32' })
    expect(String(ones)).toBe('float32[10, 100]')
    expect(new Set(numbers(ones))).toEqual(new Set([1]))
  })

  test('does not depend on the shape, and more begin with the same', () => {
    const values = numbers(bernoulli(key(3), 0.5, [12]))
    expect(numbers(bernoulli(key(3), 0.5, [3, 4]))).toEqual(values)
    expect(numbers(bernoulli(key(3), 0.5, [20])).slice(0, 12)).toEqual(values)
    expect(numbers(bernoulli(key(4), 0.5, [12]))).not.toEqual(values)
  })

  test.each([-0.1, 1.1, Number.NaN, '0.5', undefined, [2]])('refuses the probability %s', p => {
    expect(() => bernoulli(key(1), p as number, [2])).toThrow(
      /^bernoulli: the probability is .*\. Give a number/,
    )
  })
})

describe('permutation', () => {
  test('is int32 unless another type is asked for', () => {
    expect([permutation(key(1), 4), permutation(key(1), 0, { dtype: 'float32' })].map(String)).toEqual([
      'int32[4]',
      'float32[0]',
    ])
  })
  test('depends on the key alone', () => {
    expect(numbers(permutation(key(1), 50))).toEqual(numbers(permutation(key(1), 50)))
    expect(numbers(permutation(key(1), 50))).not.toEqual(numbers(permutation(key(2), 50)))
  })
  test.each([-1, 0.5, '3'])('refuses %s elements', count => {
    expect(() => permutation(key(1), count as number)).toThrow(/^permutation: the shape \[.*\] has the size/)
  })
})

describe('truncatedNormal', () => {
  /** E and the variance of the normal on [low, high], by Simpson's rule. */
  function moments(low: number, high: number): [mean: number, variance: number] {
    const [from, to] = [Math.max(low, -9), Math.min(high, Math.max(9, low + 2))]
    const nearest = Math.max(from, Math.min(0, to))
    const steps = 20_000
    const sums = [0, 0, 0]
    for (let i = 0; i <= steps; i++) {
      const z = from + ((to - from) * i) / steps
      const weight = (i === 0 || i === steps ? 1 : 2 + 2 * (i % 2)) * Math.exp((nearest ** 2 - z ** 2) / 2)
      for (const order of [0, 1, 2]) sums[order]! += weight * (z - nearest) ** order
    }
    const [mean, square] = [sums[1]! / sums[0]!, sums[2]! / sums[0]!]
    return [nearest + mean, square - mean ** 2]
  }

  test.each([
    [-2, 2],
    [0, infinity],
    [-infinity, 0.5],
    [-1, 3],
    [5, 6],
    [2, 2.5],
  ])('has the mean and the variance of the normal on [%d, %d]', (low, high) => {
    const values = numbers(truncatedNormal(key(5), [20_000], { low, high, dtype: 'float64' }))
    const [mean, variance] = moments(low, high)
    const found = values.reduce((sum, value) => sum + value, 0) / values.length
    const spread = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
    expect(Math.abs(found - mean)).toBeLessThan(5 * Math.sqrt(variance / values.length))
    // The fourth central moment of these is at most nine times the squared variance, that of an exponential.
    expect(Math.abs(spread - variance)).toBeLessThan(5 * variance * Math.sqrt(8 / values.length))
  })

  test('falls evenly on ranges of equal probability (χ² with 15 degrees of freedom: one in a million)', () => {
    const all = numbers(normal(key(6), [400_000], { dtype: 'float64' }))
      .filter(z => z >= -1 && z <= 1.5)
      .sort((a, b) => a - b)
    const cuts = Array.from({ length: 15 }, (_, i) => all[Math.floor(((i + 1) * all.length) / 16)]!)
    const counts = Array<number>(16).fill(0)
    for (const z of numbers(truncatedNormal(key(7), [16_000], { low: -1, high: 1.5, dtype: 'float64' }))) {
      counts[cuts.filter(cut => z > cut).length]! += 1
    }
    const distance = counts.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0)
    expect(distance).toBeLessThan(58)
  })

  test.each<[number, number, number, number]>([
    [-2, 2, 0.1, 0.02],
    [5, 6, 0, 1],
    [-40, -39, 0, 1],
    [39, infinity, 0, 1],
    [0.1, 0.1 + 1e-6, 0, 1],
    [0, 1e-3, 1, 1e-3],
    [-1, 1, 2 ** 24, 3],
  ])(
    'never leaves [%d, %d] by rounding, for the mean %d and the deviation %d',
    (low, high, mean, deviation) => {
      for (const dtype of ['float32', 'float64'] as const) {
        const values = numbers(truncatedNormal(key(8), [2000], { low, high, mean, deviation, dtype }))
        const [lowest, highest] = [mean + deviation * low, mean + deviation * high]
        expect(values.every(value => value >= lowest && value <= highest)).toBe(true)
        expect(new Set(values).size).toBeGreaterThanOrEqual(5)
      }
    },
  )

  test('far out is exponential with the rate of its distance', () => {
    const values = numbers(truncatedNormal(key(9), [10_000], { low: -40, high: -39, dtype: 'float64' }))
    const mean = values.reduce((sum, z) => sum + (-39 - z), 0) / values.length
    expect(Math.abs(mean * 39 - 1)).toBeLessThan(5 / Math.sqrt(values.length) + 2 / 39 ** 2)
  })

  test('without spread is its mean', () => {
    expect(numbers(truncatedNormal(key(1), [2], { mean: 3, deviation: 0, low: -infinity }))).toEqual([3, 3])
  })

  test('does not depend on the shape', () => {
    expect(numbers(truncatedNormal(key(1), [2, 3]))).toEqual(numbers(truncatedNormal(key(1), [6])))
  })

  test.each<[object, string]>([
    [{ low: 1, high: 1 }, 'low 1 is not below high 1. Give low < high'],
    [{ low: Number.NaN }, 'low NaN is not below high 2'],
    [{ deviation: -1 }, 'the standard deviation -1 is not ≥ 0'],
    [{ deviation: infinity }, 'the standard deviation Infinity is not ≥ 0 and finite'],
    [{ mean: '3' }, "the mean is '3'. Give a finite number"],
    [{ dtype: 'int32' }, 'int32 is no float type'],
    [{ low: 0.1, high: 0.1 + 1e-10 }, 'no float32 lies between 0.1 and'],
  ])('refuses %j', (options, message) => {
    expect(() => truncatedNormal(key(1), [2], options)).toThrow(`truncatedNormal: ${message}`)
  })
})

describe('categorical', () => {
  const p = [0.1, 0.2, 0, 0.3, 0.4]
  const logits = log(f64(p)).sub(3)

  test('draws each class with its probability (χ² with 3 degrees of freedom: one in a million)', () => {
    for (const dtype of ['float32', 'float64'] as const) {
      const drawn = categorical(key(1), logits.cast(dtype), { samples: 20_000 })
      expect(String(drawn)).toBe('int32[20000]')
      const counts = p.map((_, index) => numbers(drawn).filter(value => value === index).length)
      expect(counts[2]).toBe(0)
      const distance = p.reduce(
        (sum, pi, i) => sum + (pi && (counts[i]! - 20_000 * pi) ** 2 / (20_000 * pi)),
        0,
      )
      expect(distance).toBeLessThan(30.7)
    }
  })

  test('draws along the last axis, for each row of its own', () => {
    const rows = normal(key(2), [2, 3, 4], { dtype: 'float64' })
    expect(String(categorical(key(1), rows))).toBe('int32[2, 3]')
    const drawn = categorical(key(3), rows, { samples: 4000 })
    expect(drawn.shape).toEqual([4000, 2, 3])
    const chances = numbers(softmax(rows))
    const values = numbers(drawn)
    chances.forEach((chance, at) => {
      const [row, index] = [at >> 2, at & 3]
      const count = values.filter((value, i) => i % 6 === row && value === index).length
      expect(surprise(count, 4000, chance)).toBeLessThan(5)
    })
  })

  test('does not notice a constant added to all logits, however large', () => {
    const base = draw(1, [5, 4], [-4, 4], 'int32').cast('float32')
    const shifted = base.add(2 ** 22)
    expect(numbers(categorical(key(1), shifted, { samples: 100 }))).toEqual(
      numbers(categorical(key(1), base, { samples: 100 })),
    )
  })

  test('more samples begin with the same ones', () => {
    const few = numbers(categorical(key(4), logits, { samples: 5 }))
    expect(numbers(categorical(key(4), logits, { samples: 9 })).slice(0, 5)).toEqual(few)
    expect(numbers(categorical(key(4), logits))).toEqual(few.slice(0, 1))
  })

  test('of nothing is nothing', () => {
    expect(
      [categorical(key(1), logits, { samples: 0 }), categorical(key(1), zeros([0, 3]))].map(String),
    ).toEqual(['int32[0]', 'int32[0]'])
  })

  test('is a constant to gradients', () => {
    const tape = record((x: Tensor) => {
      expect(isRecorded(categorical(key(1), x))).toBe(false)
      return x
    }, logits)
    expect(tape.entries.length).toBeLessThan(2)
  })

  test.each<[unknown, unknown, string]>([
    [arange(3), {}, 'int32[3] is not of a float type'],
    [zeros([]), {}, 'logits [] have no classes'],
    [zeros([2, 0]), {}, 'logits [2, 0] have no classes'],
    [zeros([2]), { samples: 0.5 }, 'the shape [0.5, 2] has the size 0.5'],
    [zeros([2]), null, 'the options are null'],
    [zeros([2]), 5, 'the options are 5. Give an object: { samples: 10 }'],
    [[0.5, 0.5], {}, 'the tensor of logits is an array'],
  ])('refuses %s with %j', (given, options, message) => {
    expect(() => categorical(key(1), given as Tensor, options as object)).toThrow(`categorical: ${message}`)
  })

  test('refuses what is no key', () => {
    expect(() => categorical(7 as never, logits)).toThrow('categorical: 7 is no key')
  })
})

describe('numbers in order', () => {
  test.each<[Tensor, DType, number[]]>([
    [arange(4), 'int32', [0, 1, 2, 3]],
    [arange(2, 5), 'int32', [2, 3, 4]],
    [arange(5, 0, -2), 'int32', [5, 3, 1]],
    [arange(-1, 1, 0.5), 'float32', [-1, -0.5, 0, 0.5]],
    [arange(0, 2.5), 'float32', [0, 1, 2]],
    [arange(3, 3), 'int32', []],
    [arange(0, 5, -1), 'int32', []],
    [arange(0, 6, 3, { dtype: 'float64' }), 'float64', [0, 3]],
    [eye(2, 3), 'float32', [1, 0, 0, 0, 1, 0]],
    [eye(3, 1, { dtype: 'int32' }), 'int32', [1, 0, 0]],
  ])('%s', (found, dtype, expected) => {
    expect(found.dtype).toBe(dtype)
    expect(numbers(found)).toEqual(expected)
  })

  test('beyond int32 are refused by name', () => {
    expect(() => arange(2 ** 31 - 1, 2 ** 31 + 1)).toThrow('arange: 2147483648 is no int32')
    expect(numbers(arange(2 ** 31, 2 ** 31 + 1, 1, { dtype: 'float64' }))).toEqual([2 ** 31])
  })
  test('are bools where they are asked to be', () => {
    expect(numbers(tensor([1, 0], { dtype: 'bool' }), eye(1, { dtype: 'bool' }))).toEqual([1, 0, 1])
  })
})
