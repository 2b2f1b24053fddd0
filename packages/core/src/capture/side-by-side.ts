/** Joining for nothing: what is concatenated along its leading axis is computed where it will lie. */

import { sizeOf } from '../tensor/shape.ts'
import { Buffer, type Instruction, isWhole, type Operand, type Placed } from './program.ts'

/** An instruction and where it writes. */
export interface PlacedCall {
  readonly instruction: Instruction
  readonly into: Placed
}

/**
 * Instructions with a place for what they write. The parts of a join are written into the joined buffer by whoever
 * computes them; a part that is given, or stands in another join already, is copied there.
 */
export function laidSideBySide(instructions: readonly Instruction[]): {
  calls: PlacedCall[]
  /** A view where its buffer lies now. */
  moved: (operand: Operand) => Operand
} {
  const inside = new Map<Buffer, Placed>()
  const computed = new Set(instructions.map(({ output }) => output))
  const copies = new Map<Instruction, Placed>()
  const steps = instructions.flatMap(instruction => {
    if (!joinsInOrder(instruction)) return [instruction]
    const { output, scope } = instruction
    let offset = 0
    const missing: Instruction[] = []
    for (const part of instruction.inputs) {
      const { storage: buffer } = part
      if (isWhole(part) && computed.has(buffer) && !inside.has(buffer)) {
        inside.set(buffer, { buffer: output, offset })
      } else {
        const copy: Instruction = {
          kernel: 'copy',
          inputs: [part],
          attributes: {},
          output: new Buffer(part.dtype, sizeOf(part.shape)),
          scope,
        }
        copies.set(copy, { buffer: output, offset })
        missing.push(copy)
      }
      offset += sizeOf(part.shape)
    }
    return missing
  })
  const settle = (placed: Placed): Placed => {
    const outer = inside.get(placed.buffer)
    return outer === undefined
      ? placed
      : settle({ buffer: outer.buffer, offset: placed.offset + outer.offset })
  }
  const moved = (operand: Operand): Operand => {
    if (!inside.has(operand.storage)) return operand
    const { buffer, offset } = settle({ buffer: operand.storage, offset: operand.offset })
    return { ...operand, storage: buffer, offset }
  }
  const calls = steps.map(instruction => ({
    instruction: { ...instruction, inputs: instruction.inputs.map(moved) },
    into: settle(copies.get(instruction) ?? { buffer: instruction.output, offset: 0 }),
  }))
  return { calls, moved }
}

/** Whether the parts of a join lie one after the other in what is joined. */
export function joinsInOrder(instruction: Instruction): boolean {
  if (instruction.kernel !== 'concat') return false
  const { axis } = instruction.attributes
  return instruction.inputs[0]!.shape.slice(0, axis).every(size => size === 1)
}
