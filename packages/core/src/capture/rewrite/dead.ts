/** Dead instructions: what nothing reads need not be computed. */

import type { Buffer, Instruction, Program } from '../program.ts'

/** The program without instructions that lead to no result. */
export function dropDead({ instructions, results }: Program): Program {
  const needed = new Set<Buffer>(results.map(({ storage }) => storage))
  const alive: Instruction[] = []
  for (const instruction of [...instructions].reverse()) {
    if (!needed.has(instruction.output)) continue
    for (const { storage } of instruction.inputs) needed.add(storage)
    alive.push(instruction)
  }
  return { instructions: alive.reverse(), results }
}
