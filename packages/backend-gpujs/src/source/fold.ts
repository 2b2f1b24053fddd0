/**
 * Folds: kernels whose every element is a sum or an extremum over many. They go in a fixed order, sums in blocks so
 * that rounding errors stay small. Where there are many terms and few elements, parts of the terms are folded first,
 * beside each other: a loop of millions in one thread would run for seconds, and browsers end such kernels.
 */

import { type Reduction, type Shape, sizeOf, type View } from '@sensigrad/core'
import type { Job } from './job.ts'
import { coordinates, elementAt, made } from './places.ts'
import { Text } from './text.ts'
import { zerosJob } from './zeros.ts'

/** What is read, by its strides along the axes that are kept and along those that are folded. */
export interface Folded {
  readonly read: View | Job
  readonly kept: readonly number[]
  readonly over: readonly number[]
}

/** A fold to be made. */
export interface Fold {
  readonly reduction: Reduction
  /** The shape of what it gives. */
  readonly kept: Shape
  /** The shape of the terms of one element. Where there are none it is 0. */
  readonly over: Shape
  readonly operands: readonly Folded[]
  /** A term, from the elements that are read for it, and the index among those kept. */
  readonly term: (values: readonly string[], index: readonly string[]) => string
}

interface Rule {
  /** What a fold and its blocks begin from: `first` is the first term, `before` what was folded before the block. */
  readonly start: (first: () => string) => string
  readonly block: (before: string) => string
  readonly join: (a: string, b: string) => string
}

const extremum = (name: 'max' | 'min'): Rule => ({
  start: first => first(),
  block: before => before,
  join: (a, b) => `Math.${name}(${a}, ${b})`,
})

const rules: Readonly<Record<Reduction, Rule>> = {
  sum: { start: () => '0', block: () => '0', join: (a, b) => `${a} + ${b}` },
  max: extremum('max'),
  min: extremum('min'),
}

/** Terms that are added before their sum is added to the others. */
const block = 64

/** Terms that one thread folds, where there is a choice; and elements that a job of parts gives at most. */
const [part, mostParts] = [256, 2 ** 20]

/**
 * How many terms each part has, when `count` terms for each of `lines` elements are folded in parts; `count` when
 * they are not.
 */
export function partOf(count: number, lines: number): number {
  const parts = Math.min(Math.ceil(count / part), Math.floor(mostParts / lines))
  return count <= 2 * part || parts < 2 ? count : Math.ceil(count / parts)
}

/** The job of a fold. */
export function foldJob(fold: Fold): Job {
  const { reduction, kept, over } = fold
  const [count, lines] = [sizeOf(over), sizeOf(kept)]
  if (count === 0) return zerosJob(lines)
  const size = partOf(count, lines)
  if (size === count) return foldAtOnce(fold)
  const parts = Math.ceil(count / size)
  const { read, strides } = made(foldInParts(fold, size, parts), [parts, ...kept])
  const operands = [{ read, kept: strides.slice(1), over: [strides[0]!] }]
  return foldJob({ reduction, kept, over: [parts], operands, term: ([value]) => value! })
}

const readsOf = (fold: Fold) => fold.operands.map(({ read }) => read)

function termAt({ operands, term }: Fold, index: readonly string[], at: readonly string[]): string {
  const values = operands.map(({ kept, over }, i) => elementAt(i, [...index, ...at], [...kept, ...over]))
  return term(values, index)
}

function foldAtOnce(fold: Fold): Job {
  const { kept, over } = fold
  const { start, block: fresh, join } = rules[fold.reduction]
  const text = new Text()
  const index = coordinates(text, text.element, kept)
  const termOf = (at: readonly string[]) => termAt(fold, index, at)
  const total = text.variable(start(() => termOf(over.map(() => '0'))))
  const inner = over.at(-1) ?? 1
  const run = (outer: readonly string[], count: number, placeOf: (round: string) => string): void => {
    const sum = text.variable(fresh(total))
    text.loop(count, round => {
      const value = text.value(termOf([...outer, placeOf(round)].slice(0, over.length)))
      text.line(`${sum} = ${join(sum, value)};`)
    })
    text.line(`${total} = ${fold.reduction === 'sum' ? join(total, sum) : sum};`)
  }
  const walk = (outer: readonly string[]): void => {
    if (outer.length < over.length - 1) {
      text.loop(over[outer.length]!, round => walk([...outer, round]))
      return
    }
    const blocks = Math.floor(inner / block)
    if (blocks > 0) {
      text.loop(blocks, which => run(outer, block, round => `(${which} * ${block} + ${round})`))
    }
    if (inner % block > 0) {
      run(outer, inner % block, round => (blocks > 0 ? `(${round} + ${blocks * block})` : round))
    }
  }
  walk([])
  return text.job(total, sizeOf(kept), readsOf(fold))
}

/** Folds each `size` terms: `[parts, ...kept]`. */
function foldInParts(fold: Fold, size: number, parts: number): Job {
  const { kept, over } = fold
  const { start, block: fresh, join } = rules[fold.reduction]
  const count = sizeOf(over)
  const text = new Text()
  const [which, ...index] = coordinates(text, text.element, [parts, ...kept])
  const first = text.value(`${which} * ${size}`)
  const termOf = (place: string) => termAt(fold, index, coordinates(text, place, over))
  const total = text.variable(start(() => termOf(first)))
  const blocks = Math.ceil(size / block)
  text.loop(blocks, outer => {
    const sum = text.variable(fresh(total))
    text.loop(block, round => {
      const within = text.value(`${outer} * ${block} + ${round}`)
      const place = text.value(`${first} + ${within}`)
      text.when(`${within} < ${size} && ${place} < ${count}`, () => {
        const value = text.value(termOf(place))
        text.line(`${sum} = ${join(sum, value)};`)
      })
    })
    text.line(`${total} = ${fold.reduction === 'sum' ? join(total, sum) : sum};`)
  })
  return text.job(total, parts * sizeOf(kept), readsOf(fold))
}
