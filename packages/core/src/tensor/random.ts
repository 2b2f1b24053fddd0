/**
 * Random numbers that are a function of a key and nothing else: the counter-based generator Threefry-2x32 with
 * 20 rounds (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011). The same key gives the same
 * numbers on every backend and in any order of calls; new keys are derived, never consumed.
 */

import { DTypeError, describeValue, ValueError } from '../errors.ts'
import { type CreateOptions, tensor } from './create.ts'
import { type DType, isFloat } from './dtype.ts'
import { checkShape, type Shape, sizeOf } from './shape.ts'
import type { Tensor } from './tensor.ts'

/** A random key: two 32-bit words. Use each key once; derive others with `split` or `foldIn`. */
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
const purposes = { uniform: 0, radius: 1, angle: 2, split: 0x5917, foldIn: 0x5a17 } as const

function checkKey(operation: string, value: unknown): void {
  if (Array.isArray(value) && value.length === 2 && value.every(Number.isInteger)) return
  throw new ValueError(operation, `${describeValue(value)} is no key`, 'Make one with key(seed)')
}

/** A key derived from another and a number (a step, a layer's index): different numbers, unrelated keys. */
export function foldIn(parent: Key, data: number): Key {
  checkKey('foldIn', parent)
  const [high, low] = wordsOf('foldIn', data)
  return threefry(threefry(parent, purposes.foldIn, high), 0, low)
}

/** `count` unrelated keys derived from one. */
export function split(parent: Key, count = 2): Key[] {
  checkKey('split', parent)
  return Array.from({ length: count }, (_, i) => threefry(parent, purposes.split, i))
}

/**
 * `count` numbers drawn evenly from [0, 1), with 53 random bits each, on the host. More begin with the same ones.
 *
 * @param operation  who draws, for messages
 */
export function uniformValues(from: Key, count: number, operation = 'uniformValues'): Float64Array {
  checkKey(operation, from)
  const values = new Float64Array(count)
  for (let i = 0; i < count; i++) {
    const [high, low] = threefry(from, purposes.uniform, i)
    values[i] = ((high >>> 5) * 2 ** 26 + (low >>> 6)) / 2 ** 53
  }
  return values
}

/** As `uniformValues`, from the standard normal distribution (Box and Muller, 1958). */
export function normalValues(from: Key, count: number, operation = 'normalValues'): Float64Array {
  checkKey(operation, from)
  const values = new Float64Array(count)
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
 * Numbers drawn evenly from [low, high), both rounded to the type.
 *
 * @param options  `low` (0), `high` (1), `dtype`, `backend`
 * @throws DTypeError when the type is no float type; ValueError when low is above high
 * @example uniform(key(7), [3, 4], { low: -1 })
 */
export function uniform(
  from: Key,
  shape: Shape,
  { low = 0, high = 1, ...options }: CreateOptions & { low?: number; high?: number } = {},
): Tensor {
  checkShape('uniform', shape)
  if (!(low <= high)) throw new ValueError('uniform', `low ${low} is above high ${high}`, 'Give low ≤ high')
  const dtype = floatType('uniform', options.dtype)
  const bits = dtype === 'float32' ? 24 : 53 // as many as the type holds
  const round = dtype === 'float32' ? Math.fround : (value: number) => value
  const [lowest, end] = [round(low), round(high)]
  const values = uniformValues(from, sizeOf(shape), 'uniform').map(u => {
    const value = round(lowest + (end - lowest) * (Math.floor(u * 2 ** bits) / 2 ** bits))
    return value < end ? value : lowest // what rounds up to `end` completes the half share of `lowest`
  })
  return tensor(values, { ...options, dtype, shape })
}

/**
 * Numbers from a normal distribution.
 *
 * @param options  `mean` (0), `deviation` (standard, 1), `dtype`, `backend`
 * @throws DTypeError when the type is no float type; ValueError for a negative deviation
 * @example normal(key(7), [100, 100], { deviation: 0.1 })
 */
export function normal(
  from: Key,
  shape: Shape,
  { mean = 0, deviation = 1, ...options }: CreateOptions & { mean?: number; deviation?: number } = {},
): Tensor {
  checkShape('normal', shape)
  if (!(deviation >= 0)) {
    throw new ValueError(
      'normal',
      `the standard deviation ${deviation} is not ≥ 0`,
      'Give zero or a positive number',
    )
  }
  const values = normalValues(from, sizeOf(shape), 'normal').map(z => mean + deviation * z)
  return tensor(values, { ...options, dtype: floatType('normal', options.dtype), shape })
}

function floatType(operation: string, dtype: DType = 'float32'): 'float32' | 'float64' {
  if (isFloat(dtype)) return dtype
  throw new DTypeError(operation, `${dtype} is no float type`, 'Draw floats and cast them')
}
