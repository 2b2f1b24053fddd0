/** How long the operations of a tape take, each computed again by itself. */

import { type Entry, isSynchronous, operations, type SingleOp, scope } from '@sensigrad/core'

declare const performance: { now(): number }

const repeats = 5
/** Shorter than this, and the clock would be measured. */
const shortest = 0.05
const mostAtOnce = 64

/**
 * The median time of an entry's operation.
 *
 * @returns milliseconds, or `undefined` where it cannot be told: the backend computes behind our back, or the operation
 *          only hands on what was computed elsewhere, as a checkpoint does
 */
export function timeOf({ op, inputs, outputs, attributes }: Entry): number | undefined {
  if (!operations.includes(op) || inputs.some(({ released }) => released)) return undefined
  if (!outputs.every(({ backend }) => isSynchronous(backend))) return undefined
  const run = (times: number): number => {
    const start = performance.now()
    for (let i = 0; i < times; i++) scope(() => void (op as SingleOp).apply(inputs, attributes))
    return (performance.now() - start) / times
  }
  const first = run(1)
  const times = first >= shortest ? 1 : Math.min(Math.ceil(shortest / Math.max(first, 1e-6)), mostAtOnce)
  const measured = Array.from({ length: repeats }, () => run(times)).sort((a, b) => a - b)
  return measured[repeats >> 1]!
}
