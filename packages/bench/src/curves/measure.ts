/**
 * Measures one workload in this process: its time over several runs, and then, in a run of its own, its memory. To
 * look at the memory the garbage must be collected, which takes far longer than what is measured, so no run does both.
 */

import { performance } from 'node:perf_hooks'
import { custom, type Tensor } from '@sensigrad/core'
import { median } from '../fit.ts'

/** What a workload tells about itself while it runs. */
export interface Probe {
  /** Whether memory is being looked at, and `watch` does something. */
  readonly watching: boolean
  /** Called once, when the forward computation is done and the reverse sweep about to begin. */
  forwardDone(): void
  /** The same tensor. Memory is looked at where the computation passes it, forward and in the reverse sweep. */
  watch(x: Tensor): Tensor
}

/** What is measured: a forward computation and its gradient. Returns the seconds that count, if these are not all. */
export type Workload = (probe: Probe) => number | undefined

export interface Measured {
  /** Median over the runs. */
  readonly seconds: number
  /** The part of it before the reverse sweep, also the median. */
  readonly forwardSeconds: number
  /** What is alive when the forward computation is done: what the tape holds. */
  readonly heldBytes: number
  /** The most that was seen alive at any watched place. */
  readonly peakBytes: number
  /** How many runs were timed. */
  readonly repeats: number
}

/** How long to measure. */
export interface Effort {
  readonly warmUpSeconds: number
  readonly seconds: number
  readonly least: number
  readonly most: number
  /** How many runs look at memory. */
  readonly memoryRuns: number
}

/**
 * Measures a workload. The process must have been started with --expose-gc. The timed runs follow one another without
 * a forced collection between them: that throws away optimised code as well, and made short runs three times as slow.
 */
export function measure(work: Workload, effort: Effort): Measured {
  for (const start = performance.now(); ; ) {
    timed(work)
    if (secondsSince(start) >= effort.warmUpSeconds) break
  }
  const runs: { seconds: number; forwardSeconds: number }[] = []
  for (const start = performance.now(); runs.length < effort.most; ) {
    if (runs.length >= effort.least && secondsSince(start) >= effort.seconds) break
    runs.push(timed(work))
  }
  return {
    seconds: median(runs.map(run => run.seconds)),
    forwardSeconds: median(runs.map(run => run.forwardSeconds)),
    ...memory(work, effort.memoryRuns),
    repeats: runs.length,
  }
}

function timed(work: Workload): { seconds: number; forwardSeconds: number } {
  const start = performance.now()
  let forwardSeconds = 0
  const counted = work({
    watching: false,
    forwardDone() {
      forwardSeconds = secondsSince(start)
    },
    watch: x => x,
  })
  return { seconds: counted ?? secondsSince(start), forwardSeconds }
}

interface Memory {
  readonly heldBytes: number
  readonly peakBytes: number
}

/** The median over a few runs. The first one is not counted: it still compiles, and what it compiles stays. */
function memory(work: Workload, count: number): Memory {
  watched(work)
  const runs = Array.from({ length: count }, () => watched(work))
  return {
    heldBytes: median(runs.map(run => run.heldBytes)),
    peakBytes: median(runs.map(run => run.peakBytes)),
  }
}

function watched(work: Workload): Memory {
  const before = settledBytes()
  let [heldBytes, peakBytes] = [0, 0]
  const look = (): number => {
    const bytes = liveBytes() - before
    peakBytes = Math.max(peakBytes, bytes)
    return bytes
  }
  const passing = custom<[Tensor]>({
    name: 'watch',
    forward(x) {
      look()
      return x
    },
    vjp({ g }) {
      look()
      return [g]
    },
  })
  work({
    watching: true,
    forwardDone() {
      heldBytes = look()
    },
    watch: x => passing(x),
  })
  return { heldBytes, peakBytes }
}

/** Bytes in use after the garbage is gone: objects, and the memory of typed arrays, which is outside the heap. */
function liveBytes(): number {
  collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

/** Bytes in use before a run: weak references and finalisers take several collections to go. */
function settledBytes(): number {
  let [before, bytes] = [Number.POSITIVE_INFINITY, liveBytes()]
  for (let tries = 0; tries < 5 && before - bytes > 1000; tries++) [before, bytes] = [bytes, liveBytes()]
  return bytes
}

function collect(): void {
  if (globalThis.gc === undefined) throw new Error('measure: there is no gc(). Start node with --expose-gc')
  globalThis.gc()
  globalThis.gc() // the first one leaves freed typed arrays to a thread in the background; the second waits for it
}

const secondsSince = (start: number): number => (performance.now() - start) / 1000
