/**
 * The error function and its complement on the host, which JavaScript lacks: for backends in JavaScript, and
 * accurate to a few units in the last place, so that tails keep their relative accuracy.
 */

const twoOverRootPi = 2 / Math.sqrt(Math.PI)

/** Below it the power series of erf serves, above it a quadrature of erfc, whose terms are all positive. */
const boundary = 0.5

/** (-1)ⁿ/(n!·(2n+1)), so that erf x = 2x/√π · Σ cₙ x²ⁿ; the highest order first. */
const coefficients = Array.from({ length: 14 }, (_, n) => {
  const factorial = Array.from({ length: n }, (_, k) => k + 1).reduce((product, k) => product * k, 1)
  return (n % 2 === 0 ? 1 : -1) / (factorial * (2 * n + 1))
}).reverse()

/** The step of the quadrature, whose relative error is e^{-π²/h²} ≈ 7e-18. */
const step = 0.5

/** t² and 2h/π · e^{-t²} at t = h, 2h, …, for as long as double precision sees the terms; the smallest first. */
const nodes = Array.from({ length: 13 }, (_, k) => {
  const square = ((k + 1) * step) ** 2
  return [square, ((2 * step) / Math.PI) * Math.exp(-square)] as const
}).reverse()

/**
 * The error function, 2/√π · ∫₀ˣ e^{-t²} dt.
 *
 * @example erf(0.5) // 0.5204998778130465
 */
export function erf(x: number): number {
  if (Math.abs(x) < boundary) return series(x)
  return x < 0 ? tail(-x) - 1 : 1 - tail(x)
}

/**
 * The complement of the error function, 1 - erf x, with its relative accuracy kept where it is tiny.
 *
 * @example erfc(10) // 2.088487583762545e-45
 */
export function erfc(x: number): number {
  if (Math.abs(x) < boundary) return 1 - series(x)
  return x < 0 ? 2 - tail(-x) : tail(x)
}

/** erf x, for small |x|. */
function series(x: number): number {
  const square = x * x
  let sum = 0
  for (const coefficient of coefficients) sum = sum * square + coefficient
  return x * (twoOverRootPi * sum)
}

/**
 * erfc x for x ≥ ½: the integral 2x/π · e^{-x²} ∫₀^∞ e^{-t²}/(t² + x²) dt by the trapezoidal rule, less the residue
 * of its pole at t = ix (Chiarella and Reichel, 1968). The residue is a small part of the value, so little cancels.
 */
function tail(x: number): number {
  if (x > 28) return 0 // below the smallest number, and Infinity - Infinity ahead
  let sum = 0
  for (const [square, weight] of nodes) sum += weight / (x + square / x)
  const value = (sum + step / Math.PI / x) * gaussian(x)
  return x < 6 ? value - 2 / Math.expm1((2 * Math.PI * x) / step) : value // beyond, the residue is nothing beside it
}

/** e^{-x²}. Rounding x² would cost an error of x² ulp, so it is split: the square of a high part is exact. */
function gaussian(x: number): number {
  const high = Math.fround(x)
  const main = Math.exp(-high * high)
  return main + main * Math.expm1(-(x - high) * (x + high))
}
