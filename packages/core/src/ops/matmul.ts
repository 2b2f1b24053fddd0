/** Matrix products, of vectors and of batches as well. */

import type { View } from '../backend/contract.ts'
import { computingOn } from '../backend/current.ts'
import { DTypeError, ShapeError } from '../errors.ts'
import { checkTensor } from '../tensor/check.ts'
import { isFloat } from '../tensor/dtype.ts'
import { broadcastShapes, formatShape, type Shape, sizeOf } from '../tensor/shape.ts'
import { Tensor } from '../tensor/tensor.ts'
import { broadcastTo } from './broadcast.ts'
import { commonBackend, defineOp, type SingleOp } from './define.ts'
import { add, mul } from './elementwise.ts'
import { expandDims, reshape, squeeze, transpose } from './movement.ts'
import { specify, total } from './specify.ts'

/** A product whose factors fit as they are: two matrices, matrix and vector, two vectors, or equal batches. */
const contract: SingleOp<undefined> = defineOp({
  name: 'matmul',
  forward: ([a, b]) => {
    const backend = computingOn(a!)
    const product = backend.contract(asMatrix(a!, 'row'), asMatrix(b!, 'column'))
    return new Tensor(backend, product, a!.dtype, [...a!.shape.slice(0, -1), ...columnsOf(b!)])
  },
  vjp: ({ g, inputs: [a, b], needs }) => [
    needs[0] ? (b!.rank === 1 ? outerProduct(g, b!) : matmul(g, transpose(b!))) : undefined,
    needs[1] ? (a!.rank === 1 ? outerProduct(a!, g) : matmul(transpose(a!), g)) : undefined,
  ],
  jvp({ d: [da, db], inputs: [a, b] }) {
    const left = da && matmul(da, b!)
    const right = db && matmul(a!, db)
    return left && right ? add(left, right) : (left ?? right)
  },
  samples: [
    {
      name: 'matrices',
      shapes: [
        [2, 3],
        [3, 4],
      ],
      call: (a, b) => matmul(a, b),
      gives: 'float64[2, 4]',
      value: (a, b) => (i, j) => total(3, k => a(i, k) * b(k, j)),
    },
    {
      name: 'a matrix and a vector',
      shapes: [[2, 3], [3]],
      call: (a, b) => matmul(a, b),
      gives: 'float64[2]',
      value: (a, b) => i => total(3, k => a(i, k) * b(k)),
    },
    {
      name: 'a vector and a matrix',
      shapes: [[3], [3, 2]],
      call: (a, b) => matmul(a, b),
      gives: 'float64[2]',
      value: (a, b) => j => total(3, k => a(k) * b(k, j)),
    },
    {
      name: 'two vectors',
      shapes: [[3], [3]],
      call: (a, b) => matmul(a, b),
      gives: 'float64[]',
      value: (a, b) => () => total(3, k => a(k) * b(k)),
    },
    {
      name: 'a vector and a batch',
      shapes: [[3], [2, 3, 2]],
      call: (a, b) => matmul(a, b),
      gives: 'float64[2, 2]',
      value: (a, b) => (n, j) => total(3, k => a(k) * b(n, k, j)),
    },
    {
      name: 'a batch and a vector',
      shapes: [[2, 2, 3], [3]],
      call: (a, b) => matmul(a, b),
      gives: 'float64[2, 2]',
      value: (a, b) => (n, i) => total(3, k => a(n, i, k) * b(k)),
    },
    {
      name: 'batches',
      shapes: [
        [2, 1, 2, 3],
        [3, 3, 2],
      ],
      call: (a, b) => matmul(a, b),
      gives: 'float64[2, 3, 2, 2]',
      value: (a, b) => (m, n, i, j) => total(3, k => a(m, 0, i, k) * b(n, k, j)),
    },
    {
      name: 'a batch and a matrix',
      shapes: [
        [2, 2, 3],
        [3, 2],
      ],
      call: (a, b) => matmul(a, b),
      gives: 'float64[2, 2, 2]',
      value: (a, b) => (n, i, j) => total(3, k => a(n, i, k) * b(k, j)),
    },
    {
      name: 'a transposed matrix',
      shapes: [
        [3, 2],
        [3, 4],
      ],
      call: (a, b) => matmul(transpose(a), b),
      gives: 'float64[2, 4]',
      value: (a, b) => (i, j) => total(3, k => a(k, i) * b(k, j)),
    },
    {
      name: 'empty inner axes',
      shapes: [
        [2, 0],
        [0, 3],
      ],
      call: (a, b) => matmul(a, b),
      gives: 'float64[2, 3]',
      value: () => () => 0,
    },
  ],
  errors: [
    {
      call: make => matmul(make([8, 3]), make([4, 2])),
      message: /matmul: inner sizes differ: \[8, 3\] × \[4, 2\] \(3 ≠ 4\)\. Transpose one\?/,
    },
    {
      call: make => matmul(make([]), make([2])),
      message: /matmul: \[\] × \[2\]: a number has no axis to sum over/,
    },
    { call: make => matmul(make([2, 2, 2]), make([3, 2, 2])), message: /matmul: shapes do not broadcast/ },
    {
      call: make => matmul(make([2, 2]), make([2], 'float64')),
      message: /matmul: float32\[2, 2\] and float64\[2\]/,
    },
  ],
})

/**
 * The matrix product `[…, m, k] × […, k, n] → […, m, n]`; batch axes broadcast. A vector counts as a row on the
 * left and as a column on the right, and the axis that this adds is dropped from the result.
 *
 * @throws ShapeError when inner sizes differ; DTypeError for mixed or non-float types
 */
export function matmul(a: Tensor, b: Tensor): Tensor {
  checkFactors('matmul', a, b)
  checkInner('matmul', a, b)
  if (a.rank <= 2 && b.rank <= 2) return contract.apply([a, b], undefined)
  if (b.rank <= 2) {
    // All rows meet the same matrix: one product, and one for its gradient.
    const rows = reshape(a, [sizeOf(a.shape.slice(0, -1)), a.shape.at(-1)!])
    return reshape(contract.apply([rows, b], undefined), [...a.shape.slice(0, -1), ...columnsOf(b)])
  }
  if (a.rank === 1) return squeeze(matmul(expandDims(a, 0), b), -2)
  const batch = broadcastShapes('matmul', a.shape.slice(0, -2), b.shape.slice(0, -2))
  const inBatch = (x: Tensor): Shape => [...batch, ...x.shape.slice(-2)]
  return contract.apply([broadcastTo(a, inBatch(a)), broadcastTo(b, inBatch(b))], undefined)
}

/** A vector as the row or the column that it stands for; what has two axes or more, as it is. */
function asMatrix(x: Tensor, as: 'row' | 'column'): View {
  if (x.rank !== 1) return x
  const [length, stride] = [x.shape[0]!, x.strides[0]!]
  return as === 'row'
    ? x.view([1, length], [length * stride, stride], x.offset)
    : x.view([length, 1], [stride, length * stride], x.offset)
}

function columnsOf(b: Tensor): Shape {
  return b.rank === 1 ? [] : [b.shape.at(-1)!]
}

/** Products of all pairs of elements; of a number and a vector, where an axis was summed away. */
function outerProduct(a: Tensor, b: Tensor): Tensor {
  return a.rank === 0 || b.rank === 0 ? mul(a, b) : outer(a, b)
}

/** @throws ValueError, DTypeError or BackendError unless both are tensors of one float type on one backend */
function checkFactors(operation: string, a: unknown, b: unknown): void {
  checkTensor(operation, 'the left factor', a)
  checkTensor(operation, 'the right factor', b)
  if (a.dtype !== b.dtype || !isFloat(a.dtype)) {
    throw new DTypeError(operation, `${a} and ${b} are not of one float type`, `Cast first: .cast('float32')`)
  }
  commonBackend(operation, [a, b])
}

/** @throws ShapeError unless the last axis of `a` and the axis of `b` that it meets are of one size */
function checkInner(operation: string, a: Tensor, b: Tensor): void {
  const product = `${formatShape(a.shape)} × ${formatShape(b.shape)}`
  if (a.rank === 0 || b.rank === 0) {
    throw new ShapeError(operation, `${product}: a number has no axis to sum over`, 'Use mul')
  }
  const [left, right] = [a.shape.at(-1)!, b.shape.at(b.rank === 1 ? -1 : -2)!]
  if (left !== right) {
    throw new ShapeError(operation, `inner sizes differ: ${product} (${left} ≠ ${right})`, 'Transpose one?')
  }
}

/**
 * The inner product of two vectors of equal length.
 *
 * @throws ShapeError for other shapes
 */
export function dot(a: Tensor, b: Tensor): Tensor {
  checkFactors('dot', a, b)
  if (a.rank !== 1 || b.rank !== 1) {
    throw new ShapeError(
      'dot',
      `${formatShape(a.shape)} · ${formatShape(b.shape)}`,
      'Give two vectors, or use matmul',
    )
  }
  checkInner('dot', a, b)
  return matmul(a, b)
}

/** The products of all pairs of elements of two vectors: `[m] ⊗ [n] → [m, n]`. */
export function outer(a: Tensor, b: Tensor): Tensor {
  checkFactors('outer', a, b)
  return matmul(reshape(a, [a.size, 1]), reshape(b, [1, b.size]))
}

specify({
  name: 'dot',
  samples: [
    {
      name: 'two vectors',
      shapes: [[4], [4]],
      call: (a, b) => dot(a, b),
      gives: 'float64[]',
      value: (a, b) => () => total(4, k => a(k) * b(k)),
    },
  ],
  errors: [
    { call: make => dot(make([1, 1]), make([1])), message: /dot: \[1, 1\] · \[1\]\. Give two vectors/ },
    { call: make => dot(make([2]), make([3])), message: /dot: .*\(2 ≠ 3\)/ },
  ],
})

specify({
  name: 'outer',
  samples: [
    {
      name: 'two vectors',
      shapes: [[2], [3]],
      call: (a, b) => outer(a, b),
      gives: 'float64[2, 3]',
      value: (a, b) => (i, j) => a(i) * b(j),
    },
    {
      name: 'with an empty one',
      shapes: [[0], [3]],
      call: (a, b) => outer(a, b),
      gives: 'float64[0, 3]',
      value: () => () => 0,
    },
  ],
  errors: [
    { call: make => outer(make([2]), make([2], 'int32')), message: /outer: float32\[2\] and int32\[2\]/ },
  ],
})
