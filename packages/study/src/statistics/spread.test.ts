/** Medians and ranges. */
import { expect, test } from 'vitest'
import { mean, median, quantiles, spread } from './spread.ts'

test('quantiles are those of R, type 7', () => {
  // R: quantile(c(1, 2, 4, 8, 16), c(0, .1, .25, .5, .9, 1))
  const expected = [1, 1.4, 2, 4, 12.8, 16]
  const found = quantiles([8, 1, 16, 2, 4], [0, 0.1, 0.25, 0.5, 0.9, 1])
  for (const [i, value] of found.entries()) expect(value).toBeCloseTo(expected[i]!, 12)
})

test('an even number of values has its median halfway', () => {
  expect(median([4, 1, 3, 2])).toBe(2.5)
})

test('infinite values have their place in the order', () => {
  expect(spread([Number.NEGATIVE_INFINITY, 1, 2])).toEqual({
    median: 1,
    min: Number.NEGATIVE_INFINITY,
    max: 2,
  })
})

test('nothing has no spread', () => {
  expect(spread([])).toBeNull()
  expect(mean([])).toBeNaN()
})
