/** mod in vectors: a less the multiple of b that is nearest below it, without an error. */

import { halves, inDoubles } from './doubles.ts'
import type { Graph, Node } from './graph.ts'

/** Quotients beyond it, and infinite divisors, go to the host's function. */
const largestQuotient = { short: 2 ** 28, f64: 2 ** 51 } as const

/** a modulo b with the sign of b, for a quotient that is not large and a finite b; lanes of float64. */
function modOf(g: Graph, a: Node, b: Node): Node {
  const zero = g.constant(0)
  const q = g.op('truncate', g.div(a, b))
  const remainder = g.precision === 'short' ? g.sub(a, g.mul(q, b)) : remainderOf(g, a, q, b)
  const isTurned = g.op('xor', g.op('lt', remainder, zero), g.op('lt', b, zero))
  const moved = g.select(isTurned, g.add(remainder, b), remainder)
  return g.select(g.op('eq', remainder, zero), g.op('and', b, g.sign), moved)
}

/** a - q·b without an error: q·b as a sum of four products of halves. */
function remainderOf(g: Graph, a: Node, q: Node, b: Node): Node {
  const [[qHigh, qLow], [bHigh, bLow]] = [halves(g, q), halves(g, b)]
  const products = [g.mul(qHigh, bHigh), g.mul(qHigh, bLow), g.mul(qLow, bHigh), g.mul(qLow, bLow)]
  return products.reduce((left, product) => g.sub(left, product), a)
}

/** As the host's remainder, but with the sign of b. */
export function mod(g: Graph, a: Node, b: Node): Node {
  if (g.lane === 'i32') return inDoubles(g, [a, b], modOf)
  const value = g.lane === 'f64' ? modOf(g, a, b) : inDoubles(g, [a, b], modOf)
  const quotient = g.op('abs', g.div(a, b))
  const isLarge = g.op(
    'not',
    g.op('lt', quotient, g.constant(largestQuotient[g.lane === 'f64' ? 'f64' : 'short'])),
  )
  const isInfinite = g.op('eq', g.op('abs', b), g.constant(Number.POSITIVE_INFINITY))
  return g.patch(value, g.op('or', isLarge, isInfinite), 'mod', a, b)
}
