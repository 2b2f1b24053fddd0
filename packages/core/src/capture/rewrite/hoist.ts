/**
 * Loop-invariant work: what is the same at all steps of a loop is computed before it, and a product whose rows do not
 * depend on the loop is computed for all steps at once.
 */

import { memo } from '../../memo.ts'
import {
  Buffer,
  type Instruction,
  type Loop,
  lengthOf,
  type Operand,
  type Program,
  stretchesOf,
} from '../program.ts'
import { overTime } from './matrices.ts'

/** The program with such work outside of its loops. */
export function hoist(program: Program): Program {
  const once = new Map<Buffer, Buffer>()
  const read = (operand: Operand): Operand => {
    const buffer = once.get(operand.storage)
    if (buffer === undefined) return operand
    const { advance: _, ...still } = operand
    return { ...still, storage: buffer }
  }
  const instructions = stretchesOf(program.instructions).flatMap(stretch => {
    const { loop } = stretch[0]!
    if (loop === undefined) return stretch
    const written = new Set(stretch.map(({ output }) => output))
    const before: Instruction[] = []
    const body = stretch.flatMap((instruction): Instruction[] => {
      const inputs = instruction.inputs.map(read)
      const depends = inputs.some(({ storage }) => written.has(storage))
      const moves = inputs.some(({ advance = 0 }) => advance !== 0)
      if (instruction.into === undefined && !depends) {
        const { loop: _, ...outside } = instruction
        if (!moves && !readOutside(program, instruction)) {
          const output = memo(
            once,
            instruction.output,
            () => new Buffer(instruction.output.dtype, lengthOf(instruction)),
          )
          before.push({ ...outside, inputs, output } as Instruction)
          return []
        }
        const rows = moves ? allSteps(instruction, inputs, loop) : undefined
        if (rows !== undefined) {
          before.push({ ...outside, inputs: rows } as Instruction)
          written.delete(instruction.output)
          return []
        }
      }
      return [{ ...instruction, inputs }]
    })
    return [...before, ...body]
  })
  return { instructions, results: program.results.map(read) }
}

/** The factors of a product of all steps, one below the other: what it gives lies as the stack of the loop would. */
function allSteps(
  { kernel }: Instruction,
  [left, right]: readonly Operand[],
  loop: Loop,
): Operand[] | undefined {
  if (kernel !== 'contract' || left!.shape.length !== 2 || (right!.advance ?? 0) !== 0) return undefined
  const rows = overTime(left!, loop)
  return rows && [rows, right!]
}

/** Whether something outside of the loop reads what an instruction writes at each step. */
function readOutside({ instructions, results }: Program, { output, loop }: Instruction): boolean {
  const reads = (operands: readonly Operand[]) => operands.some(({ storage }) => storage === output)
  return reads(results) || instructions.some(other => other.loop !== loop && reads(other.inputs))
}
