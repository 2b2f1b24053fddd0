/** What a kernel of gpu.js must be told: its text, and what it reads. It is data, so that makers of text and those who run it part here. */

import type { View } from '@sensigrad/core'

/**
 * A kernel to run, which gives `length` elements.
 *
 * The text is that of a function of `a0, o0, a1, o1, …`, then `n0, n1, …`, which returns element `this.thread.x`:
 * `a<i>` is the texture of read i, one-dimensional, and `o<i>` the place in it of the first element of that view, so
 * that element (k, l, …) is `a<i>[o<i> + k * strides[0] + l * strides[1] + …]`. Strides and shapes are literals in the
 * text; the offsets are not, and whoever runs the kernel supplies them. `n<i>` are the further numbers.
 */
export interface Job {
  readonly source: string
  /** How many elements it gives; at least 1. */
  readonly length: number
  /** What it reads: views of memory, or the whole of what another job gives, which then runs before and once. */
  readonly reads: readonly (View | Job)[]
  /** n0, n1, …: what differs between calls that share a kernel. */
  readonly numbers: readonly number[]
}

/** Whether a read is what another job gives. */
export function isJob(read: View | Job): read is Job {
  return 'source' in read
}
