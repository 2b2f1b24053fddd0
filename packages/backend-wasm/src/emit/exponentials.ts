/**
 * exp and its relatives in vectors. All of them write x = n·ln 2 + r with a whole n and |r| ≤ ln 2 / 2, so that
 * eˣ = 2ⁿ·eʳ, and take eʳ from a polynomial. NaN passes: clamps keep it, and 2ⁿ is multiplied, never added to bits.
 */

import { coefficients } from './coefficients.ts'
import type { Graph, Node } from './graph.ts'

/** Numbers of a float format; log 2 in two parts, the upper with few enough digits that n times it is exact. */
export const formats = {
  f32: {
    magic: 1.5 * 2 ** 23, // added to a number, leaves its nearest whole number in the lowest bits
    magicBits: 0x4b400000,
    fraction: 23,
    one: 0x3f800000,
    half: 0x3f000000,
    log2High: 0.693359375,
    log2Low: -0.00021219444005469057,
    tiny: 2 ** -25,
    leastExponent: -126,
  },
  f64: {
    magic: 1.5 * 2 ** 52,
    magicBits: 0n,
    fraction: 52,
    one: 0x3ff0000000000000n,
    half: 0x3fe0000000000000n,
    log2High: 0.6931471803691238,
    log2Low: 1.9082149292705877e-10,
    tiny: 2 ** -54,
    leastExponent: -1022,
  },
} as const

/** The format that a graph computes in. */
export function formatOf({ lane }: Graph) {
  return lane === 'f64' ? formats.f64 : formats.f32
}

/** The polynomials for the digits that a graph computes. */
export function polynomialsOf({ precision }: Graph) {
  return coefficients[precision]
}

/** The number nearest to x between two bounds; NaN stays. */
export function clamp(g: Graph, x: Node, low: number, high: number): Node {
  return g.op('pmin', g.op('pmax', x, g.constant(low)), g.constant(high))
}

export function copySign(g: Graph, x: Node, magnitude: Node): Node {
  return g.op('or', magnitude, g.op('and', x, g.sign))
}

interface Reduced {
  /** n as a float. */
  readonly n: Node
  /** A float whose lowest bits are n. */
  readonly shifted: Node
  readonly r: Node
}

function reduce(g: Graph, x: Node): Reduced {
  const { magic, log2High, log2Low } = formatOf(g)
  const shifted = g.fusedAdd(x, g.constant(Math.LOG2E), g.constant(magic))
  const n = g.sub(shifted, g.constant(magic))
  const r = g.fusedSub(n, g.constant(log2Low), g.fusedSub(n, g.constant(log2High), x))
  return { n, shifted, r }
}

/** eʳ - 1 = r + r² P(r) */
function expm1Reduced(g: Graph, r: Node): Node {
  return g.fusedAdd(g.mul(r, r), g.polynomial(polynomialsOf(g).expm1, r), r)
}

/** eʳ = 1 + (r + r² P(r)) */
function expReduced(g: Graph, r: Node): Node {
  const above = g.fusedAdd(g.mul(r, r), g.polynomial(polynomialsOf(g).exp, r), r)
  return g.add(above, g.constant(1))
}

/** 2ⁿ from a number whose lowest bits are n, for a normal result; a power with `bias` in place of 1. */
function powerOfTwo(g: Graph, shifted: Node, bias: number | bigint = formatOf(g).one): Node {
  return g.op('wholeAdd', g.shift('shiftLeft', shifted, formatOf(g).fraction), g.bits(bias))
}

/** 2ⁿ for a float n. */
function powerOfTwoOf(g: Graph, n: Node): Node {
  return powerOfTwo(g, g.add(n, g.constant(formatOf(g).magic)))
}

/** eˣ where that is a normal number. */
export function expNormal(g: Graph, x: Node): Node {
  const { shifted, r } = reduce(g, x)
  return g.mul(expReduced(g, r), powerOfTwo(g, shifted))
}

/** value·2ⁿ from overflow to gradual underflow, for any |n| that exponentials reach: 2ⁿ in two factors. */
function scale(g: Graph, value: Node, n: Node): Node {
  const first = clamp(g, n, -1000, 1000)
  return g.mul(g.mul(value, powerOfTwoOf(g, first)), powerOfTwoOf(g, g.sub(n, first)))
}

/** eˣ from overflow to gradual underflow. */
function expClamped(g: Graph, x: Node): Node {
  const { n, shifted, r } = reduce(g, x)
  const value = expReduced(g, r)
  if (g.lane === 'f64') return scale(g, value, n)
  const whole = g.op('wholeSub', shifted, g.bits(formats.f32.magicBits))
  const first = g.shift('shiftRight', whole, 1)
  return g.mul(g.mul(value, powerOfTwo(g, first)), powerOfTwo(g, g.op('wholeSub', whole, first)))
}

/** eᵃ/2 for a ≥ 0 and lanes of float64, which overflows only where sinh and cosh do. */
export function halfExp(g: Graph, a: Node): Node {
  if (g.precision === 'short') return g.mul(expNormal(g, g.op('pmin', a, g.constant(100))), g.constant(0.5))
  const { n, r } = reduce(g, g.op('pmin', a, g.constant(711)))
  return scale(g, expReduced(g, r), g.sub(n, g.constant(1)))
}

/** factor·e^{high + low} for a much smaller `low`, from overflow to gradual underflow; float64. */
export function expOfSum(g: Graph, high: Node, low: Node, factor: Node): Node {
  const { n, r } = reduce(g, high)
  return scale(g, g.fusedAdd(factor, expm1Reduced(g, g.add(r, low)), factor), n)
}

export function exp(g: Graph, x: Node): Node {
  return expClamped(g, g.lane === 'f64' ? clamp(g, x, -746, 710) : clamp(g, x, -104, 89))
}

/** e^{-|x|} */
export function expOfMinusAbs(g: Graph, x: Node): Node {
  return expClamped(g, g.op('pmax', g.op('neg', g.op('abs', x)), g.constant(g.lane === 'f64' ? -746 : -104)))
}

/** With h = 2ⁿ⁻¹: eˣ - 1 = 2 (h (eʳ - 1) + (h - ½)). */
export function expm1(g: Graph, x: Node): Node {
  const { half, tiny } = formatOf(g)
  const { shifted, r } = reduce(g, g.lane === 'f64' ? clamp(g, x, -50, 710) : clamp(g, x, -25, 89))
  const h = powerOfTwo(g, shifted, half)
  const halved = g.fusedAdd(expm1Reduced(g, r), h, g.sub(h, g.constant(0.5)))
  return g.select(g.op('lt', g.op('abs', x), g.constant(tiny)), x, g.add(halved, halved))
}

/** float32: x + x³ P(x²) near 0 and 1 - 2/(e²ˣ + 1) beyond. float64: (e²ˣ - 1)/(e²ˣ + 1), the numerator as in expm1. */
export function tanh(g: Graph, x: Node): Node {
  if (g.lane === 'f64') {
    const a = g.op('pmin', g.op('abs', x), g.constant(19.1))
    const { shifted, r } = reduce(g, g.add(a, a))
    const [above, power] = [expm1Reduced(g, r), powerOfTwo(g, shifted)]
    const numerator = g.fusedAdd(above, power, g.sub(power, g.constant(1)))
    const denominator = g.fusedAdd(above, power, g.add(power, g.constant(1)))
    return copySign(g, x, g.div(numerator, denominator))
  }
  const a = g.op('pmin', g.op('abs', x), g.constant(9.02))
  const power = expNormal(g, g.add(a, a))
  const far = g.sub(g.constant(1), g.div(g.constant(2), g.add(power, g.constant(1))))
  const square = g.mul(a, a)
  const near = g.fusedAdd(g.mul(a, square), g.polynomial(coefficients.f32.tanh, square), a)
  return copySign(g, x, g.select(g.op('lt', a, g.constant(0.625)), near, far))
}

/**
 * 1/(1 + e^{-x}). With e = e^{-|x|} it is 1/(1 + e) for x ≥ 0 and h = e/(1 + e) below; where that is small it is
 * e - e·h, which loses no digits, and is scaled last so that it underflows gradually.
 */
export function sigmoid(g: Graph, x: Node): Node {
  const one = g.constant(1)
  const a = g.op('pmax', g.op('neg', g.op('abs', x)), g.constant(g.lane === 'f64' ? -746 : -104))
  const { n, r } = reduce(g, a)
  const above = expm1Reduced(g, r)
  const first = g.op('pmax', n, g.constant(formatOf(g).leastExponent))
  const [power, rest] = [powerOfTwoOf(g, first), powerOfTwoOf(g, g.sub(n, first))]
  const e = g.fusedAdd(above, power, power)
  const isNegative = g.op('lt', x, g.constant(0))
  const h = g.div(g.select(isNegative, e, one), g.fusedAdd(above, power, g.add(power, one)))
  const inTail = g.fusedAdd(g.fusedSub(h, g.add(above, one), above), power, power)
  return g.select(g.op('lt', x, g.constant(-1)), g.mul(inTail, rest), h)
}
