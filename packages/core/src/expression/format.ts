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
    if (node.kind === 'constant') return wrap(String(node.value), node.value < 0 ? 6 : 9, outer)
    const [a, b] = node.operands
    if (node.name === 'neg') return wrap(`-${write(a!, 6)}`, 6, outer)
    if (node.name === 'square') return wrap(`${write(a!, 8)}²`, 7, outer)
    const operator = infix[node.name]
    if (operator === undefined)
      return `${node.name}(${node.operands.map(operand => write(operand, 0)).join(', ')})`
    const [symbol, binding] = operator
    return wrap(`${write(a!, binding)} ${symbol} ${write(b!, binding + 1)}`, binding, outer)
  }
  return write(expression, 0)
}

function wrap(text: string, binding: number, outer: number): string {
  return binding < outer ? `(${text})` : text
}
