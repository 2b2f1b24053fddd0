/** The decompositions of tensors: their values are read, decomposed in double precision, and put back in place. */

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
import { qrOf } from './qr.ts'

/**
 * The thin QR decomposition x = q r. As no element on r's diagonal is negative, it is the only one when x's first
 * columns are independent. It has no gradient.
 *
 * @param x  a float matrix `[m, n]`; let k = min(m, n)
 * @returns `q`, `[m, k]` with orthonormal columns, and `r`, `[k, n]` and upper triangular, of x's type
 * @throws  ShapeError unless x is a matrix with elements; NonFiniteError for NaN or infinity; DTypeError for other
 *          types; GradientError inside of what is differentiated
 * @example const { q, r } = await qr(x)
 */
export async function qr(x: Tensor): Promise<{ q: Tensor; r: Tensor }> {
  const values = await valuesOf('qr', x)
  const [rows, columns] = x.shape as [number, number]
  const { q, r } = qrOf(values, rows, columns)
  const size = Math.min(rows, columns)
  return { q: alike(x, q, [rows, size]), r: alike(x, r, [size, columns]) }
}

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
  const values = await valuesOf('eigenvalues', x, 'square')
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
  return spectralRadiusOf(await valuesOf('spectralRadius', x, 'square'), x.shape[0]!)
}

async function valuesOf(
  operation: string,
  x: Tensor,
  form: 'any' | 'square' = 'any',
): Promise<ArrayLike<number>> {
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
  if (x.rank !== 2 || x.size === 0 || (form === 'square' && x.shape[0] !== x.shape[1])) {
    const wanted = form === 'square' ? 'a square matrix' : 'a matrix'
    throw new ShapeError(operation, `${x} is not ${wanted} with elements`, 'Take one matrix at a time')
  }
  return x.data()
}

const alike = ({ dtype, backend }: Tensor, values: Float64Array, shape: readonly number[]): Tensor =>
  tensor(values, { dtype, backend, shape })
