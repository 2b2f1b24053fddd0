/** Eigenvalues against what is known of them: by hand, from coefficients, traces and symmetries. */

import { fc, test } from '@fast-check/vitest'
import { NonFiniteError, ShapeError } from '@sensigrad/core'
import { describe, expect } from 'vitest'
import { type Eigenvalues, eigenvaluesOf, spectralRadiusOf } from './index.ts'

const squares = (element: fc.Arbitrary<number>) =>
  fc.integer({ min: 1, max: 7 }).chain(size =>
    fc.record({
      size: fc.constant(size),
      values: fc.array(element, { minLength: size ** 2, maxLength: size ** 2 }),
    }),
  )
const anyMatrix = squares(fc.integer({ min: -300, max: 300 }).map(n => n / 100))
/** Full of zeros, ties and cycles: where the QR iteration can get caught. */
const signMatrix = squares(fc.integer({ min: -1, max: 1 }))

/** The matrix with the characteristic polynomial xⁿ - Σ coefficients[k] xⁿ⁻¹⁻ᵏ. */
function companion(coefficients: readonly number[]): number[] {
  const n = coefficients.length
  return Array.from({ length: n * n }, (_, i) => coefficients[i] ?? Number(i % n === Math.floor(i / n) - 1))
}

const trace = (values: readonly number[], size: number) =>
  values.filter((_, i) => i % (size + 1) === 0).reduce((sum, value) => sum + value, 0)

function squared(a: readonly number[], size: number): number[] {
  return a.map((_, i) => {
    const [row, column] = [Math.floor(i / size), i % size]
    return Array.from({ length: size }, (_, k) => a[row * size + k]! * a[k * size + column]!).reduce(
      (s, x) => s + x,
      0,
    )
  })
}

/** Σ λ and Σ λ², whose imaginary parts must vanish. */
function powerSums({ real, imaginary }: Eigenvalues) {
  const sum = (of: (a: number, b: number) => number) => real.reduce((s, a, i) => s + of(a, imaginary[i]!), 0)
  return { first: sum(a => a), second: sum((a, b) => a * a - b * b), outside: sum((_, b) => b) }
}

const near = (values: Float64Array, expected: readonly number[], tolerance = 1e-12) => {
  expect(values).toHaveLength(expected.length)
  for (const [i, value] of values.entries()) expect(Math.abs(value - expected[i]!)).toBeLessThan(tolerance)
}

describe('eigenvalues', () => {
  test('of a triangular matrix are its diagonal, by falling modulus', () => {
    const { real, imaginary } = eigenvaluesOf([1, 5, 7, 0, -3, 2, 0, 0, 2], 3)
    expect([...real]).toEqual([-3, 2, 1])
    expect([...imaginary]).toEqual([0, 0, 0])
  })

  test('of a rotation are e^±iφ', () => {
    const [c, s] = [Math.cos(0.7), Math.sin(0.7)]
    const { real, imaginary } = eigenvaluesOf([c, -s, s, c], 2)
    near(real, [c, c])
    near(imaginary, [s, -s])
  })

  test('of a companion matrix are the roots of its polynomial', () => {
    // (x + 4) (x - 3) (x - 2) (x - 1) (x + 1) = x⁵ - x⁴ - 15 x³ + 25 x² + 14 x - 24
    const { real, imaginary } = eigenvaluesOf(companion([1, 15, -25, -14, 24]), 5)
    near(real.slice().sort(), [-4, -1, 1, 2, 3])
    expect([...imaginary]).toEqual([0, 0, 0, 0, 0])
  })

  test.prop([anyMatrix])('add up to the trace, and their squares to that of A²', ({ size, values }) => {
    const { first, second, outside } = powerSums(eigenvaluesOf(values, size))
    expect(Math.abs(first - trace(values, size))).toBeLessThan(1e-10)
    expect(Math.abs(second - trace(squared(values, size), size))).toBeLessThan(1e-9)
    expect(Math.abs(outside)).toBeLessThan(1e-10)
  })

  test.prop([anyMatrix])('come in conjugate pairs, the upper one first', ({ size, values }) => {
    const { real, imaginary } = eigenvaluesOf(values, size)
    const upper = [...imaginary.keys()].filter(i => imaginary[i]! > 0)
    for (const i of upper) expect([real[i + 1], imaginary[i + 1]]).toEqual([real[i], -imaginary[i]!])
    expect(imaginary.filter(b => b < 0)).toHaveLength(upper.length)
  })

  test.prop([signMatrix], { numRuns: 2000 })('are found where zeros and ties abound', ({ size, values }) => {
    const { first } = powerSums(eigenvaluesOf(values, size))
    expect(Math.abs(first - trace(values, size))).toBeLessThan(1e-10)
  })

  test('of a matrix at which the QR iteration without exceptional shifts goes in circles', () => {
    const { real, imaginary } = eigenvaluesOf([0, -1, 0, 1, 0, -1, 0, 1, 0], 3)
    near(real, [0, 0, 0])
    near(imaginary, [Math.SQRT2, -Math.SQRT2, 0])
  })

  test('of a cycle of length n are the n-th roots of one', () => {
    const cycle = Array.from({ length: 49 }, (_, i) => Number(i % 7 === (Math.floor(i / 7) + 1) % 7))
    const { real, imaginary } = eigenvaluesOf(cycle, 7)
    near(
      real.map((a, i) => Math.hypot(a, imaginary[i]!)),
      Array(7).fill(1),
    )
    near(
      real.map((a, i) => Math.abs(Math.sin(3.5 * Math.atan2(imaginary[i]!, a)))),
      Array(7).fill(0),
    )
  })

  test('of a defective matrix lie as close to the true one as rounding allows', () => {
    const { real, imaginary } = eigenvaluesOf([1, 1, 0, 1, 1, 1, 4, -4, 4], 3) // (x - 2)³, one eigenvector
    near(real, [2, 2, 2], 1e-4) // ε^(1/3) = 6e-6
    near(imaginary, [0, 0, 0], 1e-4)
  })

  test('of a symmetric matrix are real', () => {
    const { real, imaginary } = eigenvaluesOf([2, -1, 0, -1, 2, -1, 0, -1, 2], 3)
    near(real, [2 + Math.SQRT2, 2, 2 - Math.SQRT2])
    expect([...imaginary]).toEqual([0, 0, 0])
  })

  test.each([1e-300, 1e300])('scale with the matrix, at %s', scale => {
    const { real, imaginary } = eigenvaluesOf(
      [0, -2, 0, 2, 0, 0, 0, 1, 1].map(value => value * scale),
      3,
    )
    near(
      real.map(a => a / scale),
      [0, 0, 1],
    )
    near(
      imaginary.map(b => b / scale),
      [2, -2, 0],
    )
  })
})

describe('the spectral radius', () => {
  test('of a rotation is one', () => {
    const [c, s] = [Math.cos(1), Math.sin(1)]
    expect(spectralRadiusOf([c, -s, s, c], 2)).toBeCloseTo(1, 14)
  })

  test('of the Fibonacci matrix is the golden ratio', () => {
    expect(spectralRadiusOf(companion([1, 1]), 2)).toBeCloseTo((1 + Math.sqrt(5)) / 2, 14)
  })

  test('of a nilpotent matrix is zero', () => {
    expect(spectralRadiusOf([0, 1, 0, 0, 0, 1, 0, 0, 0], 3)).toBe(0)
  })

  test.prop([anyMatrix])('does not change when the matrix is transposed', ({ size, values }) => {
    const transposed = values.map((_, i) => values[(i % size) * size + Math.floor(i / size)]!)
    const tolerance = 0.05 // a defective eigenvalue of multiplicity 7 moves by ε^(1/7) = 0.006
    expect(Math.abs(spectralRadiusOf(values, size) - spectralRadiusOf(transposed, size))).toBeLessThan(
      tolerance,
    )
  })
})

describe('eigenvalues refuse', () => {
  test('a matrix without elements', () => {
    expect(() => eigenvaluesOf([], 0)).toThrow(ShapeError)
    expect(() => spectralRadiusOf([], 0)).toThrow('spectralRadius: [0, 0] is empty or no shape')
  })

  test('values that do not fill a square', () => {
    expect(() => eigenvaluesOf([1, 2, 3, 4, 5, 6], 2)).toThrow(ShapeError)
    expect(() => eigenvaluesOf([1, 2, 3, 4, 5, 6], 2)).toThrow(
      'eigenvalues: 6 values do not fill a matrix [2, 2]',
    )
  })

  test('what is not finite, and say where it is', () => {
    expect(() => spectralRadiusOf([1, Number.POSITIVE_INFINITY, 0, 1], 2)).toThrow(NonFiniteError)
    expect(() => spectralRadiusOf([1, Number.POSITIVE_INFINITY, 0, 1], 2)).toThrow(
      'spectralRadius: element [0, 1] is Infinity',
    )
  })
})
