/** The process in which points are measured: told which, it answers with what it found. */

import { type Effort, type Measured, measure } from './measure.ts'
import { parts } from './workloads.ts'

/** What to measure. */
export interface Point {
  readonly part: string
  readonly series: string
  readonly length: number
  readonly quick: boolean
}

/** What came of it. Errors cross between processes as text. */
export type Answer = { readonly measured: Measured } | { readonly error: string }

const thorough: Effort = { warmUpSeconds: 0.5, seconds: 2, least: 5, most: 50, memoryRuns: 3 }
const brief: Effort = { warmUpSeconds: 0, seconds: 0, least: 1, most: 1, memoryRuns: 1 }

process.on('message', (point: Point) => void process.send?.(answer(point)))
process.on('disconnect', () => process.exit()) // whoever asked is gone

function answer({ part, series, length, quick }: Point): Answer {
  try {
    const work = parts[part]!.prepare(length, series)
    return { measured: measure(work, quick ? brief : thorough) }
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) }
  }
}
