/** Tensors on the backend in use, and smooth expressions to evaluate on them, as fast-check draws and shrinks them. */

import { type Expression, expressions, type Shape, sizeOf, type Tensor, tensor } from '@sensigrad/core'
import fc from 'fast-check'
import { tameNumbers } from './views.ts'

const { constant, e, input } = expressions

/**
 * Float64 tensors of a shape on the backend in use, moderate and on a grid.
 *
 * @param bound  the elements come from [-bound, bound]
 * @example fc.property(tensors([2, 3]), x => …)
 */
export function tensors(shape: Shape, bound = 2): fc.Arbitrary<Tensor> {
  const size = sizeOf(shape)
  return fc
    .array(tameNumbers(bound), { minLength: size, maxLength: size })
    .map(values => tensor(Float64Array.from(values), { dtype: 'float64', shape }))
}

/** Expressions of the inputs 0 and 1 that are analytic on all real numbers, and moderate. */
export function smoothExpressions(): fc.Arbitrary<Expression> {
  const away = (a: Expression) => e.add(e.square(a), 0.6)
  const { node } = fc.letrec<{ node: Expression }>(tie => {
    const unary = (f: (a: Expression) => Expression) => tie('node').map(f)
    const binary = (f: (a: Expression, b: Expression) => Expression) =>
      fc.tuple(tie('node'), tie('node')).map(([a, b]) => f(a, b))
    return {
      node: fc.oneof(
        { maxDepth: 5 },
        fc.constantFrom<Expression>(input(0), input(1)),
        tameNumbers(2).map(constant),
        ...[e.tanh, e.sin, e.cos, e.sigmoid, e.softplus, e.neg].map(unary),
        ...[e.log, e.sqrt, e.reciprocal, e.log1p].map(f => unary(a => f(away(a)))),
        ...[e.exp, e.expm1, e.square].map(f => unary(a => f(e.tanh(a)))),
        ...[e.add, e.sub].map(binary),
        binary((a, b) => e.mul(e.tanh(a), b)),
        binary((a, b) => e.div(a, away(b))),
        binary((a, b) => e.pow(away(e.sin(a)), e.tanh(b))),
      ),
    }
  })
  return node
}
