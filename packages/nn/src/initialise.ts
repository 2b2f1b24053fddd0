/**
 * Initial values of weights `[outputs, inputs]` and biases `[outputs]`. An initialiser is a pure function of a
 * key and a shape and works on the host in float64, so a key gives the same network on every backend.
 */

import { type Key, normalValues, type Shape, sizeOf, uniformValues, ValueError } from '@sensigrad/core'
import { qrOf, spectralRadiusOf } from '@sensigrad/linalg'

/** Values for a tensor of the given shape, row-major. */
export type Initialiser = (key: Key, shape: Shape) => Float64Array

/** How many inputs a neuron of this weight has. */
function inputsOf(shape: Shape): number {
  return Math.max(sizeOf(shape.slice(1)), 1)
}

function check(operation: string, name: string, value: number): void {
  if (!(value >= 0 && value < Number.POSITIVE_INFINITY)) {
    throw new ValueError(
      operation,
      `the ${name} ${value} is not ≥ 0 and finite`,
      'Give zero or a positive number',
    )
  }
}

/** All elements `value`. */
export function constant(value: number): Initialiser {
  return (_, shape) => new Float64Array(sizeOf(shape)).fill(value)
}

/** Normal with mean 0 and standard deviation `gain/√inputs`: at gain 1 a layer keeps the size of its signal. */
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

/** Even within √(6/(inputs + outputs)), times `gain` (Glorot and Bengio, AISTATS 2010, eq. 16). */
export function xavier(gain = 1): Initialiser {
  check('xavier', 'gain', gain)
  return (key, shape) => uniform(gain * Math.sqrt(6 / (inputsOf(shape) + (shape[0] ?? 1))))(key, shape)
}

/** Normal with standard deviation √(2/inputs), for ReLU (He et al., ICCV 2015, eq. 10). */
export function he(): Initialiser {
  return gaussian(Math.SQRT2)
}

/** Orthonormal rows or columns, whichever are fewer, times `gain` (Saxe et al., ICLR 2014). */
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
