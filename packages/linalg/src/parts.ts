/** Parts of matrices, as the rules of decompositions need them: triangles, diagonals, symmetric parts. */

import { add, expandDims, mul, type Shape, sum, type Tensor, tensor, transpose } from '@sensigrad/core'
import { sizesOf } from './check.ts'

/** A constant matrix with the sizes, type and backend of x's, from its elements. */
export function constantLike(x: Tensor, element: (i: number, j: number) => number): Tensor {
  const { dtype, backend } = x
  const [rows, columns] = sizesOf(x)
  const shape: Shape = [rows, columns]
  const values = Float64Array.from({ length: rows * columns }, (_, at) =>
    element(Math.floor(at / columns), at % columns),
  )
  return tensor(values, { dtype, backend, shape })
}

/** Ones on the diagonal, of the sizes of x's matrices. */
export const identityLike = (x: Tensor): Tensor => constantLike(x, (i, j) => Number(i === j))

/** The triangle below the diagonal, and `share` of the diagonal. */
export const lowerOf = (x: Tensor, share = 1): Tensor =>
  mul(
    x,
    constantLike(x, (i, j) => (i === j ? share : Number(i > j))),
  )

/** The triangle above the diagonal, and the diagonal. */
export const upperOf = (x: Tensor): Tensor =>
  mul(
    x,
    constantLike(x, (i, j) => Number(i <= j)),
  )

/** Without the diagonal. */
export const offDiagonalOf = (x: Tensor): Tensor =>
  mul(
    x,
    constantLike(x, (i, j) => Number(i !== j)),
  )

/** (x + xᵀ)/2 */
export const symmetricPart = (x: Tensor): Tensor => mul(add(x, transpose(x)), 0.5)

/** tr(aᵀ b) of each pair of matrices: Σᵢⱼ aᵢⱼ bᵢⱼ. */
export const innerProduct = (a: Tensor, b: Tensor): Tensor => sum(mul(a, b), [-2, -1])

/** x diag(v): each column of a matrix by its own factor. */
export const scaleColumns = (x: Tensor, v: Tensor): Tensor => mul(x, expandDims(v, -2))

/** diag(v) x: each row of a matrix by its own factor. */
export const scaleRows = (x: Tensor, v: Tensor): Tensor => mul(x, expandDims(v, -1))
