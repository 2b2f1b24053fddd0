/** pow in vectors: e^{b log|a|}, with a logarithm of more digits than the result has, as b multiplies its error. */

import { coefficients } from './coefficients.ts'
import { halves, inDoubles } from './doubles.ts'
import { clamp, expNormal, expOfSum, formats } from './exponentials.ts'
import type { Graph, Node } from './graph.ts'
import { decomposeAny, log } from './logarithms.ts'

/** Small whole powers are products. */
export function pow(g: Graph, a: Node, b: Node): Node {
  const exponent = b.op === 'constant' ? Number(b.immediate) : Number.NaN
  if (exponent === 1) return a
  if (exponent === 2) return g.mul(a, a)
  if (exponent === -1) return g.div(g.constant(1), a)
  return g.lane === 'f64' ? powLong(g, a, b) : inDoubles(g, [a, b], powShort)
}

function powShort(g: Graph, a: Node, b: Node): Node {
  return signed(g, a, b, expNormal(g, clamp(g, g.mul(b, log(g, g.op('abs', a))), -200, 200)))
}

/** A power of |a| as that of a: negative for odd b, NaN for b that are no whole numbers, and 1 for b = 0. */
function signed(g: Graph, a: Node, b: Node, value: Node): Node {
  const zero = g.constant(0)
  const isWhole = (x: Node) => g.op('eq', x, g.op('nearest', x))
  const isOdd = g.op('and', isWhole(b), g.op('not', isWhole(g.mul(b, g.constant(0.5)))))
  const withSign = g.op('or', value, g.op('and', isOdd, g.op('and', a, g.sign)))
  const isNegative = g.op('and', g.op('lt', a, zero), g.op('gt', a, g.constant(Number.NEGATIVE_INFINITY)))
  const orNone = g.op('or', withSign, g.op('and', isNegative, g.op('not', isWhole(b)))) // all ones are NaN
  return g.select(g.op('eq', b, zero), g.constant(1), orNone)
}

function powLong(g: Graph, a: Node, b: Node): Node {
  const infinity = g.constant(Number.POSITIVE_INFINITY)
  const zero = g.constant(0)
  const base = g.op('abs', a)
  const { high, low } = logLong(g, base)
  const bounded = clamp(g, b, -(2 ** 64), 2 ** 64) // with them every power but those of 1 is 0 or infinite
  const [upper, lower] = halves(g, bounded)
  const [most, rest] = [g.mul(upper, high), g.add(g.mul(lower, high), g.mul(bounded, low))]
  const sum = clamp(g, g.add(most, rest), -746, 710)
  const isInside = g.op('lt', g.op('abs', g.add(most, rest)), g.constant(746))
  const left = g.op('and', isInside, g.sub(rest, g.sub(sum, most)))
  const value = expOfSum(g, sum, left, g.constant(1))

  const isZero = g.op('eq', base, zero)
  const isEdge = g.op('or', isZero, g.op('eq', base, infinity))
  const edge = g.select(g.op('xor', isZero, g.op('lt', b, zero)), zero, infinity)
  const isNone = g.op('or', g.op('ne', a, a), g.op('ne', b, b)) // the bits of NaN are those of some number
  const isUndecided = g.op('and', g.op('eq', base, g.constant(1)), g.op('eq', g.op('abs', b), infinity))
  const known = g.op('or', g.select(isEdge, edge, value), g.op('or', isNone, isUndecided))
  return signed(g, a, b, known)
}

/**
 * log x to about 68 digits of two, for a positive x: ⅔ s (3 + z + z² P(z)) + e·log 2 with s = f/(2 + f), z = s² and
 * x = 2ᵉ·(1 + f). Each number is a sum of two, of which the first has 26 digits, so that products of those are exact
 * (as in fdlibm).
 */
function logLong(g: Graph, x: Node): { high: Node; low: Node } {
  const { f, exponent } = decomposeAny(g, x)
  const [two, three] = [g.constant(2), g.constant(3)]

  const u = g.add(f, two)
  const [uUpper, uLower] = halves(g, u)
  const [sUpper] = halves(g, g.div(f, u))
  const uRest = g.sub(f, g.sub(u, two))
  const unexplained = g.sub(
    g.sub(g.sub(f, g.mul(sUpper, uUpper)), g.mul(sUpper, uLower)),
    g.mul(sUpper, uRest),
  )
  const sLower = g.div(unexplained, u)
  const s = g.add(sUpper, sLower)

  const square = g.mul(sUpper, sUpper)
  const squareRest = g.mul(sLower, g.add(sUpper, s))
  const z = g.add(square, squareRest)
  const tail = g.add(squareRest, g.mul(g.mul(z, z), g.polynomial(coefficients.f64.longLog, z)))
  const [tUpper] = halves(g, g.add(g.add(three, square), tail))
  const tLower = g.sub(tail, g.sub(g.sub(tUpper, three), square))

  const most = g.mul(sUpper, tUpper)
  const rest = g.add(g.mul(sLower, tUpper), g.mul(tLower, s))
  const [pUpper] = halves(g, g.add(most, rest))
  const pLower = g.sub(rest, g.sub(pUpper, most))

  const [twoThirds, twoThirdsRest] = [g.constant(thirds.upper), g.constant(thirds.lower)]
  const { log2High, log2Low } = formats.f64
  const main = g.mul(exponent, g.constant(log2High))
  const part = g.mul(twoThirds, pUpper)
  const total = g.add(main, part)
  const lost = g.sub(part, g.sub(total, main))
  const small = g.add(g.mul(twoThirdsRest, pUpper), g.mul(g.constant(2 / 3), pLower))
  const low = g.add(g.add(lost, small), g.mul(exponent, g.constant(log2Low)))
  const [high] = halves(g, g.add(total, low))
  return { high, low: g.sub(low, g.sub(high, total)) }
}

/** ⅔ as 26 digits and the rest. */
const thirds = { upper: 0.6666666567325592, lower: 9.934107462565104e-9 }
