/** More digits on the way: float32 in double precision, two lanes and two, and float64 in halves whose products are exact. */

import type { Graph, Node } from './graph.ts'

const upperHalf = [8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15]
const lowerHalves = [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23]
const lowerWords = [0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27]

/** A function's value at both halves of vectors, in lanes of float64. */
function byHalves<Value>(
  g: Graph,
  operands: readonly Node[],
  compute: (doubles: Graph, ...operands: Node[]) => Value,
): [Value, Value] {
  const { doubles } = g
  const widen = g.lane === 'i32' ? 'ofWhole' : 'promote'
  const half = (pick: (x: Node) => Node) => compute(doubles, ...operands.map(x => doubles.op(widen, pick(x))))
  return [half(x => x), half(x => g.shuffle(x, x, upperHalf))]
}

/** Vectors of float64 as a vector with their numbers in the type of `g`. */
function join(g: Graph, low: Node, high: Node): Node {
  const narrow = g.lane === 'i32' ? 'ofDouble' : 'demote'
  return g.shuffle(g.op(narrow, low), g.op(narrow, high), lowerHalves)
}

/** A function of float32 or int32 lanes, computed in float64. */
export function inDoubles(
  g: Graph,
  operands: readonly Node[],
  compute: (doubles: Graph, ...operands: Node[]) => Node,
): Node {
  return join(g, ...byHalves(g, operands, compute))
}

/** The same for a function that gives a number, and a whole number in the lowest bits of another. */
export function inDoublesWithBits(
  g: Graph,
  operands: readonly Node[],
  compute: (doubles: Graph, ...operands: Node[]) => readonly [number: Node, bits: Node],
): readonly [number: Node, bits: Node] {
  const [[low, lowBits], [high, highBits]] = byHalves(g, operands, compute)
  return [join(g, low, high), g.shuffle(lowBits, highBits, lowerWords)]
}

/** A float64 as its upper 26 digits and the rest, so that products of such parts are exact. */
export function halves(g: Graph, x: Node): readonly [upper: Node, lower: Node] {
  const upper = g.op('and', x, g.bits(0xfffffffff8000000n))
  return [upper, g.sub(x, upper)]
}
