/** Dead instructions: what nothing reads need not be computed. */

import { memo } from '../../memo.ts'
import type { Buffer, Instruction, Program } from '../program.ts'

/** The program without instructions that lead to no result. */
export function dropDead({ instructions, results }: Program): Program {
  const writers = new Map<Buffer, Instruction[]>()
  for (const instruction of instructions) memo(writers, instruction.output, () => []).push(instruction)
  const needed = new Set<Buffer>()
  const pending = results.map(({ storage }) => storage)
  for (let buffer = pending.pop(); buffer !== undefined; buffer = pending.pop()) {
    if (needed.has(buffer)) continue
    needed.add(buffer)
    for (const { inputs } of writers.get(buffer) ?? []) pending.push(...inputs.map(({ storage }) => storage))
  }
  return { instructions: instructions.filter(({ output }) => needed.has(output)), results }
}
