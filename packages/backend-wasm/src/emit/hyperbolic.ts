/** sinh, cosh and the inverse hyperbolic functions in vectors, from exp and log; float32 in double precision. */

import { coefficients } from './coefficients.ts'
import { inDoubles } from './doubles.ts'
import { copySign, halfExp } from './exponentials.ts'
import type { Graph, Node } from './graph.ts'
import { log, logOnePlus } from './logarithms.ts'

type Lowering = (g: Graph, x: Node) => Node

/** A lowering for lanes of float64 as one for both. */
const both =
  (of: Lowering): Lowering =>
  (g, x) =>
    g.lane === 'f64' ? of(g, x) : inDoubles(g, [x], of)

/** Below it x + c·x³ is as good as float32 needs it, and nothing else is as cheap. */
const small = 2 ** -7

/** `far`, but x + c·x³ near 0 where that has digits enough; for x ≥ 0. */
function unlessSmall(g: Graph, x: Node, c: number, far: Node): Node {
  const near = g.fusedAdd(g.mul(x, g.mul(x, x)), g.constant(c), x)
  return g.select(g.op('lt', x, g.constant(small)), near, far)
}

/** h - 1/4h for h = eᵃ/2, but a + a³ P(a²) near 0. */
export const sinh = both((g, x) => {
  const a = g.op('abs', x)
  const half = halfExp(g, a)
  const far = g.sub(half, g.div(g.constant(0.25), half))
  if (g.precision === 'short') return copySign(g, x, unlessSmall(g, a, 1 / 6, far))
  const square = g.mul(a, a)
  const near = g.fusedAdd(g.mul(a, square), g.polynomial(coefficients.f64.sinh, square), a)
  return copySign(g, x, g.select(g.op('lt', a, g.constant(1)), near, far))
})

/** h + 1/4h for h = e^|x|/2 */
export const cosh = both((g, x) => {
  const half = halfExp(g, g.op('abs', x))
  return g.add(half, g.div(g.constant(0.25), half))
})

/** Beyond it x + 1 is x and x² ± 1 is x² to every digit, and may overflow. */
const huge = 2 ** 60

/** log(1 + m), or log(2a) where a is huge. */
function logUnlessHuge(g: Graph, a: Node, m: Node): Node {
  const isHuge = g.op('gt', a, g.constant(huge))
  return logOnePlus(g, g.select(isHuge, a, m), g.op('and', isHuge, g.constant(1)))
}

/** log(a + √(a² + 1)), or, with every digit, log(1 + m) with m = a + a²/(1 + √(a² + 1)). */
export const asinh = both((g, x) => {
  const one = g.constant(1)
  const a = g.op('abs', x)
  const square = g.mul(a, a)
  const root = g.op('sqrt', g.add(square, one))
  if (g.precision === 'short') return copySign(g, x, unlessSmall(g, a, -1 / 6, log(g, g.add(a, root))))
  return copySign(g, x, logUnlessHuge(g, a, g.add(a, g.div(square, g.add(root, one)))))
})

/** log(x + √(x² - 1)), or, with every digit, log(1 + m) with m = t + √(t (t + 2)) and t = x - 1; NaN below 1. */
export const acosh = both((g, x) => {
  const one = g.constant(1)
  const t = g.sub(x, one)
  const root = g.op('sqrt', g.mul(t, g.add(t, g.constant(2))))
  const value = g.precision === 'short' ? log(g, g.add(x, root)) : logUnlessHuge(g, x, g.add(t, root))
  return g.op('or', value, g.op('lt', x, one))
})

/** log((1 + a)/(1 - a))/2, or, with every digit, log(1 + 2a/(1 - a))/2. */
export const atanh = both((g, x) => {
  const [one, half] = [g.constant(1), g.constant(0.5)]
  const a = g.op('abs', x)
  const left = g.sub(one, a)
  if (g.precision === 'short') {
    return copySign(g, x, unlessSmall(g, a, 1 / 3, g.mul(log(g, g.div(g.add(one, a), left)), half)))
  }
  return copySign(g, x, g.mul(logOnePlus(g, g.div(g.add(a, a), left)), half))
})
