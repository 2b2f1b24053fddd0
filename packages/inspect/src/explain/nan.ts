/** Where a NaN or an infinity came from, why, and where it went; and where gradients were rounded to exactly 0. */

import {
  type Backend,
  type Entry,
  isFloat,
  type MapAttributes,
  type NonFinite,
  record,
  sourceOf,
  type Tape,
  type Tensor,
  type TraceNaNOptions,
  traceNaN,
} from '@sensigrad/core'
import type { AnyModule } from '@sensigrad/nn'
import { checkFlag, checkOptions } from '../checks.ts'
import type { TapeRecord } from '../record/record.ts'
import { carriersBack, carriersForward } from './carriers.ts'
import { type Birth, birthsIn, type Cause, nodesOf } from './causes.ts'
import { nameOf, numbered } from './explain.ts'
import { reverseExpression } from './formula.ts'
import { checkRecordedOptions } from './options.ts'
import { type Sweep, sweepOf } from './parts.ts'
import { placeOf } from './shown.ts'
import { type Vanished, vanishedIn } from './vanished.ts'

/** What `nanReport` looks for. */
export interface NanReportOptions extends TraceNaNOptions {
  /** The module that was given to `recordOf`, if one was: entries are numbered as there. */
  readonly module?: AnyModule
  /** Where a record is replayed: on the backend in use unless said. */
  readonly backend?: Backend
}

/** The first number that was not finite. */
export interface NanOrigin {
  readonly direction: 'forward' | 'reverse'
  readonly id: number
  readonly text: string
  readonly scope: string
  readonly source?: string
  readonly at: readonly number[]
  readonly value: number
  readonly cause: Cause
  /** The arithmetic that made it, step by step: `exp(104.2) = ∞`, then `0 * ∞ = NaN`. */
  readonly steps: readonly string[]
  /** The ids of the entries on a shortest way from there to an output, in reverse to an input. */
  readonly path: readonly number[]
  /** How many entries carry it on, that one included. */
  readonly carriers: number
  /** In reverse, the ids of the inputs whose gradients it reached. */
  readonly reached: readonly number[]
}

/** What is wrong with the numbers of a tape. */
export interface NanReport {
  /** Missing where all numbers are finite. */
  readonly origin?: NanOrigin
  /** Entries that were sent a gradient and passed on exactly 0, since it was too small or the entry is saturated. */
  readonly vanished: readonly Vanished[]
}

/**
 * Finds the first number of a tape that is not finite, says which arithmetic made it and which way it took, and finds
 * gradients that were rounded to exactly 0.
 *
 * @param source   a tape, or the record of one with the elements of its inputs and constants
 * @param given    what the sweep begins with, whether infinities count, and the module that numbers the entries
 * @returns the origin, if there is one, and what vanished
 * @throws  ValueError for what is no tape, and for an option that there is not; as `pullback`
 * @example console.log(formatNanReport(await nanReport(record(loss, weights))))
 */
export async function nanReport(source: Tape | TapeRecord, given: NanReportOptions = {}): Promise<NanReport> {
  checkOptions('nanReport', given, ['cotangents', 'infinities', 'module', 'backend'])
  checkFlag('nanReport', 'infinities', given.infinities)
  checkRecordedOptions('nanReport', given)
  const { module, backend, ...options } = given
  const { tape, ids } = await numbered('nanReport', source, { module, backend })
  const found = await traceNaN(tape, options)
  const sweep = sweepOf(tape, options.cotangents)
  if (found === undefined) return { vanished: await vanishedIn(tape, sweep, ids) }
  const { direction, entry, index, value, tensor } = found
  const births = await birthsOf(tape, sweep, found)
  const carriers =
    direction === 'forward' ? await carriersForward(tape, entry) : await carriersBack(tape, sweep, entry)
  const madeAt = sourceOf(entry)
  const idOf = (x: Tensor) => ids.get(x)![0]
  const isConstant = direction === 'forward' && !entry.outputs.includes(tensor)
  const origin: NanOrigin = {
    direction,
    id: idOf(isConstant ? tensor : entry.outputs[0]!),
    text: textOf(tape, found, x => nameOf(ids, x)),
    scope: entry.scope,
    ...(madeAt !== undefined && { source: madeAt }),
    at: index,
    value,
    cause: births[0]!.cause,
    steps: births.map(({ text }) => text),
    path: carriers.path.map(each => idOf(each.outputs[0]!)),
    carriers: carriers.count,
    reached: carriers.reached.map(idOf),
  }
  return { origin, vanished: [] }
}

function textOf(tape: Tape, { direction, entry, tensor }: NonFinite, name: (x: Tensor) => string): string {
  if (direction === 'forward' && !entry.outputs.includes(tensor)) return `the constant ${tensor}`
  const input = tape.inputs.findIndex(each => entry.outputs.includes(each))
  return input >= 0 ? `input ${input}` : entry.op.format(entry.inputs.map(name), entry.attributes)
}

/** The arithmetic that made the number. */
async function birthsOf(tape: Tape, sweep: Sweep, found: NonFinite): Promise<Birth[]> {
  const { direction, entry, tensor, value } = found
  const isInput = entry.outputs.some(output => tape.inputs.includes(output))
  if (direction === 'reverse') return birthsBack(tape, sweep, found)
  if (isInput || !entry.outputs.includes(tensor))
    return [{ cause: 'given', text: 'it was there from the beginning' }]
  const births = entry.op.name === 'map' ? await birthsOfMap(found, entry.inputs) : []
  return births.length > 0 ? births : [byItself(entry, value)]
}

/** An operation that sums or decomposes: its terms are not told apart. */
function byItself({ op }: Entry, value: number): Birth {
  if (Number.isNaN(value)) return { cause: 'outside-domain', text: `${op.name} gives no number` }
  return { cause: 'overflow', text: `${op.name} goes beyond the largest number` }
}

async function birthsOfMap({ entry, index }: NonFinite, inputs: readonly Tensor[]): Promise<Birth[]> {
  const { expression } = entry.attributes as MapAttributes
  const scalars = await Promise.all(inputs.map(x => scalarAt(x, index)))
  return birthsIn(await nodesOf(expression, scalars, entry.outputs[0]!.backend))
}

async function scalarAt(x: Tensor, index: readonly number[]) {
  return { value: (await x.data())[placeOf(x.shape, index)]!, dtype: x.dtype }
}

/** In reverse: the arithmetic of a map's rule, or the first number of another operation's rule that is not finite. */
async function birthsBack(tape: Tape, sweep: Sweep, { entry, index, value }: NonFinite): Promise<Birth[]> {
  const shares = sweep.sharesOf(entry)
  const input = await firstBad(shares)
  const g = sweep.arrived(entry.outputs[0]!)
  if (input >= 0 && g !== undefined && entry.op.name === 'map') {
    const arrived = await scalarAt(g, index)
    if (!Number.isFinite(arrived.value)) {
      return [{ cause: 'overflow', text: 'the parts of the cotangent add up beyond the largest number' }]
    }
    const { expression } = entry.attributes as MapAttributes
    const scalars = await Promise.all([entry.outputs[0]!, ...entry.inputs].map(x => scalarAt(x, index)))
    const rule = reverseExpression(expression, input)
    const births = birthsIn(await nodesOf(rule, [arrived, ...scalars], g.backend))
    if (births.length > 0) return births
  } else if (input >= 0 && g !== undefined && entry.outputs.length === 1) {
    const births = await birthsInRule(entry, g, input, tape)
    if (births !== undefined) return births
  }
  return [byItself(entry, value)]
}

async function firstBad(shares: readonly (Tensor | undefined)[]): Promise<number> {
  for (const [i, share] of shares.entries()) {
    if (share !== undefined && (await share.data()).some(value => !Number.isFinite(value))) return i
  }
  return -1
}

/** A rule is made of operations: recorded, it is a tape, and that can be searched in turn. */
async function birthsInRule(
  entry: Entry,
  g: Tensor,
  input: number,
  tape: Tape,
): Promise<Birth[] | undefined> {
  if (!isFloat(g.dtype)) return undefined
  const { op, inputs, outputs, attributes } = entry
  const needs = inputs.map(each => tape.contains(each))
  const rule = record(
    (arrived: Tensor) =>
      op.vjp({ g: arrived, gs: [arrived], inputs, output: outputs[0]!, outputs, attributes, needs })[input] ??
      arrived,
    g,
  )
  const inside = await traceNaN(rule)
  if (inside?.direction !== 'forward' || inside.entry.op.name !== 'map') return undefined
  const births = await birthsOfMap(inside, inside.entry.inputs)
  return births.length > 0 ? births : undefined
}
