/** The order that sorts. */

import { type Shape, sizeOf, type View } from '@sensigrad/core'
import type { Job } from './job.ts'
import { type Lines, linesOf } from './lines.ts'
import { coordinates, elementAt, made, moved, replaced } from './places.ts'
import { Text } from './text.ts'

/** Lines of this length or less are sorted by counting, which looks at each pair; longer ones by exchanging. */
const longestCounted = 2048

/** The order that sorts the elements along an axis: of those that tie the first comes first. */
export function argSortJob(input: View, axis: number, descending: boolean): Job {
  const lines = linesOf(input, axis)
  return lines.length <= longestCounted ? countingSort(lines, descending) : exchangingSort(lines, descending)
}

/** How many elements of its line come before each; then, for each place, the element that has so many before it. */
function countingSort(lines: Lines, descending: boolean): Job {
  const { input, axis, shape, strides, length } = lines
  const text = new Text()
  const index = coordinates(text, text.element, shape)
  const own = text.value(index[axis]!)
  const value = text.value(elementAt(0, index, strides))
  const rank = text.variable('0')
  text.loop(length, round => {
    const other = text.value(elementAt(0, moved(index, axis, round), strides))
    text.line(`${rank} = ${rank} + (${comesBefore(other, round, value, own, descending)});`)
  })
  const ranks = text.job(rank, sizeOf(shape), [input])
  return inverse(ranks, shape, axis)
}

/** 1 where an element comes before another, which stands elsewhere in the line; 0 for an element and itself. */
function comesBefore(a: string, placeA: string, b: string, placeB: string, descending: boolean): string {
  const sign = descending ? '>' : '<'
  return `${a} ${sign} ${b} ? 1 : (${a} === ${b} && ${placeA} < ${placeB} ? 1 : 0)`
}

/** For each place of a line, the element whose rank it is. */
function inverse(ranks: Job, shape: Shape, axis: number): Job {
  const { strides } = made(ranks, shape)
  const text = new Text()
  const index = coordinates(text, text.element, shape)
  const found = text.variable('0')
  text.loop(shape[axis]!, round => {
    const rank = text.value(elementAt(0, moved(index, axis, round), strides))
    text.when(`Math.abs(${rank} - ${index[axis]}) < 0.5`, () => text.line(`${found} = ${round};`))
  })
  return text.job(found, sizeOf(shape), [ranks])
}

/**
 * Batcher's bitonic network: log₂²(n)/2 rounds, in each of which every element is compared with one other. It sorts
 * places, padded to a power of two by places behind the end, which come last; no two tie, so the order is stable.
 */
function exchangingSort(lines: Lines, descending: boolean): Job {
  const { axis, shape, length } = lines
  const padded = 2 ** Math.ceil(Math.log2(length))
  const wide = replaced(shape, axis, padded)
  let order = firstOrder(wide, axis)
  for (let run = 2; run <= padded; run *= 2) {
    for (let distance = run / 2; distance >= 1; distance /= 2) {
      order = exchange(lines, wide, order, descending, run, distance)
    }
  }
  const text = new Text()
  const index = coordinates(text, text.element, shape)
  return text.job(elementAt(0, index, made(order, wide).strides), sizeOf(shape), [order])
}

function firstOrder(shape: Shape, axis: number): Job {
  const text = new Text()
  return text.job(coordinates(text, text.element, shape)[axis]!, sizeOf(shape), [])
}

/** A round of the network: elements `distance` apart stand in the order that the run of `run` elements wants. */
function exchange(
  { input, axis, strides, length }: Lines,
  wide: Shape,
  order: Job,
  descending: boolean,
  run: number,
  distance: number,
): Job {
  const { strides: orderStrides } = made(order, wide)
  const text = new Text()
  const index = coordinates(text, text.element, wide)
  const own = index[axis]!
  // powers of two as numbers, so that all rounds are one kernel; to divide by them is exact
  const isUpper = text.value(`Math.floor(${own} * n1) - 2 * Math.floor(Math.floor(${own} * n1) * 0.5)`)
  const isReversed = text.value(`Math.floor(${own} * n2) - 2 * Math.floor(Math.floor(${own} * n2) * 0.5)`)
  const partner = text.value(`${isUpper} > 0.5 ? ${own} - n0 : ${own} + n0`)
  const mine = text.value(elementAt(0, index, orderStrides))
  const theirs = text.value(elementAt(0, moved(index, axis, partner), orderStrides))
  const read = (place: string) =>
    text.value(elementAt(1, moved(index, axis, text.value(`Math.min(${place}, ${length - 1})`)), strides))
  const [a, b] = [read(mine), read(theirs)]
  const isBeyond = `${mine} >= ${length} || ${theirs} >= ${length}`
  const byPlace = `(${mine} < ${theirs} ? 1 : 0)`
  const byValue = `(${comesBefore(a, mine, b, theirs, descending)})`
  const isBefore = text.value(`${isBeyond} ? ${byPlace} : ${byValue}`)
  // the lower of the two gets what comes before, unless the run goes down
  const wantsBefore = text.value(`Math.abs(${isUpper} - ${isReversed}) < 0.5 ? 1 : 0`)
  const result = `(Math.abs(${isBefore} - ${wantsBefore}) < 0.5 ? ${mine} : ${theirs})`
  return text.job(result, sizeOf(wide), [order, input], [distance, 1 / distance, 1 / run])
}
