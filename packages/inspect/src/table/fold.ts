/**
 * Folding: a tape of thousands of entries as a screen of modules. Scopes are closed unless they are opened, layers that
 * are alike are one line, and so are the turns of a loop.
 */

import { matches, type Selector } from '@sensigrad/nn'
import type { EntryRecord } from '../record/record.ts'
import { groupScopes, groupSteps } from './repeats.ts'
import { entriesOf, type ScopeNode } from './tree.ts'

/** A line of the folded tape, and those that are shown below it. */
export type Item = EntryItem | ScopeItem | RepeatItem

/** An entry by itself. */
export interface EntryItem {
  readonly kind: 'entry'
  readonly entry: EntryRecord
  readonly entries: readonly EntryRecord[]
}

/** A module. */
export interface ScopeItem {
  readonly kind: 'scope'
  readonly path: string
  /** All its entries, those of modules below included. */
  readonly entries: readonly EntryRecord[]
  /** What is shown of it. */
  readonly items: readonly Item[]
}

/** What repeats: modules that are alike, or the turns of a loop. */
export interface RepeatItem {
  readonly kind: 'repeat'
  /** The modules' common path, `layers.0-297`; or of a loop the path of the module that it runs in. */
  readonly path: string
  readonly isLoop: boolean
  readonly members: readonly Member[]
  readonly entries: readonly EntryRecord[]
}

/** One of what repeats. */
export interface Member {
  /** `layers.41`, or `turn 41`. */
  readonly name: string
  readonly entries: readonly EntryRecord[]
}

/** How far a tape is folded. */
export interface FoldOptions {
  /** How many levels of modules are shown, one within the other: 2 unless said. Levels that hold nothing of their own do not count. */
  readonly depth?: number
  /** The modules whose entries are shown. */
  readonly open?: Selector<undefined>
  /** Whether everything is shown: each entry of each module. */
  readonly all?: boolean
  /** Whether what repeats is one line, as it is unless everything is shown. */
  readonly repeats?: boolean
}

/** The lines of a tree of scopes. */
export function fold(
  root: ScopeNode,
  { depth = 2, open, all = false, repeats = !all }: FoldOptions = {},
): Item[] {
  const opened = open === undefined ? noPaths : pathsToOpen(root, open)
  return itemsIn(root, { all, repeats, opened }, depth, true)
}

interface Folding {
  readonly all: boolean
  readonly repeats: boolean
  readonly opened: Opened
}

interface Opened {
  /** The scopes that are shown with their entries. */
  readonly paths: ReadonlySet<string>
  /** Those above them, which must be shown for that. */
  readonly above: ReadonlySet<string>
}

const noPaths: Opened = { paths: new Set(), above: new Set() }

/** The topmost scopes that are meant, and those above them. */
function pathsToOpen(root: ScopeNode, open: Selector<undefined>): Opened {
  const [paths, above] = [new Set<string>(), new Set<string>()]
  const visit = (scope: ScopeNode, parents: readonly string[]): void => {
    if (scope.path !== '' && matches(open, scope.path, undefined)) {
      paths.add(scope.path)
      for (const parent of parents) above.add(parent)
      return
    }
    for (const below of scope.children.values()) visit(below, [...parents, scope.path])
  }
  visit(root, [])
  return { paths, above }
}

/** What is shown of a scope: the scopes below it and, where it is open, its entries. */
function itemsIn(scope: ScopeNode, folding: Folding, levels: number, isOpen: boolean): Item[] {
  const items: Item[] = isOpen ? entryItems(scope, folding.repeats) : []
  const children = [...scope.children.values()]
  const groups = folding.repeats ? groupScopes(children) : children.map(child => [child])
  for (const group of groups) {
    for (const part of apart(group, folding.opened)) {
      for (const item of shown(scope, part, folding, levels)) items.push(item)
    }
  }
  return items.sort((a, b) => a.entries[0]!.id - b.entries[0]!.id)
}

/** A group of like scopes, without those that are to be opened: these stand alone. */
function apart(group: readonly ScopeNode[], { paths, above }: Opened): ScopeNode[][] {
  const parts: ScopeNode[][] = []
  let joins = false
  for (const scope of group) {
    const isOpened = paths.has(scope.path) || above.has(scope.path)
    if (joins && !isOpened) parts.at(-1)!.push(scope)
    else parts.push([scope])
    joins = !isOpened
  }
  return parts
}

function shown(parent: ScopeNode, scopes: readonly ScopeNode[], folding: Folding, levels: number): Item[] {
  const [scope, ...more] = scopes as [ScopeNode, ...ScopeNode[]]
  if (more.length > 0) return [repeatItem(parent.path, scopes)]
  const { opened, all } = folding
  const isOpen = all || opened.paths.has(scope.path)
  const holdsNothing = scope.direct.length === 0 && scope.children.size > 0
  if (holdsNothing && !isOpen && levels > 0) return itemsIn(scope, folding, levels, false)
  const showsBelow = isOpen || opened.above.has(scope.path) || levels > 1
  const items = showsBelow ? itemsIn(scope, folding, Math.max(levels - 1, 1), isOpen) : []
  const entries = entriesOf(scope)
  return entries.length === 0 ? [] : [{ kind: 'scope', path: scope.path, entries, items }]
}

function repeatItem(parent: string, scopes: readonly ScopeNode[]): RepeatItem {
  const members = scopes.map(scope => ({ name: scope.path, entries: entriesOf(scope) }))
  const range = `${scopes[0]!.name}-${scopes.at(-1)!.name}`
  return {
    kind: 'repeat',
    path: parent === '' ? range : `${parent}.${range}`,
    isLoop: false,
    members,
    entries: members.flatMap(({ entries }) => entries).sort((a, b) => a.id - b.id),
  }
}

/** The entries that a scope holds itself, with its loops folded. */
function entryItems(scope: ScopeNode, repeats: boolean): Item[] {
  const one = (entry: EntryRecord): EntryItem => ({ kind: 'entry', entry, entries: [entry] })
  if (!repeats) return scope.direct.map(one)
  const items: Item[] = scope.direct.filter(({ role }) => role !== 'op').map(one)
  for (const turns of groupSteps(scope.direct.filter(({ role }) => role === 'op'))) {
    if (turns.length === 1) items.push(...turns[0]!.map(one))
    else {
      const members = turns.map((entries, turn) => ({ name: `turn ${turn}`, entries }))
      items.push({ kind: 'repeat', path: scope.path, isLoop: true, members, entries: turns.flat() })
    }
  }
  return items
}
