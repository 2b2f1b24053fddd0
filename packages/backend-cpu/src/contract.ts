/** Batched matrix products `[…, m, k] × […, k, n] → […, m, n]`. */

import {
  contiguousStrides,
  type Destination,
  isFloat,
  sizeOf,
  type TypedArray,
  type View,
  walk,
} from '@sensigrad/core'
import { copy } from './movement.ts'
import { outputFor, valuesOf } from './values.ts'

/** A matrix inside an array. */
interface Matrix {
  readonly values: TypedArray
  readonly rowStride: number
  readonly columnStride: number
}

/** Products of the matrices of two views with equal batch axes. Sums are taken in double precision. */
export function contract(a: View, b: View, into?: Destination): TypedArray {
  const [m, k] = [a.shape.at(-2)!, a.shape.at(-1)!]
  const n = b.shape.at(-1)!
  const batch = a.shape.slice(0, -2)
  const output = outputFor(isFloat(a.dtype) ? a.dtype : 'float32', sizeOf(batch) * m * n, into)
  if (k === 0) return output.fill(0)
  const [left, right] = [withRows(a), withRowsOrColumns(b)]
  const multiply = right.columnStride === 1 && right.rowStride !== 1 ? addRows : sumProducts
  walk(batch, [left.batch, right.batch], [left.offset, right.offset], ([from, to], position) => {
    multiply(left, from!, right, to!, output, position * m * n, m, k, n)
  })
  return output
}

interface Batch extends Matrix {
  readonly batch: readonly number[]
  readonly offset: number
}

function matricesOf(view: View): Batch {
  const [rowStride, columnStride] = view.strides.slice(-2) as [number, number]
  return {
    values: valuesOf(view),
    rowStride,
    columnStride,
    batch: view.strides.slice(0, -2),
    offset: view.offset,
  }
}

function packed(view: View): Batch {
  const { dtype, shape } = view
  return matricesOf({ storage: copy(view), dtype, shape, strides: contiguousStrides(shape), offset: 0 })
}

/** The left factor, its rows without gaps. */
function withRows(view: View): Batch {
  return view.strides.at(-1) === 1 || view.shape.at(-1) === 1 ? matricesOf(view) : packed(view)
}

/** The right factor, its rows or its columns without gaps. */
function withRowsOrColumns(view: View): Batch {
  return view.strides.at(-1) === 1 || view.strides.at(-2) === 1 ? matricesOf(view) : packed(view)
}

/** Rows of `a` times columns of `b`, where the columns lie without gaps: four partial sums hide latency. */
// biome-ignore format: the sizes of a product
function sumProducts(
  a: Matrix, aStart: number, b: Matrix, bStart: number, out: TypedArray, outStart: number,
  m: number, k: number, n: number,
): void {
  const [x, y] = [a.values, b.values]
  const whole = k - (k % 4)
  for (let i = 0; i < m; i++) {
    const row = aStart + i * a.rowStride
    for (let j = 0; j < n; j++) {
      const column = bStart + j * b.columnStride
      let [s0, s1, s2, s3] = [0, 0, 0, 0]
      for (let p = 0; p < whole; p += 4) {
        s0 += x[row + p]! * y[column + p]!
        s1 += x[row + p + 1]! * y[column + p + 1]!
        s2 += x[row + p + 2]! * y[column + p + 2]!
        s3 += x[row + p + 3]! * y[column + p + 3]!
      }
      for (let p = whole; p < k; p++) s0 += x[row + p]! * y[column + p]!
      out[outStart + i * n + j] = s0 + s1 + (s2 + s3)
    }
  }
}

/** Rows of `b`, scaled by the elements of `a` and added up, where the rows lie without gaps. */
// biome-ignore format: the sizes of a product
function addRows(
  a: Matrix, aStart: number, b: Matrix, bStart: number, out: TypedArray, outStart: number,
  m: number, k: number, n: number,
): void {
  const [x, y] = [a.values, b.values]
  const double = out instanceof Float64Array
  const row = double ? undefined : new Float64Array(n) // float32 rows are summed here and rounded once
  for (let i = 0; i < m; i++) {
    const start = outStart + i * n
    const sums = row ?? out.subarray(start, start + n)
    for (let p = 0; p < k; p++) {
      const factor = x[aStart + i * a.rowStride + p]!
      const from = bStart + p * b.rowStride
      if (p === 0) for (let j = 0; j < n; j++) sums[j] = factor * y[from + j]!
      else for (let j = 0; j < n; j++) sums[j]! += factor * y[from + j]!
    }
    if (row !== undefined) out.set(row, start)
  }
}
