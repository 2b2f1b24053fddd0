/**
 * The QR decomposition of tensors. Its rules are those of Walter and Lehmann, "Algorithmic differentiation of linear
 * algebra functions" (2012), and of Seeger et al., "Auto-differentiating linear algebra" (2017).
 */

import {
  add,
  defineMultiOp,
  epsilon,
  GradientError,
  matmul,
  neg,
  specify,
  sub,
  type Tensor,
  transpose,
  ValueError,
} from '@sensigrad/core'
import { checkMatrices, checkSides, sizesOf, withColumns } from './check.ts'
import { batchOf, finiteValuesOf, matricesOf, nameOf, valuesOf } from './host.ts'
import { lowerOf } from './parts.ts'
import { qrOf } from './qr.ts'
import { inverse2, regular, regularElements } from './samples.ts'
import { substituted } from './triangular.ts'

const op = defineMultiOp<undefined>({
  name: 'qr',
  forward([a]) {
    const [rows, columns] = sizesOf(a!)
    const found = matricesOf('qr', a!).map(values => qrOf(values, rows, columns))
    return [
      batchOf(
        a!,
        found.map(({ q }) => q),
        [rows, columns],
      ),
      batchOf(
        a!,
        found.map(({ r }) => r),
        [columns, columns],
      ),
    ]
  },
  // ā = (q̄ + q S) r⁻ᵀ, S symmetric with the lower triangle of r r̄ᵀ - q̄ᵀ q.
  vjp({ gs: [toQ, toR], outputs }) {
    const [q, r] = checkIndependent(outputs)
    const ofR = toR && matmul(r, transpose(toR))
    const ofQ = toQ && matmul(transpose(toQ), q)
    const both = ofR && ofQ ? sub(ofR, ofQ) : (ofR ?? neg(ofQ!))
    const half = lowerOf(both, 0.5)
    const moved = matmul(q, add(half, transpose(half)))
    return [transpose(substituted(r, transpose(toQ ? add(toQ, moved) : moved), { upper: true }))]
  },
  // With c = qᵀ ȧ r⁻¹ and Ω antisymmetric with c's triangle below the diagonal: q̇ = ȧ r⁻¹ - q (c - Ω), ṙ = (c - Ω) r.
  jvp({ d: [d], outputs }) {
    if (!d) return []
    const [q, r] = checkIndependent(outputs)
    const scaled = transpose(substituted(r, transpose(d), { upper: true, transpose: true }))
    const c = matmul(transpose(q), scaled)
    const below = lowerOf(c, 0)
    const upper = add(sub(c, below), transpose(below))
    return [sub(scaled, matmul(q, upper)), matmul(upper, r)]
  },
  samples: [
    {
      name: 'q of two rows',
      shapes: [[2, 2]],
      call: a => qr(regular(a))[0],
      gives: 'float64[2, 2]',
      value: a => (i, j) => {
        const m = regularElements(a)
        const length = Math.hypot(m(0, 0), m(1, 0))
        return (j === 0 ? m(i, 0) : i === 0 ? -m(1, 0) : m(0, 0)) / length
      },
    },
    {
      name: 'r of two rows',
      shapes: [[2, 2]],
      call: a => qr(regular(a))[1],
      gives: 'float64[2, 2]',
      value: a => (i, j) => {
        const m = regularElements(a)
        const length = Math.hypot(m(0, 0), m(1, 0))
        if (i === 1) return j === 0 ? 0 : (m(0, 0) * m(1, 1) - m(0, 1) * m(1, 0)) / length
        return (m(0, 0) * m(0, j) + m(1, 0) * m(1, j)) / length
      },
    },
    {
      name: 'q r of a tall matrix',
      shapes: [[3, 2]],
      call: a => matmul(...qr(regular(a))),
      gives: 'float64[3, 2]',
      value: a => regularElements(a),
    },
    {
      name: 'r in a batch of columns',
      shapes: [[2, 3, 1]],
      call: a => qr(regular(a))[1],
      gives: 'float64[2, 1, 1]',
      value: a => n => Math.hypot(a(n, 0, 0) + 8, a(n, 1, 0), a(n, 2, 0)),
    },
  ],
  errors: [
    { call: make => qr(make([2, 3])), message: /qr: float32\[2, 3\] has fewer rows than columns/ },
    { call: make => qr(make([2])), message: /qr: float32\[2\] is no matrix/ },
    { call: make => qr(make([2, 0])), message: /qr: float32\[2, 0\] is a matrix without elements/ },
    { call: make => qr(make([2, 2], 'int32')), message: /qr: int32\[2, 2\] is not of a float type/ },
    { call: make => qr(make([1, 1]).div(0)), message: /qr: element \[0, 0\] is Infinity/ },
    { call: () => qr([[1]] as never), message: /qr: the matrix is an array/ },
  ],
})

/**
 * The thin QR decomposition a = q r of each matrix. As no element on r's diagonal is negative, it is the only one where
 * a's columns are independent; only there has it a gradient.
 *
 * @param a  `[…, m, n]` with m ≥ n, finite
 * @returns q, `[…, m, n]`, with orthonormal columns, and r, `[…, n, n]` and upper triangular
 * @throws  ShapeError for other shapes; DTypeError for other types; NonFiniteError for NaN or infinity; BackendError
 *          where values cannot be read without waiting; GradientError where dependent columns are differentiated
 * @example const [q, r] = qr(tensor([[3, 1], [4, 2]])) // r: [[5, 2.2], [0, 0.4]]
 */
export function qr(a: Tensor): readonly [q: Tensor, r: Tensor] {
  checkMatrices('qr', a, 'tall')
  const [q, r] = op.apply([a], undefined)
  return [q!, r!]
}

/**
 * The x for which a x is nearest to b: Σ (a x - b)² is least. By QR, without squaring a's condition as aᵀ a would.
 *
 * @param a  `[…, m, n]` with m ≥ n and independent columns, finite
 * @param b  a vector `[m]`, or matrices `[…, m, k]`, finite; batch axes broadcast
 * @returns x, `[…, n]` for a vector, else `[…, n, k]`
 * @throws  ValueError where columns of a depend on others, up to rounding; ShapeError for other shapes; DTypeError for
 *          mixed or non-float types; NonFiniteError for NaN or infinity; BackendError where values cannot be read
 *          without waiting
 * @example leastSquares(tensor([[1, 0], [1, 1], [1, 2]]), tensor([1, 3, 5])) // [1, 2]: the line 1 + 2t
 */
export function leastSquares(a: Tensor, b: Tensor): Tensor {
  checkMatrices('leastSquares', a, 'tall')
  checkSides('leastSquares', a, b)
  finiteValuesOf('leastSquares', a)
  finiteValuesOf('leastSquares', b, ' of the right side')
  const [q, r] = qr(a)
  const dependent = dependentColumn(r, sizesOf(a)[0])
  if (dependent) {
    throw new ValueError(
      'leastSquares',
      `column ${dependent.column} of ${nameOf(a, dependent.index)} depends on those before it`,
      'Drop it: the solution would not be the only one',
    )
  }
  return withColumns(b, b => substituted(r, matmul(transpose(q), b), { upper: true }))
}

specify({
  name: 'leastSquares',
  samples: [
    {
      name: 'a square system',
      shapes: [[2, 2], [2]],
      call: (a, b) => leastSquares(regular(a), b),
      gives: 'float64[2]',
      value: (a, b) => i =>
        inverse2(regularElements(a), i, 0) * b(0) + inverse2(regularElements(a), i, 1) * b(1),
    },
    {
      name: 'the mean, by a column of ones',
      shapes: [[3]],
      call: b => leastSquares(b.reshape([3, 1]).mul(0).add(1), b),
      gives: 'float64[1]',
      value: b => () => (b(0) + b(1) + b(2)) / 3,
    },
    {
      name: 'one column in a batch, and two right sides',
      shapes: [
        [2, 3, 1],
        [3, 2],
      ],
      call: (a, b) => leastSquares(regular(a), b),
      gives: 'float64[2, 1, 2]',
      value: (a, b) => (n, _, j) => {
        const column = [a(n, 0, 0) + 8, a(n, 1, 0), a(n, 2, 0)]
        const along = column.reduce((sum, x, i) => sum + x * b(i, j), 0)
        return along / column.reduce((sum, x) => sum + x * x, 0)
      },
    },
  ],
  errors: [
    {
      call: make => leastSquares(make([2, 3]), make([2])),
      message: /leastSquares: float32\[2, 3\] has fewer rows/,
    },
    {
      call: make => leastSquares(make([3, 2]), make([2])),
      message: /leastSquares: \[2\] stands on the right of/,
    },
    {
      call: make => leastSquares(make([3, 2]), make([3], 'float64')),
      message: /leastSquares: float32\[3, 2\] and float64\[3\] are mixed/,
    },
    {
      call: make => leastSquares(make([3, 1]).broadcastTo([3, 2]), make([3])),
      message: /leastSquares: column 1 of float32\[3, 2\] depends on those before it/,
    },
    {
      call: make => leastSquares(make([1, 1]).div(0), make([1])),
      message: /leastSquares: element \[0, 0\] is/,
    },
    {
      call: make => leastSquares(make([1, 1]), make([1]).div(0)),
      message: /leastSquares: element \[0\] of the/,
    },
    { call: () => leastSquares(1 as never, 1 as never), message: /leastSquares: the matrix is 1/ },
  ],
})

function checkIndependent([q, r]: readonly Tensor[]): readonly [q: Tensor, r: Tensor] {
  const dependent = dependentColumn(r!, sizesOf(q!)[0])
  if (dependent === undefined) return [q!, r!]
  throw new GradientError(
    'qr',
    `column ${dependent.column} of ${nameOf(q!, dependent.index)} depends on those before it, where q has no gradient`,
    'Drop the column, or differentiate where the columns are independent',
  )
}

/** The first column that lies, up to rounding, in the span of those before it, and the matrix with it. */
function dependentColumn(r: Tensor, rows: number): { index: number; column: number } | undefined {
  const [size] = sizesOf(r)
  const values = valuesOf('qr', r)
  const tolerance = rows * epsilon(r.dtype === 'float32' ? 'float32' : 'float64')
  for (let at = 0; at < values.length / size; at++) {
    const [index, column] = [Math.floor(at / size), at % size]
    const element = (i: number) => values[(index * size + i) * size + column]!
    const length = Math.hypot(...Array.from({ length: column + 1 }, (_, i) => element(i)))
    if (element(column) <= tolerance * length) return { index, column }
  }
  return undefined
}
