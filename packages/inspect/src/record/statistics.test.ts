/** Statistics say what is there: of vanishing and exploding numbers, of zeros and NaN, and bit for bit whether two tensors are one. */
import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { hashOf, mergeHistograms, statisticsOf } from './statistics.ts'

const { NaN: nan, POSITIVE_INFINITY: infinity } = Number
const doubles = fc.float64Array({ minLength: 1, maxLength: 40 })
const floats = fc.float32Array({ minLength: 1, maxLength: 40 })

describe('moments', () => {
  test('of numbers', () => {
    expect(statisticsOf(Float32Array.of(3, -4, 0))).toMatchObject({
      count: 3,
      nonFinite: 0,
      zeros: 1,
      min: -4,
      max: 3,
      mean: -1 / 3,
      rms: Math.sqrt(25 / 3),
      norm: 5,
      largest: 4,
    })
  })

  test('leave out what is not finite, and count it', () => {
    expect(statisticsOf(Float64Array.of(nan, 2, infinity, -infinity))).toMatchObject({
      nonFinite: 3,
      mean: 2,
      norm: 2,
    })
    expect(statisticsOf(Float64Array.of(nan))).toMatchObject({ min: nan, mean: nan, norm: nan, largest: nan })
  })

  test('of nothing', () => {
    expect(statisticsOf(new Float32Array(0))).toMatchObject({
      count: 0,
      min: nan,
      rms: nan,
      norm: 0,
      exponents: [],
    })
  })

  test.each([1e-158, 1e-300, 5e-324, 1e200, Number.MAX_VALUE / 4])(
    'keep their precision at %d, whose square is no number of full precision',
    x => {
      const { norm, rms, mean } = statisticsOf(Float64Array.of(x, x, x, x))
      expect([norm / 2, rms, mean]).toEqual([x, x, x])
    },
  )

  test.prop([doubles])('lie between the extremes', values => {
    const { mean, rms, min, max, largest, norm, count, nonFinite } = statisticsOf(values)
    if (nonFinite === count) return
    const slack = 1 + 1e-12
    expect(rms).toBeLessThanOrEqual(largest * slack)
    expect(norm).toBeGreaterThanOrEqual(largest / slack)
    expect(mean).toBeGreaterThanOrEqual(min - largest * 1e-12)
    expect(mean).toBeLessThanOrEqual(max + largest * 1e-12)
  })
})

describe('the histogram', () => {
  test('counts by exponent, zeros first and what is not finite last', () => {
    expect(statisticsOf(Float32Array.of(1, 1.9, 2, 0))).toMatchObject({
      firstExponent: 0,
      exponents: [1, ...Array(126).fill(0), 2, 1],
    })
    expect(statisticsOf(Float32Array.of(nan, infinity))).toMatchObject({ firstExponent: 255, exponents: [2] })
  })

  test('counts magnitudes beyond float32 at its ends', () => {
    expect(statisticsOf(Float64Array.of(1e300))).toMatchObject({ firstExponent: 254, exponents: [1] })
    expect(statisticsOf(Float64Array.of(1e-300))).toMatchObject({
      firstExponent: 0,
      exponents: [1],
      zeros: 0,
    })
  })

  test.prop([floats, floats])('of two tensors together is the sum of theirs', (a, b) => {
    const both = statisticsOf(Float32Array.of(...a, ...b))
    const { exponents, firstExponent } = both
    expect(mergeHistograms([statisticsOf(a), statisticsOf(b)])).toEqual({ exponents, firstExponent })
    expect(exponents.reduce((sum, count) => sum + count, 0)).toBe(both.count)
  })
})

describe('the hash', () => {
  test.prop([doubles, fc.nat(), fc.nat(63)])(
    'changes with any bit, and is the same for the same bits',
    (values, place, bit) => {
      const copy = Float64Array.from(values)
      new Uint8Array(copy.buffer).set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
      expect(hashOf(copy)).toBe(hashOf(values))
      const words = new Uint32Array(copy.buffer)
      words[(2 * place + (bit >> 5)) % words.length]! ^= 1 << (bit & 31)
      expect(hashOf(copy)).not.toBe(hashOf(values))
    },
  )

  test('tells 0 from -0, and two orders of the same elements', () => {
    expect(hashOf(Float32Array.of(0))).not.toBe(hashOf(Float32Array.of(-0)))
    expect(hashOf(Float32Array.of(1, 2))).not.toBe(hashOf(Float32Array.of(2, 1)))
    expect(hashOf(Uint8Array.of(1, 0))).not.toBe(hashOf(Uint8Array.of(0, 1)))
  })

  test.prop([fc.float32Array({ minLength: 2, maxLength: 8 })], { numRuns: 300 })(
    'tells neighbours that changed places',
    values => {
      const swapped = Float32Array.of(values[1]!, values[0]!, ...values.subarray(2))
      if (!Object.is(values[0], values[1])) expect(hashOf(swapped)).not.toBe(hashOf(values))
    },
  )
})

test('the share of what has gone flat is counted where one says what that is', () => {
  expect(statisticsOf(Float32Array.of(0.999, -1, 0.5, 0), y => Math.abs(y) > 0.99).saturated).toBe(0.5)
  expect(statisticsOf(Float32Array.of(1))).not.toHaveProperty('saturated')
})
