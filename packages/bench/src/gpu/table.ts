/** The tables of what was measured, as Markdown: who ran on what, times by size, crossovers, and fusion. */

import { duration, markdownTable } from '../text.ts'
import type { Device } from './browser.ts'
import type { Crossover } from './crossover.ts'
import {
  type BackendName,
  backends,
  chain,
  type Way,
  type WorkloadName,
  ways,
  workloads,
} from './workloads.ts'

/** One measured time; no seconds where it was not measured. */
export interface Point {
  readonly workload: WorkloadName
  readonly way: Way
  readonly size: number
  readonly backend: BackendName
  readonly seconds: number | null
}

/** From where on a GPU is faster than the faster backend on the processor. */
export interface Paying extends Crossover {
  readonly workload: WorkloadName
  readonly way: Way
  readonly backend: BackendName
}

/** A chain of elementwise operations, eager or captured. */
export interface Fusion {
  readonly backend: BackendName
  readonly way: Way
  readonly kernels: number
  readonly seconds: number
}

/** What each backend ran on; a GPU that is none is said to be none. */
export const deviceTable = (devices: readonly Device[]): string =>
  markdownTable(
    ['backend', 'runs on', 'which is'],
    devices.map(({ backend, name, kind }) => [backend, name, kinds[kind]]),
    3,
  )

const kinds: Readonly<Record<Device['kind'], string>> = {
  processor: 'the processor',
  GPU: 'a GPU',
  software: 'software in place of a GPU',
  missing: 'not there, and left out',
}

/** The times of a workload: a row for each size and way, a column for each backend. */
export function timeTable(name: WorkloadName, points: readonly Point[]): string {
  const own = points.filter(({ workload }) => workload === name)
  const sizes = [...new Set(own.map(({ size }) => size))]
  const rows = sizes.flatMap(size =>
    ways.map(way => {
      const at = (backend: BackendName) =>
        own.find(point => point.size === size && point.way === way && point.backend === backend)
      return [size.toLocaleString('en-US'), way, ...backends.map(name => duration(at(name)?.seconds ?? null))]
    }),
  )
  return markdownTable([workloads[name].unit, 'way', ...backends], rows, 2)
}

/** Where each GPU overtakes. */
export const payingTable = (found: readonly Paying[]): string =>
  markdownTable(
    ['workload', 'way', 'backend', 'faster than the processor from'],
    found.map(({ workload, way, backend, from, upTo }) => [workload, way, backend, placeOf(from, upTo)]),
    4,
  )

function placeOf(from: number | null, upTo: number | null): string {
  if (upTo === null) return 'not measured'
  return from === null
    ? `none up to ${upTo.toLocaleString('en-US')}`
    : `${from.toLocaleString('en-US')} (measured up to ${upTo.toLocaleString('en-US')})`
}

/** Kernels and times of the chain. */
export const fusionTable = (found: readonly Fusion[]): string =>
  markdownTable(
    [`${chain.operations} elementwise operations`, 'way', 'kernels', 'time'],
    found.map(({ backend, way, kernels, seconds }) => [backend, way, String(kernels), duration(seconds)]),
    2,
  )
