/** Exponents: what a power law gives back, and which points count. */
import { expect, test } from 'vitest'
import { exponent, median } from './fit.ts'

test('a power law gives its exponent', () => {
  for (const p of [0, 0.5, 1, 2]) {
    const points = [100, 200, 500, 1000].map(n => [n, 3 * n ** p] as const)
    expect(exponent(points)?.exponent).toBeCloseTo(p, 12)
  }
})

test('only the upper decade counts', () => {
  const points = [10, 50, 100, 300, 1000].map(n => [n, n < 100 ? 7 : n] as const)
  const fit = exponent(points)
  expect(fit?.exponent).toBeCloseTo(1, 12)
  expect([fit?.from, fit?.to]).toEqual([100, 1000])
})

test('values without a logarithm are left out, and one length has no exponent', () => {
  const points = [[100, 0], [300, 3], [1000, 10]] as const // biome-ignore format: pairs
  expect(exponent(points)?.from).toBe(300)
  expect(exponent([[10, 1], [10, 2]])).toBeUndefined() // biome-ignore format: pairs
  expect(exponent([])).toBeUndefined()
})

test('the median of an even number of values lies halfway', () => {
  expect(median([4, 1, 3, 2])).toBe(2.5)
  expect(median([5, 1, 3])).toBe(3)
  expect(median([])).toBeNaN()
})
