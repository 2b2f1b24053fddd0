/** Integer division by float32: right however badly a GPU divides within what shading languages promise. */
import { fc, test } from '@fast-check/vitest'
import { describe, expect, test as fixed } from 'vitest'
import { coordinates, quotient, steps } from './places.ts'
import { Text } from './text.ts'

/** Runs the statements of a text in JavaScript, dividing as a bad GPU would. */
function run(text: Text, result: string, element: number, ulps: number): number {
  const source = text.job(result, 1, []).source.replace(/(\([^()]*\)|\w+) \/ (\d+)/g, 'divided($1, $2)')
  const divided = (n: number, d: number) => (n / d) * (1 + ulps * 2 ** -23)
  const kernel = new Function('divided', `return ${source}`)(divided) as (this: object) => number
  return kernel.call({ thread: { x: element } })
}

const limit = 2 ** 24
/** Divisors of all sizes, and numbers near their multiples, where a quotient is easily missed. */
const divisions = fc
  .record({
    d: fc.oneof(
      fc.integer({ min: 2, max: 40 }),
      fc.integer({ min: 0, max: 24 }).map(bit => 2 ** bit),
      fc.integer({ min: 2, max: limit - 1 }),
    ),
    ulps: fc.oneof(fc.constantFrom(-2.5, 0, 2.5), fc.double({ min: -2.5, max: 2.5, noNaN: true })),
    bound: fc.oneof(fc.constantFrom(2 ** 20, limit), fc.integer({ min: 1, max: limit })),
    times: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    near: fc.integer({ min: -2, max: 2 }),
  })
  .map(({ d, ulps, bound, times, near }) => {
    const multiple = Math.floor(times * Math.ceil(bound / d)) * d
    return { d, ulps, bound, n: Math.min(Math.max(multiple + near, 0), bound - 1) }
  })

describe('a quotient of integers', () => {
  test.prop([divisions], { numRuns: 5000 })('is its floor', ({ d, ulps, bound, n }) => {
    const text = new Text()
    expect(run(text, quotient(text, text.element, d, bound), n, ulps)).toBe(Math.floor(n / d))
  })
  fixed('is right for the last elements of the largest texture', () => {
    for (let d = 2; d < 300; d++) {
      for (const ulps of [-2.5, 2.5]) {
        const text = new Text()
        const result = quotient(text, text.element, d, limit)
        expect(run(text, result, limit - 1, ulps)).toBe(Math.floor((limit - 1) / d))
        const multiple = limit - 1 - ((limit - 1) % d)
        expect(run(text, result, multiple, ulps)).toBe(multiple / d)
      }
    }
  })
})

describe('the index of an element', () => {
  test.prop([fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 5 }), fc.nat()])(
    'leads back to its place',
    (shape, seed) => {
      const size = shape.reduce((a, b) => a * b, 1)
      const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((a, b) => a * b, 1))
      const text = new Text()
      const index = coordinates(text, text.element, shape)
      const place = seed % size
      expect(run(text, `0${steps(index, strides)}`, place, 0)).toBe(place)
      index.forEach((coordinate, axis) => {
        expect(run(text, coordinate, place, 0)).toBe(Math.floor(place / strides[axis]!) % shape[axis]!)
      })
    },
  )
  fixed('is written without what does nothing', () => {
    expect(steps(['v1', '0', 'v2', 'v3', 'v4'], [6, 2, 1, 0, -3])).toBe(' + v1 * 6 + v2 - v4 * 3')
  })
})
