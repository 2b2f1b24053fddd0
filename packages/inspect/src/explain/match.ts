/**
 * Which entry of one record is which of another: the same module, the same operation, in the same order. Ids will not do,
 * since one entry more at the beginning moves them all.
 */

import type { EntryRecord } from '../record/record.ts'

/** An entry of the first record, one of the second, or both where they are the same. */
export type Match = readonly [first: EntryRecord | undefined, second: EntryRecord | undefined]

/** Beyond so many comparisons in one module, entries are matched by their order among their like only. */
const mostCompared = 4_000_000

/** Matches the entries of two records, in the order of the first; what only the second has stands where it belongs there. */
export function matchEntries(first: readonly EntryRecord[], second: readonly EntryRecord[]): Match[] {
  const [byScope, others] = [grouped(first), grouped(second)]
  const scopes = new Set([...byScope.keys(), ...others.keys()])
  return [...scopes].flatMap(scope => aligned(byScope.get(scope) ?? [], others.get(scope) ?? []))
}

function grouped(entries: readonly EntryRecord[]): ReadonlyMap<string, EntryRecord[]> {
  const groups = new Map<string, EntryRecord[]>()
  for (const entry of entries) {
    const group = groups.get(entry.scope)
    if (group === undefined) groups.set(entry.scope, [entry])
    else group.push(entry)
  }
  return groups
}

/** What an entry is, wherever it stands: its operation, of a map with its expression; a parameter by its name. */
function kindOf({ op, text, role, name }: EntryRecord): string {
  if (role !== 'op') return `${role} ${name ?? ''}`
  return op === 'map' ? text.replace(/%\d+(?:\.\d+)?/g, '%') : op
}

/** Two lists of entries of one module, aligned so that as many as possible match. */
function aligned(first: readonly EntryRecord[], second: readonly EntryRecord[]): Match[] {
  const [a, b] = [first.map(kindOf), second.map(kindOf)]
  let start = 0
  while (start < a.length && start < b.length && a[start] === b[start]) start++
  let end = 0
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) end++
  const head = first.slice(0, start).map((entry, i): Match => [entry, second[i]])
  const tail = end === 0 ? [] : first.slice(-end).map((entry, i): Match => [entry, second.at(i - end)])
  const [left, right] = [first.slice(start, first.length - end), second.slice(start, second.length - end)]
  const [from, to] = [a.slice(start, a.length - end), b.slice(start, b.length - end)]
  const middle =
    left.length * right.length <= mostCompared
      ? longestCommon(left, right, from, to)
      : inOrderOfKind(left, right, from, to)
  return [...head, ...middle, ...tail]
}

/** The longest common subsequence, by the table of its lengths. */
function longestCommon(
  left: readonly EntryRecord[],
  right: readonly EntryRecord[],
  from: readonly string[],
  to: readonly string[],
): Match[] {
  const width = right.length + 1
  const lengths = new Uint32Array((left.length + 1) * width)
  for (let i = left.length - 1; i >= 0; i--) {
    for (let j = right.length - 1; j >= 0; j--) {
      lengths[i * width + j] =
        from[i] === to[j]
          ? lengths[(i + 1) * width + j + 1]! + 1
          : Math.max(lengths[(i + 1) * width + j]!, lengths[i * width + j + 1]!)
    }
  }
  const matches: Match[] = []
  let [i, j] = [0, 0]
  while (i < left.length || j < right.length) {
    if (i < left.length && j < right.length && from[i] === to[j]) matches.push([left[i++], right[j++]])
    else if (j >= right.length) matches.push([left[i++], undefined])
    else if (i >= left.length) matches.push([undefined, right[j++]])
    else if (lengths[(i + 1) * width + j]! >= lengths[i * width + j + 1]!)
      matches.push([left[i++], undefined])
    else matches.push([undefined, right[j++]])
  }
  return matches
}

/** The first of a kind with the first of that kind, and so on. */
function inOrderOfKind(
  left: readonly EntryRecord[],
  right: readonly EntryRecord[],
  from: readonly string[],
  to: readonly string[],
): Match[] {
  const waiting = new Map<string, EntryRecord[]>()
  for (const [j, entry] of right.entries()) {
    const list = waiting.get(to[j]!)
    if (list === undefined) waiting.set(to[j]!, [entry])
    else list.push(entry)
  }
  for (const list of waiting.values()) list.reverse()
  const matches = left.map((entry, i): Match => [entry, waiting.get(from[i]!)?.pop()])
  const added = [...waiting.values()].flatMap(list => list.reverse())
  return [...matches, ...added.map((entry): Match => [undefined, entry])]
}
