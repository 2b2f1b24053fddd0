/**
 * Initial values of weights `[outputs, inputs]`, or `[outputs, inputs, ...kernel]` of convolutions, and biases
 * `[outputs]`. An initialiser is a pure function of a
 * key and a shape and works on the host in float64, so a key gives the same network on every backend.
 */

import {
  describeValue,
  foldIn,
  type Key,
  normalValues,
  type Shape,
  sizeOf,
  uniformValues,
  ValueError,
} from '@sensigrad/core'
import { qrOf, spectralRadiusOf } from '@sensigrad/linalg'
import { checkOptions } from './check.ts'

/** Values for a tensor of the given shape, row-major. */
export type Initialiser = (key: Key, shape: Shape) => Float64Array

/** How many inputs a neuron of this weight has, each place of a kernel counted. */
function inputsOf(shape: Shape): number {
  return Math.max(sizeOf(shape.slice(1)), 1)
}

/** To how many neurons an input goes, each place of a kernel counted. */
function outputsOf(shape: Shape): number {
  return Math.max((shape[0] ?? 1) * sizeOf(shape.slice(2)), 1)
}

function check(operation: string, name: string, value: number): void {
  if (!(typeof value === 'number' && value >= 0 && value < Number.POSITIVE_INFINITY)) {
    throw new ValueError(
      operation,
      `the ${name} ${describeValue(value)} is not ≥ 0 and finite`,
      'Give zero or a positive number',
    )
  }
}

/**
 * All elements `value`.
 *
 * @throws ValueError for a number that is not finite
 * @example new LSTM(3, 8, { key: key(7), forgetBias: constant(1) })
 */
export function constant(value: number): Initialiser {
  if (!Number.isFinite(value)) {
    throw new ValueError('constant', `the value is ${describeValue(value)}`, 'Give a finite number')
  }
  return (_, shape) => new Float64Array(sizeOf(shape)).fill(value)
}

/** All elements 0. */
export function zeros(): Initialiser {
  return constant(0)
}

/** All elements 1. */
export function ones(): Initialiser {
  return constant(1)
}

/**
 * Normal with mean 0 and standard deviation `gain/√inputs`: at gain 1 a layer keeps the size of its signal.
 *
 * @throws ValueError for a number that is not finite, or below 0
 * @example new Dense(64, 10, { key: key(7), weight: gaussian(1.1) })
 */
export function gaussian(gain = 1): Initialiser {
  check('gaussian', 'gain', gain)
  return (key, shape) => normalValues(key, sizeOf(shape)).map(z => (z * gain) / Math.sqrt(inputsOf(shape)))
}

/** Normal with mean 0 and the given standard deviation, whatever the number of inputs. */
export function gaussianOf(deviation: number): Initialiser {
  check('gaussianOf', 'standard deviation', deviation)
  return (key, shape) => normalValues(key, sizeOf(shape)).map(z => z * deviation)
}

/**
 * Even between -limit and limit; the limit is `1/√inputs` unless given, PyTorch's default for linear layers.
 *
 * @param inputs  the neuron's number of inputs, where the shape (a bias) does not tell
 */
export function uniform(limit?: number, inputs?: number): Initialiser {
  if (limit !== undefined) check('uniform', 'limit', limit)
  return (key, shape) => {
    const bound = limit ?? 1 / Math.sqrt(Math.max(inputs ?? inputsOf(shape), 1))
    return uniformValues(key, sizeOf(shape)).map(u => bound * (2 * u - 1))
  }
}

/**
 * Normal with mean 0 and the given standard deviation, but none beyond `bound` standard deviations: those are drawn
 * again. What remains has a smaller deviation, 0.88 of it at a bound of 2, as PyTorch's `trunc_normal_` has.
 *
 * @throws ValueError for a bound below ½, at which most would have to be drawn again
 */
export function truncatedNormal(deviation: number, bound = 2): Initialiser {
  check('truncatedNormal', 'standard deviation', deviation)
  if (!(typeof bound === 'number' && bound >= 0.5)) {
    throw new ValueError('truncatedNormal', `the bound is ${describeValue(bound)}`, 'Give ½ or more')
  }
  return (key, shape) => {
    const values = new Float64Array(sizeOf(shape))
    for (let found = 0, round = 0; found < values.length; round++) {
      const within = normalValues(foldIn(key, round), values.length - found).filter(z => Math.abs(z) <= bound)
      values.set(within, found)
      found += within.length
    }
    return values.map(z => z * deviation)
  }
}

/**
 * Even within √(6/(inputs + outputs)), times `gain` (Glorot and Bengio, AISTATS 2010, eq. 16).
 *
 * @throws ValueError for a number that is not finite, or below 0
 * @example new Dense(64, 10, { key: key(7), weight: xavier() })
 */
export function xavier(gain = 1): Initialiser {
  check('xavier', 'gain', gain)
  return (key, shape) => uniform(gain * Math.sqrt(6 / (inputsOf(shape) + outputsOf(shape))))(key, shape)
}

/** By what variance is scaled, and which numbers are drawn. */
export interface FanOptions {
  /** What is kept from layer to layer: signals (`'fanIn'`, unless said) or gradients (`'fanOut'`). */
  readonly mode?: 'fanIn' | 'fanOut'
  /** `'normal'` unless said. */
  readonly distribution?: 'normal' | 'uniform' | 'truncated'
}

/** The deviation that a normal distribution of deviation 1 has once it is cut at ±2. */
const cutDeviation = 0.8796256610342398

const distributions: Readonly<
  Record<NonNullable<FanOptions['distribution']>, (deviation: number) => Initialiser>
> = {
  normal: deviation => gaussianOf(deviation),
  uniform: deviation => uniform(Math.sqrt(3) * deviation),
  truncated: deviation => truncatedNormal(deviation / cutDeviation),
}

/** Mean 0 and standard deviation gain/√fan, fan being the number of inputs of a neuron or of outputs of an input. */
function scaled(operation: string, gain: number, options: FanOptions): Initialiser {
  const { mode = 'fanIn', distribution = 'normal' } = options
  if (mode !== 'fanIn' && mode !== 'fanOut') {
    throw new ValueError(operation, `the mode is ${describeValue(mode)}`, "Give 'fanIn' or 'fanOut'")
  }
  if (!Object.hasOwn(distributions, distribution)) {
    const known = Object.keys(distributions).join(', ')
    throw new ValueError(
      operation,
      `there is no distribution ${describeValue(distribution)}`,
      `There is ${known}`,
    )
  }
  if (mode === 'fanIn' && distribution === 'normal') return gaussian(gain)
  const fanOf = mode === 'fanIn' ? inputsOf : outputsOf
  return (key, shape) => distributions[distribution](gain / Math.sqrt(fanOf(shape)))(key, shape)
}

/** What `he` can be told. */
export interface HeOptions extends FanOptions {
  /** The slope of a leaky ReLU below 0; 0 unless said. */
  readonly slope?: number
}

/**
 * Standard deviation √(2/inputs), for ReLU (He et al., ICCV 2015, eq. 10), or √(2/((1 + slope²)·inputs)) for a leaky
 * one (eq. 15): PyTorch's `kaiming_normal_`, or `kaiming_uniform_` with `{ distribution: 'uniform' }`.
 *
 * @example he({ mode: 'fanOut', distribution: 'uniform' })
 */
export function he(options: HeOptions = {}): Initialiser {
  checkOptions('he', options, ['mode', 'distribution', 'slope'])
  const { slope = 0 } = options
  if (typeof slope !== 'number' || !Number.isFinite(slope)) {
    throw new ValueError('he', `the slope is ${describeValue(slope)}`, 'Give a finite number such as 0.01')
  }
  return scaled('he', Math.SQRT2 / Math.sqrt(1 + slope ** 2), options)
}

/** Standard deviation √(1/inputs) (LeCun et al., "Efficient BackProp", 1998, eq. 16), for SELU among others. */
export function lecun(options: FanOptions = {}): Initialiser {
  checkOptions('lecun', options, ['mode', 'distribution'])
  return scaled('lecun', 1, options)
}

/**
 * The identity times `gain`: each output is the input of its number, as far as there are both. Of a convolution it is
 * the middle of the kernel that passes it on. (PyTorch's `eye_` and `dirac_`.)
 *
 * @throws ValueError for a shape of one axis, or none
 */
export function identity(gain = 1): Initialiser {
  check('identity', 'gain', gain)
  return (_, shape) => {
    if (shape.length < 2) {
      throw new ValueError(
        'identity',
        `a weight of shape [${shape}] has no inputs`,
        'Use it for weights [outputs, inputs, ...kernel]',
      )
    }
    const [outputs, inputs, ...kernel] = shape as [number, number, ...number[]]
    const middle = kernel.reduce((place, size) => place * size + Math.floor(size / 2), 0)
    const values = new Float64Array(sizeOf(shape))
    for (let i = 0; i < Math.min(outputs, inputs); i++) {
      values[(i * inputs + i) * sizeOf(kernel) + middle] = gain
    }
    return values
  }
}

/**
 * Orthonormal rows or columns, whichever are fewer, times `gain` (Saxe et al., ICLR 2014).
 *
 * @throws ValueError for a number that is not finite, or below 0
 * @example new RNN(3, 64, { key: key(7), recurrentWeight: orthogonal() })
 */
export function orthogonal(gain = 1): Initialiser {
  check('orthogonal', 'gain', gain)
  return (key, shape) => {
    const [rows, columns] = [shape[0] ?? 1, inputsOf(shape)]
    const wide = columns > rows
    const [long, short] = wide ? [columns, rows] : [rows, columns]
    const { q } = qrOf(normalValues(key, long * short), long, short)
    if (!wide) return q.map(value => gain * value)
    return Float64Array.from(
      { length: rows * columns },
      (_, i) => gain * q[(i % columns) * rows + Math.floor(i / columns)]!,
    )
  }
}

/**
 * Normal, scaled so that the largest absolute eigenvalue is `radius`.
 *
 * @throws ValueError when the weight is not square
 */
export function spectralRadius(radius: number): Initialiser {
  check('spectralRadius', 'radius', radius)
  return (key, shape) => {
    const size = inputsOf(shape)
    if (shape[0] !== size) {
      throw new ValueError(
        'spectralRadius',
        `a weight of shape [${shape}] has no eigenvalues`,
        'Use it for square weights',
      )
    }
    const values = gaussian()(key, shape)
    const factor = radius / spectralRadiusOf(values, size)
    return values.map(value => value * factor)
  }
}
