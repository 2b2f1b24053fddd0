/** Where a NaN or an infinity first appeared: forward along a tape, or in reverse. */

import { checkOptions } from '../tensor/check.ts'
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
  /** All this in one line, which is also what Node prints. */
  toString(): string
}

/** What `traceNaN` looks for. */
export interface TraceNaNOptions {
  /** What the reverse sweep begins with; ones unless said. */
  readonly cotangents?: Tensor | readonly Tensor[]
  /** Whether an infinity counts, as it does unless said: not where -∞ is meant, as in a mask before a softmax. */
  readonly infinities?: boolean
}

/**
 * Finds where a NaN or an infinity first appears: in the values of a recording and, if these are all finite, in the
 * cotangents of its reverse sweep.
 *
 * @param tape        the recording
 * @param options     what the reverse sweep begins with, and whether infinities count
 * @returns the first entry that made one, or `undefined` where all numbers are finite
 * @throws  as `pullback`
 * @example console.log(String(await traceNaN(record(loss, weights)))) // 'forward: %3 = log(%2) gives -Infinity at [1] …'
 */
export async function traceNaN(tape: Tape, options: TraceNaNOptions = {}): Promise<NonFinite | undefined> {
  checkTape('traceNaN', tape)
  checkOptions('traceNaN', options, '{ infinities: false }', ['cotangents', 'infinities'])
  const { cotangents, infinities = true } = options
  const isWrong = infinities ? (value: number) => !Number.isFinite(value) : Number.isNaN
  for (const entry of tape.entries) {
    const isInput = entry.outputs.some(output => tape.inputs.includes(output))
    const constants = isInput ? [] : entry.inputs.filter(input => !tape.contains(input))
    for (const constant of constants) {
      const found = await firstWrong(constant, isWrong)
      if (found)
        return report(tape, 'forward', entry, constant, found, `reads the constant ${constant}, which holds`)
    }
    for (const output of entry.outputs) {
      const found = await firstWrong(output, isWrong)
      if (found) return report(tape, 'forward', entry, output, found, isInput ? 'holds' : 'gives')
    }
  }
  for (const { entry, shares } of sweepBack(tape, cotangents ?? tape.outputs.map(onesLike))) {
    for (const [i, share] of shares.entries()) {
      if (!share) continue
      const found = await firstWrong(share, isWrong)
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

async function firstWrong(x: Tensor, isWrong: (value: number) => boolean): Promise<Found | undefined> {
  if (!isFloat(x.dtype)) return undefined
  const values = await x.data()
  const place = values.findIndex(isWrong)
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
  const inside = entry.op.name === 'checkpoint' ? ' (without checkpoints a tape shows what lies inside)' : ''
  const text = `${direction}: ${tape.describe(entry)}${where} ${what} ${value} at ${formatShape(index)} of ${tensor}${inside}`
  return {
    direction,
    entry,
    tensor,
    index,
    value,
    toString: () => text,
    [Symbol.for('nodejs.util.inspect.custom')]: () => text,
  } as NonFinite
}
