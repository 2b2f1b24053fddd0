/**
 * Complex numbers, as far as the complex step needs them: f'(x) = Im f(x + ih)/h has no difference of nearly equal
 * numbers, so that h may be tiny and the derivative is right to the last digits (Squire and Trapp, 1998).
 */

/** A complex number. */
export type Complex = readonly [real: number, imaginary: number]

export const add = ([a, b]: Complex, [c, d]: Complex): Complex => [a + c, b + d]
export const sub = ([a, b]: Complex, [c, d]: Complex): Complex => [a - c, b - d]
export const mul = ([a, b]: Complex, [c, d]: Complex): Complex => [a * c - b * d, a * d + b * c]
export const inverse = ([a, b]: Complex): Complex => [a / (a * a + b * b), -b / (a * a + b * b)]
export const exp = ([a, b]: Complex): Complex => [Math.exp(a) * Math.cos(b), Math.exp(a) * Math.sin(b)]
export const cos = ([a, b]: Complex): Complex => [Math.cos(a) * Math.cosh(b), -Math.sin(a) * Math.sinh(b)]

/** The root with a positive real part. */
export function sqrt([a, b]: Complex): Complex {
  const real = Math.sqrt((Math.hypot(a, b) + a) / 2)
  return [real, b / (2 * real)]
}

/** The derivative of f in each of its arguments. */
export function complexStep(f: (x: readonly Complex[]) => Complex, x: readonly number[]): number[] {
  const h = 1e-30
  return x.map((_, k) => f(x.map((value, i): Complex => [value, i === k ? h : 0]))[1] / h)
}
