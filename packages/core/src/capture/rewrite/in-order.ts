/** The order of a program, mended after a rewrite has put calls where not all of their inputs are computed yet. */

import { type Instruction, type Program, writersOf } from '../program.ts'

/** The same calls, each as early as it stood, but after those whose results it reads. */
export function inOrder(program: Program): Program {
  const writers = writersOf(program)
  const placed = new Set<Instruction>()
  const instructions: Instruction[] = []
  for (const instruction of program.instructions) {
    const pending = [instruction]
    while (pending.length > 0) {
      const next = pending.at(-1)!
      const missing = placed.has(next)
        ? undefined
        : next.inputs.map(({ storage }) => writers.get(storage)).find(writer => writer && !placed.has(writer))
      if (missing !== undefined) {
        pending.push(missing)
        continue
      }
      pending.pop()
      if (placed.has(next)) continue
      placed.add(next)
      instructions.push(next)
    }
  }
  return { instructions, results: program.results }
}
