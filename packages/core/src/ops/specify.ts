/**
 * What is promised of each public function: calls of it with their values said plainly, and calls that it must
 * refuse. Tests and the table of operations in the documentation are generated from these promises, for what is an
 * operation of its own and for what is composed of others alike.
 */

import type { Tensor } from '../tensor/tensor.ts'

/** The elements of a tensor, by their indices: `x(i, j)`. */
export type Elements = (...index: number[]) => number

/** A call at which generated tests look: its value, and its derivatives of first and second order in both modes. */
export interface Sample {
  /** What is special about it, for the test's name. */
  readonly name: string
  /** Float inputs of these shapes are drawn (from [-2, 2] unless `domain` says otherwise) … */
  readonly shapes: readonly (readonly number[])[]
  readonly domain?: readonly [low: number, high: number]
  /** … and handed to this call. */
  readonly call: (...inputs: Tensor[]) => Tensor
  /** Type and shape of the result: `float64[2, 3]`. */
  readonly gives: string
  /** What the call gives, element by element, from the elements of its inputs. Slow and plain. */
  readonly value: (...inputs: Elements[]) => Elements
}

/** A call that must be refused, and what the error must say. */
export interface ErrorCase {
  readonly call: (make: (shape: readonly number[], dtype?: Tensor['dtype']) => Tensor) => unknown
  readonly message: RegExp
}

/** What is promised of a public function. */
export interface Specification {
  readonly name: string
  readonly samples: readonly Sample[]
  readonly errors: readonly ErrorCase[]
}

const specified: Specification[] = []

/** Every promise, in the order of definition. */
export const specifications: readonly Specification[] = specified

/**
 * Says what a function that is composed of operations promises. (An operation says it in its definition.)
 *
 * @example specify({ name: 'flip', samples: [{ …, value: x => (i, j) => x(1 - i, j) }], errors: [] })
 */
export function specify(specification: Specification): void {
  specified.push(specification)
}

/** Σ term(k) for k from 0 to `count` - 1, for the values of samples. */
export function total(count: number, term: (k: number) => number): number {
  let sum = 0
  for (let k = 0; k < count; k++) sum += term(k)
  return sum
}
