/**
 * Where the buffers of a program lie: each has a place in one arena for its type, which it shares with buffers that are
 * not needed at the same time. What is needed no more is overwritten in place where a kernel allows that.
 */

import { memo } from '../memo.ts'
import type { DType } from '../tensor/dtype.ts'
import { Arena } from './arena.ts'
import { type Buffer, type Instruction, isWhole, type Operand, type Program } from './program.ts'
import { laidSideBySide, type PlacedCall } from './side-by-side.ts'

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
  const kept = new Set(given)
  const { calls: placed, moved } = laidSideBySide(program.instructions)
  const results = program.results.map(moved)
  const storing = stores.map(({ from, into }) => storeCall(moved(from), into))
  const calls = inPlace([...placed, ...storing], storing, results, kept)
  const lastRead = new Map<Buffer, number>()
  for (const [i, { instruction }] of calls.entries()) {
    for (const { storage } of instruction.inputs) lastRead.set(storage, i)
  }
  for (const { storage } of results) lastRead.set(storage, calls.length)

  const arena = new Arena()
  const offsets = new Map<Buffer, number>()
  const overwritten = new Set<Buffer>()
  for (const buffer of given) offsets.set(buffer, arena.take(buffer))
  for (const [i, { instruction, into }] of calls.entries()) {
    const dies = (buffer: Buffer) => lastRead.get(buffer) === i && !kept.has(buffer) && offsets.has(buffer)
    if (!offsets.has(into.buffer)) {
      const old = instruction.inputs.find(
        ({ storage }) =>
          dies(storage) && !overwritten.has(storage) && mayOverwrite(instruction, storage, into.buffer),
      )
      if (old === undefined) offsets.set(into.buffer, arena.take(into.buffer))
      else {
        offsets.set(into.buffer, offsets.get(old.storage)!)
        overwritten.add(old.storage)
      }
    }
    for (const buffer of new Set(instruction.inputs.map(({ storage }) => storage))) {
      if (dies(buffer) && !overwritten.has(buffer)) arena.giveBack(buffer, offsets.get(buffer)!)
    }
  }
  return { calls, results, offsets, sizes: arena.sizes }
}

/** Whether an instruction may write its result over an input: a map that reads each element where it writes it. */
function mayOverwrite(instruction: Instruction, old: Buffer, result: Buffer): boolean {
  return (
    instruction.kernel === 'map' &&
    old.dtype === result.dtype &&
    old.length === result.length &&
    instruction.output.length === result.length &&
    instruction.inputs.every(input => input.storage !== old || isWhole(input))
  )
}

function storeCall(from: Operand, into: Buffer): PlacedCall {
  const instruction: Instruction = { kernel: 'copy', inputs: [from], attributes: {}, output: into, scope: '' }
  return { instruction, into: { buffer: into, offset: 0 } }
}

/** Without the stores that need none: whose value can be computed where it belongs, since the old one is not read after that. */
function inPlace(
  calls: readonly PlacedCall[],
  storing: readonly PlacedCall[],
  results: readonly Operand[],
  kept: ReadonlySet<Buffer>,
): PlacedCall[] {
  const writers = indexed(calls, ({ into }) => [into.buffer])
  const readers = indexed(calls, ({ instruction }) => instruction.inputs.map(({ storage }) => storage))
  const given = new Set(results.map(({ storage }) => storage))
  const home = new Map<Buffer, Buffer>()
  const needless = new Set<PlacedCall>()
  for (const call of storing) {
    const [from] = call.instruction.inputs
    const value = from!.storage
    const old = call.into.buffer
    const [writer, ...others] = writers.get(value) ?? []
    if (writer === undefined || others.length > 0) continue
    if (home.has(value) || kept.has(value) || given.has(old) || !isWhole(from!)) continue
    const { instruction } = calls[writer]!
    const readLater = (readers.get(old) ?? []).filter(i => i >= writer)
    if (readLater.some(i => i > writer || !mayOverwrite(instruction, old, value))) continue
    home.set(value, old)
    needless.add(call)
  }
  const at = (buffer: Buffer): Buffer => home.get(buffer) ?? buffer
  return calls
    .filter(call => !needless.has(call))
    .map(({ instruction, into }) => ({
      instruction: {
        ...instruction,
        inputs: instruction.inputs.map(operand => ({ ...operand, storage: at(operand.storage) })),
      },
      into: { ...into, buffer: at(into.buffer) },
    }))
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
