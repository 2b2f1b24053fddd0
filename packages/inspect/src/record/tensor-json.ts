/** Tensors of a file, with their statistics: read, and looked at whether they can be. */

import { dtypes } from '@sensigrad/core'
import { mostElements, shape } from './attributes.ts'
import { amount, type Check, list, number, object, oneOf, whole, wrong } from './check.ts'
import { quoted } from './errors.ts'
import type { Provenance, Statistics, TensorRecord } from './record.ts'

/** The most elements that are kept themselves: more would fill a line. */
const mostKept = 2 ** 23

export const provenances: readonly Provenance[] = [
  'recorded',
  'replayed-equal',
  'replayed-differs',
  'fused-away',
  'not-kept',
]
const count = whole(0, mostElements)

const share: Check<number> = (value, place) => {
  const given = amount(value, place)
  return given <= 1 ? given : wrong(place, `is ${given}, which is no share of one`)
}

const hash: Check<string> = (value, place) =>
  typeof value === 'string' && /^[0-9a-f]{16}$/.test(value)
    ? value
    : wrong(place, `is ${quoted(value)}, not 16 hexadecimal digits`)

/** Statistics: the counts must agree. */
export const statistics: Check<Statistics> = (value, place) => {
  const read = object<Statistics>(
    {
      count,
      nonFinite: count,
      zeros: count,
      saturated: share,
      min: number,
      max: number,
      mean: number,
      rms: number,
      norm: number,
      largest: number,
      exponents: list(count, 256),
      firstExponent: whole(0, 255),
      hash,
    },
    ['saturated'],
  )(value, place)
  if (read.nonFinite + read.zeros > read.count) {
    wrong(place, `counts ${read.nonFinite} non-finite numbers and ${read.zeros} zeros among ${read.count}`)
  }
  if (read.firstExponent + read.exponents.length > 256)
    wrong(`${place}.exponents`, 'has counts beyond exponent 255')
  const total = read.exponents.reduce((sum, each) => sum + each, 0)
  if (total !== read.count) wrong(`${place}.exponents`, `counts ${total} elements of ${read.count}`)
  return read
}

const elements = list(number, mostKept)
const sizes = { float32: 4, float64: 8, int32: 4, bool: 1 } as const

/** A tensor: its parts must agree. */
export const tensor: Check<TensorRecord> = (value, place) => {
  const read = object<TensorRecord>(
    {
      shape,
      dtype: oneOf(dtypes),
      bytes: whole(0, 8 * mostElements),
      valueFrom: oneOf(provenances),
      value: statistics,
      elements,
      gradientFrom: oneOf(provenances),
      gradient: statistics,
      gradientElements: elements,
    },
    ['value', 'elements', 'gradient', 'gradientElements'],
  )(value, place)
  const size = read.shape.reduce((product, length) => product * length, 1)
  if (size > mostElements) wrong(`${place}.shape`, `stands for ${size} elements, of at most ${mostElements}`)
  if (read.bytes !== size * sizes[read.dtype]) {
    wrong(
      `${place}.bytes`,
      `is ${read.bytes}, but ${size} elements of ${read.dtype} take ${size * sizes[read.dtype]}`,
    )
  }
  for (const field of ['value', 'gradient'] as const) {
    const known = read[field]
    if (known !== undefined && known.count !== size) {
      wrong(`${place}.${field}.count`, `is ${known.count}, but the shape has ${size} elements`)
    }
    const from = read[`${field}From`]
    if (known !== undefined && (from === 'not-kept' || from === 'fused-away')) {
      wrong(`${place}.${field}`, `is there, although it is said to be ${from}`)
    }
  }
  if (read.value === undefined && read.valueFrom !== 'not-kept' && read.valueFrom !== 'fused-away') {
    wrong(`${place}.value`, `is missing, although it is said to be ${read.valueFrom}`)
  }
  for (const field of ['elements', 'gradientElements'] as const) {
    const known = read[field]
    if (known !== undefined && known.length !== size) {
      wrong(`${place}.${field}`, `has ${known.length} elements, but the shape has ${size}`)
    }
  }
  return read
}
