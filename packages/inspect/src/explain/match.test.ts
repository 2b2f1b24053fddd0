/** Entries find each other by what they are and in their order, whatever stands between them. */
import { fc, test as prop } from '@fast-check/vitest'
import { expect, test } from 'vitest'
import type { EntryRecord } from '../record/record.ts'
import { matchEntries } from './match.ts'

const entry = (op: string, id: number, scope = ''): EntryRecord => ({
  id,
  op,
  text: op,
  inputs: [],
  scope,
  role: 'op',
  outputs: [],
})
const entries = (ops: readonly string[]) => ops.map((op, id) => entry(op, id))
const names = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 14 })

/** The length of the longest common subsequence, by its definition. */
function longest(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return 0
  const [first, ...rest] = a
  const at = b.indexOf(first!)
  const without = longest(rest, b)
  return at < 0 ? without : Math.max(without, 1 + longest(rest, b.slice(at + 1)))
}

prop.prop([names, names])('as many match as can, each with its like, and none is lost', (a, b) => {
  const matches = matchEntries(entries(a), entries(b))
  const pairs = matches.filter(([one, other]) => one && other)
  expect(pairs).toHaveLength(longest(a, b))
  for (const [one, other] of pairs) expect(one!.op).toBe(other!.op)
  expect(matches.flatMap(([one]) => (one ? [one.id] : []))).toEqual(a.map((_, id) => id))
  expect(matches.flatMap(([, other]) => (other ? [other.id] : []))).toEqual(b.map((_, id) => id))
})

test('modules keep to themselves', () => {
  const first = [entry('a', 0, 'x'), entry('a', 1, 'y')]
  const second = [entry('a', 0, 'y')]
  expect(matchEntries(first, second)).toEqual([
    [first[0], undefined],
    [first[1], second[0]],
  ])
})

test('in a module too large to try all ways, the first of a kind is the first of that kind', () => {
  const ops = Array.from({ length: 2500 }, (_, i) => (i % 2 === 0 ? 'a' : 'b'))
  const [first, second] = [entries(['c', ...ops, 'd']), entries(['e', ...ops, 'f'])]
  const matches = matchEntries(first, second)
  expect(matches.filter(([one, other]) => one && other)).toHaveLength(2500)
  expect(matches).toContainEqual([first[7], second[7]])
  expect(matches.filter(([one, other]) => !one || !other)).toHaveLength(4)
})
