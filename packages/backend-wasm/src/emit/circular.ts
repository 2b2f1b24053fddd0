/** sin, cos and tan in vectors: x less a multiple q of π/2, and polynomials of sin and cos on [-π/4, π/4]. */

import { inDoubles, inDoublesWithBits } from './doubles.ts'
import { formats, polynomialsOf } from './exponentials.ts'
import type { Graph, Node } from './graph.ts'

/** π/2 in two parts; the upper has 30 digits, so that q times it is exact in float64. */
const upper = Math.floor((Math.PI / 2) * 2 ** 29) / 2 ** 29
const lower = 1.5707963267341256 - upper + 6.0771005065061922e-11

/** π/2 in parts of 33 digits, and what is left (fdlibm). */
const parts = [1.5707963267341256, 6.077100506303966e-11, 2.0222662487111665e-21] as const
const left = 8.4784276603689e-32

/** Beyond it the host's function serves, which reduces with more digits. */
const largest = { f32: 1.2e7, f64: 8e5 } as const

const isFar = (g: Graph, x: Node): Node =>
  g.op('gt', g.op('abs', x), g.constant(g.lane === 'f64' ? largest.f64 : largest.f32))

/** q, which is the nearest whole number to 2x/π, and a number whose lowest bits it is. */
function quadrantOf(doubles: Graph, x: Node): { q: Node; shifted: Node } {
  const magic = doubles.constant(formats.f64.magic)
  const shifted = doubles.add(doubles.mul(x, doubles.constant(2 / Math.PI)), magic)
  return { q: doubles.sub(shifted, magic), shifted }
}

/** x - q·π/2 as accurately as float32 needs it, and q. */
function reduceShort(doubles: Graph, x: Node): readonly [r: Node, q: Node] {
  const { q, shifted } = quadrantOf(doubles, x)
  const most = doubles.sub(x, doubles.mul(q, doubles.constant(upper)))
  return [doubles.sub(most, doubles.mul(q, doubles.constant(lower))), shifted]
}

/** x - q·π/2 as a sum of two numbers, and q. The products are exact, and what differences lose is kept. */
function reduce(g: Graph, x: Node) {
  const { q, shifted } = quadrantOf(g, x)
  let r = x
  let lost = g.mul(q, g.constant(left))
  for (const part of parts) {
    const product = g.mul(q, g.constant(part))
    const next = g.sub(r, product)
    if (r !== x) lost = g.sub(lost, g.sub(g.sub(r, next), product)) // the first difference is exact
    r = next
  }
  const high = g.sub(r, lost)
  return { high, low: g.sub(g.sub(r, high), lost), shifted }
}

/** sin(high + low) and cos(high + low) for |high| ≤ π/4 and a much smaller `low` (fdlibm). */
function sineAndCosine(g: Graph, high: Node, low: Node): readonly [sine: Node, cosine: Node] {
  const { sin, cos } = polynomialsOf(g)
  const [one, half] = [g.constant(1), g.constant(0.5)]
  const z = g.mul(high, high)
  const cube = g.mul(z, high)
  const upper = g.polynomial(sin.slice(1), z)
  const tail = g.sub(g.mul(z, g.sub(g.mul(half, low), g.mul(cube, upper))), low)
  const sine = g.sub(high, g.fusedSub(cube, g.constant(sin[0]), tail))
  const halfSquare = g.mul(half, z)
  const main = g.sub(one, halfSquare)
  const small = g.fusedAdd(
    g.mul(z, z),
    g.polynomial(cos, z),
    g.sub(g.sub(g.sub(one, main), halfSquare), g.mul(high, low)),
  )
  return [sine, g.add(main, small)]
}

/** sin r and cos r for |r| ≤ π/4. */
function sineAndCosineShort(g: Graph, r: Node): readonly [sine: Node, cosine: Node] {
  const { sin, cos } = polynomialsOf(g)
  const square = g.mul(r, r)
  const sine = g.fusedAdd(g.mul(r, square), g.polynomial(sin, square), r)
  const upToSquare = g.fusedSub(square, g.constant(0.5), g.constant(1))
  return [sine, g.fusedAdd(g.mul(square, square), g.polynomial(cos, square), upToSquare)]
}

/** A mask of the lanes whose lowest bit is set. */
function isOdd(g: Graph, bits: Node): Node {
  const distance = g.lane === 'f64' ? 63 : 31
  return g.shift('shiftRight', g.shift('shiftLeft', bits, distance), distance)
}

/** x where x² underflows, so that -0 stays -0. */
const unlessTiny = (g: Graph, x: Node, value: Node): Node =>
  g.select(g.op('eq', g.mul(x, x), g.constant(0)), x, value)

/** sin and cos of x less its quadrant, and a number whose lowest bits that is. */
function reduced(g: Graph, x: Node): readonly [sine: Node, cosine: Node, quadrant: Node] {
  if (g.lane === 'f64') {
    const { high, low, shifted } = reduce(g, x)
    return [...sineAndCosine(g, high, low), shifted]
  }
  const [r, quadrant] = inDoublesWithBits(g, [x], reduceShort)
  return [...sineAndCosineShort(g, r), quadrant]
}

function circular(g: Graph, x: Node, name: 'sin' | 'cos'): Node {
  const isWide = g.lane === 'f64'
  const [sine, cosine, quadrant] = reduced(g, x)
  const turns = name === 'cos' ? g.op('wholeAdd', quadrant, g.bits(isWide ? 1n : 1)) : quadrant
  const sign = g.op('and', g.shift('shiftLeft', turns, isWide ? 62 : 30), g.sign)
  const value = g.op('xor', g.select(isOdd(g, turns), cosine, sine), sign)
  return g.patch(name === 'sin' ? unlessTiny(g, x, value) : value, isFar(g, x), name, x)
}

export const sin = (g: Graph, x: Node): Node => circular(g, x, 'sin')
export const cos = (g: Graph, x: Node): Node => circular(g, x, 'cos')

/** sin/cos, or -cos/sin in every other quadrant. */
function quotient(g: Graph, sine: Node, cosine: Node, quadrant: Node): Node {
  const odd = isOdd(g, quadrant)
  const above = g.select(odd, cosine, sine)
  const below = g.select(odd, sine, cosine)
  return g.op('xor', g.div(above, below), g.op('and', odd, g.sign))
}

function tanShort(doubles: Graph, x: Node): Node {
  const [r, quadrant] = reduceShort(doubles, x)
  return quotient(doubles, ...sineAndCosineShort(doubles, r), quadrant)
}

export function tan(g: Graph, x: Node): Node {
  const value = g.lane === 'f64' ? quotient(g, ...reduced(g, x)) : inDoubles(g, [x], tanShort)
  return g.patch(unlessTiny(g, x, value), isFar(g, x), 'tan', x)
}
