/** The kernel families: for each, how many elements a call gives, and the job that gives them. */

import { type Kernels, type Shape, sizeOf } from '@sensigrad/core'
import { argReduceJob } from './source/arg-reduce.ts'
import { argSortJob } from './source/arg-sort.ts'
import { concatJob } from './source/concat.ts'
import { contractJob } from './source/contract.ts'
import { castJob, copyJob, mapJob } from './source/elements.ts'
import { gatherJob } from './source/gather.ts'
import type { Job } from './source/job.ts'
import { placeJob } from './source/place.ts'
import { reduceJob } from './source/reduce.ts'
import { scanJob } from './source/scan.ts'
import { scatterAddJob } from './source/scatter-add.ts'

/** The arguments of a kernel, without a destination. */
type Asked<Kernel extends keyof Kernels> =
  Parameters<Kernels[Kernel]> extends [...infer Of, unknown?] ? Of : never

/** A family of kernels. */
export interface Family<Of extends readonly unknown[] = readonly unknown[]> {
  /** How many arguments it takes; a destination may follow. */
  readonly takes: Of['length']
  /** How many elements it gives. */
  readonly length: (...of: Of) => number
  /** What gives them; called where there are some. */
  readonly job: (...of: Of) => Job
}

const all: { readonly [Kernel in keyof Kernels]: Family<Asked<Kernel>> } = {
  map: { takes: 4, length: (_, __, shape) => sizeOf(shape), job: mapJob },
  reduce: {
    takes: 3,
    length: (_, { shape }, axes) => sizeOf(shape.filter((_, axis) => !axes.includes(axis))),
    job: reduceJob,
  },
  contract: {
    takes: 2,
    length: (a, b) => sizeOf(a.shape.slice(0, -1)) * b.shape.at(-1)!,
    job: contractJob,
  },
  copy: { takes: 1, length: ({ shape }) => sizeOf(shape), job: copyJob },
  place: { takes: 3, length: (_, shape) => sizeOf(shape), job: placeJob },
  concat: {
    takes: 2,
    length: inputs => inputs.reduce((sum, { shape }) => sum + sizeOf(shape), 0),
    job: concatJob,
  },
  gather: { takes: 3, length: (_, { shape }) => sizeOf(shape), job: gatherJob },
  scatterAdd: {
    takes: 4,
    length: ({ shape }, _, axis, size) => sizeOf(resized(shape, axis, size)),
    job: scatterAddJob,
  },
  argReduce: { takes: 3, length: (_, { shape }, axis) => sizeOf(resized(shape, axis, 1)), job: argReduceJob },
  argSort: { takes: 3, length: ({ shape }) => sizeOf(shape), job: argSortJob },
  scan: { takes: 3, length: ({ shape }) => sizeOf(shape), job: scanJob },
  cast: { takes: 2, length: ({ shape }) => sizeOf(shape), job: castJob },
}

/** Every family, to be called with the arguments of its kernel. */
export const families = all as unknown as Readonly<Record<keyof Kernels, Family>>

function resized(shape: Shape, axis: number, size: number): number[] {
  return shape.map((length, i) => (i === axis ? size : length))
}
