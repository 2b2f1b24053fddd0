/** Backends whose numbers are not IEEE 754's: what they are asked about, and which answers are right. */

import { type Capabilities, isFloat } from '@sensigrad/core'
import type { HostView } from '../arbitraries/views.ts'

/** What a backend says of its numbers; nothing where they are IEEE 754's. */
export type Numbers = Capabilities['numbers']

/** The smallest float32 with all its digits. */
const smallestNormal = 2 ** -126

/**
 * Replaces, in the memory of a drawn view, what the backend need not keep: special values by plain ones of their sign,
 * and integers so that products of two of them are exact.
 */
export function keepWithin(numbers: Numbers, { dtype, memory }: HostView): void {
  if (numbers === undefined || dtype === 'bool') return
  const bound = Math.floor(Math.sqrt(numbers.largestInteger))
  for (const [i, value] of memory.entries()) {
    if (dtype === 'int32') memory[i] = Math.max(-bound, Math.min(bound, value))
    else if (!numbers.isSpecialKept) memory[i] = plain(value)
  }
}

function plain(value: number): number {
  if (Number.isFinite(value)) return Math.abs(value) < smallestNormal ? 0 : value
  return value < 0 ? -1 : 1
}

/** What an element should be: within `allowed`, where rounding is allowed at all. */
export interface Wanted {
  readonly wanted: number
  readonly allowed: number | undefined
  readonly of: { readonly dtype: HostView['dtype']; readonly isApproximate?: boolean }
}

/** Whether what a backend gave is what it should be, as far as its numbers go. */
export function isAsWanted(numbers: Numbers, found: number, { wanted, allowed, of }: Wanted): boolean {
  // Where rounding is allowed, so is the other sign of zero.
  if (Object.is(found, wanted) || (allowed !== undefined && found === wanted)) return true
  const error = numbers !== undefined && of.isApproximate ? numbers.error * Math.max(Math.abs(wanted), 1) : 0
  if (allowed !== undefined && Math.abs(found - wanted) <= Math.max(allowed, error)) return true
  if (numbers === undefined || numbers.isSpecialKept || !isFloat(of.dtype)) return false
  return !Number.isFinite(wanted) || Math.abs(found - wanted) < smallestNormal
}
