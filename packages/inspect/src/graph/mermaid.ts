/** The graph of a record as Mermaid, which GitHub and many editors draw. */

import type { TapeRecord } from '../record/record.ts'
import { cutMiddle, printable } from '../text.ts'
import { type GraphOptions, type GraphPart, graphOf } from './graph.ts'

/** How wide a line of a label may be. */
const widest = 48

/** What a node looks like, by its role: brackets around its label. */
const shapes = {
  input: ['([', '])'],
  parameter: ['[/', '/]'],
  constant: ['[/', '/]'],
  op: ['[', ']'],
  module: ['[[', ']]'],
  'left-out': ['((', '))'],
} as const

/**
 * A record as a Mermaid flowchart: modules folded or as frames around their entries. It has at most so many nodes, and
 * says what it left out.
 *
 * @param record   of `recordOf` or `fromJSON`
 * @throws ValueError for what is no record, and for an option that there is not
 * @example await writeFile('step.mmd', toMermaid(record, { open: 'layers.41' }))
 */
export function toMermaid(record: TapeRecord, options: GraphOptions = {}): string {
  const { parts, edges } = graphOf('toMermaid', record, options)
  const lines = [
    ...parts.flatMap(part => partLines(part, '  ')),
    ...edges.map(([from, to]) => `  ${from} --> ${to}`),
  ]
  return `flowchart TD\n${lines.join('\n')}\n`
}

function partLines(part: GraphPart, indent: string): string[] {
  if (part.kind === 'node') {
    const [open, close] = shapes[part.role]
    return [`${indent}${part.id}${open}"${part.label.map(escaped).join('<br>')}"${close}`]
  }
  const inside = part.parts.flatMap(each => partLines(each, `${indent}  `))
  return [`${indent}subgraph ${part.id}["${escaped(part.label)}"]`, ...inside, `${indent}end`]
}

/** Text as Mermaid shows it, whatever it is: all that could mean something is a character code. */
function escaped(text: string): string {
  return cutMiddle(printable(text), widest).replace(
    /[^\p{L}\p{N} .,+\-*/=()×→·²…%]|%(?=%)/gu,
    sign => `#${sign.codePointAt(0)};`,
  )
}
