/** Where a NaN or an infinity first appeared: forward along a tape, or in reverse. */

import { onesLike } from '../tensor/create.ts'
import { isFloat } from '../tensor/dtype.ts'
import { formatShape } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { checkTape } from './directions.ts'
import type { Entry } from './entry.ts'
import { sweepBack } from './pullback.ts'
import type { Tape } from './tape.ts'

/** The first entry at which a number stopped being finite. */
export interface NonFinite {
  /** `forward`: the entry's value. `reverse`: a cotangent that its reverse rule sends to one of its inputs. */
  readonly direction: 'forward' | 'reverse'
  readonly entry: Entry
  /** The tensor that holds it: an output of the entry, an operand that is a constant, or a cotangent. */
  readonly tensor: Tensor
  /** Where in that tensor. */
  readonly index: readonly number[]
  readonly value: number
  /** All this in one line. */
  toString(): string
}

/**
 * Finds where a NaN or an infinity first appears: in the values of a recording and, if these are all finite, in the
 * cotangents of its reverse sweep.
 *
 * @param tape        the recording
 * @param cotangents  what the reverse sweep begins with; ones unless said
 * @returns the first entry that made one, or `undefined` where all numbers are finite
 * @throws  as `pullback`
 * @example console.log(String(await traceNaN(record(loss, weights)))) // 'forward: %3 = log(%2) gives -Infinity at [1] …'
 */
export async function traceNaN(
  tape: Tape,
  cotangents?: Tensor | readonly Tensor[],
): Promise<NonFinite | undefined> {
  checkTape('traceNaN', tape)
  for (const entry of tape.entries) {
    const isInput = entry.outputs.some(output => tape.inputs.includes(output))
    const constants = isInput ? [] : entry.inputs.filter(input => !tape.contains(input))
    for (const constant of constants) {
      const found = await firstNonFinite(constant)
      if (found)
        return report(tape, 'forward', entry, constant, found, `reads the constant ${constant}, which holds`)
    }
    for (const output of entry.outputs) {
      const found = await firstNonFinite(output)
      if (found) return report(tape, 'forward', entry, output, found, isInput ? 'holds' : 'gives')
    }
  }
  for (const { entry, shares } of sweepBack(tape, cotangents ?? tape.outputs.map(onesLike))) {
    for (const [i, share] of shares.entries()) {
      if (!share) continue
      const found = await firstNonFinite(share)
      if (found)
        return report(
          tape,
          'reverse',
          entry,
          share,
          found,
          `sends ${tape.nameOf(entry.inputs[i]!)} the cotangent`,
        )
    }
  }
  return undefined
}

interface Found {
  readonly index: readonly number[]
  readonly value: number
}

async function firstNonFinite(x: Tensor): Promise<Found | undefined> {
  if (!isFloat(x.dtype)) return undefined
  const values = await x.data()
  const place = values.findIndex(value => !Number.isFinite(value))
  if (place < 0) return undefined
  const index: number[] = []
  let rest = place
  for (const length of [...x.shape].reverse()) {
    index.unshift(rest % length)
    rest = Math.floor(rest / length)
  }
  return { index, value: values[place]! }
}

function report(
  tape: Tape,
  direction: NonFinite['direction'],
  entry: Entry,
  tensor: Tensor,
  { index, value }: Found,
  what: string,
): NonFinite {
  const where = entry.scope === '' ? '' : ` in ${entry.scope}`
  const text = `${direction}: ${tape.describe(entry)}${where} ${what} ${value} at ${formatShape(index)} of ${tensor}`
  return { direction, entry, tensor, index, value, toString: () => text }
}
