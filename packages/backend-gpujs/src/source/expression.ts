/** Expressions as statements: a name for each node, so that what is shared is computed once. */

import type { Expression } from '@sensigrad/core'
import { formulas } from './functions.ts'
import { literal, type Text } from './text.ts'

/**
 * Writes the statements that compute an expression.
 *
 * @param inputs  the name of the value of each input
 * @returns the name of the expression's value; booleans are 0 and 1
 */
export function write(text: Text, expression: Expression, inputs: (index: number) => string): string {
  const done = new Map<Expression, string>()
  const visit = (node: Expression): string => {
    if (node.kind === 'input') return inputs(node.index)
    if (node.kind === 'constant') return literal(node.value)
    if (node.kind === 'output') {
      throw new Error('an output node stands in a map; derivatives replace it by an input')
    }
    let name = done.get(node)
    if (name === undefined) {
      const [a = '0', b = '0', c = '0'] = node.operands.map(visit)
      name = text.value(formulas[node.name](text, a, b, c))
      done.set(node, name)
    }
    return name
  }
  return visit(expression)
}
