/**
 * Singular values and vectors of host arrays, by the one-sided rotations of Hestenes (1958) after Golub and Van Loan,
 * "Matrix Computations", section 8.6. (ml-matrix's iteration can go on for ever: 6.15 does on 27 × 30 ones.)
 */

import { ValueError } from '@sensigrad/core'
import { type MatrixValues, negligible, normalised } from './matrix.ts'
import { qrOf } from './qr.ts'

/** A = U diag(s) Vᵀ; with k = min(rows, columns), U is `[rows, k]` and V is `[columns, k]`, row by row. */
export interface SVD {
  readonly u: Float64Array
  /** From the largest; none is negative. */
  readonly s: Float64Array
  readonly v: Float64Array
}

/** The thin singular value decomposition of a matrix with finite elements, row by row. */
export function svdOf(values: MatrixValues, rows: number, columns: number): SVD {
  if (rows < columns) {
    const transposed = Float64Array.from(
      { length: values.length },
      (_, at) => values[(at % rows) * columns + Math.floor(at / rows)]!,
    )
    const { u, s, v } = svdOf(transposed, columns, rows)
    return { u: v, s, v: u }
  }
  const { elements, scale } = normalised(values)
  const images = columnsOf(elements, rows, columns)
  const frame = columnsOf(identity(columns), columns, columns)
  orthogonalise(images, frame)
  for (const image of images) if (dot(image, image) < negligible ** 2) image.fill(0)
  const lengths = images.map(image => Math.sqrt(dot(image, image)))
  const order = [...lengths.keys()].sort((i, j) => lengths[j]! - lengths[i]!)
  // The images are orthogonal, so their Q has them as its columns, and completes the frame where they vanish.
  const { q } = qrOf(rowsOf(order.map(i => images[i]!)), rows, columns)
  return {
    u: q,
    s: Float64Array.from(order, i => lengths[i]! * scale),
    v: rowsOf(order.map(i => frame[i]!)),
  }
}

/** Turns pairs of columns until all are orthogonal, and `frame` along with them; elements are near 1. */
function orthogonalise(columns: readonly Float64Array[], frame: readonly Float64Array[]): void {
  const tolerance = Math.max(columns[0]!.length, 4) * Number.EPSILON
  for (let sweeps = 0; sweeps < 60; sweeps++) {
    let turns = 0
    for (let p = 0; p < columns.length; p++) {
      for (let q = p + 1; q < columns.length; q++) {
        const rotation = rotationOf(columns[p]!, columns[q]!, tolerance)
        if (!rotation) continue
        turns++
        rotate(columns[p]!, columns[q]!, rotation)
        rotate(frame[p]!, frame[q]!, rotation)
      }
    }
    if (turns === 0) return
  }
  throw new ValueError('svd', 'the rotations do not settle on this matrix', 'Try it transposed')
}

interface Rotation {
  readonly cosine: number
  readonly sine: number
}

/** What makes two columns orthogonal; nothing where they are. */
function rotationOf(a: Float64Array, b: Float64Array, tolerance: number): Rotation | undefined {
  const [aa, bb, ab] = [dot(a, a), dot(b, b), dot(a, b)]
  if (Math.min(aa, bb) < negligible ** 2) return undefined
  if (Math.abs(ab) <= tolerance * Math.sqrt(aa) * Math.sqrt(bb)) return undefined
  const ratio = (bb - aa) / (2 * ab)
  const tangent = (ratio < 0 ? -1 : 1) / (Math.abs(ratio) + Math.hypot(1, ratio))
  const cosine = 1 / Math.hypot(1, tangent)
  return { cosine, sine: cosine * tangent }
}

function rotate(a: Float64Array, b: Float64Array, { cosine, sine }: Rotation): void {
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i]!, b[i]!]
    a[i] = cosine * x - sine * y
    b[i] = sine * x + cosine * y
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}

function identity(size: number): Float64Array {
  return Float64Array.from({ length: size ** 2 }, (_, at) => Number(at % (size + 1) === 0))
}

function columnsOf(values: Float64Array, rows: number, columns: number): Float64Array[] {
  return Array.from({ length: columns }, (_, j) =>
    Float64Array.from({ length: rows }, (_, i) => values[i * columns + j]!),
  )
}

function rowsOf(columns: readonly Float64Array[]): Float64Array {
  const rows = columns[0]!.length
  return Float64Array.from(
    { length: rows * columns.length },
    (_, at) => columns[at % columns.length]![Math.floor(at / columns.length)]!,
  )
}
