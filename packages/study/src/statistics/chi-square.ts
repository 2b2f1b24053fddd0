/** The tail of the chi-square distribution, for tests whose degrees of freedom are whole numbers. */

/**
 * P(X ≥ x) for a chi-square variable X, to about 1e-14 of its value.
 *
 * With y = x/2 it is Q(k/2, y), which grows from Q(1/2, y) = erfc √y or Q(1, y) = e⁻ʸ by positive terms only:
 * Q(a + 1, y) = Q(a, y) + yᵃ e⁻ʸ / Γ(a + 1) (Abramowitz and Stegun, 6.5.21).
 *
 * @param freedom degrees of freedom, a whole number from 1
 * @example chiSquareTail(3.841458820694124, 1) // 0.05
 */
export function chiSquareTail(x: number, freedom: number): number {
  if (x <= 0) return 1
  const y = x / 2
  let a = freedom % 2 === 0 ? 1 : 0.5
  let tail = a === 1 ? Math.exp(-y) : erfc(Math.sqrt(y))
  let term = a === 1 ? y * Math.exp(-y) : Math.sqrt((4 * y) / Math.PI) * Math.exp(-y)
  for (; a < freedom / 2; a++) {
    tail += term
    term *= y / (a + 1)
  }
  return tail
}

/** From here on the continued fraction is the better way. */
const far = 2

/** erfc x for x ≥ 0: the power series near 0, Laplace's continued fraction far out (A&S 7.1.6 and 7.1.14). */
function erfc(x: number): number {
  const scale = Math.exp(-x * x) / Math.sqrt(Math.PI)
  if (x < far) {
    let term = x
    let sum = x
    for (let n = 1; term > sum * 1e-17; n++) {
      term *= (2 * x * x) / (2 * n + 1)
      sum += term
    }
    return 1 - 2 * scale * sum
  }
  let fraction = x
  for (let n = 120; n >= 1; n--) fraction = x + n / 2 / fraction
  return scale / fraction
}
