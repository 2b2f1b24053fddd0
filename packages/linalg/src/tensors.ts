/** What is known of tensors' spectra without gradients: values are read, computed with in double precision, put back. */

import {
  DTypeError,
  GradientError,
  isFloat,
  isRecorded,
  ShapeError,
  type Tensor,
  tensor,
} from '@sensigrad/core'
import { eigenvaluesOf, spectralRadiusOf } from './eigenvalues.ts'

/**
 * All eigenvalues of a square matrix, by falling modulus; of a conjugate pair the one above the real axis comes
 * first. They have no gradient.
 *
 * @param x  a float matrix `[n, n]`
 * @returns their real and imaginary parts, two vectors `[n]` of x's type
 * @throws  ShapeError unless x is a square matrix with elements; NonFiniteError for NaN or infinity; DTypeError for
 *          other types; GradientError inside of what is differentiated
 * @example const { real, imaginary } = await eigenvalues(x)
 */
export async function eigenvalues(x: Tensor): Promise<{ real: Tensor; imaginary: Tensor }> {
  const values = await valuesOf('eigenvalues', x)
  const { real, imaginary } = eigenvaluesOf(values, x.shape[0]!)
  return { real: alike(x, real, x.shape.slice(1)), imaginary: alike(x, imaginary, x.shape.slice(1)) }
}

/**
 * The largest modulus of an eigenvalue of a square matrix: the factor by which its powers grow in the long run. It
 * has no gradient.
 *
 * @param x  a float matrix `[n, n]`
 * @throws  ShapeError unless x is a square matrix with elements; NonFiniteError for NaN or infinity; DTypeError for
 *          other types; GradientError inside of what is differentiated
 * @example weights.div(await spectralRadius(weights)) // has the spectral radius 1
 */
export async function spectralRadius(x: Tensor): Promise<number> {
  return spectralRadiusOf(await valuesOf('spectralRadius', x), x.shape[0]!)
}

async function valuesOf(operation: string, x: Tensor): Promise<ArrayLike<number>> {
  if (isRecorded(x)) {
    throw new GradientError(
      operation,
      `${x} is being differentiated, and ${operation} has no gradient`,
      'Take it outside of what is differentiated',
    )
  }
  if (!isFloat(x.dtype)) {
    throw new DTypeError(operation, `${x} is not of a float type`, "Cast it first: .cast('float64')")
  }
  if (x.rank !== 2 || x.size === 0 || x.shape[0] !== x.shape[1]) {
    throw new ShapeError(operation, `${x} is not a square matrix with elements`, 'Take one matrix at a time')
  }
  return x.data()
}

const alike = ({ dtype, backend }: Tensor, values: Float64Array, shape: readonly number[]): Tensor =>
  tensor(values, { dtype, backend, shape })
