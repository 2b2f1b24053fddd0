/** A case: one computation of fixed sizes on fixed inputs, which every runner must carry out and be timed at. */

import { readFileSync, writeFileSync } from 'node:fs'
import { sizeOf } from '@sensigrad/core'

/** The computations that there are. Each runner knows how to do some of them. */
export type Kind = 'rnn' | 'deep' | 'lyapunov' | 'chain' | 'chainGradient' | 'gemm'

/** Numbers with a shape. */
export interface Values {
  readonly shape: readonly number[]
  readonly values: Float32Array
}

/** Inputs or results, by name, in a fixed order. */
export type Named = Readonly<Record<string, Values>>

/** What is timed in one row of the table. */
export interface Case {
  /** For tables: `R1`, or `R1 gain 0.5`. */
  readonly name: string
  readonly kind: Kind
  /** Lengths, such as the number of steps, that the inputs do not say. */
  readonly sizes: Readonly<Record<string, number>>
  readonly inputs: Named
  /** What a row says: the time of one run, or of an operation of it, or how much is computed in a second. */
  readonly unit: Unit
  /** How many operations a run has, where the unit counts them. */
  readonly operations: number
  /** How far a result may be from the reference, relative to the length of the reference. */
  readonly tolerance: number
  /** What is compared first, more strictly, where the results of a full run are chaotic. */
  readonly trial?: { readonly sizes: Case['sizes']; readonly tolerance: number }
}

export type Unit = 'ms' | 'µs/operation' | 'GFLOP/s'

/** Whether more is better. */
export const isRate = (unit: Unit): boolean => unit === 'GFLOP/s'

/** The seconds of a run in the unit of the case. */
export function inUnit({ unit, operations }: Case, seconds: number): number {
  if (unit === 'ms') return seconds * 1e3
  return unit === 'µs/operation' ? (seconds / operations) * 1e6 : operations / seconds / 1e9
}

/** Arrays in a file, as another process is told of them: float32, little-endian, one after the other. */
export interface ArrayFile {
  readonly file: string
  readonly arrays: readonly (readonly [name: string, shape: readonly number[]])[]
}

/** Writes arrays to a file. */
export function writeArrays(file: string, named: Named): ArrayFile {
  const arrays = Object.entries(named)
  const bytes = arrays.map(([, { values }]) =>
    Buffer.from(values.buffer, values.byteOffset, values.byteLength),
  )
  writeFileSync(file, Buffer.concat(bytes))
  return { file, arrays: arrays.map(([name, { shape }]) => [name, shape]) }
}

/** Reads arrays back. */
export function readArrays({ file, arrays }: ArrayFile): Named {
  const { buffer, byteOffset, byteLength } = readFileSync(file)
  const numbers = new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength))
  let start = 0
  const named: [string, Values][] = arrays.map(([name, shape]) => {
    const values = numbers.subarray(start, start + sizeOf(shape))
    start += values.length
    return [name, { shape, values }]
  })
  if (start !== numbers.length) throw new Error(`${file} has ${numbers.length} numbers instead of ${start}`)
  return Object.fromEntries(named)
}
