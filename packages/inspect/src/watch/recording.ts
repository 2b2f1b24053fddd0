/** What was watched over a run, as plain data. */

import type { Provenance, Statistics } from '../record/record.ts'

/** A number at one step. */
export interface ScalarPoint {
  readonly kind: 'scalar'
  readonly name: string
  readonly step: number
  readonly value: number
  readonly from: Provenance
}

/** What is known of a tensor's elements at one step. */
export interface HistogramPoint {
  readonly kind: 'histogram'
  readonly name: string
  readonly step: number
  readonly statistics: Statistics
  readonly from: Provenance
}

/** What is kept under one name: the last points, oldest first, and how many older ones are not kept. */
export interface Series<Point> {
  readonly points: readonly Point[]
  readonly dropped: number
}

/** A run, or what is kept of it, by name. */
export interface Recording {
  readonly scalars: ReadonlyMap<string, Series<ScalarPoint>>
  readonly histograms: ReadonlyMap<string, Series<HistogramPoint>>
  /** What a reader should know, a sentence each: that the last line of a file was torn, say. */
  readonly notes: readonly string[]
}

/** How many names a recording may have, and how long they may be: a run of any length takes bounded memory. */
export const limits = { names: 4096, name: 512 } as const
