/** The error function and its complement in vectors. */

import { coefficients } from './coefficients.ts'
import { halves, inDoubles } from './doubles.ts'
import { copySign, expNormal, expOfSum } from './exponentials.ts'
import type { Graph, Node } from './graph.ts'

/** x + x P(x²) near 0; beyond, 1 - e^{-Q(x)} in float32 and 1 - e^{-x²} Q((x - 2)/(x + 2)) in float64. */
export function erf(g: Graph, x: Node): Node {
  const a = g.op('pmin', g.op('abs', x), g.constant(g.lane === 'f64' ? 6 : 3.95))
  const square = g.mul(a, a)
  const near = g.fusedAdd(a, g.polynomial(coefficients[g.lane === 'f64' ? 'f64' : 'f32'].erf, square), a)
  const complement = (): Node => {
    if (g.lane !== 'f64') return expNormal(g, g.op('neg', g.polynomial(coefficients.f32.erfTail, a)))
    const t = g.div(g.sub(a, g.constant(2)), g.add(a, g.constant(2)))
    return g.mul(expNormal(g, g.op('neg', square)), g.polynomial(coefficients.f64.erfTail, t))
  }
  const far = g.sub(g.constant(1), complement())
  return copySign(g, x, g.select(g.op('lt', a, g.constant(1)), near, far))
}

/**
 * e^{-a²}·P(t)/(1 + 2a) for a = |x| and t = (a - k)/(a + k), and 2 less that below 0; lanes of float64. With every digit
 * it is e^{-a²}·P(t)/a, which rounds less, and 1 - erf x near 0.
 */
function erfcOf(g: Graph, x: Node): Node {
  const isShort = g.precision === 'short'
  const [k, one, two] = [g.constant(isShort ? 3.75 : 2), g.constant(1), g.constant(2)]
  const a = g.op('pmin', g.op('abs', x), g.constant(isShort ? 10.3 : 27.5))
  const t = g.div(g.sub(a, k), g.add(a, k))
  const reflected = (value: Node) => g.select(g.op('lt', x, g.constant(0)), g.sub(two, value), value)
  if (isShort) {
    const factor = g.div(g.polynomial(coefficients.short.erfc, t), g.fusedAdd(two, a, one))
    return reflected(g.mul(expNormal(g, g.op('neg', g.mul(a, a))), factor))
  }
  const factor = g.div(g.polynomial(coefficients.f64.erfc, t), a)
  const [upper] = halves(g, a) // its square is exact
  const far = reflected(
    expOfSum(g, g.op('neg', g.mul(upper, upper)), g.mul(g.sub(upper, a), g.add(a, upper)), factor),
  )
  const near = g.sub(one, g.fusedAdd(x, g.polynomial(coefficients.f64.erf, g.mul(x, x)), x))
  return g.select(g.op('lt', a, g.constant(0.75)), near, far)
}

export function erfc(g: Graph, x: Node): Node {
  return g.lane === 'f64' ? erfcOf(g, x) : inDoubles(g, [x], erfcOf)
}
