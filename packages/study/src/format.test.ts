/** Numbers as people read them. */
import { expect, test } from 'vitest'
import { count, digits, plural, power, pValue, ranged } from './format.ts'

test.each([
  [-0.0714, '−0.071'],
  [-0.0004, '0.000'],
  [12, '12.000'],
  [Number.NEGATIVE_INFINITY, '−∞'],
  [Number.NaN, '–'],
  [null, '–'],
])('%s reads %s', (value, text) => {
  expect(digits(value)).toBe(text)
})

test('a range stands beside its median unless it says nothing more', () => {
  expect(ranged({ median: 0.07, min: 0.041, max: 0.104 })).toBe('0.070 (0.041 to 0.104)')
  expect(ranged({ median: 0.07, min: 0.07, max: 0.0701 })).toBe('0.070')
  expect(ranged({ median: 3400, min: 2800, max: 3600 }, count)).toBe('3,400 (2,800 to 3,600)')
  expect(ranged(null)).toBe('–')
})

test('one is singular', () => {
  expect([0, 1, 2].map(n => plural(n, 'run'))).toEqual(['0 runs', '1 run', '2 runs'])
})

test('numbers over many decades keep two digits, and an exact 0 is told from a small number', () => {
  expect([1.74e-158, 0, 0.4567, 1234, null].map(power)).toEqual(['1.7e−158', '0', '0.46', '1.2e3', '–'])
})

test('a p-value is never 0', () => {
  expect([0.0312, 1e-9, null].map(pValue)).toEqual(['p = 0.031', 'p < 0.001', '–'])
})
