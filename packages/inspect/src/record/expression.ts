/**
 * Expressions of elementwise operations as JSON: a list of nodes, each of which names the ones before it that it reads, so
 * that what is shared is written once, and nothing nests.
 */

import { type Expression, expressions, type ScalarFunction } from '@sensigrad/core'
import { anything, list, number, numberToJSON, text, whole, wrong } from './check.ts'
import { quoted } from './errors.ts'

/** `['input', 0]`, `['constant', 0.5]`, `['output']`, or `['mul', 0, 1]`: a function of the nodes with these numbers. */
export type NodeJSON = readonly [name: string, ...operands: (number | string)[]]

/** The most nodes that an expression of a file may have, written out as a tree: those of people have a dozen. */
const mostNodes = 20_000
const mostLevels = 500

/** The last node of the list is the expression. `undefined` where it is too large to be written down. */
export function expressionToJSON(expression: Expression): NodeJSON[] | undefined {
  const places = new Map<Expression, number>()
  const nodes: NodeJSON[] = []
  let isTooLarge = false
  const write = (node: Expression, level: number): number => {
    const known = places.get(node)
    if (known !== undefined) return known
    isTooLarge ||= level > mostLevels || nodes.length > mostNodes
    if (isTooLarge) return 0
    const operands = node.kind === 'call' ? node.operands.map(operand => write(operand, level + 1)) : []
    if (node.kind === 'call') nodes.push([node.name, ...operands])
    else if (node.kind === 'input') nodes.push(['input', node.index])
    else if (node.kind === 'constant') nodes.push(['constant', numberToJSON(node.value)])
    else nodes.push(['output'])
    places.set(node, nodes.length - 1)
    return nodes.length - 1
  }
  write(expression, 0)
  return isTooLarge || measure(nodes) !== undefined ? undefined : nodes
}

const nodeList = list(list(anything, 4), mostNodes)

/**
 * The same list, of which every part has been looked at.
 *
 * @throws TapeFileError for what is no expression, or one that is beyond all measure when written out
 */
export function checkExpression(value: unknown, place: string): NodeJSON[] {
  const nodes = nodeList(value, place).map((node, i): NodeJSON => {
    const at = `${place}[${i}]`
    const name = text(20)(node[0], `${at}[0]`)
    const operands = node.slice(1)
    const count = countOf(name)
    if (count === undefined) wrong(at, `names ${quoted(name)}, which is no scalar function`)
    if (operands.length !== count)
      wrong(at, `gives ${name} ${operands.length} operands, which takes ${count}`)
    if (name === 'constant') return [name, numberToJSON(number(operands[0], `${at}[1]`))]
    if (name === 'input') return [name, whole(0, 10_000)(operands[0], `${at}[1]`)]
    if (name !== 'output' && i === 0) wrong(at, 'reads a node before the first one')
    return [name, ...operands.map((operand, k) => whole(0, i - 1)(operand, `${at}[${k + 1}]`))]
  })
  if (nodes.length === 0) wrong(place, 'has no nodes')
  const excess = measure(nodes)
  if (excess !== undefined) wrong(place, excess)
  return nodes
}

function countOf(name: string): number | undefined {
  if (name === 'output') return 0
  if (name === 'input' || name === 'constant') return 1
  return Object.hasOwn(expressions.scalarRules, name)
    ? expressions.scalarRules[name as ScalarFunction].arity
    : undefined
}

/** What is too large about it. Sharing makes a short list stand for a tree of any size, which would be formatted one day. */
function measure(nodes: readonly NodeJSON[]): string | undefined {
  const sizes: number[] = []
  const heights: number[] = []
  for (const [name, ...operands] of nodes) {
    const isLeaf = name === 'input' || name === 'constant'
    const below = isLeaf ? [] : (operands as number[])
    sizes.push(below.reduce((sum, operand) => sum + sizes[operand]!, 1))
    heights.push(below.reduce((most, operand) => Math.max(most, heights[operand]! + 1), 1))
  }
  if (sizes.at(-1)! > mostNodes) return `stands for more than ${mostNodes} nodes`
  if (heights.at(-1)! > mostLevels) return `nests deeper than ${mostLevels} levels`
  return undefined
}

/** The expression of a list that `checkExpression` gave. */
export function expressionFromJSON(nodes: readonly NodeJSON[]): Expression {
  const { call, constant, input, output } = expressions
  const built: Expression[] = []
  for (const [name, ...operands] of nodes) {
    if (name === 'input') built.push(input(Number(operands[0])))
    else if (name === 'constant') built.push(constant(number(operands[0], 'constant')))
    else if (name === 'output') built.push(output)
    else built.push(call(name as ScalarFunction, ...operands.map(operand => built[Number(operand)]!)))
  }
  return built.at(-1)!
}
