/** What a runner in this language is: something that can carry out cases, in one way or in several. */

import type { Case, Kind, Named } from './case.ts'

/** A case as a process gets it: without what only the table needs. */
export type Task = Pick<Case, 'kind' | 'sizes' | 'inputs'>

/** A case, ready to be run. */
export interface Prepared {
  /** One run, to its end. */
  readonly run: () => unknown
  /** What a run computes, named and shaped as the reference. */
  readonly result: () => Named | Promise<Named>
}

/** A library, loaded and ready. */
export interface Runner {
  /** What runs, for people to read: a version, a variant. */
  readonly version: string
  /** The ways in which each computation can be carried out; none where the library cannot. */
  readonly modes: Readonly<Partial<Record<Kind, readonly string[]>>>
  readonly prepare: (task: Task, mode: string) => Prepared | Promise<Prepared>
}

/** Loads a runner, or fails with the reason why it cannot be had. */
export type LoadRunner = () => Promise<Runner>

/** The same ways for every computation. */
export const allKinds = (modes: readonly string[]): Record<Kind, readonly string[]> => ({
  rnn: modes,
  deep: modes,
  lyapunov: modes,
  chain: modes,
  chainGradient: modes,
  gemm: modes,
})
