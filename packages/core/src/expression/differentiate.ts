/**
 * The derivative of an expression is an expression: the chain rule over a small tree. From it come the two
 * rules of `map`, each of them one kernel: what an arriving cotangent becomes on its way back (`reverseRule`),
 * and what arriving tangents add up to (`forwardRule`).
 */

import { memo } from '../memo.ts'
import {
  type CallNode,
  call,
  constant,
  type Expression,
  input,
  inputsOf,
  output,
  substitute,
} from './expression.ts'
import { scalarRules } from './functions.ts'

const zero = constant(0)
const one = constant(1)

/**
 * ∂e/∂xᵢ, in the inputs of e and (as the output node) the value of e itself. The constant 0 where e is flat.
 */
export function differentiate(expression: Expression, index: number): Expression {
  const done = new Map<Expression, Expression>()
  const visit = (node: Expression): Expression => {
    if (node.kind === 'input') return node.index === index ? one : zero
    if (node.kind !== 'call') return zero
    return memo(done, node, () => chain(node))
  }
  const chain = (node: Expression & { kind: 'call' }): Expression => {
    const inner = node.operands.map(visit)
    if (inner.every(slope => slope === zero)) return zero
    const { partials, slope: chosen } = scalarRules[node.name]
    if (chosen) return chosen(inner, ...node.operands)
    // The value of the whole expression is at hand as an output; that of an inner node is computed again.
    const value = node === expression ? output : node
    const outer = partials?.(value, ...node.operands) ?? []
    return sumOf(inner.map((slope, k) => productOf(outer[k] ?? zero, slope)))
  }
  return visit(expression)
}

/**
 * The derivative of the given order of a function of one input, over `x` (input 0) and `y = e(x)` (input 1):
 * what an activation needs to know its slope and its curvature.
 */
export function derivativeInTermsOfOutput(expression: Expression, order: number): Expression {
  let slope = substitute(differentiate(expression, 0), input, input(1))
  const first = slope
  for (let done = 1; done < order; done++) {
    const here = slope
    const along = (index: number) => substitute(differentiate(here, index), input, here)
    slope = sumOf([along(0), productOf(along(1), first)]) // d/dx s(x, y(x)) = ∂s/∂x + ∂s/∂y · y'
  }
  return slope
}

const products = new WeakMap<Expression, Map<Expression, Expression>>()

/**
 * a·b. A factor that is a choice is chosen among, never multiplied by: the branch not taken may be infinite, or be the
 * 0 by which an infinite cotangent would turn into NaN.
 */
function productOf(a: Expression, b: Expression): Expression {
  if (a === zero || b === zero) return zero
  const choice = isChoice(a) ? a : isChoice(b) ? b : undefined
  if (choice === undefined) return call('mul', a, b)
  // remembered, since choices within choices share branches
  const known = memo(products, a, () => new Map<Expression, Expression>())
  return memo(known, b, () => {
    const branch = (index: 1 | 2) => productOf(taken(a, choice, index), taken(b, choice, index))
    const [then, otherwise] = [branch(1), branch(2)]
    return then === otherwise ? then : call('where', choice.operands[0]!, then, otherwise)
  })
}

function isChoice(node: Expression): node is CallNode {
  return node.kind === 'call' && node.name === 'where'
}

/** What remains of a factor in one branch of a choice: a branch, where the same condition decides about it. */
function taken(factor: Expression, choice: CallNode, index: 1 | 2): Expression {
  return isChoice(factor) && factor.operands[0] === choice.operands[0] ? factor.operands[index]! : factor
}

function sumOf(terms: readonly Expression[]): Expression {
  return terms
    .filter(term => term !== zero)
    .reduce((sum, term) => (sum === zero ? term : call('add', sum, term)), zero)
}

/** A map over part of a pool of tensors: the expression, and which members of the pool are its inputs. */
export interface PooledMap {
  readonly expression: Expression
  readonly operands: readonly number[]
}

/** Renumbers the inputs of an expression over a pool so that only those it reads remain. */
export function pooled(expression: Expression): PooledMap {
  const operands = inputsOf(expression)
  return { expression: substitute(expression, index => input(operands.indexOf(index))), operands }
}

const reverseRules = new WeakMap<Expression, (PooledMap | 'pass' | 'none')[]>()

/**
 * The cotangent of input `index`, as a map over the pool `[ḡ, y, x₀, x₁, …]`.
 *
 * @returns `'pass'` where the cotangent goes through unchanged, `'none'` where nothing does
 */
export function reverseRule(expression: Expression, index: number): PooledMap | 'pass' | 'none' {
  return reverseRules.get(expression)?.[index] ?? deriveRule(expression, index)
}

function deriveRule(expression: Expression, index: number): PooledMap | 'pass' | 'none' {
  const slope = differentiate(expression, index)
  const overPool = substitute(slope, i => input(i + 2), input(1))
  const rule = slope === zero ? 'none' : slope === one ? 'pass' : pooled(productOf(input(0), overPool))
  memo(reverseRules, expression, (): (PooledMap | 'pass' | 'none')[] => [])[index] = rule
  return rule
}

const forwardRules = new WeakMap<Expression, Map<string, PooledMap | 'none'>>()

/**
 * The tangent of the output, as a map over the pool `[y, x₀, ẋ₀, x₁, ẋ₁, …]`.
 *
 * @param moving  the inputs that have a tangent
 * @returns `'none'` where no tangent arrives
 */
export function forwardRule(expression: Expression, moving: readonly number[]): PooledMap | 'none' {
  const rules = memo(forwardRules, expression, () => new Map<string, PooledMap | 'none'>())
  return memo(rules, moving.join(), () => {
    const terms = moving.map(index => {
      const slope = substitute(differentiate(expression, index), i => input(1 + 2 * i), input(0))
      return productOf(slope, input(2 + 2 * index))
    })
    const total = sumOf(terms)
    return total === zero ? 'none' : pooled(total)
  })
}
