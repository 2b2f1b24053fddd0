/** Zeros, where there is nothing to compute from. */

import type { Job } from './job.ts'
import { Text } from './text.ts'

/** Zeros, `length` of them. */
export function zerosJob(length: number): Job {
  return new Text().job('0', length, [])
}
