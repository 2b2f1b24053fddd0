/** sin and cos of float32 in vectors: x less a multiple q of π/2, and polynomials of both on [-π/4, π/4]. */

import { coefficients } from './coefficients.ts'
import { formats } from './exponentials.ts'
import type { Graph, Node } from './graph.ts'

/** π/2 in two parts; the upper has 30 digits, so that q times it is exact in float64. */
const upper = Math.floor((Math.PI / 2) * 2 ** 29) / 2 ** 29
const lower = 1.5707963267341256 - upper + 6.0771005065061922e-11

/** Beyond it the host's function serves, which reduces with more digits. */
const largest = 1.2e7

const highHalf = [8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15]
const lowHalves = [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23]
const lowWords = [0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27]

/** x - q·π/2 and q in double precision, for two lanes. */
function reduceHalf(g: Graph, x: Node) {
  const double = (value: number): Node => g.bits(bitsOf(value))
  const magic = double(formats.f64.magic)
  const shifted = g.op('double.add', g.op('double.mul', x, double(2 / Math.PI)), magic)
  const q = g.op('double.sub', shifted, magic)
  const most = g.op('double.sub', x, g.op('double.mul', q, double(upper)))
  return { shifted, r: g.op('double.sub', most, g.op('double.mul', q, double(lower))) }
}

function bitsOf(value: number): bigint {
  return new BigUint64Array(Float64Array.of(value).buffer)[0]!
}

/** sin or cos of float32 lanes. */
export function circular(g: Graph, x: Node, name: 'sin' | 'cos'): Node {
  const low = reduceHalf(g, g.op('promote', x))
  const high = reduceHalf(g, g.op('promote', g.shuffle(x, x, highHalf)))
  const r = g.shuffle(g.op('demote', low.r), g.op('demote', high.r), lowHalves)
  const quadrant = g.shuffle(low.shifted, high.shifted, lowWords)
  const turns = name === 'cos' ? g.op('wholeAdd', quadrant, g.bits(1)) : quadrant

  const square = g.mul(r, r)
  const sine = g.fusedAdd(g.mul(r, square), g.polynomial(coefficients.f32.sin, square), r)
  const upToSquare = g.fusedSub(square, g.constant(0.5), g.constant(1))
  const cosine = g.fusedAdd(g.mul(square, square), g.polynomial(coefficients.f32.cos, square), upToSquare)

  const isOdd = g.shift('shiftRight', g.shift('shiftLeft', turns, 31), 31)
  const sign = g.op('and', g.shift('shiftLeft', turns, 30), g.sign)
  const value = g.op('xor', g.select(isOdd, cosine, sine), sign)
  const exact = name === 'sin' ? g.select(g.op('eq', square, g.constant(0)), x, value) : value // -0 stays -0
  return g.patch(exact, g.op('gt', g.op('abs', x), g.constant(largest)), x, name)
}
