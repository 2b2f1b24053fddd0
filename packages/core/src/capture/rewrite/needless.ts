/** Needless work: copies of what lies well already, and reductions over axes of one element, are views. */

import { isContiguous } from '../../tensor/shape.ts'
import {
  type Buffer,
  type Instruction,
  type Placed,
  type Program,
  replaceBuffers,
  seesAll,
  writersOf,
} from '../program.ts'

/** The program in which views stand for calls that would move elements from one place to another unchanged. */
export function dropNeedless(program: Program): Program {
  const writers = writersOf(program)
  const replaced = new Map<Buffer, Placed>()
  const instructions = program.instructions.filter(instruction => {
    const [from] = instruction.inputs
    if (!isIdentity(instruction)) return true
    const writer = writers.get(from!.storage)
    if (writer === undefined || writer.loop !== instruction.loop) return true // what is given may change before it is read
    if (writer.loop !== undefined && !seesAll(from!, writer)) return true
    replaced.set(instruction.output, { buffer: from!.storage, offset: from!.offset })
    return false
  })
  return replaceBuffers({ instructions, results: program.results }, replaced)
}

/** Whether a call gives the elements of its input in the order in which they lie. */
function isIdentity({ kernel, inputs, attributes, into }: Instruction): boolean {
  const [from] = inputs
  if (into !== undefined || from === undefined || !isContiguous(from.shape, from.strides)) return false
  if (kernel === 'copy') return true
  if (kernel === 'concat') return inputs.length === 1
  return kernel === 'reduce' && attributes.axes.every(axis => from.shape[axis] === 1)
}
