/** What changed from one tape to another: two steps of a training, two versions of a model, two backends. */

import { describeValue, ValueError } from '@sensigrad/core'
import type { EntryRecord, Statistics, TapeRecord, TensorRecord } from '../record/record.ts'
import { matchEntries } from './match.ts'

/** What became of an entry. */
export type Fate = 'equal' | 'moved' | 'reshaped' | 'added' | 'removed' | 'unknown'

/** How far numbers moved. */
export interface Move {
  /** ‖b - a‖/‖a‖; where only statistics were kept, the least that it can be. */
  readonly share: number
  /** Whether it is exact, from the elements, or a lower bound, from statistics. */
  readonly isExact: boolean
}

/** One entry of either tape, or of both. */
export interface DiffRow {
  readonly fate: Fate
  readonly first?: number
  readonly second?: number
  readonly text: string
  readonly scope: string
  /** Type and shape, in both where they differ. */
  readonly kinds: readonly string[]
  readonly value?: Move
  readonly gradient?: Move
}

/** The difference of two tapes. */
export interface TapeDiff {
  readonly titles: readonly [first: string, second: string]
  readonly counts: Readonly<Record<Fate, number>>
  /** What was added, removed and reshaped, then what moved, the furthest first, then the rest. */
  readonly rows: readonly DiffRow[]
}

/**
 * Compares two records, entry by entry: matched by module, operation and order, not by number.
 *
 * @param first   the record of a tape
 * @param second  that of another
 * @returns what was added, removed, reshaped, what moved and by how much, and what has the same bits
 * @throws  ValueError for what is no record
 * @example console.log(formatDiff(diff(before, after)))
 */
export function diff(first: TapeRecord, second: TapeRecord): TapeDiff {
  checkRecord(first)
  checkRecord(second)
  const rows = matchEntries(first.entries, second.entries).map(([a, b]) => rowOf(a, b))
  const counts = { equal: 0, moved: 0, reshaped: 0, added: 0, removed: 0, unknown: 0 }
  for (const { fate } of rows) counts[fate]++
  return { titles: [first.title, second.title], counts, rows: rows.sort((a, b) => weight(b) - weight(a)) }
}

function checkRecord(record: unknown): void {
  if ((record as TapeRecord | undefined)?.format === 'sensigrad.tape') return
  throw new ValueError('diff', `a record is ${describeValue(record)}`, 'Make one with await recordOf(tape)')
}

const order: Readonly<Record<Fate, number>> = {
  added: 5,
  removed: 5,
  reshaped: 4,
  moved: 3,
  unknown: 2,
  equal: 1,
}

/** Fates in their order, and those that moved by how far; shares are squeezed below 1 to stay among their like. */
function weight({ fate, value, gradient }: DiffRow): number {
  const share = Math.max(value?.share ?? 0, gradient?.share ?? 0)
  return order[fate] + (share === Number.POSITIVE_INFINITY ? 0.999 : share / (1 + share))
}

function rowOf(a: EntryRecord | undefined, b: EntryRecord | undefined): DiffRow {
  const { text, scope } = (b ?? a)!
  const kinds = [...new Set([a, b].flatMap(entry => (entry ? [kindOf(entry)] : [])))]
  const ids = { ...(a && { first: a.id }), ...(b && { second: b.id }) }
  if (a === undefined || b === undefined) {
    return { fate: a === undefined ? 'added' : 'removed', ...ids, text, scope, kinds }
  }
  if (kinds.length > 1) return { fate: 'reshaped', ...ids, text, scope, kinds }
  const value = furthest(a, b, 'value')
  const gradient = furthest(a, b, 'gradient')
  const fate = fateOf(value, gradient)
  return { fate, ...ids, text, scope, kinds, ...(value && { value }), ...(gradient && { gradient }) }
}

function fateOf(value: Move | undefined, gradient: Move | undefined): Fate {
  const moves = [value, gradient].filter(move => move !== undefined)
  if (moves.length === 0) return 'unknown'
  return moves.every(({ share, isExact }) => share === 0 && isExact) ? 'equal' : 'moved'
}

const kindOf = ({ outputs }: EntryRecord) =>
  outputs.map(({ dtype, shape }) => `${dtype}[${shape.join(', ')}]`).join(', ')

/** The output that moved most. */
function furthest(a: EntryRecord, b: EntryRecord, what: 'value' | 'gradient'): Move | undefined {
  const moves = a.outputs.flatMap((output, j) => moveOf(output, b.outputs[j]!, what) ?? [])
  return moves.reduce<Move | undefined>(
    (most, each) => (most && most.share >= each.share ? most : each),
    undefined,
  )
}

function moveOf(a: TensorRecord, b: TensorRecord, what: 'value' | 'gradient'): Move | undefined {
  const [before, after] = [a[what], b[what]]
  if (before === undefined || after === undefined) return undefined
  if (before.hash === after.hash) return { share: 0, isExact: true }
  const kept =
    what === 'value'
      ? ([a.elements, b.elements] as const)
      : ([a.gradientElements, b.gradientElements] as const)
  return kept[0] && kept[1] ? { share: distance(kept[0], kept[1]), isExact: true } : leastMove(before, after)
}

function distance(a: readonly number[], b: readonly number[]): number {
  let [difference, size] = [0, 0]
  for (const [k, x] of a.entries()) {
    difference = Math.hypot(difference, Object.is(x, b[k]) ? 0 : b[k]! - x)
    size = Math.hypot(size, x)
  }
  return ratio(difference, size)
}

/** By the triangle inequality ‖b - a‖ ≥ |‖b‖ - ‖a‖|, and ‖b - a‖ ≥ √n |mean b - mean a|. */
function leastMove(a: Statistics, b: Statistics): Move {
  if (a.nonFinite !== b.nonFinite) return { share: Number.POSITIVE_INFINITY, isExact: false }
  const least = Math.max(Math.abs(b.norm - a.norm), Math.sqrt(a.count) * Math.abs(b.mean - a.mean))
  return { share: ratio(least, a.norm), isExact: false }
}

function ratio(difference: number, size: number): number {
  if (difference === 0) return 0
  const share = difference / size
  return Number.isNaN(share) ? Number.POSITIVE_INFINITY : share
}
