/** The truncated normal's inverse distribution function is one: exact in the middle and in the farthest tails. */
import { describe, expect, test } from 'vitest'
import { erfc } from '../expression/special.ts'
import { innerBounds, truncatedQuantile } from './truncated.ts'

const shares = [2 ** -53, 1e-12, 0.001, 0.1, 0.25, 0.5, 0.75, 0.9, 0.999, 1 - 1e-12, 1 - 2 ** -53]
const tail = (z: number) => erfc(z / Math.SQRT2) / 2

describe('where the distribution function has all its digits, the quantile is its inverse', () => {
  test.each([
    [-2, 2],
    [0, 3],
    [-1, 4],
    [0.5, 0.75],
    [3, 8],
    [5, 6],
    [8, Number.POSITIVE_INFINITY],
    [4.9, 5.1],
    [-8, 0.1],
    [-9, -1],
  ])('on [%d, %d]', (low, high) => {
    const quantile = truncatedQuantile(low, high)
    for (const u of shares) {
      const z = quantile(u)
      // The share below z and the share above it, each without cancellation where it is the small one.
      const [below, above] =
        Math.abs(low) > Math.abs(high)
          ? [tail(-z) - tail(-low), tail(-high) - tail(-z)]
          : [tail(low) - tail(z), tail(z) - tail(high)]
      expect(z).toBeGreaterThanOrEqual(low)
      expect(z).toBeLessThanOrEqual(high)
      expect(Math.abs(below / (below + above) - u)).toBeLessThan(1e-13)
    }
  })
})

describe('far out, where the distribution is nearly exponential with the rate a', () => {
  test.each([39, 1e3, 1e6, 1e9])('from %d', a => {
    const quantile = truncatedQuantile(a, Number.POSITIVE_INFINITY)
    for (const u of shares) {
      // Q(a + t)/Q(a) ≈ e^{-at - t²/2}·(1 - t/a), so at ≈ -log(1 - u)·(1 + O(a⁻²))
      const wanted = -Math.log1p(-u) / a
      expect(Math.abs(quantile(u) - a - wanted)).toBeLessThan(
        20 * wanted * (1 / a ** 2) * (1 + wanted * a) + a * 2e-16,
      )
    }
  })

  test('both tails are mirror images', () => {
    const [left, right] = [truncatedQuantile(-40, -39), truncatedQuantile(39, 40)]
    for (const u of [0.125, 0.25, 0.5, 0.75]) expect(left(u)).toBe(-right(1 - u))
  })
})

test('the whole line is the normal distribution, and never infinite', () => {
  const quantile = truncatedQuantile(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY)
  expect(quantile(0.5)).toBe(0)
  expect(quantile(0.975)).toBeCloseTo(1.959963984540054, 13)
  expect(shares.map(quantile).every(Number.isFinite)).toBe(true)
  expect(truncatedQuantile(-0.01, Number.POSITIVE_INFINITY)(1 - 2 ** -53)).toBeLessThan(9)
})

test.each([
  [-1e-300, 1],
  [-5e-324, 5e-324],
  [0, 5e-324],
  [1e300, Number.POSITIVE_INFINITY],
  [1e15, 1e15 + 1],
  [-1e-9, 1e-9],
])('bounds as strange as [%d, %d] give numbers between them, in order', (low, high) => {
  const found = shares.map(truncatedQuantile(low, high))
  expect(found.every(z => z >= low && z <= high)).toBe(true)
  expect(found).toEqual(found.slice().sort((a, b) => a - b))
})

test('bounds are the innermost numbers of the type', () => {
  const [low, high] = innerBounds(0.1, 0.3, 'float32')
  expect(low).toBeGreaterThanOrEqual(0.1)
  expect(high).toBeLessThanOrEqual(0.3)
  expect([low, high].map(Math.fround)).toEqual([low, high])
  expect(Math.max(low - 0.1, 0.3 - high)).toBeLessThan(2 ** -25)
  expect(innerBounds(0.1, 0.3, 'float64')).toEqual([0.1, 0.3])
  expect(innerBounds(-0.3, -0.1, 'float32')).toEqual([-high, -low])
  expect(innerBounds(-1e-60, 1e-60, 'float32')).toEqual([-0, 0])
  expect(innerBounds(1e-60, 1, 'float32')).toEqual([2 ** -149, 1])
  expect(innerBounds(-1e39, 1e39, 'float32').map(Math.abs)).toEqual(Array(2).fill((2 - 2 ** -23) * 2 ** 127))
})
