/** The order of a program, mended after a rewrite has put calls where not all of their inputs are computed yet. */

import { memo } from '../../memo.ts'
import { type Buffer, type Instruction, type Program, stretchesOf } from '../program.ts'

/** The same calls, each as early as it stood, but after those whose results it reads; loops stay together. */
export function inOrder(program: Program): Program {
  // Inside of a loop, who reads a carry reads that of the step before: it does not wait for who writes the next one.
  const bodies = stretchesOf(program.instructions).map(stretch =>
    sorted(
      stretch.map(each => [each]),
      ({ into }) => into === undefined,
    ).flat(),
  )
  return { instructions: sorted(bodies, () => true).flat(), results: program.results }
}

/** Groups of calls, each after the others whose results it waits for. */
function sorted(
  groups: readonly Instruction[][],
  isAwaited: (instruction: Instruction) => boolean,
): Instruction[][] {
  const writers = new Map<Buffer, Instruction[][]>()
  for (const group of groups) {
    for (const instruction of group) {
      if (isAwaited(instruction)) memo(writers, instruction.output, () => []).push(group)
    }
  }
  const placed = new Set<Instruction[]>()
  const order: Instruction[][] = []
  for (const group of groups) {
    const pending = [group]
    while (pending.length > 0) {
      if (pending.length > groups.length) throw new Error('a program reads what it computes later')
      const next = pending.at(-1)!
      const missing = placed.has(next) ? undefined : missingFor(next, writers, placed)
      if (missing !== undefined) {
        pending.push(missing)
        continue
      }
      pending.pop()
      if (placed.has(next)) continue
      placed.add(next)
      order.push(next)
    }
  }
  return order
}

function missingFor(
  group: Instruction[],
  writers: ReadonlyMap<Buffer, Instruction[][]>,
  placed: ReadonlySet<Instruction[]>,
): Instruction[] | undefined {
  for (const { output, into } of group) {
    if (into === undefined) continue
    const all = writers.get(output) ?? []
    const earlier = all.slice(0, Math.max(0, all.indexOf(group))).find(writer => !placed.has(writer))
    if (earlier !== undefined) return earlier // who writes a buffer first does so still
  }
  for (const { inputs } of group) {
    for (const { storage } of inputs) {
      const missing = writers.get(storage)?.find(writer => writer !== group && !placed.has(writer))
      if (missing !== undefined) return missing
    }
  }
  return undefined
}
