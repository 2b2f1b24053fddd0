/**
 * Stacks that need not be: what a loop writes and reads at the same step has the length of one step, and a carry of which
 * only the last value is read outside is one place that is overwritten.
 */

import { memo } from '../memo.ts'
import { sizeOf } from '../tensor/shape.ts'
import type { PlacedCall } from './placed-call.ts'
import { Buffer, type Loop, lengthOf, type Operand, type Program } from './program.ts'

/** The calls of a program, with such buffers of one step. */
export function shrinkStacks(program: Program): { calls: PlacedCall[]; results: Operand[] } {
  const stacks = new Map<Buffer, { readonly loop: Loop; readonly length: number }>()
  const carries = new Map<Buffer, { readonly loop: Loop; readonly length: number; readonly last: number }>()
  for (const instruction of program.instructions) {
    const { loop, into, output } = instruction
    if (loop === undefined) continue
    if (into === undefined) stacks.set(output, { loop, length: lengthOf(instruction) })
    else if (into.advance > 0) {
      const length = into.advance
      if (output.length === (loop.steps + 1) * length) {
        carries.set(output, { loop, length, last: loop.isReversed ? 0 : loop.steps * length })
      }
    }
  }
  const look = ({ storage, offset, advance = 0 }: Operand, reader: Loop | undefined): void => {
    const stack = stacks.get(storage)
    if (stack && (stack.loop !== reader || advance !== stack.length)) stacks.delete(storage)
    const carry = carries.get(storage)
    if (carry === undefined) return
    const { loop, length, last } = carry
    const isBefore =
      reader === loop && advance === length && within(offset - (loop.isReversed ? length : 0), length)
    const isLast = reader === undefined && within(offset - last, length)
    if (!isBefore && !isLast) carries.delete(storage)
  }
  for (const { inputs, loop } of program.instructions) for (const operand of inputs) look(operand, loop)
  for (const operand of program.results) look(operand, undefined)

  const short = new Map<Buffer, Buffer>()
  const shortened = (buffer: Buffer): Buffer => {
    const length = (stacks.get(buffer) ?? carries.get(buffer))?.length
    return length === undefined ? buffer : memo(short, buffer, () => new Buffer(buffer.dtype, length))
  }
  const read = (operand: Operand): Operand => {
    const { storage, offset } = operand
    const buffer = shortened(storage)
    if (buffer === storage) return operand
    const { advance: _, ...still } = operand
    return { ...still, storage: buffer, offset: stacks.has(storage) ? offset : offset % buffer.length }
  }
  const calls = program.instructions.map((instruction): PlacedCall => {
    const { into, output, loop } = instruction
    const isShort = stacks.has(output) || carries.has(output)
    const [offset, advance] =
      into === undefined ? [0, loop ? lengthOf(instruction) : 0] : [into.offset, into.advance]
    return {
      instruction,
      inputs: instruction.inputs.map(read),
      into: { buffer: shortened(output), offset: isShort ? 0 : offset, advance: isShort ? 0 : advance },
      length: into === undefined ? lengthOf(instruction) : sizeOf(instruction.inputs[0]!.shape),
      loop,
      writes: into === undefined ? 'all' : 'carry',
    }
  })
  return { calls, results: program.results.map(read) }
}

function within(offset: number, length: number): boolean {
  return offset >= 0 && offset < length
}
