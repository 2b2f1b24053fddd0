/** The graph of a record in DOT, which Graphviz draws. */

import type { TapeRecord } from '../record/record.ts'
import { cutMiddle, printable } from '../text.ts'
import { type GraphOptions, type GraphPart, graphOf } from './graph.ts'

/** How wide a line of a label may be. */
const widest = 64

/** What a node looks like, by its role. */
const shapes = {
  input: 'oval',
  parameter: 'parallelogram',
  constant: 'plaintext',
  op: 'box',
  module: 'box3d',
  'left-out': 'note',
} as const

/**
 * A record in DOT: modules folded or as frames around their entries. It has at most so many nodes, and says what it left
 * out.
 *
 * @param record   of `recordOf` or `fromJSON`
 * @throws ValueError for what is no record, and for an option that there is not
 * @example await writeFile('step.dot', toDot(record)) // then: dot -Tsvg step.dot
 */
export function toDot(record: TapeRecord, options: GraphOptions = {}): string {
  const { title, parts, edges } = graphOf('toDot', record, options)
  const lines = [
    `  label=${quoted([title])}`,
    '  node [fontname="monospace"]',
    ...parts.flatMap(part => partLines(part, '  ')),
    ...edges.map(([from, to]) => `  ${from} -> ${to}`),
  ]
  return `digraph tape {\n${lines.join('\n')}\n}\n`
}

function partLines(part: GraphPart, indent: string): string[] {
  if (part.kind === 'node')
    return [`${indent}${part.id} [label=${quoted(part.label)}, shape=${shapes[part.role]}]`]
  const inside = part.parts.flatMap(each => partLines(each, `${indent}  `))
  return [
    `${indent}subgraph cluster_${part.id} {`,
    `${indent}  label=${quoted([part.label])}`,
    ...inside,
    `${indent}}`,
  ]
}

/** Lines as one text of DOT: quotes and backslashes, with which its escapes begin, are escaped themselves. */
function quoted(lines: readonly string[]): string {
  const escaped = lines.map(line => cutMiddle(printable(line), widest).replace(/["\\]/g, sign => `\\${sign}`))
  return `"${escaped.join('\\n')}"`
}
