/** What decompositions ask of the tensors that they are given: matrices, or batches of them, of one float type. */

import {
  BackendError,
  broadcastShapes,
  DTypeError,
  describeValue,
  expandDims,
  formatShape,
  isFloat,
  ShapeError,
  squeeze,
  Tensor,
  ValueError,
} from '@sensigrad/core'

/** Which matrices an operation takes. */
type Form = 'any' | 'square' | 'tall'

const fits: Record<Form, (rows: number, columns: number) => boolean> = {
  any: () => true,
  square: (rows, columns) => rows === columns,
  tall: (rows, columns) => rows >= columns,
}

const misfits: Record<Form, readonly [problem: string, remedy: string]> = {
  any: ['', ''],
  square: ['is not square', 'Give […, n, n]'],
  tall: ['has fewer rows than columns', 'Give […, m, n] with m ≥ n; transpose it?'],
}

/**
 * @throws ValueError for what is no tensor; DTypeError for other types than floats; ShapeError unless its last two axes
 *         are those of matrices of the wanted form, which have elements
 */
export function checkMatrices(operation: string, a: unknown, form: Form = 'any'): asserts a is Tensor {
  checkFloats(operation, 'the matrix', a)
  if (a.rank < 2)
    throw new ShapeError(operation, `${a} is no matrix`, 'Give […, m, n]; expandDims adds an axis')
  const [rows, columns] = sizesOf(a)
  if (rows === 0 || columns === 0) {
    throw new ShapeError(operation, `${a} is a matrix without elements`, 'Give one row and column at least')
  }
  if (fits[form](rows, columns)) return
  const [problem, remedy] = misfits[form]
  throw new ShapeError(operation, `${a} ${problem}`, remedy)
}

/**
 * @throws ValueError for what is no tensor; DTypeError for mixed types; BackendError for two backends; ShapeError unless
 *         `b`, a vector or matrices, has as many rows as `a`, and batches that broadcast
 */
export function checkSides(operation: string, a: Tensor, b: unknown): asserts b is Tensor {
  checkFloats(operation, 'the right side', b)
  if (a.dtype !== b.dtype) {
    throw new DTypeError(operation, `${a} and ${b} are mixed`, `Cast one first: .cast('${a.dtype}')`)
  }
  if (a.backend !== b.backend) {
    throw new BackendError(
      operation,
      `tensors live on two backends, ${a.backend.name} and ${b.backend.name}`,
      'Move one: tensor(await x.data(), { shape: x.shape, backend })',
    )
  }
  const rows = b.rank === 1 ? b.shape[0] : b.shape.at(-2)
  if (rows !== a.shape.at(-2)) {
    throw new ShapeError(
      operation,
      `${formatShape(b.shape)} stands on the right of ${formatShape(a.shape)}`,
      `Give a vector of ${a.shape.at(-2)} elements, or matrices of as many rows`,
    )
  }
  broadcastShapes(operation, a.shape.slice(0, -2), b.shape.slice(0, -2))
}

function checkFloats(operation: string, what: string, x: unknown): asserts x is Tensor {
  if (!(x instanceof Tensor)) {
    throw new ValueError(operation, `${what} is ${describeValue(x)}`, 'Give a tensor; tensor(…) makes one')
  }
  if (isFloat(x.dtype)) return
  throw new DTypeError(operation, `${x} is not of a float type`, "Cast it first: .cast('float64')")
}

/** The sizes of each matrix in a batch. */
export function sizesOf(a: Tensor): readonly [rows: number, columns: number] {
  return [a.shape.at(-2)!, a.shape.at(-1)!]
}

/** A function of matrices on the right, for a vector too: it counts as one column, and the result is a vector again. */
export function withColumns(b: Tensor, of: (b: Tensor) => Tensor): Tensor {
  return b.rank === 1 ? squeeze(of(expandDims(b, 1)), -1) : of(b)
}
