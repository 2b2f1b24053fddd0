/** Calls as the planner moves them: each knows where it writes, and how far that lies from step to step of its loop. */

import type { Buffer, Instruction, Loop, Operand } from './program.ts'

/** A place in a buffer, and how many elements further that of each next step lies. */
export interface Place {
  readonly buffer: Buffer
  readonly offset: number
  readonly advance: number
}

/** An instruction, and where it writes how much. */
export interface PlacedCall {
  readonly instruction: Instruction
  readonly inputs: readonly Operand[]
  readonly into: Place
  /** How many elements it writes, in a loop at each step. */
  readonly length: number
  readonly loop: Loop | undefined
  /** Whether it alone writes that buffer, or a part of it, or what a loop carries to its next step. */
  readonly writes: 'all' | 'part' | 'carry'
}

/** The first and the last call of the stretch, a loop or a call outside of loops, that each call belongs to. */
export function stretches(calls: readonly PlacedCall[]): { first: number; last: number }[] {
  const found: { first: number; last: number }[] = []
  for (const [i, { loop }] of calls.entries()) {
    const before = found[i - 1]
    if (loop !== undefined && before && calls[i - 1]!.loop === loop) {
      before.last = i
      found.push(before)
    } else {
      found.push({ first: i, last: i })
    }
  }
  return found
}
