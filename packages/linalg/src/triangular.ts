/** Systems whose matrix is a triangle: solved by substitution alone. */

import { describeValue, matmul, type Tensor, ValueError } from '@sensigrad/core'
import { checkMatrices, checkSides, sizesOf, withColumns } from './check.ts'
import { finiteValuesOf, matricesOf, nameOf } from './host.ts'
import { lowerOf, upperOf } from './parts.ts'
import { regular, regularElements } from './samples.ts'
import { defineSolver, type SystemAttributes } from './solver.ts'
import { substitute } from './triangle.ts'

/** Which triangle is read, and how. */
export interface TriangularSolveOptions {
  /** The triangle on and above the diagonal is read; else the one on and below it. */
  readonly upper?: boolean
  /** The system is tᵀ x = b. */
  readonly transpose?: boolean
}

interface TriangularAttributes extends SystemAttributes {
  readonly upper: boolean
}

const op = defineSolver<TriangularAttributes>({
  name: 'triangularSolve',
  prepare(t, { upper, transpose }) {
    const [size] = sizesOf(t)
    const triangles = matricesOf('triangularSolve', t, upper ? (i, j) => i <= j : (i, j) => i >= j)
    for (const [index, triangle] of triangles.entries()) checkDiagonal(t, index, triangle)
    return (index, x) => substitute(triangles[index]!, size, x, { upper, transpose })
  },
  used,
  samples: [
    {
      name: 'the lower triangle and a vector',
      shapes: [[2, 2], [2]],
      call: (t, b) => triangularSolve(regular(t), b),
      gives: 'float64[2]',
      value: (t, b) => i => {
        const first = b(0) / (t(0, 0) + 8)
        return i === 0 ? first : (b(1) - t(1, 0) * first) / (t(1, 1) + 8)
      },
    },
    {
      name: 'the upper triangle and a matrix',
      shapes: [
        [2, 2],
        [2, 3],
      ],
      call: (t, b) => triangularSolve(regular(t), b, { upper: true }),
      gives: 'float64[2, 3]',
      value: (t, b) => (i, j) => {
        const last = b(1, j) / (t(1, 1) + 8)
        return i === 1 ? last : (b(0, j) - t(0, 1) * last) / (t(0, 0) + 8)
      },
    },
    {
      name: 'a transposed lower triangle',
      shapes: [
        [2, 2],
        [2, 1],
      ],
      call: (t, b) => triangularSolve(regular(t), b, { transpose: true }),
      gives: 'float64[2, 1]',
      value: (t, b) => (i, j) => {
        const last = b(1, j) / (t(1, 1) + 8)
        return i === 1 ? last : (b(0, j) - t(1, 0) * last) / (t(0, 0) + 8)
      },
    },
    {
      name: 'a batch of transposed upper triangles times what they solve',
      shapes: [
        [2, 3, 3],
        [3, 2],
      ],
      call: (t, b) =>
        matmul(
          upperOf(regular(t)).transpose(),
          triangularSolve(regular(t), b, { upper: true, transpose: true }),
        ),
      gives: 'float64[2, 3, 2]',
      value: (_, b) => (_, i, j) => b(i, j),
    },
    {
      name: 'one triangle and a batch of right sides',
      shapes: [
        [1, 1],
        [2, 1, 2],
      ],
      call: (t, b) => triangularSolve(regular(t), b),
      gives: 'float64[2, 1, 2]',
      value: (t, b) => (n, i, j) => b(n, i, j) / regularElements(t)(0, 0),
    },
  ],
  errors: [
    {
      call: make => triangularSolve(make([2, 3]), make([2])),
      message: /triangularSolve: float32\[2, 3\] is not square/,
    },
    {
      call: make => triangularSolve(make([2, 2]), make([3])),
      message: /triangularSolve: \[3\] stands on the right of \[2, 2\]/,
    },
    {
      call: make => triangularSolve(make([2, 2]), make([2], 'float64')),
      message: /triangularSolve: float32\[2, 2\] and float64\[2\] are mixed/,
    },
    {
      call: make => triangularSolve(make([2, 2]).mul(0), make([2])),
      message: /triangularSolve: float32\[2, 2\] is singular: element \[0, 0\], on its diagonal, is 0/,
    },
    {
      call: make => triangularSolve(make([2, 2]), make([2]).div(0)),
      message: /triangularSolve: element \[0\] of the right side is Infinity/,
    },
    {
      call: make => triangularSolve(make([2, 2]), make([2]), 'upper' as never),
      message: /triangularSolve: the options are 'upper'/,
    },
  ],
})

/**
 * The solution of t x = b, or of tᵀ x = b, for a triangular matrix t: of the given one, the other triangle is not read.
 *
 * @param t        `[…, n, n]`, finite, without a zero on its diagonal
 * @param b        a vector `[n]`, or matrices `[…, n, k]`, finite; batch axes broadcast
 * @param options  `upper`: which triangle t is (the lower one unless said); `transpose`: whether it stands transposed
 * @returns x, `[…, n]` for a vector, else `[…, n, k]`
 * @throws  ValueError where t is singular; ShapeError for other shapes; DTypeError for mixed or non-float types;
 *          NonFiniteError for NaN or infinity; BackendError where values cannot be read without waiting
 * @example triangularSolve(l, triangularSolve(l, b), { transpose: true }) // solves l lᵀ x = b
 */
export function triangularSolve(t: Tensor, b: Tensor, options: TriangularSolveOptions = {}): Tensor {
  const name = 'triangularSolve'
  checkMatrices(name, t, 'square')
  checkSides(name, t, b)
  if (typeof options !== 'object' || options === null) {
    throw new ValueError(name, `the options are ${describeValue(options)}`, 'Give an object: { upper: true }')
  }
  finiteValuesOf(name, b, ' of the right side')
  return substituted(t, b, options)
}

/** As `triangularSolve`, for rules: what arrives there was checked, or is no business of the user's. */
export function substituted(
  t: Tensor,
  b: Tensor,
  { upper = false, transpose = false }: TriangularSolveOptions = {},
): Tensor {
  return withColumns(b, b => op.apply([t, b], { upper, transpose }))
}

function used(t: Tensor, { upper }: { readonly upper: boolean }): Tensor {
  return upper ? upperOf(t) : lowerOf(t)
}

function checkDiagonal(t: Tensor, index: number, triangle: Float64Array): void {
  const [size] = sizesOf(t)
  for (let i = 0; i < size; i++) {
    if (triangle[i * (size + 1)] !== 0) continue
    throw new ValueError(
      'triangularSolve',
      `${nameOf(t, index)} is singular: element [${i}, ${i}], on its diagonal, is 0`,
      'Every element on the diagonal must differ from 0',
    )
  }
}
