/** Gradients that were rounded to exactly 0: what arrived was none, and what was sent on was nothing at all. */

import { type Entry, type MapAttributes, operations, type Tape, type Tensor } from '@sensigrad/core'
import { nodesOf, zerosIn } from './causes.ts'
import { nameOf } from './explain.ts'
import { reverseExpression } from './formula.ts'
import { fourDigits } from './numbers.ts'
import type { Sweep } from './parts.ts'
import { largestPlace } from './shown.ts'

/** An entry at which the whole gradient became exactly 0. */
export interface Vanished {
  readonly id: number
  readonly text: string
  readonly scope: string
  /** `underflow`: below the smallest number. `saturation`: the slope was rounded to 0, as 1 - y² where y is 1. */
  readonly cause: 'underflow' | 'saturation'
  /** The arithmetic at the element that was sent most. */
  readonly step: string
  /** The largest element that arrived. */
  readonly arrived: number
}

/** The entries of a tape at which the gradient became exactly 0, the latest first. */
export async function vanishedIn(
  tape: Tape,
  sweep: Sweep,
  ids: ReadonlyMap<Tensor, readonly [number, number]>,
): Promise<Vanished[]> {
  const vanished: Vanished[] = []
  for (const entry of [...tape.entries].reverse()) {
    const g = sweep.arrived(entry.outputs[0]!)
    if (g === undefined || entry.outputs.length > 1 || !operations.includes(entry.op)) continue
    const arrived = await g.data()
    const place = largestPlace(arrived)
    if (!(Math.abs(arrived[place] ?? 0) > 0)) continue
    const zero = await zeroOf(tape, sweep, entry, g, place)
    if (zero === undefined) continue
    const text = entry.op.format(
      entry.inputs.map(input => nameOf(ids, input)),
      entry.attributes,
    )
    const { cause, text: step } = zero
    const id = ids.get(entry.outputs[0]!)![0]
    vanished.push({ id, text, scope: entry.scope, cause, step, arrived: Math.abs(arrived[place]!) })
  }
  return vanished
}

/** Why an entry sends nothing but zeros, where that is a matter of rounding. */
async function zeroOf(tape: Tape, sweep: Sweep, entry: Entry, g: Tensor, place: number) {
  for (const [i, share] of sweep.sharesOf(entry).entries()) {
    if (share === undefined || !tape.contains(entry.inputs[i]!)) continue
    const values = await share.data()
    if (values.length === 0 || values.some(value => value !== 0)) continue
    const found = entry.op.name === 'map' ? await inMap(entry, i, g, place) : await inProduct(entry, i, g)
    if (found !== undefined) return found
  }
  return undefined
}

async function inMap(entry: Entry, i: number, g: Tensor, place: number) {
  const { expression } = entry.attributes as MapAttributes
  const scalars = [g, entry.outputs[0]!, ...entry.inputs].map(async x => ({
    value: (await x.data())[place]!,
    dtype: x.dtype,
  }))
  const rule = reverseExpression(expression, i)
  return zerosIn(await nodesOf(rule, await Promise.all(scalars), g.backend))[0]
}

/** A product of two factors neither of which is 0 all over, but whose largest elements make nothing together. */
async function inProduct({ op, inputs }: Entry, i: number, g: Tensor) {
  if (op.name !== 'matmul') return undefined
  const [a, b] = [await largestIn(g), await largestIn(inputs[1 - i]!)]
  const smallest = g.dtype === 'float32' ? 2 ** -149 : Number.MIN_VALUE
  if (a === 0 || b === 0 || a * b >= smallest) return undefined
  return { cause: 'underflow', text: `${fourDigits(a)} * ${fourDigits(b)} = 0` } as const
}

async function largestIn(x: Tensor): Promise<number> {
  const values = await x.data()
  return Math.abs(values[largestPlace(values)] ?? 0)
}
