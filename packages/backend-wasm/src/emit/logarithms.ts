/**
 * log and its relatives in vectors: x = 2ᵉ·m with √½ ≤ m < √2, and log m = log(1 + f) through s = f/(2 + f), for which
 * log(1 + f) = f - f²/2 + s (f²/2 + z P(z)) with z = s² (fdlibm).
 */

import { expOfMinusAbs, formatOf, polynomialsOf } from './exponentials.ts'
import type { Graph, Node } from './graph.ts'

const formats = {
  f32: {
    leastNormal: 2 ** -126,
    scale: 2 ** 23,
    scaleExponent: -23,
    rootHalf: 0x3f3504f3,
    oneLessRootHalf: 0x3f800000 - 0x3f3504f3,
    mantissa: 0x7fffff,
  },
  f64: {
    leastNormal: 2 ** -1022,
    scale: 2 ** 54,
    scaleExponent: -54,
    rootHalf: 0x3fe6a09e667f3bcdn,
    oneLessRootHalf: 0x3ff0000000000000n - 0x3fe6a09e667f3bcdn,
    mantissa: 0xfffffffffffffn,
  },
} as const

const numbersOf = ({ lane }: Graph) => (lane === 'f64' ? formats.f64 : formats.f32)

/** log(1 + f) + e·log 2 + correction, where `exponent` and `correction` may be missing. */
function logNearOne(g: Graph, f: Node, exponent: Node | undefined, correction: Node | undefined): Node {
  const { log2High, log2Low } = formatOf(g)
  const s = g.div(f, g.add(f, g.constant(2)))
  const z = g.mul(s, s)
  const series = g.mul(z, g.polynomial(polynomialsOf(g).log, z))
  const half = g.mul(g.mul(f, f), g.constant(0.5))
  let small = g.mul(s, g.add(half, series))
  if (correction) small = g.add(small, correction)
  if (exponent) small = g.fusedAdd(exponent, g.constant(log2Low), small)
  const result = g.sub(f, g.sub(half, small))
  return exponent ? g.fusedAdd(exponent, g.constant(log2High), result) : result
}

/** u = 2ᵉ·(1 + f) for a positive normal u; `scaled` is added to its exponent. */
function decompose(g: Graph, u: Node, scaled?: Node): { f: Node; exponent: Node } {
  const { rootHalf, oneLessRootHalf, mantissa } = numbersOf(g)
  const bits = g.op('wholeAdd', u, g.bits(oneLessRootHalf))
  const m = g.op('wholeAdd', g.op('and', bits, g.bits(mantissa)), g.bits(rootHalf))
  const exponent = scaled ? g.add(exponentOf(g, bits), scaled) : exponentOf(g, bits)
  return { f: g.sub(m, g.constant(1)), exponent }
}

/** The same for any positive number: those below the normal ones are scaled first. */
export function decomposeAny(g: Graph, x: Node): { f: Node; exponent: Node } {
  const { leastNormal, scale, scaleExponent } = numbersOf(g)
  const isSmall = g.op('lt', x, g.constant(leastNormal))
  const u = g.select(isSmall, g.mul(x, g.constant(scale)), x)
  return decompose(g, u, g.op('and', isSmall, g.constant(scaleExponent)))
}

/** The exponent as a float. No instruction turns an int64 into one, but as the digits of a large number it is one. */
function exponentOf(g: Graph, bits: Node): Node {
  if (g.lane !== 'f64') {
    return g.op('toFloat', g.op('wholeSub', g.shift('shiftRightZero', bits, 23), g.bits(127)))
  }
  const digits = g.op('or', g.shift('shiftRightZero', bits, 52), g.bits(0x4330000000000000n))
  return g.sub(digits, g.constant(2 ** 52 + 1023))
}

/** -∞ for u = 0, NaN below, and x itself where it is ∞ or NaN. */
function withSpecials(g: Graph, u: Node, x: Node, result: Node): Node {
  const zero = g.constant(0)
  const atZero = g.select(g.op('eq', u, zero), g.constant(Number.NEGATIVE_INFINITY), result)
  const below = g.op('or', atZero, g.op('lt', u, zero))
  return g.select(g.op('lt', x, g.constant(Number.POSITIVE_INFINITY)), below, x)
}

export function log(g: Graph, x: Node): Node {
  const { f, exponent } = g.precision === 'short' ? decompose(g, x) : decomposeAny(g, x) // float32 are normal float64
  return withSpecials(g, x, x, logNearOne(g, f, exponent, undefined))
}

/**
 * log u for u = 1 + x as it is rounded, corrected by what rounding took: (x - (u - 1))/u. A multiple of log 2 may be
 * added to it.
 */
export function logOnePlus(g: Graph, x: Node, doublings?: Node): Node {
  const one = g.constant(1)
  const u = g.add(x, one)
  const correction = g.div(g.sub(x, g.sub(u, one)), u)
  const { f, exponent } = decompose(g, u, doublings)
  return withSpecials(g, u, x, logNearOne(g, f, exponent, correction))
}

export function log1p(g: Graph, x: Node): Node {
  return g.op('or', logOnePlus(g, x), g.op('and', x, g.sign)) // -0 stays -0
}

/** log(1 + eˣ) = max(x, 0) + log(1 + e) with e = e^{-|x|}; 1 + e = 2 (1 + (e - 1)/2) where e is large. */
export function softplus(g: Graph, x: Node): Node {
  const one = g.constant(1)
  const e = expOfMinusAbs(g, x)
  const isLarge = g.op('gt', e, g.constant(Math.SQRT2 - 1))
  const f = g.select(isLarge, g.mul(g.sub(e, one), g.constant(0.5)), e)
  const rest = logNearOne(g, f, g.op('and', isLarge, one), undefined)
  return g.add(g.op('pmax', x, g.constant(0)), rest)
}
