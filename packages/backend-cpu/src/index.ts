/**
 * The reference backend: tensors in typed arrays, kernels in plain TypeScript. It runs wherever JavaScript runs,
 * in float32 and float64, and is written to be read.
 *
 * @packageDocumentation
 */

import type { MemoryUse, SynchronousBackend, TypedArray } from '@sensigrad/core'
import { contract } from './contract.ts'
import { map } from './map.ts'
import { cast, concat, copy, place } from './movement.ts'
import { reduce } from './reduce.ts'

const backend: SynchronousBackend = {
  name: 'cpu',
  capabilities: { dtypes: ['float32', 'float64', 'int32', 'bool'], synchronousRead: true },
  map,
  reduce,
  contract,
  copy,
  place,
  concat,
  cast,
  upload: values => values,
  readSync: input => copy(input).slice() as TypedArray,
  read: async input => backend.readSync(input),
  free: () => {}, // the garbage collector's work
  memory: (): MemoryUse => ({ buffers: undefined, bytes: undefined }),
}

/**
 * The CPU backend.
 *
 * @example useBackend(cpu())
 * @example cpu().readSync(x) // the elements of x without waiting, which only this kind of backend can do
 */
export function cpu(): SynchronousBackend {
  return backend
}
