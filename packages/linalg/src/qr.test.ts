/** What makes a QR decomposition one, and the only one. */

import { fc, test } from '@fast-check/vitest'
import { NonFiniteError, ShapeError } from '@sensigrad/core'
import { describe, expect } from 'vitest'
import { type QR, qrOf } from './index.ts'

const element = fc.integer({ min: -300, max: 300 }).map(n => n / 100)
const matrices = fc
  .record({ rows: fc.integer({ min: 1, max: 8 }), columns: fc.integer({ min: 1, max: 8 }) })
  .chain(({ rows, columns }) => {
    const values = fc.array(element, { minLength: rows * columns, maxLength: rows * columns })
    return fc.record({ rows: fc.constant(rows), columns: fc.constant(columns), values })
  })

/** How far the elements of A B are from those of C, at most; A is `[m, k]`, B is `[k, n]`. */
function distance(a: ArrayLike<number>, b: ArrayLike<number>, c: ArrayLike<number>, k: number): number {
  const [m, n] = [a.length / k, b.length / k]
  let largest = 0
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = -c[i * n + j]!
      for (let p = 0; p < k; p++) sum += a[i * k + p]! * b[p * n + j]!
      largest = Math.max(largest, Math.abs(sum))
    }
  }
  return largest
}

const identity = (size: number) => Array.from({ length: size ** 2 }, (_, i) => Number(i % (size + 1) === 0))
const transposed = (a: ArrayLike<number>, rows: number, columns: number) =>
  Array.from({ length: rows * columns }, (_, i) => a[(i % rows) * columns + Math.floor(i / rows)]!)
const diagonal = ({ r }: QR, size: number, columns: number) =>
  Array.from({ length: size }, (_, k) => r[k * columns + k]!)

describe('QR', () => {
  test('of a matrix that one can do by hand', () => {
    const { q, r } = qrOf([3, 1, 4, 2], 2, 2)
    expect(distance(q, identity(2), [0.6, -0.8, 0.8, 0.6], 2)).toBeLessThan(1e-15)
    expect(distance(r, identity(2), [5, 2.2, 0, 0.4], 2)).toBeLessThan(1e-15)
  })

  test.prop([matrices])('gives A back', ({ rows, columns, values }) => {
    const { q, r } = qrOf(values, rows, columns)
    expect(distance(q, r, values, Math.min(rows, columns))).toBeLessThan(1e-13)
  })

  test.prop([matrices])(
    'has orthonormal columns in Q, of matrices of any rank',
    ({ rows, columns, values }) => {
      const size = Math.min(rows, columns)
      const { q } = qrOf(values, rows, columns)
      expect(distance(transposed(q, rows, size), q, identity(size), rows)).toBeLessThan(1e-13)
    },
  )

  test.prop([matrices])('has zeros below the diagonal of R', ({ rows, columns, values }) => {
    const { r } = qrOf(values, rows, columns)
    expect(r.filter((value, i) => i % columns < Math.floor(i / columns) && value !== 0)).toHaveLength(0)
  })

  test.prop([matrices])('has no negative element on the diagonal of R', ({ rows, columns, values }) => {
    const found = qrOf(values, rows, columns)
    expect(Math.min(...diagonal(found, Math.min(rows, columns), columns))).toBeGreaterThanOrEqual(0)
  })

  test('of an orthonormal matrix is that matrix, whatever the signs in it', () => {
    const reflection = [0.6, 0.8, 0.8, -0.6].map(value => -value)
    const { q, r } = qrOf(reflection, 2, 2)
    expect(distance(q, identity(2), reflection, 2)).toBeLessThan(1e-15)
    expect(distance(r, identity(2), identity(2), 2)).toBeLessThan(1e-15)
  })

  test('of zeros still has a frame', () => {
    const { q, r } = qrOf([0, 0, 0, 0, 0, 0], 3, 2)
    expect(distance(transposed(q, 3, 2), q, identity(2), 3)).toBe(0)
    expect(r).toEqual(new Float64Array(4))
  })

  test.each([1e-300, 1e300])('keeps its precision at the scale of %s', scale => {
    const { q, r } = qrOf([3 * scale, scale, 4 * scale, 2 * scale], 2, 2)
    expect(distance(q, identity(2), [0.6, -0.8, 0.8, 0.6], 2)).toBeLessThan(1e-15)
    expect(
      distance(
        r.map(value => value / scale),
        identity(2),
        [5, 2.2, 0, 0.4],
        2,
      ),
    ).toBeLessThan(1e-14)
  })
})

describe('QR refuses', () => {
  test('a matrix without elements', () => {
    expect(() => qrOf([], 0, 3)).toThrow(ShapeError)
    expect(() => qrOf([], 0, 3)).toThrow(
      'qr: [0, 3] is empty or no shape. Give at least one row and one column',
    )
  })

  test('values that do not fill the matrix', () => {
    expect(() => qrOf([1, 2, 3], 2, 2)).toThrow(ShapeError)
    expect(() => qrOf([1, 2, 3], 2, 2)).toThrow('qr: 3 values do not fill a matrix [2, 2]')
  })

  test('what is not finite, and says where it is', () => {
    expect(() => qrOf([1, 2, Number.NaN, 4], 2, 2)).toThrow(NonFiniteError)
    expect(() => qrOf([1, 2, Number.NaN, 4], 2, 2)).toThrow('qr: element [1, 0] is NaN')
  })
})
