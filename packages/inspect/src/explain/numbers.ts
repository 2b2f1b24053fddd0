/** The rule of an entry with numbers in it, element by element. */

import { type Entry, type MapAttributes, operations, type Tensor } from '@sensigrad/core'
import type { Check } from './check.ts'
import { isPlain, reverseNumbers } from './formula.ts'
import { gradientTerms, type Terms } from './products.ts'
import { fewElements, indexOf, largestPlace, placeOf } from './shown.ts'

/** One element of what an entry sent. */
export interface RuleNumbers {
  readonly at: readonly number[]
  /** Of a map: the rule with the numbers of this element, `-0.8026 * (1 - 0.1974²)`. */
  readonly text?: string
  /** Of a matrix product: the sum that the element is. */
  readonly terms?: Terms
  /** What was sent. */
  readonly value: number
}

/** Which element matters, besides the largest. */
interface Wanted {
  readonly at: readonly number[] | undefined
  readonly check: Check | undefined
}

/** The numbers of what an entry sent to input `i`: all of a small tensor, one element of a large one. */
export async function numbersOf(
  entry: Entry,
  i: number,
  g: Tensor | undefined,
  share: Tensor,
  wanted: Wanted,
  write: (x: number) => string = fourDigits,
): Promise<RuleNumbers[]> {
  const values = await share.data()
  if (values.length === 0) return []
  const places =
    values.length <= fewElements ? [...values.keys()] : [chosen(share, i, largestPlace(values), wanted)]
  const fill = await fillerOf(entry, i, g, write)
  return places.map(place => ({
    at: indexOf(share.shape, place),
    ...fill(place),
    value: values[place]!,
  }))
}

/** The element that was asked for; else one that the check found wrong; else the largest. */
function chosen({ shape }: Tensor, i: number, largest: number, { at, check }: Wanted): number {
  const asked = at === undefined ? -1 : placeOf(shape, at)
  if (asked >= 0) return asked
  const { worst } = check?.reverse ?? {}
  return worst?.verdict === 'wrong' && worst.moved?.input === i ? worst.moved.place : largest
}

type Filler = (place: number) => { readonly text?: string; readonly terms?: Terms }

/** Says what an element was computed from, where the operation's elements can be told apart. */
async function fillerOf(
  { op, inputs, outputs, attributes }: Entry,
  i: number,
  g: Tensor | undefined,
  write: (x: number) => string,
): Promise<Filler> {
  if (g === undefined || !operations.includes(op)) return () => ({})
  if (op.name === 'map') {
    const { expression } = attributes as MapAttributes
    if (isPlain(expression, i)) return () => ({})
    const [arrived, value] = [await g.data(), await outputs[0]!.data()]
    const xs = await Promise.all(inputs.map(input => input.data()))
    return place => ({
      text: reverseNumbers(
        expression,
        i,
        { g: arrived[place]!, y: value[place]!, xs: xs.map(x => x[place]!) },
        write,
      ),
    })
  }
  if (op.name !== 'matmul') return () => ({})
  const factor = async (x: Tensor) => ({ elements: await x.data(), shape: x.shape })
  const [a, b] = [await factor(inputs[0]!), await factor(inputs[1]!)]
  const arrived = await factor(g)
  return place => ({ terms: gradientTerms(i === 0 ? 0 : 1, a, b, arrived, place) })
}

/** A number in four digits, shorter where it is short. */
export function fourDigits(x: number): string {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? 'NaN' : x > 0 ? '∞' : '-∞'
  const size = Math.abs(x)
  if (x !== 0 && (size < 1e-4 || size >= 1e6)) return x.toExponential(3)
  return String(Number(x.toPrecision(Math.max(4, Math.ceil(Math.log10(size + 1))))))
}
