/** Views of matrices: transposed, one below the other, and all steps of a loop together. */

import { isContiguous, sizeOf } from '../../tensor/shape.ts'
import { Buffer, type Instruction, type Loop, type Operand, wholeOf } from '../program.ts'

/** A matrix with rows and columns exchanged. */
export function transposed(operand: Operand): Operand {
  return { ...operand, shape: [...operand.shape].reverse(), strides: [...operand.strides].reverse() }
}

/** Where a join of matrices is asked for. */
export interface Site {
  readonly scope: string
  readonly loop?: Loop | undefined
}

/** Matrices one below the other: a view, where they lie so already, else what a join makes. */
export function stacked(
  parts: readonly Operand[],
  { scope, loop }: Site,
): { operand: Operand; made: Instruction[] } {
  const rows = parts.reduce((total, { shape }) => total + shape[0]!, 0)
  const shape = [rows, parts[0]!.shape[1]!]
  const first = parts[0]!
  let end = first.offset
  const lieSo = parts.every(part => {
    const follows =
      part.storage === first.storage &&
      part.offset === end &&
      (part.advance ?? 0) === (first.advance ?? 0) &&
      isContiguous(part.shape, part.strides)
    end += sizeOf(part.shape)
    return follows
  })
  if (lieSo) return { operand: { ...first, shape, strides: [shape[1]!, 1] }, made: [] }
  const length = sizeOf(shape)
  const output = new Buffer(first.dtype, length * (loop?.steps ?? 1))
  const join = { kernel: 'concat', inputs: parts, attributes: { axis: 0 }, output, scope } as const
  return {
    operand: { ...wholeOf(output, shape), ...(loop && { advance: length }) },
    made: [loop === undefined ? join : { ...join, loop }],
  }
}

/** A matrix of each step of a loop as one matrix, those of all steps below each other; `undefined` where they do not lie so. */
export function overTime(operand: Operand, { steps }: Loop): Operand | undefined {
  const { advance = 0, shape, strides, storage, dtype, offset } = operand
  if (advance !== sizeOf(shape) || !isContiguous(shape, strides)) return undefined
  return { storage, dtype, shape: [steps * shape[0]!, shape[1]!], strides: [shape[1]!, 1], offset }
}
