/** Where eigenvectors and singular vectors have no derivatives: at eigenvalues or singular values that are equal. */

import { epsilon, GradientError, type Tensor } from '@sensigrad/core'
import { nameOf, valuesOf } from './host.ts'

/**
 * @param a       the matrices
 * @param values  `[…, n]`, sorted either way
 * @param what    `eigenvalues` or `singular values`
 * @throws GradientError where two are equal up to rounding
 */
export function checkDistinct(operation: string, a: Tensor, values: Tensor, what: string): void {
  eachRow(operation, values, (row, tolerance, index) => {
    for (let k = 1; k < row.length; k++) {
      if (Math.abs(row[k]! - row[k - 1]!) > tolerance) continue
      throw new GradientError(
        operation,
        `${what} ${k - 1} and ${k} of ${nameOf(a, index)} are equal up to rounding, where the vectors have no derivatives`,
        `First derivatives of the ${what} alone exist; for more, differentiate where they are distinct`,
      )
    }
  })
}

/**
 * As `checkDistinct`, for singular values that fall.
 *
 * @throws GradientError where the last is 0 up to rounding
 */
export function checkPositive(operation: string, a: Tensor, values: Tensor): void {
  eachRow(operation, values, (row, tolerance, index) => {
    const last = row.length - 1
    if (row[last]! > tolerance) return
    throw new GradientError(
      operation,
      `singular value ${last} of ${nameOf(a, index)} is 0 up to rounding, where the vectors have no derivatives`,
      'First derivatives of the singular values alone exist; for more, differentiate where none is 0',
    )
  })
}

function eachRow(
  operation: string,
  values: Tensor,
  look: (row: Float64Array, tolerance: number, index: number) => void,
): void {
  const all = valuesOf(operation, values)
  const length = values.shape.at(-1)!
  const precision = 16 * length * epsilon(values.dtype === 'float32' ? 'float32' : 'float64')
  for (let index = 0; index < all.length / length; index++) {
    const row = all.subarray(index * length, (index + 1) * length)
    const largest = row.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0)
    look(row, precision * largest, index)
  }
}
