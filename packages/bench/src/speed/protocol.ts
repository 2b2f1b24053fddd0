/** What is said between the benchmark and the processes of its runners, a line of JSON each. */

import type { ArrayFile, Case } from './case.ts'
import type { Runner } from './runner.ts'

/** Said first by a runner: that it is there, or why not. */
export type Greeting = Pick<Runner, 'version' | 'modes'> | { readonly missing: string }

export type Question =
  | {
      readonly ask: 'prepare'
      /** By what name the case is meant from now on. */
      readonly id: string
      readonly kind: Case['kind']
      readonly sizes: Case['sizes']
      readonly mode: string
      readonly inputs: ArrayFile
      /** Where what a run computes is to be written. */
      readonly results: string
    }
  | { readonly ask: 'run'; readonly id: string; readonly repeats: number }

export type Answer =
  | Greeting
  | { readonly results: ArrayFile }
  /** How long all repeats took. */
  | { readonly seconds: number }
  | { readonly error: string }
