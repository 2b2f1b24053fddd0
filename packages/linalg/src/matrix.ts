/** What every decomposition asks of a matrix on the host before it begins. */

import { formatShape, NonFiniteError, ShapeError } from '@sensigrad/core'

/** The elements of a matrix, row by row. */
export type MatrixValues = ArrayLike<number>

/**
 * @throws ShapeError unless the sizes are whole numbers above zero which the values fill;
 *         NonFiniteError when one of these is NaN or infinite
 */
export function checkMatrix(operation: string, values: MatrixValues, rows: number, columns: number): void {
  const shape = formatShape([rows, columns])
  if (![rows, columns].every(size => Number.isInteger(size) && size > 0)) {
    throw new ShapeError(operation, `${shape} is empty or no shape`, 'Give at least one row and one column')
  }
  if (values.length !== rows * columns) {
    throw new ShapeError(
      operation,
      `${values.length} values do not fill a matrix ${shape}`,
      'Give its elements row by row',
    )
  }
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i])) continue
    throw new NonFiniteError(
      operation,
      `element ${formatShape([Math.floor(i / columns), i % columns])} is ${values[i]}`,
      'Only finite matrices have decompositions; find where it arose',
    )
  }
}

/** A power of two near the largest element, 1 for zeros: dividing by it is exact and keeps sums in range. */
export function scaleOf(values: MatrixValues): number {
  let largest = 0
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, Math.abs(values[i]!))
  return largest === 0 ? 1 : 2 ** Math.floor(Math.log2(largest))
}

/**
 * What is smaller than the largest element by this factor is rounded to zero. Its square, and differences of such
 * numbers, would underflow, from which iterations do not always recover.
 */
export const negligible = 2 ** -400

/** A matrix divided by its `scaleOf`, without negligible elements. */
export function normalised(values: MatrixValues): { elements: Float64Array; scale: number } {
  const scale = scaleOf(values)
  const elements = Float64Array.from(values, value => {
    const element = value / scale
    return Math.abs(element) < negligible ? 0 : element
  })
  return { elements, scale }
}
