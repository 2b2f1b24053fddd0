/**
 * Expressions: small trees over the inputs of an elementwise operation. Every elementwise operation is one
 * primitive, `map(expression, inputs)`, and a backend turns the tree into its own code.
 *
 * Equal trees are one object (interned), so a backend may cache compiled code and the framework may cache
 * derivatives on them.
 */

import { describeValue, ValueError } from '../errors.ts'
import { memo } from '../memo.ts'
import type { ScalarFunction } from './functions.ts'

/** The value of input `index` at the current element. */
export interface InputNode {
  readonly kind: 'input'
  readonly id: number
  readonly index: number
}

/** The value of the whole expression at the current element; stands only in derivatives, never in a map. */
export interface OutputNode {
  readonly kind: 'output'
  readonly id: number
}

/** A fixed number. What changes from call to call must be an input. */
export interface ConstantNode {
  readonly kind: 'constant'
  readonly id: number
  readonly value: number
}

/** A scalar function of other nodes. */
export interface CallNode {
  readonly kind: 'call'
  readonly id: number
  readonly name: ScalarFunction
  readonly operands: readonly Expression[]
}

/** A node of an expression, and the tree below it. */
export type Expression = InputNode | OutputNode | ConstantNode | CallNode

/** What the builders below take: a node, or a number for a constant. */
export type ExpressionLike = Expression | number

/** Whether a value is a node. */
export function isExpression(value: unknown): value is Expression {
  return typeof value === 'object' && value !== null && 'kind' in value
}

const interned = new Map<string, Expression>()

function intern<Node extends Expression>(key: string, make: (id: number) => Node): Node {
  return memo(interned, key, () => make(interned.size)) as Node
}

/** The value of input `index`. */
export function input(index: number): InputNode {
  return intern(`x${index}`, id => ({ kind: 'input', id, index }))
}

/** The expression's own value, for derivatives that are shortest in terms of it (`tanh: 1 - y²`). */
export const output: OutputNode = intern('y', id => ({ kind: 'output', id }))

/** A fixed number. */
export function constant(value: number): ConstantNode {
  return intern(Object.is(value, -0) ? '-0' : String(value), id => ({ kind: 'constant', id, value }))
}

/** A scalar function of `operands`, simplified where that changes no bit: `x·1`, `x-0`, `-(-x)`, constants. */
export function call(name: ScalarFunction, ...operands: readonly ExpressionLike[]): Expression {
  const nodes = operands.map(operand => {
    if (typeof operand === 'number') return constant(operand)
    if (isExpression(operand)) return operand
    throw new ValueError(name, `${describeValue(operand)} is no expression or number`, 'Give one of the two')
  })
  return (
    simplify(name, nodes) ??
    intern(`${name}(${nodes.map(node => node.id).join()})`, id => ({
      kind: 'call',
      id,
      name,
      operands: nodes,
    }))
  )
}

function simplify(name: ScalarFunction, [a, b]: readonly Expression[]): Expression | undefined {
  const left = a?.kind === 'constant' ? a.value : undefined
  const right = b?.kind === 'constant' ? b.value : undefined
  switch (name) {
    case 'neg':
      if (left !== undefined) return constant(-left)
      return a!.kind === 'call' && a!.name === 'neg' ? a!.operands[0] : undefined
    case 'add':
      if (left !== undefined && right !== undefined) return constant(left + right)
      if (Object.is(right, -0)) return a // x + 0 stays: it turns -0 into 0
      return Object.is(left, -0) ? b : undefined
    case 'sub':
      if (left !== undefined && right !== undefined) return constant(left - right)
      return Object.is(right, 0) ? a : undefined
    case 'mul':
      if (left !== undefined && right !== undefined) return constant(left * right)
      if (right === 1 || left === 1) return right === 1 ? a : b
      if (right === -1 || left === -1) return call('neg', right === -1 ? a! : b!)
      return undefined
    case 'div':
      return right === 1 ? a : undefined
    default:
      return undefined
  }
}

/**
 * The expression with its inputs (and its output node) replaced.
 *
 * @param replaceInput   what stands for input `index` from now on
 * @param replaceOutput  what stands for the output node
 */
export function substitute(
  expression: Expression,
  replaceInput: (index: number) => Expression,
  replaceOutput: Expression = output,
): Expression {
  const done = new Map<Expression, Expression>()
  const visit = (node: Expression): Expression => {
    if (node.kind === 'input') return replaceInput(node.index)
    if (node.kind === 'output') return replaceOutput
    if (node.kind === 'constant') return node
    return memo(done, node, () => call(node.name, ...node.operands.map(visit)))
  }
  return visit(expression)
}

/** The inputs that the expression reads, ascending. */
export function inputsOf(expression: Expression): number[] {
  const found = new Set<number>()
  const seen = new Set<Expression>()
  const visit = (node: Expression): void => {
    if (node.kind === 'input') found.add(node.index)
    if (node.kind !== 'call' || seen.has(node)) return
    seen.add(node)
    node.operands.forEach(visit)
  }
  visit(expression)
  return [...found].sort((a, b) => a - b)
}
