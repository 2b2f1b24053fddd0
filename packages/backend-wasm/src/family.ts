/** What a family of kernels is on this backend: what it gives, and how the call is made that writes it. */

import type { DType, Kernels } from '@sensigrad/core'
import type { Bound, Start } from './loops.ts'
import type { Workplace } from './workplace.ts'

/** What a family takes before the destination. */
export type ArgumentsOf<Kernel extends keyof Kernels> =
  Required<Parameters<Kernels[Kernel]>> extends [...infer Of, unknown] ? Of : never

/** A family of kernels of the contract. */
export interface Family<Kernel extends keyof Kernels> {
  /** The type and the number of the elements that it writes. */
  gives(...of: ArgumentsOf<Kernel>): { readonly dtype: DType; readonly length: number }
  /** Makes the call that writes them side by side, from `out` on. */
  bind(at: Workplace, out: Start, ...of: ArgumentsOf<Kernel>): Bound
  /** Writes them at once, from `out` on, where that is less work than to make a call; tells whether it did. */
  atOnce?(at: Workplace, out: number, ...of: ArgumentsOf<Kernel>): boolean
}
