/**
 * Two backends along one tape: what each entry's kernel does to the same inputs, and what that has come to so far. The first
 * entry that is off by itself is where they part.
 */

import {
  type Backend,
  describeValue,
  type Entry,
  epsilon,
  isFloat,
  SensigradError,
  Tape,
  type Tensor,
  ValueError,
} from '@sensigrad/core'
import { checkOptions, isBackend } from '../checks.ts'
import { idsOf, layOut } from '../record/lay-out.ts'
import type { TapeRecord } from '../record/record.ts'
import { applied, attributesAt, copyOf, whyFixed } from './copies.ts'
import { nameOf } from './explain.ts'
import { isInput, replay } from './replay.ts'
import { tapeOfRecord } from './replay-record.ts'
import { indexOf } from './shown.ts'

/** How far backends may part. */
export interface CompareOptions {
  /**
   * How far an entry's elements may differ, by itself: in `ulps`, the distance from the largest element of the tensor to the
   * next number, or as a share of that element. 64 ulps unless said.
   */
  readonly tolerance?: { readonly ulps: number } | { readonly relative: number }
}

/** How far two tensors are apart. */
export interface Distance {
  /** The largest difference, as a share of the largest element. Infinity where one has NaN or an infinity that the other has not. */
  readonly relative: number
  /** The same in distances from 1 to the next number of the type. */
  readonly ulps: number
  /** Where. */
  readonly at: readonly number[]
}

/** One entry on both backends. */
export interface Comparison {
  readonly id: number
  readonly text: string
  readonly scope: string
  readonly outputs: readonly string[]
  /** The second backend's kernel, given the inputs that the first one computed. */
  readonly local?: Distance
  /** The second backend alone from the beginning. */
  readonly accumulated?: Distance
  /** Whether the entry is off by itself. */
  readonly isOver: boolean
  /** Why it could not be compared: a kernel that is missing, or an entry that cannot be computed again. */
  readonly missing?: string
}

/** Two backends along a tape. */
export interface BackendComparison {
  readonly first: string
  readonly second: string
  readonly rows: readonly Comparison[]
  /** The first entry that is off by itself, or that the second backend cannot compute. */
  readonly parting?: Comparison
}

const usual = { ulps: 64 } as const

/**
 * Compares two backends along a tape.
 *
 * @param source   a tape, or the record of one with the elements of its inputs and constants
 * @param first    the backend whose numbers count as right
 * @param second   the one that is looked at
 * @returns a row for each entry that computes something, and the first that is off
 * @throws  ValueError for what is no tape or backend, and for an option that there is not; as `replay` where the first backend cannot replay it
 * @example console.log(formatComparison(await compareBackends(tape, cpu(), await wasm())))
 */
export async function compareBackends(
  source: Tape | TapeRecord,
  first: Backend,
  second: Backend,
  options: CompareOptions = {},
): Promise<BackendComparison> {
  const rows: Comparison[] = []
  for await (const row of compareEntries(source, first, second, options)) rows.push(row)
  const parting = rows.find(({ isOver, missing }) => isOver || missing !== undefined)
  return { first: first.name, second: second.name, rows, ...(parting && { parting }) }
}

/** The rows of `compareBackends`, one after the other, for those who stop at the first that is off. */
export async function* compareEntries(
  source: Tape | TapeRecord,
  first: Backend,
  second: Backend,
  options: CompareOptions = {},
): AsyncGenerator<Comparison> {
  checkOptions('compareBackends', options, ['tolerance'])
  const { tolerance = usual } = options
  checkTolerance(tolerance)
  checkBackend(first)
  checkBackend(second)
  const { tape, ids } = await referenceOf(source, first)
  const place = { backend: second, inDouble: false }
  const lastReader = lastReadersOf(tape)
  /** What the second backend computed by itself, until nobody reads it any more. */
  const own = new Map<Tensor, Tensor>()
  for (const entry of tape.entries) {
    if (isInput(tape, entry)) continue
    const compared = await compareEntry(entry, own, place)
    const limit = limitOf(entry, tolerance)
    const row = {
      id: ids.get(entry.outputs[0]!)![0],
      text: entry.op.format(
        entry.inputs.map(input => nameOf(ids, input)),
        entry.attributes,
      ),
      scope: entry.scope,
      outputs: entry.outputs.map(String),
      ...compared,
    }
    yield { ...row, isOver: compared.local !== undefined && !(compared.local.relative <= limit) }
    for (const input of entry.inputs) if (lastReader.get(input) === entry) own.delete(input)
  }
}

/** The tape with the numbers of the first backend. */
async function referenceOf(source: Tape | TapeRecord, first: Backend) {
  if (!(source instanceof Tape)) {
    if (source?.format === 'sensigrad.tape') return tapeOfRecord(source, { backend: first })
    throw new ValueError(
      'compareBackends',
      `the tape is ${describeValue(source)}`,
      'Give one of record(f, x) or recordOf(tape)',
    )
  }
  const ids = idsOf(layOut(source))
  const isThere = source.entries.every(({ outputs }) => outputs.every(({ backend }) => backend === first))
  const isFixed = source.entries.some(entry => !isInput(source, entry) && whyFixed(entry) !== undefined)
  if (isThere || isFixed) return { tape: source, ids } // with what was recorded, wherever that was
  const tape = await replay(source, { backend: first })
  return { tape, ids: renumbered(source, tape, ids) }
}

/** The numbers of a tape's tensors, for those of its replay. */
function renumbered(tape: Tape, again: Tape, ids: ReadonlyMap<Tensor, readonly [number, number]>) {
  const moved = new Map<Tensor, readonly [number, number]>()
  const move = (from: Tensor, to: Tensor) => {
    const id = ids.get(from)
    if (id !== undefined) moved.set(to, id)
  }
  for (const [number, entry] of tape.entries.entries()) {
    const other = again.entries[number]!
    for (const [j, output] of entry.outputs.entries()) move(output, other.outputs[j]!)
    for (const [i, input] of entry.inputs.entries()) if (!tape.contains(input)) move(input, other.inputs[i]!)
  }
  return moved
}

interface Compared {
  readonly local?: Distance
  readonly accumulated?: Distance
  readonly missing?: string
}

async function compareEntry(
  entry: Entry,
  own: Map<Tensor, Tensor>,
  place: { readonly backend: Backend; readonly inDouble: boolean },
): Promise<Compared> {
  const why = whyFixed(entry)
  if (why !== undefined) return { missing: why }
  try {
    const given = await Promise.all(entry.inputs.map(input => copyOf(input, place)))
    const attributes = await attributesAt(entry, place)
    const local = applied(entry, given, attributes)
    const isApart = entry.inputs.some(input => own.has(input))
    const alone = isApart
      ? applied(
          entry,
          given.map((input, i) => own.get(entry.inputs[i]!) ?? input),
          attributes,
        )
      : local
    for (const [j, output] of entry.outputs.entries()) own.set(output, alone[j]!)
    const byItself = await furthest(entry.outputs, local)
    return { local: byItself, accumulated: isApart ? await furthest(entry.outputs, alone) : byItself }
  } catch (error) {
    if (!(error instanceof SensigradError)) throw error
    return { missing: error.message } // what reads it goes on from the first backend's numbers
  }
}

async function furthest(wanted: readonly Tensor[], found: readonly Tensor[]): Promise<Distance> {
  const distances = await Promise.all(wanted.map((output, j) => distanceOf(output, found[j]!)))
  return distances.reduce((most, each) => (each.relative > most.relative ? each : most))
}

/** How far a tensor is from the one that it should be. */
async function distanceOf(wanted: Tensor, found: Tensor): Promise<Distance> {
  const [a, b] = [await wanted.data(), await found.data()]
  let [largest, gap, place] = [0, 0, 0]
  for (let k = 0; k < a.length; k++) {
    const [x, y] = [a[k]!, b[k]!]
    if (Number.isFinite(x)) largest = Math.max(largest, Math.abs(x))
    if (x === y || (Number.isNaN(x) && Number.isNaN(y))) continue
    const difference = Number.isFinite(x - y) ? Math.abs(x - y) : Number.POSITIVE_INFINITY
    if (difference > gap) [gap, place] = [difference, k]
  }
  const relative = gap === 0 ? 0 : gap / Math.max(largest, Number.MIN_VALUE)
  const ulps = isFloat(wanted.dtype) ? relative / epsilon(wanted.dtype) : relative
  return { relative, ulps, at: indexOf(wanted.shape, place) }
}

function limitOf({ outputs }: Entry, tolerance: NonNullable<CompareOptions['tolerance']>): number {
  if ('relative' in tolerance) return tolerance.relative
  const { dtype } = outputs[0]!
  return tolerance.ulps * (isFloat(dtype) ? epsilon(dtype) : 0)
}

/** @throws ValueError unless a tolerance is one number, 0 or more, of the kinds that there are */
function checkTolerance(tolerance: unknown): void {
  const [[kind, size] = [], ...others] =
    typeof tolerance === 'object' && tolerance !== null ? Object.entries(tolerance) : []
  const isKnown = (kind === 'ulps' || kind === 'relative') && others.length === 0
  if (isKnown && typeof size === 'number' && size >= 0) return
  throw new ValueError(
    'compareBackends',
    `the tolerance is ${isKnown ? `${kind}: ${describeValue(size)}` : describeValue(tolerance)}`,
    'Give { ulps: 64 } or { relative: 1e-5 }',
  )
}

/** The entry that reads each tensor last. */
function lastReadersOf(tape: Tape): ReadonlyMap<Tensor, Entry> {
  const last = new Map<Tensor, Entry>()
  for (const entry of tape.entries) for (const input of entry.inputs) last.set(input, entry)
  return last
}

/** @throws ValueError for what is no backend */
function checkBackend(backend: unknown): asserts backend is Backend {
  if (isBackend(backend)) return
  throw new ValueError(
    'compareBackends',
    `a backend is ${describeValue(backend)}`,
    'Give two: compareBackends(tape, cpu(), await wasm())',
  )
}
