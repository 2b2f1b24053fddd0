/** Keyed random numbers are Threefry's, are distributed as they should be, and do not depend on one another. */
import { describe, expect, test } from 'vitest'
import {
  foldIn,
  type Key,
  key,
  normalValues,
  openUniformValues,
  permutationValues,
  splitKey,
  threefry,
  uniformValues,
} from './random.ts'

const keys = Array.from({ length: 200 }, (_, seed) => key(seed))
const mean = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0) / values.length
const moment = (values: ArrayLike<number>, order: number) => mean(Array.from(values, value => value ** order))

function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const [centreA, centreB] = [mean(a), mean(b)]
  const product = (x: ArrayLike<number>, y: ArrayLike<number>, cx: number, cy: number) =>
    mean(Array.from(x, (value, i) => (value - cx) * (y[i]! - cy)))
  return (
    product(a, b, centreA, centreB) /
    Math.sqrt(product(a, a, centreA, centreA) * product(b, b, centreB, centreB))
  )
}

/** √n times the largest distance between the empirical distribution and the true one (Kolmogorov and Smirnov). */
function distance(values: Float64Array, distribution: (x: number) => number): number {
  const n = values.length
  const sorted = values.slice().sort()
  const gaps = Array.from(sorted, (x, i) => {
    const p = distribution(x)
    return Math.max(p - i / n, (i + 1) / n - p)
  })
  return Math.sqrt(n) * Math.max(...gaps)
}

/** The normal distribution function to 1e-7 (Abramowitz and Stegun 7.1.26). */
function normalDistribution(x: number): number {
  const t = 1 / (1 + (0.3275911 * Math.abs(x)) / Math.SQRT2)
  const polynomial = [0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429].reduce(
    (sum, c, i) => sum + c * t ** (i + 1),
    0,
  )
  const tail = (polynomial * Math.exp((-x * x) / 2)) / 2
  return x < 0 ? tail : 1 - tail
}

describe('Threefry-2x32 gives the known answers of Random123', () => {
  test.each<[Key, [number, number], [number, number]]>([
    [
      [0, 0],
      [0, 0],
      [0x6b200159, 0x99ba4efe],
    ],
    [
      [0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x1cb996fc, 0xbb002be7],
    ],
    [
      [0x13198a2e, 0x03707344],
      [0x243f6a88, 0x85a308d3],
      [0xc4923a9c, 0x483df7a0],
    ],
  ])('for the key %j and the counter %j', (k, counter, answer) => {
    expect(threefry(k, ...counter)).toEqual(answer)
  })
})

test('one changed bit of key or counter changes half of the bits', () => {
  const flips = Array.from({ length: 128 }, (_, bit) => {
    const words = [1, 2, 3, 4]
    const flipped = words.map((word, i) => (bit >> 5 === i ? word ^ (1 << (bit & 31)) : word))
    const [before, after] = [words, flipped].map(([a, b, c, d]) => threefry([a!, b!], c!, d!))
    return [0, 1].map(i => ((before![i]! ^ after![i]!) >>> 0).toString(2).replaceAll('0', '').length)
  })
  const counts = flips.map(([a, b]) => a! + b!)
  expect(Math.min(...counts)).toBeGreaterThan(32 - 5 * 4) // 64 coins have the deviation 4
  expect(Math.max(...counts)).toBeLessThan(32 + 5 * 4)
  expect(Math.abs(mean(counts) - 32)).toBeLessThan((5 * 4) / Math.sqrt(128))
})

describe('keys', () => {
  test('hold the whole seed', () => {
    expect(key(0)).toEqual([0, 0])
    expect(key(2 ** 32 + 5)).toEqual([1, 5])
    expect(key(2 ** 53 - 1)).toEqual([2 ** 21 - 1, 2 ** 32 - 1])
  })

  test.each([-1, 0.5, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY])('have no seed %d', seed => {
    expect(() => key(seed)).toThrow(`key: ${seed} is no seed. Give a whole number from 0 to 2^53 - 1`)
    expect(() => foldIn(key(0), seed)).toThrow(`foldIn: ${seed} is no seed`)
  })

  test('that are derived are all different', () => {
    const root = key(7)
    const children = [
      ...splitKey(root, 500),
      ...Array.from({ length: 500 }, (_, i) => foldIn(root, i)),
      ...Array.from({ length: 500 }, (_, i) => foldIn(root, (i + 1) * 2 ** 32)),
      ...splitKey(root, 20).flatMap(child => splitKey(child, 20)),
      ...splitKey(root, 20).flatMap(child => Array.from({ length: 20 }, (_, i) => foldIn(child, i))),
    ]
    expect(new Set([root, ...children].map(String)).size).toBe(1 + children.length)
  })

  test('are no blocks from which numbers of their parent are drawn', () => {
    const drawn = uniformValues(key(3), 30_000)
    const asDrawn = splitKey(key(3), 5).map(([high, low]) => ((high >>> 5) * 2 ** 26 + (low >>> 6)) / 2 ** 53)
    expect(asDrawn.filter(value => drawn.includes(value))).toEqual([])
  })

  test('of a longer split begin with those of a shorter one', () => {
    expect(splitKey(key(3), 5).slice(0, 2)).toEqual(splitKey(key(3)))
    expect(splitKey(key(3), 0)).toEqual([])
  })
})

describe('uniform numbers', () => {
  test('lie in [0, 1) and use all 53 bits', () => {
    const values = uniformValues(key(1), 10_000)
    expect(values.every(u => u >= 0 && u < 1 && Number.isInteger(u * 2 ** 53))).toBe(true)
    const odd = values.filter(u => (u * 2 ** 53) % 2 === 1).length
    expect(Math.abs(odd - 5000)).toBeLessThan(5 * 50)
  })

  test('of 200 keys are uniform (Kolmogorov–Smirnov)', () => {
    const distances = keys.map(k => distance(uniformValues(k, 1000), u => u))
    expect(Math.max(...distances)).toBeLessThan(2.5) // exceeded by chance once in 700 such tests
    const beyond = distances.filter(d => d > 1.358).length // one in twenty
    expect(beyond).toBeGreaterThan(0)
    expect(beyond).toBeLessThan(25)
  })

  test('across 5000 neighbouring keys are uniform at each place', () => {
    for (const place of [0, 1, 7]) {
      const across = Float64Array.from({ length: 5000 }, (_, seed) => uniformValues(key(seed), 8)[place]!)
      expect(distance(across, u => u)).toBeLessThan(2)
    }
  })

  test('do not depend on how many are drawn', () => {
    expect([...uniformValues(key(9), 5)]).toEqual([...uniformValues(key(9), 9).subarray(0, 5)])
  })
})

describe('normal numbers', () => {
  test('have the moments 0, 1, 0 and 3', () => {
    const values = normalValues(key(2), 40_000)
    const deviations = [1, 2, 15, 96].map(variance => 5 * Math.sqrt(variance / values.length))
    const expected = [0, 1, 0, 3]
    for (const [i, deviation] of deviations.entries()) {
      expect(Math.abs(moment(values, i + 1) - expected[i]!)).toBeLessThan(deviation)
    }
  })

  test('of 200 keys are normal (Kolmogorov–Smirnov)', () => {
    const distances = keys.map(k => distance(normalValues(k, 1000), normalDistribution))
    expect(Math.max(...distances)).toBeLessThan(2.5)
    expect(distances.filter(d => d > 1.358).length).toBeLessThan(25)
  })

  test('that come from one pair of draws do not depend on each other', () => {
    const values = normalValues(key(3), 40_000)
    const [even, odd] = [0, 1].map(parity => values.filter((_, i) => i % 2 === parity))
    const bound = 5 / Math.sqrt(20_000)
    expect(Math.abs(correlation(even!, odd!))).toBeLessThan(bound)
    expect(
      Math.abs(
        correlation(
          even!.map(z => z * z),
          odd!.map(z => z * z),
        ),
      ),
    ).toBeLessThan(bound)
  })

  test('do not depend on how many are drawn, odd counts included', () => {
    const all = normalValues(key(9), 9)
    for (const count of [0, 1, 4, 5])
      expect([...normalValues(key(9), count)]).toEqual([...all.subarray(0, count)])
  })

  test('are finite even where a uniform number is as small as can be', () => {
    expect(normalValues(key(4), 100_000).every(Number.isFinite)).toBe(true)
  })
})

describe('permutations', () => {
  test('hold each number once', () => {
    for (const count of [0, 1, 2, 100]) {
      const values = permutationValues(key(count), count)
      expect([...values].sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i))
    }
  })

  test('of four numbers are all equally likely (χ² with 23 degrees of freedom: one false alarm in a million)', () => {
    const counts = new Map<string, number>()
    for (let seed = 0; seed < 24_000; seed++) {
      const order = permutationValues(key(seed), 4).join('')
      counts.set(order, (counts.get(order) ?? 0) + 1)
    }
    const distance = [...counts.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0)
    expect(counts.size).toBe(24)
    expect(distance).toBeLessThan(73.6)
  })

  test('bring each number to each place alike (χ² with 49² degrees of freedom: one in a million)', () => {
    const [size, draws] = [50, 5000]
    const counts = new Float64Array(size * size)
    for (let seed = 0; seed < draws; seed++) {
      permutationValues(key(seed), size).forEach((value, place) => {
        counts[place * size + value]! += 1
      })
    }
    const expected = draws / size
    const distance = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
    const freedom = (size - 1) ** 2
    expect((distance - freedom) / Math.sqrt(2 * freedom)).toBeLessThan(4.9)
  })
})

describe('streams do not depend on one another', () => {
  const length = 4000
  const bound = 5 / Math.sqrt(length)
  const root = key(11)
  const [left, right] = splitKey(root)
  const streams: Record<string, [Key, Key]> = {
    'of a key and its split': [root, left!],
    'of two halves of a split': [left!, right!],
    'of a key and what was folded in': [root, foldIn(root, 0)],
    'of neighbouring numbers folded in': [foldIn(root, 1), foldIn(root, 2)],
    'of neighbouring seeds': [key(1), key(2)],
    'of a split and a fold': [left!, foldIn(root, 0)],
  }
  test.each(Object.entries(streams))('%s', (_, [a, b]) => {
    const [x, y] = [uniformValues(a, length), uniformValues(b, length)]
    expect(Math.abs(correlation(x, y))).toBeLessThan(bound)
    expect(Math.abs(correlation(x.subarray(1), y.subarray(0, -1)))).toBeLessThan(bound)
    expect(Math.abs(correlation(normalValues(a, length), normalValues(b, length)))).toBeLessThan(bound)
  })

  test('uniform and normal numbers of one key', () => {
    expect(Math.abs(correlation(uniformValues(root, length), normalValues(root, length)))).toBeLessThan(bound)
  })

  test('numbers of one key for different purposes, or without the ends of the interval', () => {
    const lots = (['uniform', 'bernoulli', 'truncatedNormal', 'categorical'] as const).map(purpose =>
      openUniformValues(root, length, purpose),
    )
    for (const [i, a] of lots.entries()) {
      expect(a.every(u => u > 0 && u < 1)).toBe(true)
      for (const b of lots.slice(i + 1)) expect(Math.abs(correlation(a, b))).toBeLessThan(bound)
    }
    const uniform = uniformValues(root, length)
    expect(uniform.every((u, i) => Math.abs(u - lots[0]![i]!) <= 2 ** -53)).toBe(true)
  })

  test('neighbours within a stream', () => {
    const values = uniformValues(root, length)
    for (const lag of [1, 2, 3, 16]) {
      expect(Math.abs(correlation(values.subarray(lag), values.subarray(0, -lag)))).toBeLessThan(bound)
    }
  })
})
