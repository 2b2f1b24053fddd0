/** The QR decomposition of host arrays: an orthonormal frame and the coordinates of the columns in it. */

import { Matrix, QrDecomposition } from 'ml-matrix'
import { checkMatrix, type MatrixValues, scaleOf } from './matrix.ts'

/** A = Q R, row by row. With K = min(rows, columns), Q is `[rows, K]` and R is `[K, columns]`. */
export interface QR {
  /** Its columns are orthonormal: QᵀQ = I. */
  readonly q: Float64Array
  /** Upper triangular, its diagonal zero or positive. */
  readonly r: Float64Array
}

/**
 * The thin QR decomposition A = Q R by Householder reflections. As no element on R's diagonal is negative, it is
 * the only one when A's first K columns are independent.
 *
 * @param values   A, row by row
 * @returns Q and R, row by row
 * @throws  ShapeError for an empty matrix or values that do not fill it; NonFiniteError for NaN or infinity
 * @example qrOf([3, 1, 4, 2], 2, 2) // q: [0.6, -0.8, 0.8, 0.6], r: [5, 2.2, 0, 0.4]
 */
export function qrOf(values: MatrixValues, rows: number, columns: number): QR {
  checkMatrix('qr', values, rows, columns)
  const size = Math.min(rows, columns)
  const scale = scaleOf(values)
  const a = Matrix.from1DArray(rows, columns, values).div(scale)
  const first = new QrDecomposition(columns > size ? a.subMatrix(0, rows - 1, 0, size - 1) : a)
  const frame = first.orthogonalMatrix
  const triangle = columns > size ? frame.transpose().mmul(a) : first.upperTriangularMatrix

  const q = new Float64Array(rows * size)
  const r = new Float64Array(size * columns)
  for (let k = 0; k < size; k++) {
    const sign = triangle.get(k, k) < 0 ? -1 : 1
    for (let i = 0; i < rows; i++) q[i * size + k] = sign * frame.get(i, k)
    for (let j = k; j < columns; j++) r[k * columns + j] = sign * triangle.get(k, j) * scale + 0 // never -0
  }
  return { q, r }
}
