/**
 * Polynomials that stand in for functions on an interval. They are found here rather than copied from tables, by
 * interpolation at Chebyshev's points, which is within a small factor of the best polynomial there is.
 */

import { literal } from './text.ts'

/** Coefficients, the constant one first. */
export type Polynomial = readonly number[]

/** The polynomial of a degree that meets a function at the Chebyshev points of an interval. */
export function fit(f: (x: number) => number, low: number, high: number, degree: number): Polynomial {
  const points = Array.from({ length: degree + 1 }, (_, k) => {
    const cosine = Math.cos((Math.PI * (k + 0.5)) / (degree + 1))
    return (low + high) / 2 + ((high - low) / 2) * cosine
  })
  const divided = points.map(f)
  for (let order = 1; order <= degree; order++) {
    for (let k = degree; k >= order; k--) {
      divided[k] = (divided[k]! - divided[k - 1]!) / (points[k]! - points[k - order]!)
    }
  }
  let coefficients = [divided[degree]!]
  for (let k = degree - 1; k >= 0; k--) {
    // times (x - pointₖ), plus dividedₖ
    const shifted = [0, ...coefficients]
    coefficients = shifted.map((c, i) => c - points[k]! * (coefficients[i] ?? 0))
    coefficients[0]! += divided[k]!
  }
  return coefficients
}

/** A polynomial of a named value, by Horner's rule. */
export function horner(coefficients: Polynomial, x: string): string {
  return coefficients.reduceRight(
    (inner, c) => (inner === '' ? short(c) : `(${inner} * ${x} + ${short(c)})`),
    '',
  )
}

/** Nine digits tell float32 numbers apart. */
function short(value: number): string {
  return literal(Number(value.toPrecision(9)))
}
