/** What float32 cost: how far what an entry sent is from the same rule, in float64, for the same numbers. */

import type { Backend, Entry, Tape, Tensor } from '@sensigrad/core'
import type { Check } from './check.ts'
import { copyOf } from './copies.ts'
import { relativeGap } from './shown.ts'
import { pulled, subjectAt } from './subject.ts'

/**
 * For each input of a float32 entry, the largest difference, as a share of the largest element.
 *
 * @returns nothing where the entry was not checked in float64, or is no float32 entry
 */
export async function roundingOf(
  tape: Tape,
  entry: Entry,
  gs: readonly (Tensor | undefined)[],
  shares: readonly (Tensor | undefined)[],
  check: Check,
  checkOn: Backend | undefined,
): Promise<(number | undefined)[] | undefined> {
  const isSingle = [...entry.inputs, ...entry.outputs].some(({ dtype }) => dtype === 'float32')
  if (!isSingle || check.verdict === 'not-checked' || check.dtype !== 'float64') return undefined
  if (gs.every(g => g === undefined)) return undefined
  const place = { backend: checkOn ?? entry.inputs[0]!.backend, inDouble: true }
  const subject = await subjectAt(tape, entry, place)
  const exact = pulled(subject, await Promise.all(gs.map(g => g && copyOf(g, place))))
  return Promise.all(
    shares.map(async (share, i) => share && relativeGap(await share.data(), await exact[i]!.data())),
  )
}
