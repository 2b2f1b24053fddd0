/** Eigenvalues and eigenvectors of symmetric matrices. They are computed by ml-matrix. */

import {
  add,
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
import { EigenvalueDecomposition, Matrix } from 'ml-matrix'
import { checkMatrices, sizesOf } from './check.ts'
import { checkDistinct } from './distinct.ts'
import { batchOf, kept, matricesOf } from './host.ts'
import { normalised } from './matrix.ts'
import { identityLike, offDiagonalOf, scaleColumns, symmetricPart } from './parts.ts'
import { spread, spreadElements } from './samples.ts'

interface Eigen {
  /** From the smallest. */
  readonly values: Float64Array
  /** In the columns of a matrix, row by row. */
  readonly vectors: Float64Array
}

const decomposed = new WeakMap<Tensor, readonly Eigen[]>()

function eigenOf(operation: string, a: Tensor): readonly Eigen[] {
  const [size] = sizesOf(a)
  return kept(decomposed, a, () => matricesOf(operation, a).map(values => decompose(values, size)))
}

function decompose(a: Float64Array, size: number): Eigen {
  const symmetric = a.map((value, at) => value / 2 + a[(at % size) * size + Math.floor(at / size)]! / 2)
  const { elements, scale } = normalised(symmetric)
  const matrix = Matrix.from1DArray(size, size, elements)
  const found = new EigenvalueDecomposition(matrix, { assumeSymmetric: true })
  return {
    values: Float64Array.from(found.realEigenvalues, value => value * scale),
    vectors: Float64Array.from(found.eigenvectorMatrix.to1DArray()),
  }
}

/*
 * Eigenvalues and eigenvectors are operations of their own: where only eigenvalues are used, no tape holds the
 * eigenvectors, whose rule must refuse equal eigenvalues.
 */

const valuesOp = defineOp<undefined>({
  name: 'symmetricEigenvalues',
  forward: ([a]) =>
    batchOf(
      a!,
      eigenOf('symmetricEigenvalues', a!).map(({ values }) => values),
      [sizesOf(a!)[0]],
    ),
  // λ̇ⱼ = vⱼᵀ ȧ vⱼ
  vjp({ g, inputs: [a] }) {
    const v = vectorsOp.apply([a!], undefined)
    return [matmul(scaleColumns(v, g), transpose(v))]
  },
  jvp({ d: [d], inputs: [a] }) {
    if (!d) return undefined
    const v = vectorsOp.apply([a!], undefined)
    return sum(mul(v, matmul(d, v)), -2)
  },
  samples: [
    {
      name: 'two rows',
      shapes: [[2, 2]],
      call: x => symmetricEigenvalues(spread(x)),
      gives: 'float64[2]',
      value: x => i => eigenvalue2(spreadElements(x), i),
    },
    {
      name: 'the sum of squares of three',
      shapes: [[3, 3]],
      domain: [-1, 1],
      call: x => sum(mul(symmetricEigenvalues(spread(x)), symmetricEigenvalues(spread(x)))),
      gives: 'float64[]',
      value: x => () => {
        const a = spreadElements(x)
        return [0, 1, 2].reduce((sum, i) => sum + a(i, 0) ** 2 + a(i, 1) ** 2 + a(i, 2) ** 2, 0)
      },
    },
    {
      name: 'a batch of numbers',
      shapes: [[2, 1, 1]],
      call: x => symmetricEigenvalues(x),
      gives: 'float64[2, 1]',
      value: x => n => x(n, 0, 0),
    },
  ],
  errors: [
    {
      call: make => symmetricEigenvalues(make([2, 3])),
      message: /symmetricEigenvalues: float32\[2, 3\] is not square/,
    },
    {
      call: make => symmetricEigenvalues(make([2])),
      message: /symmetricEigenvalues: float32\[2\] is no matrix/,
    },
    {
      call: make => symmetricEigenvalues(make([2, 2], 'int32')),
      message: /symmetricEigenvalues: int32\[2, 2\] is not of a float type/,
    },
    {
      call: make => symmetricEigenvalues(make([1, 1]).div(0)),
      message: /symmetricEigenvalues: element \[0, 0\] is Infinity/,
    },
    { call: () => symmetricEigenvalues(1 as never), message: /symmetricEigenvalues: the matrix is 1/ },
  ],
})

const vectorsOp = defineOp<undefined>({
  name: 'symmetricEigen',
  forward([a]) {
    const [size] = sizesOf(a!)
    return batchOf(
      a!,
      eigenOf('symmetricEigen', a!).map(({ vectors }) => vectors),
      [size, size],
    )
  },
  // v̇ = v (F ∘ vᵀ ȧ v), Fᵢⱼ = 1/(λⱼ - λᵢ) beside the diagonal.
  vjp({ g, inputs: [a], output: v }) {
    const turned = turnOf(a!, matmul(transpose(v), g))
    return [symmetricPart(matmul(matmul(v, turned), transpose(v)))]
  },
  jvp: ({ d: [d], inputs: [a], output: v }) =>
    d && matmul(v, turnOf(a!, matmul(matmul(transpose(v), symmetricPart(d)), v))),
  samples: [
    {
      name: 'the squared elements of the vectors of two rows',
      shapes: [[2, 2]],
      call: x => symmetricEigen(spread(x))[1].square(),
      gives: 'float64[2, 2]',
      value: x => (i, j) => {
        const a = spreadElements(x)
        const off = a(0, 1) ** 2 // (b, λ - a) is an eigenvector of [[a, b], [b, d]]
        const rest = (eigenvalue2(a, j) - a(0, 0)) ** 2
        return (i === 0 ? off : rest) / (off + rest)
      },
    },
    {
      name: 'v diag(λ) vᵀ of three rows',
      shapes: [[3, 3]],
      domain: [-1, 1],
      call: x => {
        const [values, v] = symmetricEigen(spread(x))
        return matmul(scaleColumns(v, values), transpose(v))
      },
      gives: 'float64[3, 3]',
      value: x => spreadElements(x),
    },
    {
      name: 'the inverses in a batch, by 1/λ',
      shapes: [[2, 2, 2]],
      domain: [-1, 1],
      call: x => {
        const a = spread(x)
        const [values, v] = symmetricEigen(a)
        return matmul(
          matmul(scaleColumns(v, div(1, values.add(3))), transpose(v)),
          add(symmetricPart(a), mul(identityLike(a), 3)),
        )
      },
      gives: 'float64[2, 2, 2]',
      value: () => (_, i, j) => Number(i === j),
    },
  ],
  errors: [
    { call: make => symmetricEigen(make([2, 3])), message: /symmetricEigen: float32\[2, 3\] is not square/ },
    { call: make => symmetricEigen(make([2])), message: /symmetricEigen: float32\[2\] is no matrix/ },
    {
      call: make => symmetricEigen(make([0, 0])),
      message: /symmetricEigen: float32\[0, 0\] is a matrix without/,
    },
    {
      call: make => symmetricEigen(make([2, 2], 'bool')),
      message: /symmetricEigen: bool\[2, 2\] is not of a float/,
    },
    {
      call: make => symmetricEigen(make([1, 1]).div(0)),
      message: /symmetricEigen: element \[0, 0\] is Infinity/,
    },
    { call: () => symmetricEigen({} as never), message: /symmetricEigen: the matrix is an object/ },
  ],
})

/**
 * The eigenvalues of each matrix's symmetric part (a + aᵀ)/2, from the smallest.
 *
 * Eigenvalues that are equal have no slopes of their own, but functions in which they may change places, such as their
 * sum, have: those are right. Second derivatives exist where eigenvalues are distinct, and are refused elsewhere.
 *
 * @param a  `[…, n, n]`, finite
 * @returns `[…, n]`
 * @throws  ShapeError for other shapes; DTypeError for other types; NonFiniteError for NaN or infinity; BackendError
 *          where values cannot be read without waiting; GradientError where second derivatives do not exist
 * @example symmetricEigenvalues(tensor([[2, 1], [1, 2]])) // [1, 3]
 */
export function symmetricEigenvalues(a: Tensor): Tensor {
  checkMatrices('symmetricEigenvalues', a, 'square')
  return valuesOp.apply([a], undefined)
}

/**
 * The eigenvalues, from the smallest, and eigenvectors of each matrix's symmetric part (a + aᵀ)/2 = v diag(λ) vᵀ.
 *
 * An eigenvector's sign is arbitrary: let nothing depend on it. Eigenvectors have derivatives where eigenvalues are
 * distinct; where two are equal up to rounding, a gradient that goes through eigenvectors is refused. One that goes
 * through eigenvalues alone is as that of `symmetricEigenvalues`.
 *
 * @param a  `[…, n, n]`, finite
 * @returns λ, `[…, n]`, and v, `[…, n, n]`, with the eigenvectors in its columns, orthonormal
 * @throws  ShapeError for other shapes; DTypeError for other types; NonFiniteError for NaN or infinity; BackendError
 *          where values cannot be read without waiting; GradientError where derivatives do not exist
 * @example const [λ, v] = symmetricEigen(tensor([[2, 1], [1, 2]])) // λ: [1, 3]
 */
export function symmetricEigen(a: Tensor): readonly [values: Tensor, vectors: Tensor] {
  checkMatrices('symmetricEigen', a, 'square')
  const vectors = vectorsOp.apply([a], undefined)
  return [valuesOp.apply([a], undefined), vectors]
}

/** F ∘ x, by which eigenvectors turn. @throws GradientError at equal eigenvalues */
function turnOf(a: Tensor, x: Tensor): Tensor {
  const values = valuesOp.apply([a], undefined)
  checkDistinct('symmetricEigen', a, values, 'eigenvalues')
  const gaps = sub(expandDims(values, -2), expandDims(values, -1))
  return div(offDiagonalOf(x), add(gaps, identityLike(x))) // 0/1 on the diagonal
}

function eigenvalue2(a: (...index: number[]) => number, i: number): number {
  const [mean, half] = [(a(0, 0) + a(1, 1)) / 2, (a(0, 0) - a(1, 1)) / 2]
  return mean + (i === 0 ? -1 : 1) * Math.hypot(half, a(0, 1))
}
