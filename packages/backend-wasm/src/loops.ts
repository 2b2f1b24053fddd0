/**
 * What is worked out before a kernel runs: where its tensors begin at each step, and the loops around it. Then it can
 * be run again and again for the price of its arithmetic.
 */

import { type View, walk } from '@sensigrad/core'
import { bytesOf, type Heap } from './heap.ts'

/** A call that is ready to run. */
export type Bound = (step: number) => void

/** Where a tensor begins, and how much further at each next step, in bytes. */
export interface Start {
  readonly address: number
  readonly advance: number
  /** Whether the address is another at each run, as that of a copy is. */
  readonly isNew?: true
}

/** Where a view begins. */
export function startOf(heap: Heap, view: View, operation: string): Start {
  const { advance = 0, dtype } = view
  return { address: heap.address(view, operation), advance: advance * bytesOf[dtype] }
}

/**
 * Loops around a kernel.
 *
 * @param shape    of the loops, the outermost first; often there are none
 * @param strides  how each tensor moves in each loop, in bytes
 * @param starts   of the tensors; asked for at each run
 * @param visit    calls the kernel; gets where each tensor stands (one array, reused)
 */
export function loops(
  shape: readonly number[],
  strides: readonly (readonly number[])[],
  starts: readonly Start[],
  visit: (at: readonly number[], position: number) => void,
): Bound {
  const now = starts.map(({ address }) => address)
  const isSingle = shape.length === 0
  const moving = [...starts.keys()].filter(i => starts[i]!.advance !== 0 || starts[i]!.isNew)
  if (isSingle && moving.length === 0) return () => visit(now, 0)
  return step => {
    for (const i of moving) now[i] = starts[i]!.address + step * starts[i]!.advance
    if (isSingle) visit(now, 0)
    else walk(shape, strides, now, visit)
  }
}
