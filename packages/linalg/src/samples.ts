/** What the samples of decompositions share: inputs for which they are well-conditioned, and plain 2×2 algebra. */

import { add, type Elements, matmul, mul, type Tensor, transpose } from '@sensigrad/core'
import { constantLike, identityLike } from './parts.ts'

/** What is added to the diagonal to make a matrix of elements up to 2 regular. */
export const shift = 8

/** x + 8 I */
export const regular = (x: Tensor): Tensor => add(x, mul(identityLike(x), shift))

/** The elements of x + 8 I; the indices of a batch come first. */
export const regularElements =
  (x: Elements): Elements =>
  (...index) =>
    x(...index) + (index.at(-1) === index.at(-2) ? shift : 0)

/** x xᵀ + 2 I */
export function positive(x: Tensor): Tensor {
  const product = matmul(x, transpose(x))
  return add(product, mul(identityLike(product), 2))
}

/** The elements of x xᵀ + 2 I, x being `[m, n]`. */
export const positiveElements =
  (x: Elements, columns: number): Elements =>
  (i, j) => {
    let sum = i === j ? 2 : 0
    for (let k = 0; k < columns; k++) sum += x(i!, k) * x(j!, k)
    return sum
  }

/** x + diag(0, 8, 16, …): well apart are its eigenvalues, and those of its symmetric part. */
export const spread = (x: Tensor): Tensor =>
  add(
    x,
    constantLike(x, (i, j) => (i === j ? i * shift : 0)),
  )

/** The elements of the symmetric part of x + diag(0, 8, 16, …). */
export const spreadElements =
  (x: Elements): Elements =>
  (i, j) =>
    (x(i!, j!) + x(j!, i!)) / 2 + (i === j ? i! * shift : 0)

/** The determinant of the 2×2 matrix that `m` gives the elements of. */
export const determinant2 = (m: Elements): number => m(0, 0) * m(1, 1) - m(0, 1) * m(1, 0)

/** An element of the inverse of that matrix. */
export const inverse2 = (m: Elements, i: number, j: number): number =>
  ((i === j ? 1 : -1) * m(1 - j, 1 - i)) / determinant2(m)
