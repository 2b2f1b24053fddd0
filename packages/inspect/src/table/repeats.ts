/** What repeats itself in a tape: layers that are alike, and the steps of a loop. */

import type { EntryRecord } from '../record/record.ts'
import { entriesOf, type ScopeNode } from './tree.ts'

/** The fewest repeats that are worth folding. */
const fewest = 3
/** The longest body of a loop that is looked for. */
const longestBody = 128

/** What an entry does, whatever it is called and wherever it stands. */
export function kindOf({ op, text, outputs }: EntryRecord): string {
  const shapes = outputs.map(({ shape, dtype }) => `${dtype}[${shape}]`).join(' ')
  return `${op} ${text.replace(/%\d+(\.\d+)?/g, '%')} ${shapes}`
}

/** What a scope computes. Parameters and constants stand where they are first read, so that they tell nothing. */
export function patternOf(scope: ScopeNode): string {
  return entriesOf(scope)
    .filter(({ role }) => role === 'op')
    .map(entry => `${entry.scope.slice(scope.path.length)} ${kindOf(entry)}`)
    .join('\n')
}

/** Scopes of which the numbers follow each other and which compute the same, together; others by themselves. */
export function groupScopes(scopes: readonly ScopeNode[]): ScopeNode[][] {
  const isNumbered = ({ name }: ScopeNode) => /^\d{1,9}$/.test(name)
  const numbered = scopes.filter(isNumbered)
  if (numbered.length < fewest) return scopes.map(scope => [scope])
  const groups: ScopeNode[][] = scopes.filter(scope => !isNumbered(scope)).map(scope => [scope])
  let before: { readonly number: number; readonly pattern: string } | undefined
  for (const scope of numbered.sort((a, b) => Number(a.name) - Number(b.name))) {
    const here = { number: Number(scope.name), pattern: patternOf(scope) }
    const follows =
      before?.number === here.number - 1 && before.pattern === here.pattern && here.pattern !== ''
    if (follows) groups.at(-1)!.push(scope)
    else groups.push([scope])
    before = here
  }
  return groups.flatMap(group => (group.length < fewest ? group.map(scope => [scope]) : [group]))
}

/** A stretch of entries: the turns of a loop, or one turn of what does not repeat. */
export type Stretch = readonly (readonly EntryRecord[])[]

/** Operations in a row, with loops found: turns that do the same, one after the other, at least three of them. */
export function groupSteps(entries: readonly EntryRecord[]): Stretch[] {
  const kinds = numbersOf(entries.map(kindOf))
  const found: Stretch[] = []
  for (let at = 0; at < entries.length; ) {
    const { body, turns } = loopAt(kinds, at)
    found.push(
      Array.from({ length: turns }, (_, turn) => entries.slice(at + turn * body, at + (turn + 1) * body)),
    )
    at += body * turns
  }
  return found
}

/** A number for each text, the same for equal ones. */
function numbersOf(texts: readonly string[]): number[] {
  const numbers = new Map<string, number>()
  return texts.map(text => {
    const known = numbers.get(text) ?? numbers.size
    numbers.set(text, known)
    return known
  })
}

/** The loop that begins at a place and covers most; the shortest body of those. */
function loopAt(kinds: readonly number[], at: number): { body: number; turns: number } {
  let best = { body: 1, turns: 1 }
  for (let body = 1; body <= longestBody && at + fewest * body <= kinds.length; body++) {
    let same = 0
    while (at + same + body < kinds.length && kinds[at + same] === kinds[at + same + body]) same++
    const turns = Math.floor(same / body) + 1
    if (turns >= fewest && turns * body > best.body * best.turns) best = { body, turns }
  }
  return best
}
