/**
 * What is known of the elements of a tensor, in one pass over them: moments that do not overflow, a histogram that
 * needs no range, and a hash that tells whether two tensors have the same bits.
 */

import { describeValue, type TypedArray, ValueError } from '@sensigrad/core'
import { checkGiven } from '../checks.ts'
import type { Statistics } from './record.ts'

/** Counts by exponent, from the first exponent on; see `Statistics`. */
export type Histogram = Pick<Statistics, 'exponents' | 'firstExponent'>

/** The exponent that float32 writes a number with, as it stands in the bits: 0 to 255. */
const exponentOf = (() => {
  const float = new Float32Array(1)
  const bits = new Uint32Array(float.buffer)
  return (x: number): number => {
    float[0] = x
    const exponent = (bits[0]! >>> 23) & 255
    return exponent === 255 && Number.isFinite(x) ? 254 : exponent // beyond float32's range, but a number
  }
})()

/**
 * The statistics of elements. Magnitudes of float64 beyond the range of float32 are counted at the ends of the
 * histogram: above 2¹²⁸ with the largest exponent, 254, and below 2⁻¹²⁶ with the smallest, 0.
 *
 * @param values  the elements, as `await x.data()` gives them
 * @param isFlat  whether an activation of this value has gone flat; where it is given, `saturated` is the share of these
 * @throws ValueError for what are no elements, such as a tensor that was not read
 * @example statisticsOf(await x.data()).rms
 */
export function statisticsOf(values: TypedArray, isFlat?: (value: number) => boolean): Statistics {
  checkElements('statisticsOf', values)
  const counts = new Array<number>(256).fill(0)
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  let [nonFinite, zeros, flat] = [0, 0, 0]
  let [sum, squares] = [0, 0]
  for (let i = 0; i < values.length; i++) {
    const x = values[i]!
    counts[exponentOf(x)]!++
    if (isFlat?.(x)) flat++
    if (!(x - x === 0)) {
      nonFinite++
      continue
    }
    if (x === 0) zeros++
    if (x < min) min = x
    if (x > max) max = x
    sum += x
    squares += x * x
  }
  const finite = values.length - nonFinite
  const largest = finite === 0 ? Number.NaN : Math.max(Math.abs(min), Math.abs(max))
  const { mean, rms, norm } = moments(values, finite, largest, sum, squares)
  const first = counts.findIndex(count => count > 0)
  return {
    count: values.length,
    nonFinite,
    zeros,
    ...(isFlat && { saturated: values.length === 0 ? 0 : flat / values.length }),
    min: finite === 0 ? Number.NaN : min,
    max: finite === 0 ? Number.NaN : max,
    mean,
    rms,
    norm,
    largest,
    exponents: first < 0 ? [] : counts.slice(first, lastFilled(counts) + 1),
    firstExponent: Math.max(first, 0),
    hash: hashOf(values),
  }
}

function lastFilled(counts: readonly number[]): number {
  let last = counts.length - 1
  while (last >= 0 && counts[last] === 0) last--
  return last
}

/** Mean, rms and norm of the finite elements: from the sums where these are sound, else of elements that are scaled. */
function moments(values: TypedArray, finite: number, largest: number, sum: number, squares: number) {
  if (finite === 0) return { mean: Number.NaN, rms: Number.NaN, norm: values.length === 0 ? 0 : Number.NaN }
  const isSound = squares === 0 ? largest === 0 : squares > 1e-280 && squares < Number.POSITIVE_INFINITY
  if (isSound) {
    return { mean: sum / finite, rms: Math.sqrt(squares / finite), norm: Math.sqrt(squares) }
  }
  // The squares of 1e-158 and 1e200 are no numbers of full precision, those of their ratios to the largest are.
  const scale = 2 ** Math.max(Math.min(Math.floor(Math.log2(largest)), 1022), -1022)
  let [scaledSum, scaledSquares] = [0, 0]
  for (let i = 0; i < values.length; i++) {
    const x = values[i]! / scale
    if (!(x - x === 0)) continue
    scaledSum += x
    scaledSquares += x * x
  }
  return {
    mean: (scaledSum / finite) * scale,
    rms: Math.sqrt(scaledSquares / finite) * scale,
    norm: Math.sqrt(scaledSquares) * scale,
  }
}

/**
 * 64 bits of the bits of the elements, each mixed with its place and added up, so that parts can be hashed apart.
 *
 * @returns 16 hexadecimal digits
 * @throws  ValueError for what are no elements
 */
export function hashOf(values: TypedArray): string {
  checkElements('hashOf', values)
  const words = wordsOf(values)
  let [low, high] = [0, 0]
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!
    low = (low + mixed(word + Math.imul(i, 0x9e3779b1))) | 0
    high = (high + mixed((word ^ 0x5bd1e995) + Math.imul(i, 0x7feb352d))) | 0
  }
  return hex(high) + hex(low)
}

/** @throws ValueError for what are no elements: a tensor has none until it is read */
function checkElements(operation: string, values: unknown): void {
  if (ArrayBuffer.isView(values)) return
  throw new ValueError(
    operation,
    `the elements are ${describeValue(values)}`,
    `Give those of a tensor: ${operation}(await x.data())`,
  )
}

/** The bits in words of 32; booleans are bytes, a word each. */
function wordsOf(values: TypedArray): Uint32Array | Uint8Array {
  if (values instanceof Uint8Array) return values
  return new Uint32Array(values.buffer, values.byteOffset, values.byteLength / 4)
}

/** Each bit of the result depends on each of the word (the finaliser of MurmurHash3). */
function mixed(word: number): number {
  let bits = Math.imul(word ^ (word >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return bits ^ (bits >>> 16)
}

const hex = (word: number): string => (word >>> 0).toString(16).padStart(8, '0')

/** The histogram of the elements of several tensors together. */
export function mergeHistograms(parts: readonly Histogram[]): Histogram {
  checkGiven('mergeHistograms', 'list', parts, ['filter'], 'histograms, such as [a.gradient, b.gradient]')
  const filled = parts.filter(({ exponents }) => exponents.length > 0)
  if (filled.length === 0) return { exponents: [], firstExponent: 0 }
  let [first, end] = [256, 0]
  for (const { firstExponent, exponents } of filled) {
    first = Math.min(first, firstExponent)
    end = Math.max(end, firstExponent + exponents.length)
  }
  const exponents = new Array<number>(end - first).fill(0)
  for (const part of filled) {
    for (const [i, count] of part.exponents.entries()) exponents[part.firstExponent - first + i]! += count
  }
  return { exponents, firstExponent: first }
}
