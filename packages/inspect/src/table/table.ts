/** The table of a record, as data: which lines it has, and their numbers. How it is written is another matter. */

import { describeValue, ValueError } from '@sensigrad/core'
import { matches, type Selector } from '@sensigrad/nn'
import { checkFlag } from '../checks.ts'
import type { EntryRecord, Provenance, Role, TapeRecord } from '../record/record.ts'
import { printable } from '../text.ts'
import { type FoldOptions, fold, type Item } from './fold.ts'
import { notesOf, type TableNote } from './notes.ts'
import { type Numbers, numbersOf, type Statistic, usualNumbers } from './numbers.ts'
import { type Outlier, outliersOf, type Range, rangesOf } from './outliers.ts'
import { actionOf, checkStatistic, conditionOf, isOf, ranked } from './select.ts'
import { countScopes, pathsOf, scopesOf } from './tree.ts'

/** What of a record the table shows. */
export interface TableOptions extends Omit<FoldOptions, 'repeats'> {
  /** Only what these modules made. */
  readonly scope?: Selector<undefined>
  /** Only entries of this operation, or function: `matmul`, `tanh`. Nothing is folded then. */
  readonly op?: string
  /** Only entries of which a number fulfils this: `grad<1e-6`, `sat>0.5`, `bad>0`. Nothing is folded then. */
  readonly where?: string
  /** What has most of this first: modules, or entries where the table shows those. */
  readonly sort?: Statistic
  /** Whether what has least of it comes first. */
  readonly reverse?: boolean
}

/** A line of the table. */
export interface TableRow {
  readonly kind: Item['kind']
  /** How deep it stands below others. */
  readonly level: number
  /** Whether what belongs to it stands below. */
  readonly isOpen: boolean
  /** The ids of its first and last entry. */
  readonly first: number
  readonly last: number
  /** How many entries it stands for. */
  readonly entries: number
  /** The path of the module; of an entry, that in which it was made. */
  readonly path: string
  /** Of an entry, what it computes; of all else, its main operations. */
  readonly text: string
  readonly role?: Role
  /** How many modules or turns of a loop it stands for. */
  readonly repeats: number
  /** Whether these are turns of a loop. */
  readonly isLoop: boolean
  readonly numbers: Numbers
  /** Which of what repeats is not like the others. */
  readonly outliers: readonly Outlier[]
  /** From where to where gradients and values go in what repeats, where that is more than a decade. */
  readonly ranges: readonly Range[]
}

/** A table of a record. */
export interface TapeTable {
  readonly title: string
  readonly backend: string
  /** Of the whole record. */
  readonly entries: number
  readonly scopes: number
  /** Where its values come from, whatever is there most first. */
  readonly valuesFrom: readonly Provenance[]
  readonly sort: Statistic | undefined
  readonly rows: readonly TableRow[]
  readonly notes: readonly TableNote[]
}

const known = ['depth', 'open', 'all', 'scope', 'op', 'where', 'sort', 'reverse'] as const

/**
 * The table of a record: modules with what they compute, their values and gradients, and which of them is not like the
 * others.
 *
 * @param record   of `recordOf` or `fromJSON`
 * @param options  how far it is folded, what is left out, and how it is sorted
 * @throws ValueError for an option that there is not, or a condition or column that means nothing
 * @example console.log(formatTable(tableOf(record, { open: 'layers.41' })))
 */
export function tableOf(record: TapeRecord, options: TableOptions = {}): TapeTable {
  checkTableOptions(record, options)
  const { sort, reverse = false } = options
  const entries = wanted(record, options)
  const items = itemsOf(entries, options)
  const rows = rowsOf(items, record.entries, 0)
  return {
    title: record.title,
    backend: record.backend,
    entries: record.entries.length,
    scopes: countScopes(scopesOf(record.entries)),
    valuesFrom: provenancesOf(record),
    sort,
    rows: sort === undefined ? rows : ranked(rows, sort, reverse),
    notes: notesOf(record, entries, rows),
  }
}

/** @throws ValueError for options that there are not, and values that they do not have */
function checkTableOptions(record: TapeRecord, options: TableOptions): void {
  if (!Array.isArray(record?.entries)) {
    throw new ValueError('tableOf', `the record is ${describeValue(record)}`, 'Give await recordOf(tape)')
  }
  if (typeof options !== 'object' || options === null) {
    throw new ValueError(
      'tableOf',
      `the options are ${describeValue(options)}`,
      "Give an object: { sort: 'grad' }",
    )
  }
  const strange = Object.keys(options).find(name => !known.some(each => each === name))
  if (strange !== undefined) {
    throw new ValueError('tableOf', `there is no option ${strange}`, `There is ${known.join(', ')}`)
  }
  const { depth, op, sort } = options
  if (op !== undefined && typeof op !== 'string') {
    throw new ValueError('tableOf', `op is ${describeValue(op)}`, "Give the name of an operation: 'matmul'")
  }
  for (const part of ['open', 'scope'] as const) checkNamed(part, options[part], record)
  for (const flag of ['all', 'reverse'] as const) checkFlag('tableOf', flag, options[flag])
  if (depth !== undefined && !(Number.isInteger(depth) && depth >= 0)) {
    throw new ValueError('tableOf', `depth is ${describeValue(depth)}`, 'Give a number of levels, such as 2')
  }
  if (sort !== undefined) checkStatistic(sort)
}

/** @throws ValueError for a path or a pattern that leads to no module: most likely it is misspelt */
function checkNamed(
  option: 'open' | 'scope',
  selector: Selector<undefined> | undefined,
  { entries }: TapeRecord,
): void {
  if (typeof selector !== 'string') return
  const paths = pathsOf(scopesOf(entries))
  if (paths.some(path => matches(selector, path, undefined))) return
  const some = paths.slice(0, 8).map(printable).join(', ')
  throw new ValueError(
    'tableOf',
    `${option} is '${printable(selector)}', and no module is called that`,
    paths.length === 0
      ? 'Nothing here was made in a module'
      : `There is ${some}${paths.length > 8 ? ', …' : ''}`,
  )
}

/** The entries that are asked for. */
function wanted({ entries }: TapeRecord, { scope, op, where }: TableOptions): readonly EntryRecord[] {
  const fulfils = where === undefined ? undefined : conditionOf(where)
  const inScope = scopeTest(scope)
  return entries.filter(
    entry =>
      inScope(entry.scope) &&
      (op === undefined || isOf(entry, op)) &&
      (fulfils === undefined || fulfils(numbersOf([entry], entries))),
  )
}

/** Whether a scope is meant. Each is asked about once: there are thousands of entries in hundreds of them. */
function scopeTest(scope: Selector<undefined> | undefined): (path: string) => boolean {
  if (scope === undefined) return () => true
  const known = new Map<string, boolean>()
  return path => {
    const answer = known.get(path) ?? matches(scope, path, undefined)
    known.set(path, answer)
    return answer
  }
}

/** The lines: single entries where those are asked for, modules one by one where they are ranked, else a folded tree. */
function itemsOf(
  entries: readonly EntryRecord[],
  { depth, open, all, op, where, sort }: TableOptions,
): Item[] {
  const alone = (): Item[] => entries.map(entry => ({ kind: 'entry', entry, entries: [entry] }))
  if (op !== undefined || where !== undefined) return alone()
  const folding = { ...(depth !== undefined && { depth }), ...(open !== undefined && { open }) }
  const root = scopesOf(entries)
  if (sort === undefined) return fold(root, { ...folding, all: all === true })
  if (all || root.children.size === 0) return alone()
  const leaves = (items: readonly Item[]): Item[] =>
    items.flatMap(item => (item.kind === 'scope' && item.items.length > 0 ? leaves(item.items) : [item]))
  return leaves(fold(root, { ...folding, repeats: false }))
}

function rowsOf(items: readonly Item[], all: readonly EntryRecord[], level: number): TableRow[] {
  return items.flatMap(item => {
    const below = item.kind === 'scope' ? rowsOf(item.items, all, level + 1) : []
    return [rowOf(item, all, level), ...below]
  })
}

function rowOf(item: Item, all: readonly EntryRecord[], level: number): TableRow {
  const { kind, entries } = item
  const place = { kind, level, first: entries[0]!.id, last: entries.at(-1)!.id, entries: entries.length }
  const single = { repeats: 1, isLoop: false, outliers: [], ranges: [] }
  if (item.kind === 'repeat') {
    const { members, path, isLoop } = item
    const each = members.map(member => numbersOf(member.entries, all))
    return {
      ...place,
      isOpen: false,
      path,
      text: actionsOf(members[0]!.entries),
      repeats: members.length,
      isLoop,
      numbers: usualNumbers(each),
      outliers: outliersOf(members, each),
      ranges: rangesOf(members, each),
    }
  }
  const numbers = numbersOf(entries, all)
  if (item.kind === 'scope') {
    const { path, items } = item
    return { ...place, ...single, isOpen: items.length > 0, path, text: actionsOf(entries), numbers }
  }
  const { scope, text, role, name } = item.entry
  const shown = name === undefined ? text : name.slice(name.lastIndexOf('.') + 1)
  return { ...place, ...single, isOpen: false, path: scope, text: shown, role, numbers }
}

/** Operations that only arrange elements tell little of what a module does. */
const arranging = new Set(['reshape', 'transpose', 'broadcastTo', 'slice', 'alias', 'cast', 'split'])
const mostActions = 4

/** The main operations of entries: `matmul → + → tanh`. */
function actionsOf(entries: readonly EntryRecord[]): string {
  const all = entries.filter(({ role }) => role === 'op').map(actionOf)
  const main = all.filter(action => !arranging.has(action))
  const actions = (main.length > 0 ? main : all).filter((action, i, list) => action !== list[i - 1])
  return [...actions.slice(0, mostActions), ...(actions.length > mostActions ? ['…'] : [])].join(' → ')
}

function provenancesOf({ entries }: TapeRecord): Provenance[] {
  const counts = new Map<Provenance, number>()
  for (const { outputs } of entries) {
    for (const { valueFrom } of outputs) counts.set(valueFrom, (counts.get(valueFrom) ?? 0) + 1)
  }
  return [...counts].sort(([, a], [, b]) => b - a).map(([provenance]) => provenance)
}
