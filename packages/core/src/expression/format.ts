/** Expressions as people write them: `g * (1 - y²)`. */

import type { Expression } from './expression.ts'
import type { ScalarFunction } from './functions.ts'

const infix: Partial<Record<ScalarFunction, readonly [symbol: string, binding: number]>> = {
  or: ['∨', 1],
  and: ['∧', 2],
  less: ['<', 3],
  lessEqual: ['≤', 3],
  equal: ['=', 3],
  add: ['+', 4],
  sub: ['-', 4],
  mul: ['*', 5],
  div: ['/', 5],
}

/**
 * The expression in infix notation.
 *
 * @param names   what the inputs are called, by index
 * @param output  what the output node is called
 */
export function formatExpression(
  expression: Expression,
  names: readonly string[] = [],
  output = 'y',
): string {
  const write = (node: Expression, outer: number): string => {
    if (node.kind === 'input') return names[node.index] ?? `x${node.index}`
    if (node.kind === 'output') return output
    if (node.kind === 'constant') return String(node.value)
    const [a, b] = node.operands
    if (node.name === 'neg') return `-${write(a!, 6)}`
    if (node.name === 'square') return `${write(a!, 7)}²`
    const operator = infix[node.name]
    if (operator === undefined)
      return `${node.name}(${node.operands.map(operand => write(operand, 0)).join(', ')})`
    const [symbol, binding] = operator
    const text = `${write(a!, binding)} ${symbol} ${write(b!, binding + 1)}`
    return binding < outer ? `(${text})` : text
  }
  return write(expression, 0)
}
