/** What makes something a backend: it keeps every claim that stands here, about each type that it has. */

import { type Backend, BackendError, describeValue } from '@sensigrad/core'
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

const statements: readonly Statement[] = [...moving, ...maps, ...reduces, ...products, ...alongAxis]

/**
 * The claims that a backend must keep, each a test of its own. A claim draws random views (strided, flipped,
 * repeated, with an offset, empty), compares a kernel with nested loops over indices, and looks whether the inputs are
 * as they were. What concerns types that the backend lacks is left out.
 *
 * @throws BackendError when this is no backend
 * @example for (const { name, holds } of conformance(cpu())) test(name, holds)
 */
export function conformance(backend: Backend): KernelClaim[] {
  const has: readonly string[] | undefined = backend?.capabilities?.dtypes
  if (!Array.isArray(has)) {
    throw new BackendError(
      'conformance',
      `${describeValue(backend)} is no backend`,
      'Give one with capabilities and kernels, such as cpu()',
    )
  }
  return statements
    .filter(({ dtypes }) => dtypes.every(dtype => has.includes(dtype)))
    .map(({ kernel, name, holds }) => ({
      kernel,
      name,
      async holds() {
        if (typeof backend[kernel] !== 'function') throw new Error(`${backend.name} has no kernel ${kernel}`)
        await holds(backend)
      },
    }))
}
