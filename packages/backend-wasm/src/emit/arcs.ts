/** asin, acos, atan and atan2 in vectors: a polynomial near 0, and identities that lead there. */

import { coefficients } from './coefficients.ts'
import { inDoubles } from './doubles.ts'
import { copySign } from './exponentials.ts'
import type { Graph, Node } from './graph.ts'

/** A number as a number of the format and what is left. */
function inTwo(g: Graph, high: number, low: number): { high: Node; low: Node } {
  if (g.lane === 'f64') return { high: g.constant(high), low: g.constant(low) }
  const rounded = Math.fround(high)
  return { high: g.constant(rounded), low: g.constant(high - rounded) }
}

const halfPi = (g: Graph) => inTwo(g, Math.PI / 2, 6.123233995736766e-17)
const pi = (g: Graph) => inTwo(g, Math.PI, 1.2246467991473532e-16)
const quarterPi = (g: Graph) => inTwo(g, Math.PI / 4, 3.061616997868383e-17)

/** asin s = s + s·z P(z) with z = s² for s ≤ ½; beyond, with the half angle, z = (1 - |x|)/2. */
function arcs(g: Graph, x: Node) {
  const a = g.op('abs', x)
  const isLarge = g.op('gt', a, g.constant(0.5))
  const z = g.select(isLarge, g.mul(g.sub(g.constant(1), a), g.constant(0.5)), g.mul(a, a))
  const s = g.select(isLarge, g.op('sqrt', z), a)
  const { asin } = coefficients[g.lane === 'f64' ? 'f64' : 'f32']
  return { isLarge, s, rest: g.mul(g.mul(s, z), g.polynomial(asin, z)) }
}

/** s + s·z P(z), or π/2 less twice that, where what rounding takes from π/2 - 2s is kept. */
export function asin(g: Graph, x: Node): Node {
  const { isLarge, s, rest } = arcs(g, x)
  const { high, low } = halfPi(g)
  const twice = g.add(s, s)
  const main = g.sub(high, twice)
  const lost = g.add(g.sub(g.sub(high, main), twice), low)
  const large = g.add(main, g.sub(lost, g.add(rest, rest)))
  return copySign(g, x, g.select(isLarge, large, g.add(s, rest)))
}

/** π/2 - asin x near 0, and twice the half angle, or π less that, elsewhere. */
export function acos(g: Graph, x: Node): Node {
  const { isLarge, s, rest } = arcs(g, x)
  const [right, straight] = [halfPi(g), pi(g)]
  const sum = g.add(s, rest)
  const near = g.sub(right.high, g.sub(g.op('xor', sum, g.op('and', x, g.sign)), right.low))
  const twice = g.add(sum, sum)
  const left = g.sub(straight.high, g.sub(twice, straight.low))
  return g.select(isLarge, g.select(g.op('lt', x, g.constant(0)), left, twice), near)
}

/** The angle in [0, π/2] whose tangent is above/below, for two numbers that are not negative; lanes of float64. */
function angleOf(g: Graph, above: Node, below: Node): Node {
  const zero = inTwo(g, 0, 0)
  const isSteep = g.op('gt', above, g.mul(below, g.constant(Math.SQRT2 + 1))) // beyond 3π/8
  const isFlat = g.op('le', above, g.mul(below, g.constant(Math.SQRT2 - 1))) // up to π/8
  const choose = (flat: Node, steep: Node, between: Node) =>
    g.select(isFlat, flat, g.select(isSteep, steep, between))
  const over = choose(above, g.op('neg', below), g.sub(above, below))
  const under = choose(below, above, g.add(above, below))
  const t = g.select(g.op('eq', g.add(above, below), zero.high), above, g.div(over, under)) // 0 of 0/0
  const from = (part: 'high' | 'low') => choose(zero[part], halfPi(g)[part], quarterPi(g)[part])
  const z = g.mul(t, t)
  const { atan } = g.precision === 'short' ? coefficients.short : coefficients.f64
  const rest = g.fusedAdd(g.mul(t, z), g.polynomial(atan, z), from('low'))
  return g.add(from('high'), g.add(rest, t))
}

const atanOf = (g: Graph, x: Node): Node => copySign(g, x, angleOf(g, g.op('abs', x), g.constant(1)))

export function atan(g: Graph, x: Node): Node {
  return g.lane === 'f64' ? atanOf(g, x) : inDoubles(g, [x], atanOf)
}

/** A factor that keeps sums from overflow and multiples from underflow, and changes no quotient. */
function scaleOf(g: Graph, larger: Node): Node {
  const isTiny = g.op('lt', larger, g.constant(2 ** -900))
  const unlessHuge = g.select(isTiny, g.constant(2 ** 100), g.constant(1))
  return g.select(g.op('gt', larger, g.constant(2 ** 1000)), g.constant(2 ** -100), unlessHuge)
}

function atan2Of(g: Graph, y: Node, x: Node): Node {
  const [one, infinity] = [g.constant(1), g.constant(Number.POSITIVE_INFINITY)]
  let [above, below] = [g.op('abs', y), g.op('abs', x)]
  const areInfinite = g.op('eq', g.op('min', above, below), infinity)
  if (g.precision === 'f64') {
    const scale = scaleOf(g, g.op('pmax', above, below))
    ;[above, below] = [g.mul(above, scale), g.mul(below, scale)]
  }
  const angle = angleOf(g, g.select(areInfinite, one, above), g.select(areInfinite, one, below))
  const straight = pi(g)
  const turned = g.sub(straight.high, g.sub(angle, straight.low))
  return copySign(g, y, g.select(g.shift('shiftRight', x, 63), turned, angle))
}

export function atan2(g: Graph, y: Node, x: Node): Node {
  return g.lane === 'f64' ? atan2Of(g, y, x) : inDoubles(g, [y, x], atan2Of)
}
