/**
 * Numbers of about 32 digits as sums of two float64 (Dekker, 1971), for values that double precision is measured
 * against. The parts must stay between 1e-280 and 1e280, where products neither overflow nor lose digits.
 */

/** high + low, where low is at most half a unit in the last place of high. */
export interface Double2 {
  readonly high: number
  readonly low: number
}

export type Operand = Double2 | number

const parts = (x: Operand): Double2 => (typeof x === 'number' ? { high: x, low: 0 } : x)

/** a + b for |a| ≥ |b|, and what rounding took. */
function normalise(a: number, b: number): Double2 {
  const high = a + b
  return { high, low: b - (high - a) }
}

/** a + b, and what rounding took. */
function sumOf(a: number, b: number): Double2 {
  const high = a + b
  const part = high - a
  return { high, low: a - (high - part) + (b - part) }
}

function split(x: number): readonly [number, number] {
  const scaled = 134217729 * x // 2²⁷ + 1
  const upper = scaled - (scaled - x)
  return [upper, x - upper]
}

/** a·b, and what rounding took. */
function productOf(a: number, b: number): Double2 {
  const high = a * b
  const [[aUpper, aLower], [bUpper, bLower]] = [split(a), split(b)]
  return { high, low: aUpper * bUpper - high + aUpper * bLower + aLower * bUpper + aLower * bLower }
}

export function neg(x: Operand): Double2 {
  const { high, low } = parts(x)
  return { high: -high, low: -low }
}

export function add(x: Operand, y: Operand): Double2 {
  const [a, b] = [parts(x), parts(y)]
  const [main, rest] = [sumOf(a.high, b.high), sumOf(a.low, b.low)]
  const { high, low } = normalise(main.high, main.low + rest.high)
  return normalise(high, low + rest.low)
}

export const sub = (x: Operand, y: Operand): Double2 => add(x, neg(y))

export function mul(x: Operand, y: Operand): Double2 {
  const [a, b] = [parts(x), parts(y)]
  const { high, low } = productOf(a.high, b.high)
  return normalise(high, low + (a.high * b.low + a.low * b.high))
}

export function div(x: Operand, y: Operand): Double2 {
  const [a, b] = [parts(x), parts(y)]
  let result: Double2 = { high: 0, low: 0 }
  let left = a
  for (let i = 0; i < 3; i++) {
    const digits = left.high / b.high
    result = add(result, digits)
    left = sub(left, mul(b, digits))
  }
  return result
}

export function sqrt(x: Operand): Double2 {
  const a = parts(x)
  if (a.high === 0) return a
  const root = Math.sqrt(a.high)
  return add(root, div(sub(a, mul(root, root)), 2 * root))
}

/** Σ cᵢ xⁱ, the coefficient of x⁰ first. */
export function polynomial(coefficients: readonly Operand[], x: Operand): Double2 {
  return coefficients.reduceRight<Double2>((sum, c) => add(mul(sum, x), c), { high: 0, low: 0 })
}
