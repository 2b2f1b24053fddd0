/** The size from which a GPU pays, read off two curves. */
import { expect, test } from 'vitest'
import { crossover, fastest, type Timing } from './crossover.ts'

const curve = (...seconds: (number | null)[]): Timing[] =>
  seconds.map((time, i) => ({ size: 10 ** i, seconds: time }))

test.each<[string, Timing[], Timing[], number | null, number | null]>([
  ['never, if it is slower everywhere', curve(2, 3, 9), curve(1, 2, 8), null, 100],
  ['at once, if it is faster everywhere', curve(1, 1, 1), curve(2, 3, 4), 1, 100],
  ['where it overtakes', curve(5, 5, 5), curve(1, 4, 9), 100, 100],
  ['only where it stays ahead', curve(1, 9, 5), curve(2, 4, 9), 100, 100],
  ['not beyond what both were measured at', curve(5, 5, null), curve(1, 4, 9), null, 10],
  ['not where a tie is all', curve(2), curve(2), null, 1],
  ['nowhere, if nothing was measured', curve(null), curve(1), null, null],
])('a GPU pays %s', (_, gpu, host, from, upTo) => {
  expect(crossover(gpu, host)).toEqual({ from, upTo })
})

test('the fastest of several curves is the faster at each size, and what one lacks the other gives', () => {
  expect(fastest([curve(3, 1, null), curve(2, 4, 7)])).toEqual(curve(2, 1, 7))
  expect(fastest([curve(null), curve(null)])).toEqual(curve(null))
})
