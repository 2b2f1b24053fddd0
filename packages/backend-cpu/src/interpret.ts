/**
 * Elementwise expressions without compiling code: each scalar function is a loop over a block of elements. It is
 * several times slower than compiled loops, gives the same bits, and serves where `new Function` is forbidden.
 */

import { type Expression, expressions, type ScalarFunction, type TypedArray } from '@sensigrad/core'
import type { MapKernel } from './compile.ts'

type Scalar = (a: number, b: number, c: number) => number

/** What JavaScript lacks; compiled loops call these as well. */
export const helpers = {
  erf: expressions.erf,
  erfc: expressions.erfc,

  /** The nearest integer, and of two the even one. */
  roundToEven(a: number): number {
    const nearest = Math.round(a) // of two the upper one
    return nearest - a === 0.5 && nearest % 2 !== 0 ? nearest - 1 : nearest
  },

  /** a modulo b, with the sign of b where JavaScript's remainder has that of a. */
  mod(a: number, b: number): number {
    const remainder = a % b
    if (remainder === 0) return b < 0 ? -0 : 0
    return remainder < 0 === b < 0 ? remainder : remainder + b
  },
} as const

const { erf, erfc, roundToEven, mod } = helpers

const functions: Record<ScalarFunction, Scalar> = {
  neg: a => -a,
  abs: Math.abs,
  sign: Math.sign,
  square: a => a * a,
  sqrt: Math.sqrt,
  reciprocal: a => 1 / a,
  exp: Math.exp,
  expm1: Math.expm1,
  log: Math.log,
  log1p: Math.log1p,
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  asin: Math.asin,
  acos: Math.acos,
  atan: Math.atan,
  sinh: Math.sinh,
  cosh: Math.cosh,
  tanh: Math.tanh,
  asinh: Math.asinh,
  acosh: Math.acosh,
  atanh: Math.atanh,
  erf,
  erfc,
  sigmoid: a => 1 / (1 + Math.exp(-a)),
  softplus: a => Math.max(a, 0) + Math.log1p(Math.exp(-Math.abs(a))),
  relu: a => Math.max(a, 0),
  floor: Math.floor,
  ceil: Math.ceil,
  round: roundToEven,
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  mod,
  pow: Math.pow,
  atan2: Math.atan2,
  maximum: (a, b) => Math.max(a, b),
  minimum: (a, b) => Math.min(a, b),
  less: (a, b) => Number(a < b),
  lessEqual: (a, b) => Number(a <= b),
  equal: (a, b) => Number(a === b),
  and: (a, b) => Number(a !== 0 && b !== 0),
  or: (a, b) => Number(a !== 0 || b !== 0),
  not: a => Number(a === 0),
  where: (a, b, c) => (a !== 0 ? b : c),
}

/** As `functions`, for int32, where every intermediate value wraps like a stored one. */
const integerFunctions: Partial<typeof functions> = {
  neg: a => -a | 0,
  abs: a => Math.abs(a) | 0,
  square: a => Math.imul(a, a),
  add: (a, b) => (a + b) | 0,
  sub: (a, b) => (a - b) | 0,
  mul: Math.imul,
  mod: (a, b) => mod(a, b) | 0, // 0 for b = 0
}

const blockSize = 1024

/** A kernel that evaluates the expression node by node, for some elements at a time. */
export function interpret(expression: Expression, integers: boolean): MapKernel {
  return (out, start, count, inputs, offsets, steps) => {
    for (let from = 0; from < count; from += blockSize) {
      const block = evaluateBlock(
        expression,
        integers,
        Math.min(blockSize, count - from),
        inputs,
        offsets.map((offset, i) => offset + from * steps[i]!),
        steps,
      )
      out.set(block, start + from)
    }
  }
}

function evaluateBlock(
  expression: Expression,
  integers: boolean,
  count: number,
  inputs: readonly TypedArray[],
  offsets: readonly number[],
  steps: readonly number[],
): Float64Array {
  const done = new Map<Expression, Float64Array>()
  const visit = (node: Expression): Float64Array => {
    let values = done.get(node)
    if (values === undefined) {
      values = evaluate(node)
      done.set(node, values)
    }
    return values
  }
  const evaluate = (node: Expression): Float64Array => {
    const values = new Float64Array(count)
    if (node.kind === 'input') read(values, inputs[node.index]!, offsets[node.index]!, steps[node.index]!)
    else if (node.kind === 'constant') values.fill(node.value)
    else if (node.kind === 'call') apply(values, node.name, node.operands.map(visit))
    return values
  }
  const apply = (values: Float64Array, name: ScalarFunction, [a, b = a!, c = a!]: Float64Array[]): void => {
    const f = (integers && integerFunctions[name]) || functions[name]
    for (let i = 0; i < count; i++) values[i] = f(a![i]!, b[i]!, c[i]!)
  }
  return visit(expression)
}

function read(values: Float64Array, from: TypedArray, offset: number, step: number): void {
  for (let i = 0; i < values.length; i++) values[i] = from[offset + i * step]!
}
