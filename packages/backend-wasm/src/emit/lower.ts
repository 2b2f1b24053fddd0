/** From expressions to vector instructions: a line for each scalar function, for floats and for int32. */

import type { Expression, ScalarFunction } from '@sensigrad/core'
import { acos, asin, atan, atan2 } from './arcs.ts'
import { cos, sin, tan } from './circular.ts'
import { erf, erfc } from './errors.ts'
import { copySign, exp, expm1, sigmoid, tanh } from './exponentials.ts'
import type { Graph, Node } from './graph.ts'
import { acosh, asinh, atanh, cosh, sinh } from './hyperbolic.ts'
import { log, log1p, softplus } from './logarithms.ts'
import { pow } from './powers.ts'
import { mod } from './remainder.ts'

type Lowering = (g: Graph, a: Node, b: Node, c: Node) => Node

/** Whether a clamp to this bound may take the faster instruction, which differs for NaN bounds and zeros of two signs. */
function isPlainBound({ op, immediate }: Node): boolean {
  return op === 'constant' && typeof immediate === 'number' && immediate !== 0 && !Number.isNaN(immediate)
}

/** Functions of floats. Booleans are masks. */
const floats: Record<ScalarFunction, Lowering> = {
  neg: (g, a) => g.op('neg', a),
  abs: (g, a) => g.op('abs', a),
  sign: (g, a) => {
    const isSigned = g.op('or', g.op('lt', a, g.constant(0)), g.op('gt', a, g.constant(0)))
    return g.select(isSigned, copySign(g, a, g.constant(1)), a) // zeros and NaN stay
  },
  square: (g, a) => g.mul(a, a),
  sqrt: (g, a) => g.op('sqrt', a),
  reciprocal: (g, a) => g.div(g.constant(1), a),
  exp,
  expm1,
  log,
  log1p,
  sin,
  cos,
  tan,
  asin,
  acos,
  atan,
  sinh,
  cosh,
  tanh,
  asinh,
  acosh,
  atanh,
  erf,
  erfc,
  sigmoid,
  softplus,
  relu: (g, a) => g.op('pmax', a, g.constant(0)), // a < 0 ? 0 : a, so that NaN stays
  floor: (g, a) => g.op('floor', a),
  ceil: (g, a) => g.op('ceil', a),
  round: (g, a) => g.op('nearest', a),
  add: (g, a, b) => g.add(a, b),
  sub: (g, a, b) => g.sub(a, b),
  mul: (g, a, b) => g.mul(a, b),
  div: (g, a, b) => g.div(a, b),
  mod,
  pow,
  atan2,
  maximum: (g, a, b) => g.op(isPlainBound(b) ? 'pmax' : 'max', a, b),
  minimum: (g, a, b) => g.op(isPlainBound(b) ? 'pmin' : 'min', a, b),
  less: (g, a, b) => g.op('lt', a, b),
  lessEqual: (g, a, b) => g.op('le', a, b),
  equal: (g, a, b) => g.op('eq', a, b),
  and: (g, a, b) => g.op('and', a, b),
  or: (g, a, b) => g.op('or', a, b),
  not: (g, a) => g.op('not', a),
  where: (g, a, b, c) => g.select(a, b, c),
}

/** Those that are others for int32; functions that need floats never come here. */
const integers: Record<ScalarFunction, Lowering> = {
  ...floats,
  sign: (g, a) => g.sub(g.op('lt', a, g.constant(0)), g.op('gt', a, g.constant(0))), // masks are -1
  relu: (g, a) => g.op('max', a, g.constant(0)),
  floor: (_, a) => a,
  ceil: (_, a) => a,
  round: (_, a) => a,
  maximum: (g, a, b) => g.op('max', a, b),
  minimum: (g, a, b) => g.op('min', a, b),
}

/** The node that an expression's value is. Operands are lowered before what they are operands of, without recursion. */
export function lower(g: Graph, expression: Expression): Node {
  const table = g.lane === 'i32' ? integers : floats
  const done = new Map<Expression, Node>()
  const waiting = [expression]
  while (waiting.length > 0) {
    const next = waiting.at(-1)!
    const missing = next.kind === 'call' ? next.operands.filter(operand => !done.has(operand)) : []
    if (missing.length > 0) waiting.push(...missing.reverse())
    else {
      waiting.pop()
      if (!done.has(next)) done.set(next, lowerOne(g, table, next, done))
    }
  }
  return done.get(expression)!
}

function lowerOne(
  g: Graph,
  table: Readonly<Record<ScalarFunction, Lowering>>,
  expression: Expression,
  done: ReadonlyMap<Expression, Node>,
): Node {
  if (expression.kind === 'input') return g.input(expression.index)
  if (expression.kind === 'constant') return g.constant(expression.value)
  if (expression.kind === 'output') {
    throw new Error('an output node stands in a map; derivatives replace it by an input')
  }
  const [a, b, c] = expression.operands.map(operand => done.get(operand)!)
  return table[expression.name](g, a!, b!, c!)
}
