/** Diagonals and triangles of matrices, and of batches of them. All of it is composed. */

import { describeValue, ShapeError, ValueError } from '../errors.ts'
import { checkTensor } from '../tensor/check.ts'
import { tensor } from '../tensor/create.ts'
import { formatShape } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { and, where } from './elementwise.ts'
import { reshape } from './movement.ts'
import { placeAt, type Range, slice } from './parts.ts'
import { sum } from './reduce.ts'
import { specify, total } from './specify.ts'

/**
 * A diagonal of the last two axes: `[…, m, n] → […, length]`.
 *
 * @param offset  which one: 0 is the main diagonal, 1 the one above it, -1 the one below it; those outside are empty
 * @throws ShapeError for fewer than two axes; ValueError when the offset is no whole number
 * @example diagonal(tensor([[1, 2], [3, 4]])) // 1, 4
 */
export function diagonal(x: Tensor, offset = 0): Tensor {
  return diagonalOf('diagonal', x, offset)
}

function diagonalOf(operation: string, x: Tensor, offset: number): Tensor {
  const [rows, columns] = checkMatrix(operation, x, offset)
  const length = Math.max(0, offset < 0 ? Math.min(rows + offset, columns) : Math.min(rows, columns - offset))
  const batch = x.shape.slice(0, -2)
  const flat = reshape(x, [...batch, rows * columns])
  const start = firstPlace(columns, offset)
  const along: Range = length === 0 ? [0, 0] : [start, start + (length - 1) * (columns + 1) + 1, columns + 1]
  return slice(flat, ...batch.map(() => null), along)
}

/** Where the first element of a diagonal lies among the elements of its matrix. */
function firstPlace(columns: number, offset: number): number {
  return offset < 0 ? -offset * columns : offset
}

/** @returns the numbers of rows and columns */
function checkMatrix(operation: string, x: Tensor, offset: number): [rows: number, columns: number] {
  checkTensor(operation, 'the argument', x)
  checkOffset(operation, offset)
  if (x.rank >= 2) return [x.shape.at(-2)!, x.shape.at(-1)!]
  throw new ShapeError(
    operation,
    `${formatShape(x.shape)} has no rows and columns`,
    'Give a matrix, or a batch of them',
  )
}

function checkOffset(operation: string, offset: unknown): void {
  if (Number.isInteger(offset)) return
  throw new ValueError(
    operation,
    `the offset is ${describeValue(offset)}`,
    'Give a whole number: 0 for the main diagonal, positive ones above it, negative ones below it',
  )
}

specify({
  name: 'diagonal',
  samples: [
    {
      name: 'the main one',
      shapes: [[3, 3]],
      call: x => diagonal(x),
      gives: 'float64[3]',
      value: x => i => x(i, i),
    },
    {
      name: 'above it, of a wide matrix',
      shapes: [[2, 4]],
      call: x => diagonal(x, 1),
      gives: 'float64[2]',
      value: x => i => x(i, i + 1),
    },
    {
      name: 'below it, in a batch',
      shapes: [[2, 3, 2]],
      call: x => diagonal(x, -1),
      gives: 'float64[2, 2]',
      value: x => (b, i) => x(b, i + 1, i),
    },
    {
      name: 'beyond the matrix',
      shapes: [[2, 2]],
      call: x => diagonal(x, 3),
      gives: 'float64[0]',
      value: () => () => 0,
    },
    { name: 'no rows', shapes: [[0, 2]], call: x => diagonal(x), gives: 'float64[0]', value: () => () => 0 },
  ],
  errors: [
    { call: make => diagonal(make([3])), message: /diagonal: \[3\] has no rows and columns/ },
    { call: make => diagonal(make([3, 3]), 0.5), message: /diagonal: the offset is 0.5/ },
    { call: () => diagonal([[1]] as never), message: /diagonal: the argument is an array/ },
  ],
})

/**
 * Square matrices of zeros with a vector on a diagonal: `[…, k] → […, n, n]`, n = k + |offset|.
 *
 * @param offset  which diagonal, as in `diagonal`, which takes it out again
 * @throws ShapeError for a single number; ValueError when the offset is no whole number
 * @example diagonalMatrix(tensor([1, 2])) // [[1, 0], [0, 2]]
 */
export function diagonalMatrix(v: Tensor, offset = 0): Tensor {
  checkTensor('diagonalMatrix', 'the argument', v)
  checkOffset('diagonalMatrix', offset)
  if (v.rank === 0) {
    throw new ShapeError(
      'diagonalMatrix',
      'the argument is a single number',
      'Give a vector, or a batch of them',
    )
  }
  const size = v.shape.at(-1)! + Math.abs(offset)
  const batch = v.shape.slice(0, -1)
  const flat = placeAt(v, [...batch, size * size], {
    start: [...batch.map(() => 0), firstPlace(size, offset)],
    step: [...batch.map(() => 1), size + 1],
  })
  return reshape(flat, [...batch, size, size])
}

specify({
  name: 'diagonalMatrix',
  samples: [
    {
      name: 'the main diagonal',
      shapes: [[3]],
      call: v => diagonalMatrix(v),
      gives: 'float64[3, 3]',
      value: v => (i, j) => (i === j ? v(i) : 0),
    },
    {
      name: 'above it',
      shapes: [[2]],
      call: v => diagonalMatrix(v, 2),
      gives: 'float64[4, 4]',
      value: v => (i, j) => (j - i === 2 ? v(i) : 0),
    },
    {
      name: 'below it, in a batch',
      shapes: [[2, 3]],
      call: v => diagonalMatrix(v, -1),
      gives: 'float64[2, 4, 4]',
      value: v => (b, i, j) => (i - j === 1 ? v(b, j) : 0),
    },
    {
      name: 'nothing, above the main diagonal',
      shapes: [[0]],
      call: v => diagonalMatrix(v, 1),
      gives: 'float64[1, 1]',
      value: () => () => 0,
    },
  ],
  errors: [
    { call: make => diagonalMatrix(make([])), message: /diagonalMatrix: the argument is a single number/ },
    { call: make => diagonalMatrix(make([2]), Number.NaN), message: /diagonalMatrix: the offset is NaN/ },
    { call: () => diagonalMatrix([1, 2] as never), message: /diagonalMatrix: the argument is an array/ },
  ],
})

/**
 * Σᵢ xᵢᵢ over the last two axes: `[…, m, n] → […]`.
 *
 * @param offset  which diagonal is added up, as in `diagonal`
 * @throws ShapeError for fewer than two axes; ValueError when the offset is no whole number
 * @example trace(tensor([[1, 2], [3, 4]])) // 5
 */
export function trace(x: Tensor, offset = 0): Tensor {
  return sum(diagonalOf('trace', x, offset), -1)
}

specify({
  name: 'trace',
  samples: [
    {
      name: 'a matrix',
      shapes: [[3, 3]],
      call: x => trace(x),
      gives: 'float64[]',
      value: x => () => total(3, i => x(i, i)),
    },
    {
      name: 'a batch, above the main diagonal',
      shapes: [[2, 2, 3]],
      call: x => trace(x, 1),
      gives: 'float64[2]',
      value: x => b => total(2, i => x(b, i, i + 1)),
    },
    { name: 'nothing', shapes: [[0, 0]], call: x => trace(x), gives: 'float64[]', value: () => () => 0 },
  ],
  errors: [
    { call: make => trace(make([3])), message: /trace: \[3\] has no rows and columns/ },
    { call: make => trace(make([3, 3]), '1' as never), message: /trace: the offset is '1'/ },
    { call: () => trace(3 as never), message: /trace: the argument is 3/ },
  ],
})

/**
 * The lower triangle of the last two axes, with zeros above it.
 *
 * @param offset  the highest diagonal that is kept, as in `diagonal`
 * @throws ShapeError for fewer than two axes; ValueError when the offset is no whole number
 * @example tril(tensor([[1, 2], [3, 4]])) // [[1, 0], [3, 4]]
 */
export function tril(x: Tensor, offset = 0): Tensor {
  return triangle('tril', x, offset, (row, column) => column - row <= offset)
}

/**
 * The upper triangle of the last two axes, with zeros below it.
 *
 * @param offset  the lowest diagonal that is kept, as in `diagonal`
 * @throws ShapeError for fewer than two axes; ValueError when the offset is no whole number
 * @example triu(tensor([[1, 2], [3, 4]])) // [[1, 2], [0, 4]]
 */
export function triu(x: Tensor, offset = 0): Tensor {
  return triangle('triu', x, offset, (row, column) => column - row >= offset)
}

function triangle(
  operation: string,
  x: Tensor,
  offset: number,
  isKept: (row: number, column: number) => boolean,
): Tensor {
  const [rows, columns] = checkMatrix(operation, x, offset)
  const kept = Uint8Array.from({ length: rows * columns }, (_, place) =>
    Number(isKept(Math.floor(place / columns), place % columns)),
  )
  const mask = tensor(kept, { dtype: 'bool', shape: [rows, columns], backend: x.backend })
  return x.dtype === 'bool' ? and(x, mask) : where(mask, x, 0)
}

specify({
  name: 'tril',
  samples: [
    {
      name: 'a square',
      shapes: [[3, 3]],
      call: x => tril(x),
      gives: 'float64[3, 3]',
      value: x => (i, j) => (j <= i ? x(i, j) : 0),
    },
    {
      name: 'a batch, with the diagonal above',
      shapes: [[2, 2, 3]],
      call: x => tril(x, 1),
      gives: 'float64[2, 2, 3]',
      value: x => (b, i, j) => (j <= i + 1 ? x(b, i, j) : 0),
    },
    {
      name: 'nothing is left',
      shapes: [[2, 2]],
      call: x => tril(x, -2),
      gives: 'float64[2, 2]',
      value: () => () => 0,
    },
  ],
  errors: [
    { call: make => tril(make([3])), message: /tril: \[3\] has no rows and columns/ },
    { call: make => tril(make([3, 3]), 0.5), message: /tril: the offset is 0.5/ },
    { call: () => tril([[1]] as never), message: /tril: the argument is an array/ },
  ],
})

specify({
  name: 'triu',
  samples: [
    {
      name: 'a square',
      shapes: [[3, 3]],
      call: x => triu(x),
      gives: 'float64[3, 3]',
      value: x => (i, j) => (j >= i ? x(i, j) : 0),
    },
    {
      name: 'a batch, without the diagonal',
      shapes: [[2, 3, 2]],
      call: x => triu(x, 1),
      gives: 'float64[2, 3, 2]',
      value: x => (b, i, j) => (j > i ? x(b, i, j) : 0),
    },
    { name: 'no rows', shapes: [[0, 2]], call: x => triu(x), gives: 'float64[0, 2]', value: () => () => 0 },
  ],
  errors: [
    { call: make => triu(make([3])), message: /triu: \[3\] has no rows and columns/ },
    { call: make => triu(make([3, 3]), null as never), message: /triu: the offset is null/ },
    { call: () => triu([[1]] as never), message: /triu: the argument is an array/ },
  ],
})
