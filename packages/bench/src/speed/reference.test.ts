/** What is compared with the reference, and when it counts as another computation. */
import { expect, test } from 'vitest'
import type { Named } from './case.ts'
import { difference } from './reference.ts'

const named = (...values: number[]): Named => ({
  w: { shape: [values.length], values: new Float32Array(values) },
})

test('results within the tolerance are right', () => {
  expect(difference(named(3, 4.004), named(3, 4), 1e-3)).toBeUndefined()
})

test('results beyond it are named with their distance', () => {
  expect(difference(named(3, 4.05), named(3, 4), 1e-3)).toMatch(/its w is 1\.0e-2 from the reference/)
})

test('results that are no numbers, too few or missing are no results', () => {
  expect(difference(named(3, Number.NaN), named(3, 4), 1e-3)).toMatch(/its w is NaN/)
  expect(difference(named(3), named(3, 4), 1e-3)).toMatch(/1 numbers instead of 2/)
  expect(difference({}, named(3, 4), 1e-3)).toMatch(/does not compute w/)
})
