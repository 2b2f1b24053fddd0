/**
 * Where the buffers of a program lie: each has a place in one arena for its type, which it shares with buffers that are
 * not needed at the same time. What is needed no more is overwritten in place where a kernel allows that.
 */

import { memo } from '../memo.ts'
import type { DType } from '../tensor/dtype.ts'
import { Arena } from './arena.ts'
import { type PlacedCall, stretches } from './placed-call.ts'
import { type Buffer, type Instruction, isWhole, type Operand, type Program } from './program.ts'
import { shrinkStacks } from './shrink.ts'
import { laidSideBySide } from './side-by-side.ts'

/** What is written at the end of a step to where the next one reads it. */
export interface Store {
  /** A view of what the step computed. */
  readonly from: Operand
  readonly into: Buffer
}

/** A program with a place for everything. */
export interface Plan {
  readonly calls: readonly PlacedCall[]
  /** What the program gives, each where it lies. */
  readonly results: readonly Operand[]
  /** Where each buffer begins in the arena of its type, in elements; those with memory of their own have none. */
  readonly offsets: ReadonlyMap<Buffer, number>
  /** How many elements each arena has. */
  readonly sizes: Readonly<Record<DType, number>>
}

/**
 * Plans a program.
 *
 * @param given   buffers that are written before the program runs and keep their place: arguments, settings, variables
 * @param stores  what goes back to given buffers once everything else has been computed
 */
export function plan(program: Program, given: readonly Buffer[], stores: readonly Store[]): Plan {
  const wanted = [...program.results, ...stores.map(({ from }) => from)]
  const shrunk = shrinkStacks({ instructions: program.instructions, results: wanted })
  const { calls: placed, moved } = laidSideBySide(shrunk.calls, mayOverwrite, shrunk.results)
  const kept = new Set(given)
  const results = shrunk.results.slice(0, program.results.length).map(moved)
  const storing = stores.map(({ into }, i) =>
    storeCall(moved(shrunk.results[program.results.length + i]!), into),
  )
  const settled = inPlace([...placed, ...storing], storing, results, kept)
  return { ...settled, ...lifetimes(settled.calls, settled.results, given) }
}

/** Whether a call may write its result over an input: a map that reads each element where it writes it. */
function mayOverwrite({ instruction, inputs, into, length }: PlacedCall, old: Buffer): boolean {
  return (
    instruction.kernel === 'map' &&
    old.dtype === into.buffer.dtype &&
    old.length === length &&
    into.advance === 0 &&
    inputs.every(input => input.storage !== old || (isWhole(input) && (input.advance ?? 0) === 0))
  )
}

/** Places for all buffers, so that none lies over another one while that is needed. */
function lifetimes(
  calls: readonly PlacedCall[],
  results: readonly Operand[],
  given: readonly Buffer[],
): Pick<Plan, 'offsets' | 'sizes'> {
  const spans = stretches(calls)
  const local = localBuffers(calls, results)
  const firstWrite = new Map<Buffer, number>()
  const lastUse = new Map<Buffer, number>()
  for (const [i, { inputs, into }] of calls.entries()) {
    // What outlives a step of a loop is needed from the beginning of the loop to its end.
    const { first, last } = spans[i]!
    const isLocal = local.has(into.buffer)
    memo(firstWrite, into.buffer, () => (isLocal ? i : first))
    lastUse.set(into.buffer, Math.max(lastUse.get(into.buffer) ?? 0, isLocal ? i : last))
    for (const { storage } of inputs) lastUse.set(storage, local.has(storage) ? i : last)
  }
  for (const { storage } of results) lastUse.set(storage, calls.length)
  const beginning = grouped(firstWrite)
  const ending = grouped(lastUse)

  const arena = new Arena()
  const offsets = new Map<Buffer, number>()
  const overwritten = new Set<Buffer>()
  for (const buffer of given) offsets.set(buffer, arena.take(buffer))
  const kept = new Set(given)
  for (const [i, call] of calls.entries()) {
    const dying = (ending.get(i) ?? []).filter(buffer => offsets.has(buffer) && !kept.has(buffer))
    for (const buffer of beginning.get(i) ?? []) {
      if (offsets.has(buffer)) continue
      const isWhole = buffer === call.into.buffer && call.into.offset === 0 && buffer.length === call.length
      const old = isWhole
        ? dying.find(each => !overwritten.has(each) && canTake(call, each, local))
        : undefined
      offsets.set(buffer, old === undefined ? arena.take(buffer) : offsets.get(old)!)
      if (old !== undefined) overwritten.add(old)
    }
    for (const buffer of ending.get(i) ?? []) {
      if (!kept.has(buffer) && !overwritten.has(buffer) && offsets.has(buffer))
        arena.giveBack(buffer, offsets.get(buffer)!)
    }
  }
  return { offsets, sizes: arena.sizes }
}

/** Whether a call may write its result where an input lies that it is the last to read. */
function canTake(call: PlacedCall, old: Buffer, local: ReadonlySet<Buffer>): boolean {
  if (!call.inputs.some(({ storage }) => storage === old) || !mayOverwrite(call, old)) return false
  return call.loop === undefined || (local.has(old) && local.has(call.into.buffer))
}

/** Buffers that are written anew at each step of a loop, and read at that step only. */
function localBuffers(calls: readonly PlacedCall[], results: readonly Operand[]): Set<Buffer> {
  const loops = new Map<Buffer, PlacedCall['loop']>()
  const local = new Set<Buffer>()
  for (const { into, loop, writes } of calls) {
    if (loop === undefined || into.advance !== 0 || writes === 'carry') continue
    local.add(into.buffer)
    loops.set(into.buffer, loop)
  }
  for (const { into, loop, writes } of calls) {
    if (loop !== loops.get(into.buffer) || writes === 'carry' || into.advance !== 0) local.delete(into.buffer)
  }
  for (const { inputs, loop } of calls) {
    for (const { storage } of inputs) if (loops.get(storage) !== loop) local.delete(storage)
  }
  for (const { storage } of results) local.delete(storage)
  return local
}

function grouped(at: ReadonlyMap<Buffer, number>): Map<number, Buffer[]> {
  const groups = new Map<number, Buffer[]>()
  for (const [buffer, i] of at) memo(groups, i, () => []).push(buffer)
  return groups
}

function storeCall(from: Operand, into: Buffer): PlacedCall {
  const instruction: Instruction = { kernel: 'copy', inputs: [from], attributes: {}, output: into, scope: '' }
  const place = { buffer: into, offset: 0, advance: 0 }
  return { instruction, inputs: [from], into: place, length: into.length, loop: undefined, writes: 'all' }
}

/** Without the stores that need none: whose value can be computed where it belongs, since the old one is not read after that. */
function inPlace(
  calls: readonly PlacedCall[],
  storing: readonly PlacedCall[],
  results: readonly Operand[],
  kept: ReadonlySet<Buffer>,
): Pick<Plan, 'calls' | 'results'> {
  const writers = indexed(calls, ({ into }) => [into.buffer])
  const readers = indexed(calls, ({ inputs }) => inputs.map(({ storage }) => storage))
  const given = new Set(results.map(({ storage }) => storage))
  const home = new Map<Buffer, Buffer>()
  const needless = new Set<PlacedCall>()
  for (const call of storing) {
    const [from] = call.inputs
    const value = from!.storage
    const old = call.into.buffer
    const [at, ...others] = writers.get(value) ?? []
    if (at === undefined || others.length > 0) continue
    if (home.has(value) || kept.has(value) || given.has(old) || !isWhole(from!)) continue
    const writer = calls[at]!
    if (writer.loop !== undefined) continue
    const readLater = (readers.get(old) ?? []).filter(i => i >= at)
    if (readLater.some(i => i > at || !mayOverwrite(writer, old))) continue
    home.set(value, old)
    needless.add(call)
  }
  const at = (buffer: Buffer): Buffer => home.get(buffer) ?? buffer
  const moved = (operand: Operand): Operand => ({ ...operand, storage: at(operand.storage) })
  return {
    calls: calls
      .filter(call => !needless.has(call))
      .map(call => ({
        ...call,
        inputs: call.inputs.map(moved),
        into: { ...call.into, buffer: at(call.into.buffer) },
      })),
    results: results.map(moved),
  }
}

/** At which places of the list each buffer stands. */
function indexed(
  calls: readonly PlacedCall[],
  buffersOf: (call: PlacedCall) => readonly Buffer[],
): Map<Buffer, number[]> {
  const found = new Map<Buffer, number[]>()
  for (const [i, call] of calls.entries()) {
    for (const buffer of new Set(buffersOf(call))) memo(found, buffer, () => []).push(i)
  }
  return found
}
