/**
 * The graph of a record, as data: which nodes it has, in which modules they stand, and what flows between them. It is
 * folded like the table and never larger than what can be read, or laid out in reasonable time.
 */

import { describeValue, ValueError } from '@sensigrad/core'
import type { EntryRecord, TapeRecord } from '../record/record.ts'
import { type FoldOptions, fold, type Item } from '../table/fold.ts'
import { numbersOf } from '../table/numbers.ts'
import { actionOf } from '../table/select.ts'
import { scopesOf } from '../table/tree.ts'
import { plural, scientific } from '../text.ts'

/** How much of a record a graph shows. */
export interface GraphOptions extends Omit<FoldOptions, 'all' | 'repeats'> {
  /** The most nodes: 120 unless said. What is too much is folded further, then left out, and the graph says so. */
  readonly nodes?: number
}

/** A node: an entry, a module, or what repeats. */
export interface GraphNode {
  readonly kind: 'node'
  readonly id: string
  /** What it is called, line by line: text of any kind, to be escaped where it is written. */
  readonly label: readonly string[]
  readonly role: EntryRecord['role'] | 'module' | 'left-out'
}

/** A module that is open, with what stands in it. */
export interface GraphCluster {
  readonly kind: 'cluster'
  readonly id: string
  readonly label: string
  readonly parts: readonly GraphPart[]
}

/** A node or a module with nodes. */
export type GraphPart = GraphNode | GraphCluster

/** A graph. */
export interface TapeGraph {
  readonly title: string
  readonly parts: readonly GraphPart[]
  readonly edges: readonly (readonly [from: string, to: string])[]
}

const known = ['depth', 'open', 'nodes'] as const
/** Layouts take long, and eyes give up, beyond that. */
const usualNodes = 120

/**
 * The graph of a record.
 *
 * @throws ValueError for what is no record, and for an option that there is not
 */
export function graphOf(operation: string, record: TapeRecord, options: GraphOptions = {}): TapeGraph {
  checkGraphOptions(operation, record, options)
  const { nodes = usualNodes, depth = 2, open } = options
  const root = scopesOf(record.entries)
  let items: Item[] = []
  for (let levels = depth; levels >= 0; levels--) {
    items = fold(root, { depth: levels, ...(open !== undefined && { open }) })
    if (leavesOf(items).length <= nodes) break
  }
  return draw(record, items, nodes)
}

function checkGraphOptions(operation: string, record: TapeRecord, options: GraphOptions): void {
  if (!Array.isArray(record?.entries)) {
    throw new ValueError(operation, `the record is ${describeValue(record)}`, 'Give await recordOf(tape)')
  }
  if (typeof options !== 'object' || options === null) {
    throw new ValueError(
      operation,
      `the options are ${describeValue(options)}`,
      'Give an object: { depth: 1 }',
    )
  }
  const strange = Object.keys(options).find(name => !known.some(each => each === name))
  if (strange !== undefined) {
    throw new ValueError(operation, `there is no option ${strange}`, `There is ${known.join(', ')}`)
  }
  const { depth = 0, nodes = 1 } = options
  if (!(Number.isInteger(depth) && depth >= 0 && depth <= 100)) {
    throw new ValueError(operation, `depth is ${describeValue(depth)}`, 'Give a number of levels, such as 2')
  }
  if (!(Number.isInteger(nodes) && nodes >= 1)) {
    throw new ValueError(
      operation,
      `nodes is ${describeValue(nodes)}`,
      'Give the most nodes there may be, such as 120',
    )
  }
}

/** The items that are nodes: all but modules that are open. */
const leavesOf = (items: readonly Item[]): Item[] =>
  items.flatMap(item => (item.kind === 'scope' && item.items.length > 0 ? leavesOf(item.items) : [item]))

function draw({ title, entries }: TapeRecord, items: readonly Item[], most: number): TapeGraph {
  const leaves = leavesOf(items)
  const isTooMuch = leaves.length > most
  const kept = new Set(
    isTooMuch
      ? [...leaves.slice(0, Math.ceil(most / 2)), ...leaves.slice(leaves.length - Math.floor(most / 2))]
      : leaves,
  )
  /** The node of each entry. */
  const nodeOf: string[] = []
  let clusters = 0
  const partsOf = (list: readonly Item[]): GraphPart[] =>
    list.flatMap((item): GraphPart[] => {
      if (item.kind === 'scope' && item.items.length > 0) {
        const id = `s${clusters++}`
        const parts = partsOf(item.items)
        return parts.length === 0 ? [] : [{ kind: 'cluster', id, label: item.path, parts }]
      }
      const id = kept.has(item) ? `n${item.entries[0]!.id}` : 'more'
      for (const entry of item.entries) nodeOf[entry.id] = id
      return id === 'more' ? [] : [{ kind: 'node', id, label: labelOf(item, entries), role: roleOf(item) }]
    })
  const parts = partsOf(items)
  const left = leaves.length - kept.size
  const more: GraphNode = {
    kind: 'node',
    id: 'more',
    label: [`${plural(left, 'node')} more`],
    role: 'left-out',
  }
  return { title, parts: left > 0 ? [...parts, more] : parts, edges: edgesOf(entries, nodeOf) }
}

function roleOf(item: Item): GraphNode['role'] {
  return item.kind === 'entry' ? item.entry.role : 'module'
}

function labelOf(item: Item, all: readonly EntryRecord[]): string[] {
  const { shape, dtype, gradientRms } = numbersOf(
    item.kind === 'repeat' ? item.members.at(-1)!.entries : item.entries,
    all,
  )
  const gradient =
    gradientRms === undefined || item.kind === 'repeat' ? '' : ` grad ${scientific(gradientRms)}`
  const what = `${dtype}[${shape.join(',')}]${gradient}`
  if (item.kind === 'entry') {
    const { id, role, name, text } = item.entry
    return [`%${id} ${role === 'constant' ? role : (name ?? text)}`, what]
  }
  if (item.kind === 'scope') return [item.path, what]
  const turn = [...new Set(item.members[0]!.entries.filter(({ role }) => role === 'op').map(actionOf))]
  return [`${item.isLoop ? turn.slice(0, 4).join(', ') : item.path} ×${item.members.length}`, what]
}

/** Who reads from whom, each once. What flows within a node is its own affair. */
function edgesOf(entries: readonly EntryRecord[], nodeOf: readonly string[]): [string, string][] {
  const edges = new Map<string, [string, string]>()
  for (const { id, inputs } of entries) {
    const to = nodeOf[id]
    for (const input of inputs) {
      const from = nodeOf[input]
      if (from === undefined || to === undefined || from === to) continue
      edges.set(`${from} ${to}`, [from, to])
    }
  }
  return [...edges.values()]
}
