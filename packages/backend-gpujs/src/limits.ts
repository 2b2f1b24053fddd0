/** What is too large for the GPU, or for its numbers, is refused before anything runs. */

import { BackendError, ShapeError, type TypedArray, ValueError } from '@sensigrad/core'
import { type Heap, reachOf } from './memory.ts'
import { mostReads } from './source/concat.ts'
import { isJob, type Job } from './source/job.ts'

/** @throws ShapeError when there are more elements than a texture has */
export function checkLength(operation: string, length: number, most: number): void {
  if (length <= most) return
  throw new ShapeError(
    operation,
    `${length} elements are more than a tensor of this gpujs backend can have, ${most}`,
    'Work in parts, or on cpu() or wasm()',
  )
}

/** @throws ValueError when an integer is none that float32 holds, as which integers are stored here */
export function checkWhole(values: TypedArray): void {
  const i = values.findIndex(value => Math.fround(value) !== value)
  if (i < 0) return
  throw new ValueError(
    'upload',
    `element ${i} of an int32 tensor is ${values[i]}, which gpujs cannot hold: integers are exact up to 16777216 there`,
    'Keep integers smaller, or work on cpu() or wasm()',
  )
}

/**
 * @throws ShapeError when a job gives more than a texture has, or reads views that reach over more
 * @throws BackendError when a view is not of this backend
 */
export function checkJob(operation: string, job: Job, most: number, heap: Heap): void {
  checkLength(operation, job.length, most)
  if (job.reads.length > mostReads) {
    throw new BackendError(
      operation,
      `its kernel reads ${job.reads.length} textures, and can read ${mostReads}`,
      'Report it: it should have been split',
    )
  }
  for (const read of job.reads) {
    if (isJob(read)) checkJob(operation, read, most, heap)
    else {
      heap.own(read.storage, operation)
      const { first, end } = reachOf(read.shape, read.strides)
      checkLength(operation, end - first, most)
    }
  }
}
