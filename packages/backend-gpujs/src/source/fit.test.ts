/** Fitted polynomials meet the function, and are written so that they compute what they are. */
import { fc, test } from '@fast-check/vitest'
import { describe, expect, test as fixed } from 'vitest'
import { fit, horner } from './fit.ts'

const valueAt = (coefficients: readonly number[], x: number) =>
  coefficients.reduceRight((sum, c) => sum * x + c, 0)

describe('a fit', () => {
  test.prop([fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 1, maxLength: 7 })])(
    'finds a polynomial of its degree again',
    wanted => {
      const found = fit(x => valueAt(wanted, x), -0.5, 1, wanted.length - 1)
      for (const [i, c] of found.entries()) expect(c).toBeCloseTo(wanted[i]!, 9)
    },
  )
  fixed('comes as near as Chebyshev points promise', () => {
    const found = fit(Math.exp, -0.35, 0.35, 6)
    // 2·(width/4)ⁿ⁺¹·max|f⁽ⁿ⁺¹⁾|/(n + 1)!
    const promised = (2 * (0.7 / 4) ** 7 * Math.exp(0.35)) / 5040
    for (let x = -0.35; x <= 0.35; x += 0.01) {
      expect(Math.abs(valueAt(found, x) - Math.exp(x))).toBeLessThan(promised)
    }
  })
})

describe('a written polynomial', () => {
  test.prop([
    fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 1, maxLength: 6 }),
    fc.integer({ min: -3, max: 3 }),
  ])('computes its value', (coefficients, x) => {
    const computed = new Function('x', `return ${horner(coefficients, 'x')}`)(x) as number
    expect(computed + 0).toBe(valueAt(coefficients, x) + 0)
  })
})
