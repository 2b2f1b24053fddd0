/**
 * Random numbers that are a function of a key and nothing else: the counter-based generator Threefry-2x32 with
 * 20 rounds (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011). The same key gives the same
 * numbers on every backend and in any order of calls; new keys are derived, never consumed.
 */

import { describeValue, ValueError } from '../errors.ts'
import { allocate } from './dtype.ts'

/** A random key: two 32-bit words. Use each key once; derive others with `splitKey` or `foldIn`. */
export type Key = readonly [high: number, low: number]

const rotations = [13, 15, 26, 6, 17, 29, 16, 24] as const

/**
 * Threefry-2x32: encrypts the counter (c0, c1) with the key.
 *
 * @returns the block's two words, unsigned
 */
export function threefry([k0, k1]: Key, c0: number, c1: number): [number, number] {
  const schedule = [k0, k1, k0 ^ k1 ^ 0x1bd11bda]
  let a = (c0 + k0) | 0
  let b = (c1 + k1) | 0
  for (let round = 0; round < 20; round++) {
    const r = rotations[round & 7]!
    a = (a + b) | 0
    b = ((b << r) | (b >>> (32 - r))) ^ a
    if ((round & 3) === 3) {
      const injection = (round + 1) >> 2
      a = (a + schedule[injection % 3]!) | 0
      b = (b + schedule[(injection + 1) % 3]! + injection) | 0
    }
  }
  return [a >>> 0, b >>> 0]
}

/**
 * A key from a seed.
 *
 * @param seed  a whole number from 0 to 2⁵³ - 1
 * @throws ValueError otherwise
 */
export function key(seed: number): Key {
  return wordsOf('key', seed)
}

function wordsOf(operation: string, seed: number): Key {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new ValueError(
      operation,
      `${describeValue(seed)} is no seed`,
      'Give a whole number from 0 to 2^53 - 1',
    )
  }
  return [Math.floor(seed / 2 ** 32), seed >>> 0]
}

/** The first word of a counter tells apart what is drawn, so that no two purposes share a block of one key. */
const purposes = {
  ...{ uniform: 0, radius: 1, angle: 2, bernoulli: 3, permutation: 4, truncatedNormal: 5, categorical: 6 },
  ...{ split: 0x5917, foldIn: 0x5a17 },
} as const

/** What evenly drawn numbers are for. */
export type UniformPurpose = 'uniform' | 'bernoulli' | 'truncatedNormal' | 'categorical'

function checkKey(operation: string, value: unknown): asserts value is Key {
  const isWord = (word: unknown) => Number.isInteger(word) && Number(word) >= 0 && Number(word) < 2 ** 32
  if (Array.isArray(value) && value.length === 2 && isWord(value[0]) && isWord(value[1])) return
  throw new ValueError(operation, `${describeValue(value)} is no key`, 'Make one with key(seed)')
}

/** A key derived from another and a number (a step, a layer's index): different numbers, unrelated keys. */
export function foldIn(parent: Key, data: number): Key {
  checkKey('foldIn', parent)
  const [high, low] = wordsOf('foldIn', data)
  return threefry(threefry(parent, purposes.foldIn, high), 0, low)
}

/**
 * `count` unrelated keys derived from one.
 *
 * @throws ValueError for what is no key, or no number of keys
 */
export function splitKey(parent: Key, count = 2): Key[] {
  checkKey('splitKey', parent)
  if (!Number.isInteger(count) || count < 0) {
    throw new ValueError(
      'splitKey',
      `${describeValue(count)} keys are asked for`,
      'Give a whole number, zero or more',
    )
  }
  return Array.from({ length: count }, (_, i) => threefry(parent, purposes.split, i))
}

/**
 * `count` numbers drawn evenly from [0, 1), with 53 random bits each, on the host. More begin with the same ones.
 *
 * @param operation  who draws, for messages
 * @param purpose    what for: different purposes draw unrelated numbers from one key
 */
export function uniformValues(
  from: Key,
  count: number,
  operation = 'uniformValues',
  purpose: UniformPurpose = 'uniform',
): Float64Array {
  checkKey(operation, from)
  const values = allocate('float64', count)
  for (let i = 0; i < count; i++) {
    const [high, low] = threefry(from, purposes[purpose], i)
    values[i] = ((high >>> 5) * 2 ** 26 + (low >>> 6)) / 2 ** 53
  }
  return values
}

/** As `uniformValues`, from (0, 1) without its ends: 52 random bits each, and a half for the next. */
export function openUniformValues(from: Key, count: number, purpose: UniformPurpose): Float64Array {
  return uniformValues(from, count, purpose, purpose).map(u => (2 * Math.floor(u * 2 ** 52) + 1) / 2 ** 53)
}

/** As `uniformValues`, from the standard normal distribution (Box and Muller, 1958). */
export function normalValues(from: Key, count: number, operation = 'normalValues'): Float64Array {
  checkKey(operation, from)
  const values = allocate('float64', count)
  for (let i = 0; i < count; i += 2) {
    const [a, b] = threefry(from, purposes.radius, i)
    const [c, d] = threefry(from, purposes.angle, i)
    const radius = Math.sqrt(-2 * Math.log(((a >>> 5) * 2 ** 26 + (b >>> 6) + 1) / 2 ** 53)) // 1 - u, never log 0
    const angle = 2 * Math.PI * (((c >>> 5) * 2 ** 26 + (d >>> 6)) / 2 ** 53)
    values[i] = radius * Math.cos(angle)
    if (i + 1 < count) values[i + 1] = radius * Math.sin(angle)
  }
  return values
}

/**
 * The numbers from 0 to `count` - 1 in a random order, on the host: Fisher and Yates' shuffle, each place drawn
 * without bias, so that all orders are equally likely (as far as the 64 bits of a key can tell them apart).
 *
 * @param operation  who draws, for messages
 */
export function permutationValues(from: Key, count: number, operation = 'permutationValues'): Int32Array {
  checkKey(operation, from)
  const word = wordStream(from)
  const values = Int32Array.from({ length: count }, (_, i) => i)
  for (let last = count - 1; last > 0; last--) {
    const other = drawBelow(last + 1, word)
    const moved = values[last]!
    values[last] = values[other]!
    values[other] = moved
  }
  return values
}

/** 32-bit words of a key, one after the other, for what cannot know how many it will need. */
function wordStream(from: Key): () => number {
  let [block, pending]: [number, number | undefined] = [0, undefined]
  return () => {
    if (pending !== undefined) {
      const word = pending
      pending = undefined
      return word
    }
    const [word, next] = threefry(from, purposes.permutation, block++)
    pending = next
    return word
  }
}

/** A whole number below `bound`. Words beyond its last full multiple are left out: they would favour some. */
function drawBelow(bound: number, word: () => number): number {
  const fair = 2 ** 32 - (2 ** 32 % bound)
  let drawn = word()
  while (drawn >= fair) drawn = word()
  return drawn % bound
}
