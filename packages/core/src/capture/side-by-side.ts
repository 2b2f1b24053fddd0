/**
 * Joining for nothing: what is joined along its leading axis, or carried to the next step of a loop, is computed where it
 * will lie.
 */

import { memo } from '../memo.ts'
import { isContiguous, sizeOf } from '../tensor/shape.ts'
import type { Place, PlacedCall } from './placed-call.ts'
import type { Buffer, Instruction, Operand } from './program.ts'

/** Whether an instruction may write its result over an input: a map that reads each element where it writes it. */
export type MayOverwrite = (call: PlacedCall, old: Buffer) => boolean

/** Where a buffer lies inside of another; its steps then lie `advance` apart, unless they had places of their own. */
interface Inside {
  readonly buffer: Buffer
  readonly offset: number
  readonly advance: number | undefined
}

/**
 * Calls of which as many as can be write directly to where their results are joined; the other parts are copied there.
 *
 * @param results  views that must be there at the end
 */
export function laidSideBySide(
  given: readonly PlacedCall[],
  mayOverwrite: MayOverwrite,
  results: readonly Operand[],
): {
  calls: PlacedCall[]
  /** A view where its buffer lies now. */
  moved: (operand: Operand) => Operand
} {
  const calls = given.flatMap(split)
  const writers = new Map<Buffer, PlacedCall>()
  const position = new Map<PlacedCall, number>()
  const readers = new Map<Buffer, PlacedCall[]>()
  for (const [i, call] of calls.entries()) {
    position.set(call, i)
    if (call.writes === 'all') writers.set(call.into.buffer, call)
    for (const { storage } of call.inputs) memo(readers, storage, () => []).push(call)
  }
  const inside = new Map<Buffer, Inside>()
  const wanted = new Set(results.map(({ storage }) => storage))

  /** The call that computes a part, where it may as well compute it at its place. */
  const writerFor = (call: PlacedCall): PlacedCall | undefined => {
    const {
      inputs: [part],
      into,
      loop,
    } = call
    const { storage, offset, shape, strides, advance = 0 } = part!
    const writer = writers.get(storage)
    if (writer === undefined || inside.has(storage) || writer.loop !== loop) return undefined
    if (offset !== 0 || sizeOf(shape) !== writer.length || !isContiguous(shape, strides)) return undefined
    if (advance !== writer.into.advance) return undefined
    if (advance !== 0 && advance !== into.advance) return undefined // others read it as a stack
    if (!isOverwritten(call)) return writer
    // A place that each step overwrites: nobody may read its old value once the new one is computed.
    if (loop === undefined) {
      const isReadElsewhere = readers.get(storage)!.length > 1 || wanted.has(storage)
      return isReadElsewhere ? undefined : writer
    }
    const later = readers
      .get(into.buffer)
      ?.filter(reader => reader.loop === loop && position.get(reader)! >= position.get(writer)!)
    const isFree = (later ?? []).every(reader => reader === writer && mayOverwrite(writer, into.buffer))
    return isFree ? writer : undefined
  }

  const needless = new Set<PlacedCall>()
  for (const call of calls) {
    if (call.writes === 'all') continue
    const writer = writerFor(call)
    if (writer === undefined) continue
    const { buffer, offset, advance } = call.into
    const isOneStep = writer.loop !== undefined && writer.into.advance === 0
    inside.set(writer.into.buffer, { buffer, offset, advance: isOneStep ? advance : undefined })
    needless.add(call)
  }

  const moved = (operand: Operand): Operand => {
    const to = inside.get(operand.storage)
    if (to === undefined) return operand
    const { advance = operand.advance ?? 0 } = to
    return moved({ ...operand, storage: to.buffer, offset: operand.offset + to.offset, advance })
  }
  const settled = (place: Place): Place => {
    const to = inside.get(place.buffer)
    if (to === undefined) return place
    return settled({
      buffer: to.buffer,
      offset: place.offset + to.offset,
      advance: to.advance ?? place.advance,
    })
  }
  return {
    calls: calls
      .filter(call => !needless.has(call))
      .map(call => ({ ...call, inputs: call.inputs.map(moved), into: settled(call.into) })),
    moved,
  }
}

/** Whether a carry has one place, which each step overwrites. */
function isOverwritten({ writes, into, length }: PlacedCall): boolean {
  return writes === 'carry' && into.buffer.length === length
}

/** A join as copies of its parts, where they lie one after the other in what is joined; any other call as it is. */
function split(call: PlacedCall): PlacedCall[] {
  const { instruction, inputs, into, loop } = call
  if (!joinsInOrder(instruction)) return [call]
  let offset = into.offset
  return inputs.map(part => {
    const length = sizeOf(part.shape)
    const copy: Instruction = { ...instruction, kernel: 'copy', attributes: {} }
    const placed = {
      instruction: copy,
      inputs: [part],
      into: { ...into, offset },
      length,
      loop,
      writes: 'part',
    } as const
    offset += length
    return placed
  })
}

function joinsInOrder({ kernel, attributes, inputs }: Instruction): boolean {
  return kernel === 'concat' && inputs[0]!.shape.slice(0, attributes.axis).every(size => size === 1)
}
