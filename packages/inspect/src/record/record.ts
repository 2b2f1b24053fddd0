/**
 * The record of a tape: what one recording computed, as plain data that JSON can hold. Tables, graphs and reports are
 * functions of it, so what is seen on a terminal, in a browser or in a file is the same.
 */

import type { DType } from '@sensigrad/core'

/**
 * Where a number comes from.
 *
 * - `recorded`: the tensor itself was read
 * - `replayed-equal`: it was computed again, and the same computation gave again the bits that the run had
 * - `replayed-differs`: it was computed again, but the computation gave other bits than the run had
 * - `fused-away`: in the run it was never in memory, since its operation was fused with the one that reads it
 * - `not-kept`: nobody has it, or it was not asked for
 */
export type Provenance = 'recorded' | 'replayed-equal' | 'replayed-differs' | 'fused-away' | 'not-kept'

/** What is known of the elements of a tensor. Of elements that are not finite, only `nonFinite` and `hash` know. */
export interface Statistics {
  /** How many elements there are. */
  readonly count: number
  /** How many of them are NaN or infinite. */
  readonly nonFinite: number
  /** How many of them are exactly zero, of either sign. */
  readonly zeros: number
  /** Of an activation: the share of outputs at which it has gone flat. |y| > 0.99 for tanh, |2y - 1| > 0.99 for sigmoid, y = 0 for relu. */
  readonly saturated?: number
  /** The smallest finite element; NaN where there is none, as for the five that follow. */
  readonly min: number
  readonly max: number
  readonly mean: number
  /** √(Σx²/n). */
  readonly rms: number
  /** √(Σx²). */
  readonly norm: number
  /** The largest |x|. */
  readonly largest: number
  /**
   * Counts of elements by the exponent that float32 writes them with, `bits >>> 23 & 255`, from `firstExponent` on: the
   * histogram of magnitudes, without empty ends. Exponent 0 holds zeros and denormals, 255 what is not finite.
   */
  readonly exponents: readonly number[]
  /** The exponent of the first count, 0 to 255. */
  readonly firstExponent: number
  /** 64 bits in hexadecimal: equal bits in equal places have equal hashes, and others, but for chance, do not. */
  readonly hash: string
}

/** One tensor of a tape. */
export interface TensorRecord {
  readonly shape: readonly number[]
  readonly dtype: DType
  /** The memory of its elements, as if they lay row-major. */
  readonly bytes: number
  readonly valueFrom: Provenance
  readonly value?: Statistics
  /** Its elements, row-major, where they are kept. */
  readonly elements?: readonly number[]
  readonly gradientFrom: Provenance
  /** Of its cotangent; missing where none arrived, or where none was asked for. */
  readonly gradient?: Statistics
  readonly gradientElements?: readonly number[]
}

/** What an entry is to the tape. */
export type Role = 'input' | 'parameter' | 'constant' | 'op'

/** One line of a tape. */
export interface EntryRecord {
  /** Its place in the list: 0, 1, 2, … */
  readonly id: number
  /** The operation as core names it (`map`, `matmul`), or `input` or `constant` for what the tape begins with. */
  readonly op: string
  /** As a tape prints it: `tanh(%2)`. The numbers are ids of this record. */
  readonly text: string
  /** The ids of the entries that it reads, all smaller than its own. */
  readonly inputs: readonly number[]
  /** Which output of each of them, where one of them has several. */
  readonly inputOutputs?: readonly number[]
  /** The path of the module that computed it, or `''`. */
  readonly scope: string
  readonly role: Role
  /** What a parameter is called in its module: `layers.7.weight`. */
  readonly name?: string
  readonly outputs: readonly TensorRecord[]
  /** JSON of the operation's attributes, where they can be written down; see `attributesToJSON`. */
  readonly attributes?: unknown
  /** How long it takes to compute again, where that was measured. */
  readonly milliseconds?: number
  /** Where in the program it was made: `src/model.ts:31:14`. */
  readonly source?: string
}

/** The record of a tape. */
export interface TapeRecord {
  readonly format: 'sensigrad.tape'
  readonly version: 1
  readonly title: string
  /** The name of the backend that computed it. */
  readonly backend: string
  /** The ids of the entries that are the inputs. */
  readonly inputs: readonly number[]
  readonly outputs: readonly (readonly [entry: number, output: number])[]
  readonly entries: readonly EntryRecord[]
  /** What a reader should know, a sentence each. */
  readonly notes: readonly string[]
}
