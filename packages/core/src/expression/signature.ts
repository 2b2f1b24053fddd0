/** What an expression takes and gives: which inputs are booleans, and whether its numbers must be floats. */

import { ValueError } from '../errors.ts'
import { type Expression, inputsOf } from './expression.ts'
import { scalarRules } from './functions.ts'

/** What a node of an expression is worth. */
export type Kind = 'number' | 'boolean'

/** The types of an expression. */
export interface Signature {
  readonly inputs: readonly Kind[]
  readonly gives: Kind
  /** Whether the numbers must be floats, because of a function such as `exp` or a constant such as 0.5. */
  readonly floats: boolean
}

const signatures = new WeakMap<Expression, Signature>()

/**
 * The types of an expression, inferred from its scalar functions.
 *
 * @param operation  the name that errors give
 * @throws ValueError when an operand has the wrong kind, or a function the wrong number of operands
 */
export function signatureOf(expression: Expression, operation = 'expression'): Signature {
  const known = signatures.get(expression) // asked at each operation: a function to infer it would be made each time
  if (known !== undefined) return known
  const signature = infer(expression, operation)
  signatures.set(expression, signature)
  return signature
}

function infer(expression: Expression, operation: string): Signature {
  const fail = (problem: string): never => {
    throw new ValueError(
      operation,
      problem,
      'Numbers and booleans do not mix: less and equal compare, where(condition, a, b) chooses',
    )
  }
  const inputs: Kind[] = Array.from({ length: (inputsOf(expression).at(-1) ?? -1) + 1 }, () => 'number')
  const known = new Map<number, Kind>()
  const seen = new Set<Expression>()
  let floats = false
  const visit = (node: Expression, wanted: Kind): void => {
    if (node.kind === 'input') {
      if ((known.get(node.index) ?? wanted) !== wanted)
        fail(`input ${node.index} is used as a number and a boolean`)
      known.set(node.index, wanted)
      inputs[node.index] = wanted
    } else if (node.kind === 'constant' || node.kind === 'output') {
      if (wanted !== 'number') fail('a number stands where a boolean is needed')
      if (node.kind === 'constant' && !Number.isInteger(node.value)) floats = true
    } else {
      const rule = scalarRules[node.name]
      if (rule.gives !== wanted) fail(`${node.name} gives a ${rule.gives} where a ${wanted} is needed`)
      if (seen.has(node)) return // shared sub-expressions are many in higher derivatives
      seen.add(node)
      if (rule.arity !== node.operands.length) fail(`${node.name} takes ${rule.arity} operands`)
      if (rule.takes === 'floats') floats = true
      node.operands.forEach((operand, i) => {
        visit(
          operand,
          rule.takes === 'booleans' || (rule.takes === 'choice' && i === 0) ? 'boolean' : 'number',
        )
      })
    }
  }
  const gives = expression.kind === 'call' ? scalarRules[expression.name].gives : 'number'
  visit(expression, gives)
  return { inputs, gives, floats }
}
