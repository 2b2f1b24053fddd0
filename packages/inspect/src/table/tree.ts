/** The entries of a record by the modules in which they were made: a tree of scopes. */

import type { EntryRecord } from '../record/record.ts'

/** A scope: a module, or the place above all modules. */
export interface ScopeNode {
  /** `layers.7`, or `''` for the root. */
  readonly path: string
  /** The last name of the path. */
  readonly name: string
  /** The entries that were made in it and in no scope below. */
  readonly direct: EntryRecord[]
  readonly children: Map<string, ScopeNode>
}

/** The tree of all scopes of these entries. */
export function scopesOf(entries: readonly EntryRecord[]): ScopeNode {
  const root = node('', '')
  const known = new Map<string, ScopeNode>([['', root]])
  for (const entry of entries) {
    let at = known.get(entry.scope)
    if (at === undefined) {
      at = reach(root, entry.scope.split('.'))
      known.set(entry.scope, at)
    }
    at.direct.push(entry)
  }
  return root
}

function reach(root: ScopeNode, names: readonly string[]): ScopeNode {
  let at = root
  for (const [i, name] of names.entries()) {
    let below = at.children.get(name)
    if (below === undefined) {
      below = node(names.slice(0, i + 1).join('.'), name)
      at.children.set(name, below)
    }
    at = below
  }
  return at
}

const node = (path: string, name: string): ScopeNode => ({ path, name, direct: [], children: new Map() })

/** All entries of a scope and of those below it, in their order. */
export function entriesOf(scope: ScopeNode): EntryRecord[] {
  if (scope.children.size === 0) return scope.direct
  const found: EntryRecord[] = []
  const pending = [scope]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    for (const entry of next.direct) found.push(entry)
    for (const below of next.children.values()) pending.push(below)
  }
  return found.sort((a, b) => a.id - b.id)
}

/** The paths of all scopes below one, in their order. */
export function pathsOf(scope: ScopeNode): string[] {
  const found: string[] = []
  const pending = [...scope.children.values()].reverse()
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    found.push(next.path)
    for (const below of [...next.children.values()].reverse()) pending.push(below)
  }
  return found
}

/** How many scopes there are below one. */
export function countScopes(scope: ScopeNode): number {
  let count = 0
  const pending = [scope]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    count += next.children.size
    for (const below of next.children.values()) pending.push(below)
  }
  return count
}
