/** The Cholesky decomposition. Its rules are those of Murray, "Differentiation of the Cholesky decomposition" (2016). */

import { add, defineOp, matmul, mul, type Tensor, transpose, ValueError } from '@sensigrad/core'
import { checkMatrices, sizesOf } from './check.ts'
import { batchOf, matricesOf, nameOf } from './host.ts'
import { identityLike, lowerOf, symmetricPart } from './parts.ts'
import { positive, positiveElements } from './samples.ts'
import { substituted } from './triangular.ts'

const op = defineOp<undefined>({
  name: 'cholesky',
  forward([a]) {
    const [size] = sizesOf(a!)
    const triangles = matricesOf('cholesky', a!).map((values, index) => {
      const { l, order } = decompose(values, size)
      if (order === undefined) return l
      throw new ValueError(
        'cholesky',
        `${nameOf(a!, index)} is not positive definite: its leading minor of order ${order} is not positive`,
        'Add a small multiple of the identity, or find out why it is not',
      )
    })
    return batchOf(a!, triangles, [size, size])
  },
  // With Φ the lower triangle and half of the diagonal: l̇ = l Φ(l⁻¹ ȧ l⁻ᵀ).
  vjp({ g, output: l }) {
    const inner = lowerOf(matmul(transpose(l), g), 0.5)
    const left = substituted(l, inner, { transpose: true })
    return [symmetricPart(substituted(l, transpose(left), { transpose: true }))]
  },
  jvp({ d: [d], output: l }) {
    if (!d) return undefined
    const left = substituted(l, symmetricPart(d))
    return matmul(l, lowerOf(transpose(substituted(l, transpose(left))), 0.5))
  },
  samples: [
    {
      name: 'two rows',
      shapes: [[2, 2]],
      call: x => cholesky(positive(x)),
      gives: 'float64[2, 2]',
      value: x => (i, j) => {
        const a = positiveElements(x, 2)
        const first = Math.sqrt(a(0, 0))
        if (i === 0) return j === 0 ? first : 0
        return j === 0 ? a(1, 0) / first : Math.sqrt(a(1, 1) - (a(1, 0) / first) ** 2)
      },
    },
    {
      name: 'l lᵀ of three rows',
      shapes: [[3, 2]],
      call: x => matmul(cholesky(positive(x)), transpose(cholesky(positive(x)))),
      gives: 'float64[3, 3]',
      value: x => positiveElements(x, 2),
    },
    {
      name: 'a batch of numbers',
      shapes: [[2, 1, 1]],
      call: x => cholesky(positive(x)),
      gives: 'float64[2, 1, 1]',
      value: x => n => Math.sqrt(x(n, 0, 0) ** 2 + 2),
    },
    {
      name: 'the symmetric part',
      shapes: [[2, 2]],
      domain: [-1, 1],
      call: x => {
        const l = cholesky(add(x, mul(identityLike(x), 4)))
        return matmul(l, transpose(l))
      },
      gives: 'float64[2, 2]',
      value: x => (i, j) => (x(i, j) + x(j, i)) / 2 + (i === j ? 4 : 0),
    },
  ],
  errors: [
    { call: make => cholesky(make([2, 3])), message: /cholesky: float32\[2, 3\] is not square/ },
    { call: make => cholesky(make([2])), message: /cholesky: float32\[2\] is no matrix/ },
    {
      call: make => cholesky(make([0, 0])),
      message: /cholesky: float32\[0, 0\] is a matrix without elements/,
    },
    {
      call: make => cholesky(make([2, 2], 'int32')),
      message: /cholesky: int32\[2, 2\] is not of a float type/,
    },
    {
      call: make => cholesky(make([2, 2, 2]).mul(0).add(1)),
      message:
        /cholesky: matrix \[0\] of float32\[2, 2, 2\] is not positive definite: its leading minor of order 2/,
    },
    {
      call: make => cholesky(make([2, 2]).neg()),
      message:
        /cholesky: float32\[2, 2\] is not positive definite: its leading minor of order 1 is not positive/,
    },
    { call: make => cholesky(make([2, 2]).div(0)), message: /cholesky: element \[0, 0\] is Infinity/ },
    { call: () => cholesky(null as never), message: /cholesky: the matrix is null/ },
  ],
})

/**
 * The Cholesky decomposition a = l lᵀ of each symmetric positive definite matrix. Of a matrix that is not symmetric, the
 * symmetric part (a + aᵀ)/2 is decomposed; gradients are therefore symmetric.
 *
 * @param a  `[…, n, n]`, finite
 * @returns l, shaped like a: a lower triangle with a positive diagonal
 * @throws  ValueError where a is not positive definite, naming the first leading minor that is not positive; ShapeError
 *          for other shapes; DTypeError for other types; NonFiniteError for NaN or infinity; BackendError where values
 *          cannot be read without waiting
 * @example cholesky(tensor([[4, 2], [2, 5]])) // [[2, 0], [1, 2]]
 */
export function cholesky(a: Tensor): Tensor {
  checkMatrices('cholesky', a, 'square')
  return op.apply([a], undefined)
}

/** l of the symmetric part, row by row, up to the leading minor (its order counted from 1) that is not positive. */
function decompose(a: Float64Array, size: number): { l: Float64Array; order: number | undefined } {
  const l = new Float64Array(size ** 2)
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let rest = a[i * size + j]! / 2 + a[j * size + i]! / 2
      for (let k = 0; k < j; k++) rest -= l[i * size + k]! * l[j * size + k]!
      if (i === j && !(rest > 0)) return { l, order: i + 1 }
      l[i * size + j] = i === j ? Math.sqrt(rest) : rest / l[j * (size + 1)]!
    }
  }
  return { l, order: undefined }
}
