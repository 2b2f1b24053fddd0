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

/** tan⁻¹ of z, without 1 ± iz, in which a tiny imaginary part would be lost. */
export function atan([a, b]: Complex): Complex {
  return [Math.atan2(2 * a, (1 - a) * (1 + a) - b * b) / 2, Math.log1p((4 * b) / (a * a + (1 - b) ** 2)) / 4]
}

/** tanh⁻¹ z = -i tan⁻¹ iz */
export function atanh([a, b]: Complex): Complex {
  const [real, imaginary] = atan([-b, a])
  return [imaginary, -real]
}

/** 2/√π · e^{-z²} Σ 2ⁿ z²ⁿ⁺¹/(2n+1)!! */
export function erf(z: Complex): Complex {
  const square = mul(z, z)
  let [term, sum]: Complex[] = [z, [0, 0]]
  for (let n = 1; n < 100; n++) {
    sum = add(sum!, term!)
    term = mul(term!, mul([2 / (2 * n + 1), 0], square))
  }
  return mul(mul([2 / Math.sqrt(Math.PI), 0], exp(sub([0, 0], square))), sum!)
}

/** The derivative of f in each of its arguments. */
export function complexStep(f: (x: readonly Complex[]) => Complex, x: readonly number[]): number[] {
  const h = 1e-30
  return x.map((_, k) => f(x.map((value, i): Complex => [value, i === k ? h : 0]))[1] / h)
}
