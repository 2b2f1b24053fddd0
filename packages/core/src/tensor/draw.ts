/** Tensors of random numbers: each draw is a function of a key, a shape and parameters, and of nothing else. */

import { isCapturing } from '../backend/current.ts'
import { BackendError, DTypeError, describeValue, ValueError } from '../errors.ts'
import { checkOptions } from './check.ts'
import { between, type CreateOptions, checkFinite, tensor } from './create.ts'
import { type DType, isFloat } from './dtype.ts'
import { type Key, normalValues, openUniformValues, permutationValues, uniformValues } from './random.ts'
import { checkShape, type Shape, sizeOf } from './shape.ts'
import type { Tensor } from './tensor.ts'
import { innerBounds, truncatedQuantile } from './truncated.ts'

/** Where `uniform` draws from. */
export interface UniformOptions extends CreateOptions {
  /** The lowest number, 0 unless said. */
  readonly low?: number
  /** The end, which is excluded; 1 unless said. */
  readonly high?: number
}

/**
 * Numbers drawn evenly from [low, high), both rounded to the type.
 *
 * @throws DTypeError when the type is no float type; ValueError when low is above high, or infinite
 * @example uniform(key(7), [3, 4], { low: -1 })
 */
export function uniform(from: Key, shape: Shape, options: UniformOptions = {}): Tensor {
  checkDrawing('uniform')
  checkShape('uniform', shape)
  checkOptions('uniform', options, '{ low: -1 }')
  const { low = 0, high = 1 } = options
  if (!(low <= high)) throw new ValueError('uniform', `low ${low} is above high ${high}`, 'Give low ≤ high')
  checkFinite('uniform', { low, high })
  const dtype = floatType('uniform', options.dtype)
  const bits = dtype === 'float32' ? 24 : 53 // as many as the type holds
  const round = dtype === 'float32' ? Math.fround : (value: number) => value
  const [lowest, end] = [round(low), round(high)]
  const at = between(lowest, end)
  const values = uniformValues(from, sizeOf(shape), 'uniform').map(u => {
    const value = round(at(Math.floor(u * 2 ** bits) / 2 ** bits))
    return value < end ? value : lowest // what rounds up to `end` completes the half share of `lowest`
  })
  return tensor(values, { ...options, dtype, shape })
}

/** Which normal distribution is drawn from. */
export interface NormalOptions extends CreateOptions {
  /** 0 unless said. */
  readonly mean?: number
  /** The standard deviation, 1 unless said. */
  readonly deviation?: number
}

/**
 * Numbers from a normal distribution.
 *
 * @throws DTypeError when the type is no float type; ValueError for a negative deviation, or what is
 *         not finite
 * @example normal(key(7), [100, 100], { deviation: 0.1 })
 */
export function normal(from: Key, shape: Shape, options: NormalOptions = {}): Tensor {
  checkDrawing('normal')
  checkShape('normal', shape)
  checkOptions('normal', options, '{ deviation: 0.1 }')
  const { mean = 0, deviation = 1 } = options
  checkFinite('normal', { mean })
  checkDeviation('normal', deviation)
  const values = normalValues(from, sizeOf(shape), 'normal').map(z => mean + deviation * z)
  return tensor(values, { ...options, dtype: floatType('normal', options.dtype), shape })
}

/** Which part of which normal distribution is drawn from. */
export interface TruncatedNormalOptions extends NormalOptions {
  /** The lowest number, in standard deviations from the mean; -2 unless said. */
  readonly low?: number
  /** The highest number, in standard deviations from the mean; 2 unless said. */
  readonly high?: number
}

/**
 * Numbers from a normal distribution on the condition that they lie in [mean + low·deviation, mean + high·deviation],
 * which rounding to the type does not leave. Bounds may lie far out on one side, and may be infinite.
 *
 * @throws DTypeError when the type is no float type; ValueError unless low < high, for a negative deviation, a mean
 *         that is not finite, or bounds with no number of the type between them
 * @example truncatedNormal(key(7), [100, 100], { deviation: 0.1 })
 */
export function truncatedNormal(from: Key, shape: Shape, options: TruncatedNormalOptions = {}): Tensor {
  checkDrawing('truncatedNormal')
  checkShape('truncatedNormal', shape)
  checkOptions('truncatedNormal', options, '{ low: 0 }')
  const { low = -2, high = 2, mean = 0, deviation = 1 } = options
  if (!(low < high)) {
    throw new ValueError('truncatedNormal', `low ${low} is not below high ${high}`, 'Give low < high')
  }
  checkFinite('truncatedNormal', { mean })
  checkDeviation('truncatedNormal', deviation)
  const dtype = floatType('truncatedNormal', options.dtype)
  const scaled = (z: number) => (deviation === 0 ? mean : mean + deviation * z) // 0 · ∞ is NaN
  const [lowest, highest] = innerBounds(scaled(low), scaled(high), dtype)
  if (lowest > highest) {
    throw new ValueError(
      'truncatedNormal',
      `no ${dtype} lies between ${scaled(low)} and ${scaled(high)}`,
      'Widen the bounds',
    )
  }
  const quantile = truncatedQuantile(low, high)
  const values = openUniformValues(from, sizeOf(shape), 'truncatedNormal').map(u =>
    Math.min(Math.max(scaled(quantile(u)), lowest), highest),
  )
  return tensor(values, { ...options, dtype, shape })
}

/**
 * Bools that are true with probability `p`, each for itself.
 *
 * @param options  `dtype` for ones and zeros of another type, `backend`
 * @throws ValueError unless p lies in [0, 1]
 * @example bernoulli(key(7), 0.9, [3, 4])
 */
export function bernoulli(from: Key, p: number, shape: Shape, options: CreateOptions = {}): Tensor {
  checkDrawing('bernoulli')
  if (typeof p !== 'number' || !(p >= 0 && p <= 1)) {
    throw new ValueError(
      'bernoulli',
      `the probability is ${describeValue(p)}`,
      'Give a number from 0 to 1, then the shape: bernoulli(key, 0.5, [2])',
    )
  }
  checkShape('bernoulli', shape)
  checkOptions('bernoulli', options, "{ dtype: 'float32' }")
  const values = uniformValues(from, sizeOf(shape), 'bernoulli', 'bernoulli').map(u => Number(u < p))
  return tensor(values, { ...options, dtype: options.dtype ?? 'bool', shape })
}

/**
 * The whole numbers from 0 to `count` - 1 in a random order, each order as likely as any other.
 *
 * @returns int32[count] unless `dtype` says otherwise
 * @throws ValueError unless count is a whole number, zero or more
 * @example permutation(key(7), 5) // such as 3, 0, 4, 1, 2
 */
export function permutation(from: Key, count: number, options: CreateOptions = {}): Tensor {
  checkDrawing('permutation')
  checkShape('permutation', [count])
  checkOptions('permutation', options)
  return tensor(permutationValues(from, count, 'permutation'), options)
}

/** @throws BackendError while a step is captured: its draws would be made once, and be the same numbers at each call */
export function checkDrawing(operation: string): void {
  if (!isCapturing()) return
  throw new BackendError(
    operation,
    'a captured step draws while it is captured and never again, so each call would see the same numbers',
    'Draw anew for each call in fresh(() => …), or pass the tensor as an argument; what is made once and kept goes into outsideCapture(() => …)',
  )
}

function checkDeviation(operation: string, deviation: number): void {
  if (Number.isFinite(deviation) && deviation >= 0) return
  throw new ValueError(
    operation,
    `the standard deviation ${deviation} is not ≥ 0 and finite`,
    'Give zero or a positive number',
  )
}

function floatType(operation: string, dtype: DType = 'float32'): 'float32' | 'float64' {
  if (isFloat(dtype)) return dtype
  throw new DTypeError(operation, `${dtype} is no float type`, 'Draw floats and cast them')
}
