/**
 * The check of an operation whose elements meet: all inputs move along one random direction, which sees every element of
 * the Jacobian, and then the element with the largest derivative moves alone. Where the direction finds an error, more
 * elements are tried one by one, to say where it is.
 */

import { foldIn, isFloat, type Key, type Tensor, uniformValues } from '@sensigrad/core'
import { slopesAtZero } from './differences.ts'
import type { Findings } from './elementwise-check.ts'
import { type Finding, judged, type Moved, unscaled } from './judge.ts'
import { like, outputsAt, pulled, pushed, type Subject } from './subject.ts'

/** So many elements are tried one by one to find the one that is wrong. */
const mostTried = 64

/** Checks an entry along a direction, and then element by element. */
export async function directionalCheck(subject: Subject, from: Key): Promise<Findings> {
  const { inputs, outputs, values, needs } = subject
  const moving = [...inputs.keys()].filter(i => needs[i])
  const directions = new Map(
    moving.map(i => {
      const scale = values[i]!.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0) || 1
      return [i, random(foldIn(from, i), values[i]!.length).map(u => u * scale)]
    }),
  )
  const isNumber = outputs.length === 1 && outputs[0]!.size === 1 // its slope itself says more than a random multiple
  const cotangents = outputs.map((output, j) => {
    if (!isFloat(output.dtype)) return undefined
    return isNumber ? Float64Array.of(1) : random(foldIn(from, inputs.length + j), output.size)
  })
  const gs = outputs.map((output, j) => {
    const cotangent = cotangents[j]
    return cotangent === undefined ? undefined : like(output, cotangent)
  })
  const shares = await Promise.all(pulled(subject, gs).map(elements))
  const d = inputs.map((input, i) => {
    const direction = directions.get(i)
    return direction === undefined ? undefined : like(input, direction)
  })
  const tangents = await Promise.all(pushed(subject, d).map(elements))

  const difference = await slopeAlong(subject, cotangents, directions)
  const along = (derivative: number) =>
    judged(derivative, difference.slope, difference.magnitude, subject.precision)
  const reverse = along(sum(moving, i => product(shares[i]!, directions.get(i)!)))
  const forward = along(sum(outputs.keys(), j => product(tangents[j]!, cotangents[j])))

  const tried = largestOf(moving, shares, reverse.verdict === 'wrong' ? mostTried : 1)
  const single: Finding[] = []
  for (const moved of tried) single.push(await elementCheck(subject, cotangents, shares, moved))
  return { reverse: [reverse, ...single], forward: [forward] }
}

async function elementCheck(
  subject: Subject,
  cotangents: readonly (Float64Array | undefined)[],
  shares: readonly Float64Array[],
  moved: Moved,
): Promise<Finding> {
  const scale = Math.max(1, Math.abs(subject.values[moved.input]![moved.place]!))
  const direction = new Float64Array(subject.values[moved.input]!.length)
  direction[moved.place] = scale
  const { slope, magnitude } = await slopeAlong(subject, cotangents, new Map([[moved.input, direction]]))
  const derivative = shares[moved.input]![moved.place]! * scale
  return unscaled(judged(derivative, slope, magnitude, subject.precision, moved), scale)
}

/** The slope of Σ ȳ·y as the inputs move along directions, and the size of what is summed. */
async function slopeAlong(
  subject: Subject,
  cotangents: readonly (Float64Array | undefined)[],
  directions: ReadonlyMap<number, Float64Array>,
) {
  const at = async (t: number) => {
    const moved = [...directions].map(([i, direction]): [number, Float64Array] => [
      i,
      subject.values[i]!.map((value, k) => value + t * direction[k]!),
    ])
    const outputs = await Promise.all(outputsAt(subject, new Map(moved)).map(elements))
    return {
      values: [sum(outputs.keys(), j => product(outputs[j]!, cotangents[j]))],
      magnitudes: [sum(outputs.keys(), j => product(outputs[j]!, cotangents[j], Math.abs))],
    }
  }
  const magnitude = (await at(0)).magnitudes[0]!
  const [slope] = await slopesAtZero({ at, precision: subject.precision })
  return { slope: slope!, magnitude }
}

/** The elements with the largest derivatives. */
function largestOf(moving: readonly number[], shares: readonly Float64Array[], count: number): Moved[] {
  const all = moving.flatMap(input => Array.from(shares[input]!, (_, place) => ({ input, place })))
  const size = ({ input, place }: Moved) => Math.abs(shares[input]![place]!)
  return all.sort((a, b) => size(b) - size(a)).slice(0, count)
}

const elements = async (x: Tensor) => Float64Array.from(await x.data())

const random = (from: Key, size: number) => uniformValues(from, size).map(u => 2 * u - 1)

/** Σ a·b; nothing where there is no b. */
function product(a: Float64Array, b: Float64Array | undefined, of = (term: number) => term): number {
  let total = 0
  for (let k = 0; b !== undefined && k < a.length; k++) total += of(a[k]! * b[k]!)
  return total
}

function sum(items: Iterable<number>, term: (item: number) => number): number {
  let total = 0
  for (const item of items) total += term(item)
  return total
}
