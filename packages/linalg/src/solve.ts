/** Linear systems and inverses, by the LU decomposition with partial pivoting. */

import { defineOp, matmul, mul, neg, type Tensor, transpose, ValueError } from '@sensigrad/core'
import { checkMatrices, checkSides, sizesOf, withColumns } from './check.ts'
import { batchOf, finiteValuesOf, nameOf } from './host.ts'
import { type LU, luOf, solveWith } from './lu.ts'
import { inverse2, regular, regularElements } from './samples.ts'
import { defineSolver } from './solver.ts'

const solveOp = defineSolver({
  name: 'solve',
  prepare(a, { transpose }) {
    const factors = regularLU('solve', a)
    return (index, x) => solveWith(factors[index]!, x, transpose)
  },
  used: a => a,
  samples: [
    {
      name: 'a vector',
      shapes: [[2, 2], [2]],
      call: (a, b) => solve(regular(a), b),
      gives: 'float64[2]',
      value: (a, b) => i =>
        inverse2(regularElements(a), i, 0) * b(0) + inverse2(regularElements(a), i, 1) * b(1),
    },
    {
      name: 'a matrix, after an exchange of rows',
      shapes: [
        [2, 2],
        [2, 3],
      ],
      call: (a, b) => solve(transpose(regular(a)).slice([1, undefined, -1]), b),
      gives: 'float64[2, 3]',
      value: (a, b) => (i, j) =>
        inverse2(regularElements(a), 1, i) * b(0, j) + inverse2(regularElements(a), 0, i) * b(1, j),
    },
    {
      name: 'one matrix and a batch of right sides',
      shapes: [
        [3, 3],
        [2, 3, 1],
      ],
      call: (a, b) => matmul(regular(a), solve(regular(a), b)),
      gives: 'float64[2, 3, 1]',
      value: (_, b) => (n, i, j) => b(n, i, j),
    },
    {
      name: 'a batch and a vector',
      shapes: [[2, 1, 1], [1]],
      call: (a, b) => solve(regular(a), b),
      gives: 'float64[2, 1]',
      value: (a, b) => n => b(0) / (a(n, 0, 0) + 8),
    },
    {
      name: 'batches that broadcast',
      shapes: [
        [2, 1, 2, 2],
        [3, 2, 1],
      ],
      call: (a, b) => matmul(regular(a), solve(regular(a), b)),
      gives: 'float64[2, 3, 2, 1]',
      value: (_, b) => (_, n, i, j) => b(n, i, j),
    },
  ],
  errors: [
    { call: make => solve(make([2, 3]), make([2])), message: /solve: float32\[2, 3\] is not square/ },
    { call: make => solve(make([2]), make([2])), message: /solve: float32\[2\] is no matrix/ },
    {
      call: make => solve(make([0, 0]), make([0])),
      message: /solve: float32\[0, 0\] is a matrix without elements/,
    },
    {
      call: make => solve(make([2, 2]), make([3, 2])),
      message: /solve: \[3, 2\] stands on the right of \[2, 2\]/,
    },
    { call: make => solve(make([2, 2]), make([])), message: /solve: \[\] stands on the right of \[2, 2\]/ },
    {
      call: make => solve(make([3, 2, 2]), make([2, 2, 1])),
      message: /solve: shapes do not broadcast: \[3\] and \[2\]/,
    },
    {
      call: make => solve(make([2, 2], 'int32'), make([2], 'int32')),
      message: /solve: int32\[2, 2\] is not of a float type/,
    },
    {
      call: make => solve(make([2, 2]), make([2], 'float64')),
      message: /solve: float32\[2, 2\] and float64\[2\] are mixed/,
    },
    {
      call: make => solve(make([1, 2]).broadcastTo([3, 2, 2]), make([2])),
      message: /solve: matrix \[0\] of float32\[3, 2, 2\] is singular: pivot \[1, 1\] is 0/,
    },
    { call: make => solve(make([2, 2]).div(0), make([2])), message: /solve: element \[0, 0\] is Infinity/ },
    {
      call: make => solve(make([2, 2]), make([2]).div(0)),
      message: /solve: element \[0\] of the right side is/,
    },
    { call: make => solve([1] as never, make([2])), message: /solve: the matrix is an array/ },
    { call: make => solve(make([2, 2]), 1 as never), message: /solve: the right side is 1/ },
  ],
})

/**
 * The solution of a x = b. A matrix whose elimination meets a pivot of exactly 0 is refused; one that is singular but
 * for rounding gives a large x.
 *
 * @param a  `[…, n, n]`, finite
 * @param b  a vector `[n]`, or matrices `[…, n, k]`, finite; batch axes broadcast
 * @returns x, `[…, n]` for a vector, else `[…, n, k]`
 * @throws  ValueError where a is singular; ShapeError for other shapes; DTypeError for mixed or non-float types;
 *          NonFiniteError for NaN or infinity; BackendError where values cannot be read without waiting
 * @example solve(tensor([[2, 0], [0, 4]]), tensor([2, 2])) // [1, 0.5]
 */
export function solve(a: Tensor, b: Tensor): Tensor {
  checkMatrices('solve', a, 'square')
  checkSides('solve', a, b)
  finiteValuesOf('solve', b, ' of the right side')
  return withColumns(b, b => solveOp.apply([a, b], { transpose: false }))
}

const inverseOp = defineOp<undefined>({
  name: 'inverse',
  forward([a]) {
    const [size] = sizesOf(a!)
    const inverses = regularLU('inverse', a!).map(factors => {
      const x = Float64Array.from({ length: size ** 2 }, (_, i) => Number(i % (size + 1) === 0))
      solveWith(factors, x, false)
      return x
    })
    return batchOf(a!, inverses, [size, size])
  },
  // From a y = I: ẏ = -y ȧ y.
  vjp: ({ g, output: y }) => [neg(matmul(matmul(transpose(y), g), transpose(y)))],
  jvp: ({ d: [d], output: y }) => d && neg(matmul(matmul(y, d), y)),
  samples: [
    {
      name: 'a matrix',
      shapes: [[2, 2]],
      call: a => inverse(regular(a)),
      gives: 'float64[2, 2]',
      value: a => (i, j) => inverse2(regularElements(a), i, j),
    },
    {
      name: 'a batch',
      shapes: [[2, 2, 2]],
      call: a => inverse(regular(a)),
      gives: 'float64[2, 2, 2]',
      value: a => (n, i, j) => inverse2((i, j) => regularElements(a)(n, i!, j!), i, j),
    },
    {
      name: 'a number',
      shapes: [[1, 1]],
      call: a => inverse(regular(a)),
      gives: 'float64[1, 1]',
      value: a => () => 1 / (a(0, 0) + 8),
    },
    {
      name: 'three rows, and their inverse again',
      shapes: [[3, 3]],
      call: a => inverse(mul(inverse(regular(a)), 0.5)),
      gives: 'float64[3, 3]',
      value: a => (i, j) => 2 * regularElements(a)(i, j),
    },
  ],
  errors: [
    { call: make => inverse(make([2, 3])), message: /inverse: float32\[2, 3\] is not square/ },
    { call: make => inverse(make([2, 2], 'bool')), message: /inverse: bool\[2, 2\] is not of a float type/ },
    {
      call: make => inverse(make([2, 2]).mul(0)),
      message: /inverse: float32\[2, 2\] is singular: pivot \[0, 0\] is 0/,
    },
    { call: make => inverse(make([2, 2]).div(0)), message: /inverse: element \[0, 0\] is Infinity/ },
    { call: () => inverse(undefined as never), message: /inverse: the matrix is undefined/ },
  ],
})

/**
 * The inverse of each matrix. To solve a system, `solve` is more precise.
 *
 * @param a  `[…, n, n]`, finite
 * @throws  ValueError where a is singular; ShapeError for other shapes; DTypeError for other types; NonFiniteError for
 *          NaN or infinity; BackendError where values cannot be read without waiting
 * @example inverse(tensor([[2, 0], [0, 4]])) // [[0.5, 0], [0, 0.25]]
 */
export function inverse(a: Tensor): Tensor {
  checkMatrices('inverse', a, 'square')
  return inverseOp.apply([a], undefined)
}

/** @throws ValueError where a matrix is singular */
function regularLU(operation: string, a: Tensor): readonly LU[] {
  const factors = luOf(operation, a)
  for (const [index, { zeroPivot }] of factors.entries()) {
    if (zeroPivot === undefined) continue
    throw new ValueError(
      operation,
      `${nameOf(a, index)} is singular: pivot [${zeroPivot}, ${zeroPivot}] is 0`,
      'Drop rows and columns that depend on others, or add a small multiple of the identity',
    )
  }
  return factors
}
