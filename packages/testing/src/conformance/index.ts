/** What makes something a backend: it keeps every claim that stands here, about each type that it has. */

import { type Backend, BackendError, describeValue, ValueError } from '@sensigrad/core'
import type { Claim } from '../claim.ts'
import { alongAxis } from './along-axis.ts'
import { products } from './contract.ts'
import { maps } from './map.ts'
import { moving } from './moving.ts'
import { reduces } from './reduce.ts'
import type { Statement, Subject } from './statement.ts'

/** A claim about a kernel of a certain backend. */
export interface KernelClaim extends Claim {
  /** The kernel family that it is about. */
  readonly kernel: Subject
}

/** How thoroughly a backend is asked. */
export interface ConformanceOptions {
  /** How many cases each claim draws: 60 unless said. Fewer are for backends that compile a kernel for each shape. */
  readonly runs?: number
}

const statements: readonly Statement[] = [...moving, ...maps, ...reduces, ...products, ...alongAxis]

/**
 * The claims that a backend must keep, each a test of its own. A claim draws random views (strided, flipped,
 * repeated, with an offset, empty), compares a kernel with nested loops over indices, and looks whether the inputs are
 * as they were. What concerns types that the backend lacks is left out. Where its `capabilities.numbers` say that its
 * numbers are not IEEE 754's, only such are drawn that it keeps, and scalar functions may err as it says.
 *
 * @throws BackendError when this is no backend
 * @throws ValueError when `runs` is not a whole number from 1 on
 * @example for (const { name, holds } of conformance(cpu())) test(name, holds)
 */
export function conformance(backend: Backend, { runs = 60 }: ConformanceOptions = {}): KernelClaim[] {
  const has: readonly string[] | undefined = backend?.capabilities?.dtypes
  if (!Array.isArray(has)) {
    throw new BackendError(
      'conformance',
      `${describeValue(backend)} is no backend`,
      'Give one with capabilities and kernels, such as cpu()',
    )
  }
  if (!Number.isInteger(runs) || runs < 1) {
    throw new ValueError(
      'conformance',
      `runs is ${describeValue(runs)}`,
      'Give a whole number from 1 on: the cases that each claim draws',
    )
  }
  return statements
    .filter(({ dtypes }) => dtypes.every(dtype => has.includes(dtype)))
    .map(({ kernel, name, holds }) => ({
      kernel,
      name,
      async holds() {
        if (typeof backend[kernel] !== 'function') throw new Error(`${backend.name} has no kernel ${kernel}`)
        await holds(backend, { numRuns: runs, seed: 7 })
      },
    }))
}
