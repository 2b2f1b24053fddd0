/**
 * The rules of one entry of a tape, checked where it ran: both modes against finite differences of that entry alone, so
 * that a wrong rule is found by name however long the tape around it is.
 */

import {
  type Backend,
  describeValue,
  type Entry,
  isFloat,
  type Key,
  key,
  SensigradError,
  Tape,
  ValueError,
} from '@sensigrad/core'
import { checkBackendOption, checkOptions } from '../checks.ts'
import { type Place, whyFixed } from './copies.ts'
import { directionalCheck } from './directional-check.ts'
import { elementwiseCheck } from './elementwise-check.ts'
import { folded, graver, type ModeCheck, type Verdict } from './judge.ts'
import { type Subject, subjectAt } from './subject.ts'

/** How rules are checked. */
export interface CheckOptions {
  /**
   * Where an entry is computed again. Where that backend has float64, floats are taken there in float64, whatever type they
   * have on the tape; the entry's own backend unless said.
   */
  readonly checkOn?: Backend
  /** Where the random directions come from. */
  readonly from?: Key
}

/** What a check of one entry found. */
export interface Check {
  /** Of both modes the graver one. */
  readonly verdict: Verdict
  readonly reverse: ModeCheck
  readonly forward: ModeCheck
  /** The type in which it was checked, and the name of the backend. */
  readonly dtype: 'float32' | 'float64'
  readonly backend: string
  /** Whether every element was looked at, as of a map, or a direction and some elements. */
  readonly everyElement: boolean
  /** Why it was not checked, or not in float64. */
  readonly reason?: string
}

/**
 * Checks both rules of one entry against finite differences, at the values that it had.
 *
 * A map is checked at each of its elements. Another operation is checked along a random direction for a random cotangent,
 * which sees the whole Jacobian, and at the element with the largest derivative. Float32 entries are computed again in
 * float64 where the backend has it; otherwise the check is as coarse as float32 is, and says so.
 *
 * @param tape   the recording that the entry belongs to
 * @param entry  one of its entries
 * @returns the verdict, and the derivatives beside the differences
 * @throws  ValueError for what is no tape or no entry of it, and for an option that there is not
 * @example (await checkEntry(tape, tape.entries[3])).verdict // 'right'
 */
export async function checkEntry(tape: Tape, entry: Entry, options: CheckOptions = {}): Promise<Check> {
  checkEntryOf('checkEntry', tape, entry)
  checkOptions('checkEntry', options, ['checkOn', 'from'])
  checkBackendOption('checkEntry', 'checkOn', options.checkOn)
  return checkOf(tape, entry, options)
}

/** The same of what was looked at before. */
export async function checkOf(
  tape: Tape,
  entry: Entry,
  { checkOn, from = key(1) }: CheckOptions,
): Promise<Check> {
  const why = whyUnchecked(tape, entry)
  const own = (entry.inputs[0] ?? entry.outputs[0]!).backend
  const backend = checkOn ?? own
  const inDouble = backend.capabilities.dtypes.includes('float64')
  if (why !== undefined) return unchecked(why, backend)
  try {
    return await checkAt(tape, entry, { backend, inDouble }, from)
  } catch (error) {
    if (!(error instanceof SensigradError) || !needsOther(entry, backend)) throw error
    // an operation may close over tensors of its own type and backend, which no copy reaches
    const reason = `not in float64 on ${backend.name}: ${error.message}`
    return { ...(await checkAt(tape, entry, { backend: own, inDouble: false }, from)), reason }
  }
}

/** Whether an entry has to be copied to be checked. */
function needsOther({ inputs, outputs }: Entry, backend: Backend): boolean {
  return [...inputs, ...outputs].some(x => x.backend !== backend || x.dtype === 'float32')
}

async function checkAt(tape: Tape, entry: Entry, place: Place, from: Key): Promise<Check> {
  const subject = await subjectAt(tape, entry, place)
  const everyElement = entry.op.name === 'map'
  const found = await (everyElement ? elementwiseCheck(subject) : directionalCheck(subject, from))
  const [reverse, forward] = [folded(found.reverse), folded(found.forward)]
  return {
    verdict: graver(reverse.verdict, forward.verdict),
    reverse,
    forward,
    dtype: typeOf(subject),
    backend: place.backend.name,
    everyElement,
  }
}

const typeOf = ({ precision }: Subject) => (precision > 1e-10 ? 'float32' : 'float64')

/** Why there is nothing to check; `undefined` where there is. */
function whyUnchecked(tape: Tape, entry: Entry): string | undefined {
  if (entry.outputs.some(output => tape.inputs.includes(output))) return 'an input has no rule'
  if (!entry.inputs.some(input => tape.contains(input) && isFloat(input.dtype)))
    return 'none of its inputs moves'
  return whyFixed(entry)
}

function unchecked(reason: string, { name }: Backend): Check {
  const nothing = folded([])
  return {
    verdict: 'not-checked',
    reverse: nothing,
    forward: nothing,
    dtype: 'float64',
    backend: name,
    everyElement: false,
    reason,
  }
}

/** @throws ValueError unless `entry` is an entry of the tape */
export function checkEntryOf(operation: string, tape: unknown, entry: unknown): asserts entry is Entry {
  if (!(tape instanceof Tape)) {
    throw new ValueError(operation, `the tape is ${describeValue(tape)}`, 'Make one with record(f, x)')
  }
  if (tape.entries.some(each => each === entry)) return
  throw new ValueError(operation, 'the entry is none of this tape', 'Give one of tape.entries')
}
