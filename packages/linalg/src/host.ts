/** Between tensors and the host, on which matrices are decomposed: reading a batch, and putting results in place. */

import {
  BackendError,
  broadcastShapes,
  contiguousStrides,
  formatShape,
  isSynchronous,
  NonFiniteError,
  type Shape,
  sizeOf,
  type Tensor,
  tensor,
} from '@sensigrad/core'
import { sizesOf } from './check.ts'

/**
 * The elements of a tensor, row-major, in double precision and an array of their own.
 *
 * @throws BackendError where its backend cannot be read without waiting
 */
export function valuesOf(operation: string, x: Tensor): Float64Array {
  const { backend } = x
  if (isSynchronous(backend)) return new Float64Array(backend.readSync(x))
  throw new BackendError(
    operation,
    `it computes on the host, and the backend ${backend.name} cannot be read without waiting`,
    'Move the tensor to one that can: tensor(await x.data(), { shape: x.shape, backend: cpu() })',
  )
}

/**
 * As `valuesOf`, of what has finite elements.
 *
 * @param where  which tensor it is, for messages: ` of the right side`
 * @param reads  which elements of its matrices are read at all
 * @throws NonFiniteError for NaN or infinity, naming the element; BackendError as `valuesOf`
 */
export function finiteValuesOf(
  operation: string,
  x: Tensor,
  where = '',
  reads: (i: number, j: number) => boolean = () => true,
): Float64Array {
  const values = valuesOf(operation, x)
  for (const [at, value] of values.entries()) {
    if (Number.isFinite(value)) continue
    const index = indexOf(x.shape, at)
    if (!reads(index.at(-2) ?? 0, index.at(-1) ?? 0)) continue
    throw new NonFiniteError(
      operation,
      `element ${formatShape(index)}${where} is ${value}`,
      'Only finite numbers can be used here; find where it arose',
    )
  }
  return values
}

function indexOf(shape: Shape, flat: number): number[] {
  const strides = contiguousStrides(shape)
  return shape.map((length, axis) => Math.floor(flat / strides[axis]!) % length)
}

/** The matrices of a batch, each row by row, whose elements are finite. @throws as `finiteValuesOf` */
export function matricesOf(
  operation: string,
  a: Tensor,
  reads?: (i: number, j: number) => boolean,
): Float64Array[] {
  const values = finiteValuesOf(operation, a, '', reads)
  const [rows, columns] = sizesOf(a)
  const size = rows * columns
  return Array.from({ length: values.length / size }, (_, i) => values.subarray(i * size, (i + 1) * size))
}

/** A batch as `like`'s, of its type and on its backend; each of `parts` has the shape `inner`. */
export function batchOf(like: Tensor, parts: readonly Float64Array[], inner: Shape): Tensor {
  return stacked(like, parts, [...like.shape.slice(0, -2), ...inner])
}

function stacked({ dtype, backend }: Tensor, parts: readonly Float64Array[], shape: Shape): Tensor {
  const values = new Float64Array(sizeOf(shape))
  const size = values.length / Math.max(parts.length, 1)
  for (const [i, part] of parts.entries()) values.set(part, i * size)
  return tensor(values, { dtype, backend, shape })
}

/** Which matrix it is, for messages: `float64[3, 3]`, or `matrix [1] of float64[2, 3, 3]`. */
export function nameOf(a: Tensor, index: number): string {
  if (a.rank === 2) return String(a)
  const place = indexOf(a.shape.slice(0, -2), index)
  return `matrix ${formatShape(place)} of ${a}`
}

/**
 * What the right sides `b` become, in a batch to which those of `a` and `b` broadcast.
 *
 * @param solveOne  turns `x`, a right side row by row, into the solution for a's matrix number `index`
 */
export function solveEach(
  operation: string,
  a: Tensor,
  b: Tensor,
  solveOne: (index: number, x: Float64Array) => void,
): Tensor {
  const [ofA, ofB] = [a.shape.slice(0, -2), b.shape.slice(0, -2)]
  const batch = broadcastShapes(operation, ofA, ofB)
  const sides = valuesOf(operation, b)
  const [rows, columns] = sizesOf(b)
  const size = rows * columns
  const matrices = placesIn(ofA, batch)
  const solutions = placesIn(ofB, batch).map((at, i) => {
    const x = sides.slice(at * size, (at + 1) * size)
    solveOne(matrices[i]!, x)
    return x
  })
  return stacked(b, solutions, [...batch, rows, columns])
}

/** For each place of `batch`, row-major, the place in the shape that broadcasts to it. */
function placesIn(shape: Shape, batch: Shape): number[] {
  const added = batch.length - shape.length
  const [own, all] = [contiguousStrides(shape), contiguousStrides(batch)]
  return Array.from({ length: sizeOf(batch) }, (_, flat) =>
    shape.reduce((place, length, axis) => {
      const at = axis + added
      return length === 1 ? place : place + (Math.floor(flat / all[at]!) % batch[at]!) * own[axis]!
    }, 0),
  )
}

/** What was computed of a tensor before, else what `compute` gives: tensors never change. */
export function kept<Value>(store: WeakMap<Tensor, Value>, a: Tensor, compute: () => Value): Value {
  const before = store.get(a)
  if (before !== undefined) return before
  const value = compute()
  store.set(a, value)
  return value
}
