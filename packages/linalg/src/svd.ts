/** Singular values and singular vectors. */

import {
  add,
  defineMultiOp,
  defineOp,
  div,
  expandDims,
  matmul,
  mul,
  sub,
  sum,
  type Tensor,
  transpose,
} from '@sensigrad/core'
import { checkMatrices, sizesOf } from './check.ts'
import { checkDistinct, checkPositive } from './distinct.ts'
import { batchOf, kept, matricesOf } from './host.ts'
import { type SVD, svdOf } from './jacobi.ts'
import { identityLike, offDiagonalOf, scaleColumns, scaleRows } from './parts.ts'
import { regular, regularElements, spread } from './samples.ts'

const decomposed = new WeakMap<Tensor, readonly SVD[]>()

function allOf(operation: string, a: Tensor): readonly SVD[] {
  const [rows, columns] = sizesOf(a)
  return kept(decomposed, a, () => matricesOf(operation, a).map(values => svdOf(values, rows, columns)))
}

/*
 * Singular values and vectors are operations of their own: where only the values are used, no tape holds the vectors,
 * whose rule must refuse equal values.
 */

const valuesOp = defineOp<undefined>({
  name: 'singularValues',
  forward: ([a]) =>
    batchOf(
      a!,
      allOf('singularValues', a!).map(({ s }) => s),
      [Math.min(...sizesOf(a!))],
    ),
  // ṡⱼ = uⱼᵀ ȧ vⱼ
  vjp({ g, inputs: [a] }) {
    const [u, v] = vectorsOf(a!)
    return [matmul(scaleColumns(u, g), transpose(v))]
  },
  jvp({ d: [d], inputs: [a] }) {
    if (!d) return undefined
    const [u, v] = vectorsOf(a!)
    return sum(mul(u, matmul(d, v)), -2)
  },
  samples: [
    {
      name: 'two rows',
      shapes: [[2, 2]],
      domain: [-1, 1],
      call: x => singularValues(spread(regular(x))),
      gives: 'float64[2]',
      value: x => i => singularValue2(spreadOut(x), i),
    },
    {
      name: 'a batch of rows',
      shapes: [[2, 1, 3]],
      call: x => singularValues(regular(x)),
      gives: 'float64[2, 1]',
      value: x => n => Math.hypot(x(n, 0, 0) + 8, x(n, 0, 1), x(n, 0, 2)),
    },
    {
      name: 'the sum of squares of a tall matrix',
      shapes: [[3, 2]],
      domain: [-1, 1],
      call: x => sum(mul(singularValues(spread(regular(x))), singularValues(spread(regular(x))))),
      gives: 'float64[]',
      value: x => () =>
        [0, 1, 2].reduce((sum, i) => sum + spreadOut(x)(i, 0) ** 2 + spreadOut(x)(i, 1) ** 2, 0),
    },
  ],
  errors: [
    { call: make => singularValues(make([2])), message: /singularValues: float32\[2\] is no matrix/ },
    {
      call: make => singularValues(make([2, 0])),
      message: /singularValues: float32\[2, 0\] is a matrix without/,
    },
    {
      call: make => singularValues(make([2, 2], 'int32')),
      message: /singularValues: int32\[2, 2\] is not of a/,
    },
    {
      call: make => singularValues(make([1, 1]).div(0)),
      message: /singularValues: element \[0, 0\] is Infinity/,
    },
    { call: () => singularValues(1 as never), message: /singularValues: the matrix is 1/ },
  ],
})

// With F, 1/(sⱼ² - sᵢ²) beside the diagonal: what svd's derivation in Townsend, "Differentiating the singular value
// decomposition" (2016), says of u̇ and v̇, and its transpose.
const vectorsOp = defineMultiOp<undefined>({
  name: 'svd',
  forward([a]) {
    const [rows, columns] = sizesOf(a!)
    const size = Math.min(rows, columns)
    const all = allOf('svd', a!)
    return [
      batchOf(
        a!,
        all.map(({ u }) => u),
        [rows, size],
      ),
      batchOf(
        a!,
        all.map(({ v }) => v),
        [columns, size],
      ),
    ]
  },
  vjp({ gs: [toU, toV], inputs: [a], outputs }) {
    const [u, v] = outputs as readonly [Tensor, Tensor]
    const s = distinctValuesOf(a!)
    const vt = transpose(v)
    const shares: Tensor[] = []
    if (toU) {
      const turned = turnOf(s, matmul(transpose(u), toU))
      shares.push(matmul(matmul(u, scaleColumns(add(turned, transpose(turned)), s)), vt))
      if (isTall(u)) shares.push(matmul(scaleColumns(outside(u, toU), div(1, s)), vt))
    }
    if (toV) {
      const turned = turnOf(s, matmul(vt, toV))
      shares.push(matmul(matmul(u, scaleRows(add(turned, transpose(turned)), s)), vt))
      if (isTall(v)) shares.push(matmul(u, transpose(scaleColumns(outside(v, toV), div(1, s)))))
    }
    return [shares.reduce((sum, share) => add(sum, share))]
  },
  jvp({ d: [d], inputs: [a], outputs }) {
    if (!d) return []
    const [u, v] = outputs as readonly [Tensor, Tensor]
    const s = distinctValuesOf(a!)
    const [rows, columns] = [matmul(transpose(d), u), matmul(d, v)]
    const p = matmul(transpose(u), columns)
    const pt = transpose(p)
    const turnedU = matmul(u, turnOf(s, add(scaleColumns(p, s), scaleRows(pt, s))))
    const turnedV = matmul(v, turnOf(s, add(scaleRows(p, s), scaleColumns(pt, s))))
    return [
      isTall(u) ? add(turnedU, scaleColumns(outside(u, columns), div(1, s))) : turnedU,
      isTall(v) ? add(turnedV, scaleColumns(outside(v, rows), div(1, s))) : turnedV,
    ]
  },
  samples: [
    {
      name: 'u diag(s) vᵀ of a tall matrix',
      shapes: [[3, 2]],
      domain: [-1, 1],
      call: x => {
        const [u, s, v] = svd(spread(regular(x)))
        return matmul(scaleColumns(u, s), transpose(v))
      },
      gives: 'float64[3, 2]',
      value: x => spreadOut(x),
    },
    {
      name: 'u diag(s) vᵀ of wide ones in a batch',
      shapes: [[2, 2, 3]],
      domain: [-1, 1],
      call: x => {
        const [u, s, v] = svd(spread(regular(x)))
        return matmul(scaleColumns(u, s), transpose(v))
      },
      gives: 'float64[2, 2, 3]',
      value: x => (n, i, j) => spreadOut((i, j) => x(n, i, j))(i, j),
    },
    {
      name: 'the squared elements of u of two rows',
      shapes: [[2, 2]],
      domain: [-1, 1],
      call: x => svd(spread(regular(x)))[0].square(),
      gives: 'float64[2, 2]',
      value: x => (i, j) => {
        const m = spreadOut(x)
        const [off, first] = [m(0, 0) * m(1, 0) + m(0, 1) * m(1, 1), m(0, 0) ** 2 + m(0, 1) ** 2] // of m mᵀ
        const rest = (singularValue2(m, j) ** 2 - first) ** 2
        return (i === 0 ? off ** 2 : rest) / (off ** 2 + rest)
      },
    },
    {
      name: 'the squared elements of v of a row',
      shapes: [[1, 3]],
      domain: [-1, 1],
      call: x => svd(regular(x))[2].square(),
      gives: 'float64[3, 1]',
      value: x => i => {
        const m = regularElements(x)
        return m(0, i) ** 2 / (m(0, 0) ** 2 + m(0, 1) ** 2 + m(0, 2) ** 2)
      },
    },
  ],
  errors: [
    { call: make => svd(make([2])), message: /svd: float32\[2\] is no matrix/ },
    { call: make => svd(make([0, 2])), message: /svd: float32\[0, 2\] is a matrix without elements/ },
    { call: make => svd(make([2, 2], 'int32')), message: /svd: int32\[2, 2\] is not of a float type/ },
    { call: make => svd(make([1, 1]).div(0)), message: /svd: element \[0, 0\] is Infinity/ },
    { call: () => svd(undefined as never), message: /svd: the matrix is undefined/ },
  ],
})

/**
 * The singular values of each matrix, from the largest.
 *
 * Singular values that are equal have no slopes of their own, but functions in which they may change places, such as
 * their sum, have: those are right. At 0, where a singular value bends like |x|, its slope is one of those around it.
 * Second derivatives exist where singular values are distinct and above 0, and are refused elsewhere.
 *
 * @param a  `[…, m, n]`, finite
 * @returns `[…, min(m, n)]`
 * @throws  ShapeError for other shapes; DTypeError for other types; NonFiniteError for NaN or infinity; BackendError
 *          where values cannot be read without waiting; GradientError where second derivatives do not exist
 * @example singularValues(tensor([[3, 0], [0, -4]])) // [4, 3]
 */
export function singularValues(a: Tensor): Tensor {
  checkMatrices('singularValues', a)
  return valuesOp.apply([a], undefined)
}

/**
 * The thin singular value decomposition a = u diag(s) vᵀ of each matrix; let k = min(m, n).
 *
 * The common sign of a column of u and the same column of v is arbitrary: let nothing depend on it. Both have
 * derivatives where singular values are distinct and above 0; elsewhere (up to rounding), a gradient that goes through
 * them is refused. One that goes through s alone is as that of `singularValues`.
 *
 * @param a  `[…, m, n]`, finite
 * @returns u, `[…, m, k]`, s, `[…, k]`, from the largest, and v, `[…, n, k]`; the columns of u and v are orthonormal
 * @throws  ShapeError for other shapes; DTypeError for other types; NonFiniteError for NaN or infinity; BackendError
 *          where values cannot be read without waiting; GradientError where derivatives do not exist
 * @example const [u, s, v] = svd(tensor([[3, 0], [0, -4]])) // s: [4, 3]
 */
export function svd(a: Tensor): readonly [u: Tensor, s: Tensor, v: Tensor] {
  checkMatrices('svd', a)
  const [u, v] = vectorsOf(a)
  return [u, valuesOp.apply([a], undefined), v]
}

function vectorsOf(a: Tensor): readonly [u: Tensor, v: Tensor] {
  const [u, v] = vectorsOp.apply([a], undefined)
  return [u!, v!]
}

/** @throws GradientError where they are equal or zero */
function distinctValuesOf(a: Tensor): Tensor {
  const s = valuesOp.apply([a], undefined)
  checkDistinct('svd', a, s, 'singular values')
  checkPositive('svd', a, s)
  return s
}

/** F ∘ x, by which singular vectors turn inside of their span. */
function turnOf(s: Tensor, x: Tensor): Tensor {
  const [si, sj] = [expandDims(s, -1), expandDims(s, -2)]
  const gaps = add(sub(sj, si), identityLike(x)) // 0/1 on the diagonal
  return div(div(offDiagonalOf(x), gaps), add(si, sj))
}

/** (I - u uᵀ) x: what of x lies outside of the span of u's columns. */
const outside = (u: Tensor, x: Tensor): Tensor => sub(x, matmul(u, matmul(transpose(u), x)))

const isTall = (u: Tensor): boolean => u.shape.at(-2)! > u.shape.at(-1)!

/** The elements of x + diag(8, 16, …). */
const spreadOut =
  (x: (...index: number[]) => number) =>
  (i: number, j: number): number =>
    x(i, j) + (i === j ? 8 * (i + 1) : 0)

/** A singular value of a 2×2 matrix: s₀² + s₁² is the sum of squares, s₀ s₁ the determinant's modulus. */
function singularValue2(m: (i: number, j: number) => number, k: number): number {
  const squares = m(0, 0) ** 2 + m(0, 1) ** 2 + m(1, 0) ** 2 + m(1, 1) ** 2
  const product = Math.abs(m(0, 0) * m(1, 1) - m(0, 1) * m(1, 0))
  const [sum, difference] = [Math.sqrt(squares + 2 * product), Math.sqrt(squares - 2 * product)]
  return (sum + (k === 0 ? difference : -difference)) / 2
}
