/**
 * Eigenvalues of host arrays. Those of symmetric matrices are ml-matrix's. For other matrices its iteration can go
 * on for ever (6.15: on [[0, -1, 0], [1, 0, -1], [0, 1, 0]]), so that part is ours: the double-shift QR algorithm
 * of Francis (1961) after Golub and Van Loan, "Matrix Computations", section 7.5.
 */

import { ValueError } from '@sensigrad/core'
import { EigenvalueDecomposition, Matrix } from 'ml-matrix'
import { checkMatrix, type MatrixValues, scaleOf } from './matrix.ts'

/** λ = real + i·imaginary, by falling modulus; of a conjugate pair the one above the real axis comes first. */
export interface Eigenvalues {
  readonly real: Float64Array
  readonly imaginary: Float64Array
}

interface Complex {
  readonly real: number
  readonly imaginary: number
}

/**
 * All eigenvalues of a square matrix, each as often as it is a root of the characteristic polynomial.
 *
 * They are exact for a matrix that differs from the given one by rounding. A defective eigenvalue of multiplicity m
 * therefore comes as m eigenvalues about ε^(1/m) apart.
 *
 * @param values  the matrix, row by row
 * @throws  ShapeError for an empty matrix or values that do not fill it; NonFiniteError for NaN or infinity
 * @example eigenvaluesOf([0, -1, 1, 0], 2) // real: [0, 0], imaginary: [1, -1]
 */
export function eigenvaluesOf(values: MatrixValues, size: number): Eigenvalues {
  const found = find('eigenvalues', values, size)
  found.sort((a, b) => modulus(b) - modulus(a) || b.real - a.real || b.imaginary - a.imaginary)
  return {
    real: Float64Array.from(found, ({ real }) => real),
    imaginary: Float64Array.from(found, ({ imaginary }) => imaginary),
  }
}

/**
 * The largest modulus of an eigenvalue: the factor by which powers of the matrix grow in the long run.
 *
 * @param values  the matrix, row by row
 * @throws  ShapeError for an empty matrix or values that do not fill it; NonFiniteError for NaN or infinity
 * @example spectralRadiusOf([0, -2, 2, 0], 2) // 2
 */
export function spectralRadiusOf(values: MatrixValues, size: number): number {
  return Math.max(...find('spectralRadius', values, size).map(modulus))
}

function find(operation: string, values: MatrixValues, size: number): Complex[] {
  checkMatrix(operation, values, size, size)
  const scale = scaleOf(values)
  const scaled = Float64Array.from(values, value => value / scale)
  const found = isSymmetric(scaled, size) ? symmetric(scaled, size) : francis(scaled, size)
  return found.map(({ real, imaginary }) => ({ real: real * scale, imaginary: imaginary * scale }))
}

const modulus = ({ real, imaginary }: Complex): number => Math.hypot(real, imaginary)

function isSymmetric(a: Float64Array, size: number): boolean {
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < i; j++) if (a[i * size + j] !== a[j * size + i]) return false
  }
  return true
}

function symmetric(a: Float64Array, size: number): Complex[] {
  const matrix = Matrix.from1DArray(size, size, a)
  const { realEigenvalues } = new EigenvalueDecomposition(matrix, { assumeSymmetric: true })
  return realEigenvalues.map(real => ({ real, imaginary: 0 }))
}

/** Sweeps until the last rows part from the rest, one or two at a time. Overwrites `h`; elements are near 1. */
function francis(h: Float64Array, size: number): Complex[] {
  toHessenberg(h, size)
  const at = (row: number, column: number) => h[row * size + column]!
  const found: Complex[] = []
  for (let last = size - 1, sweeps = 0; last >= 0; ) {
    const first = blockStart(h, size, last)
    if (first === last) {
      found.push({ real: at(last, last), imaginary: 0 })
    } else if (first === last - 1) {
      found.push(...ofTwoByTwo(at(first, first), at(first, last), at(last, first), at(last, last)))
    } else {
      sweeps++
      if (sweeps > 300) {
        throw new ValueError(
          'eigenvalues',
          'the QR iteration does not settle on this matrix',
          'Try it transposed',
        )
      }
      sweep(h, size, first, last, sweeps % 10 === 0)
      continue
    }
    last = first - 1
    sweeps = 0
  }
  return found
}

/** Makes all elements below the first subdiagonal zero, by reflections that keep the eigenvalues. */
function toHessenberg(h: Float64Array, size: number): void {
  for (let k = 1; k < size - 1; k++) {
    const column = Float64Array.from({ length: size - k }, (_, i) => h[(k + i) * size + k - 1]!)
    reflect(h, size, column, k, 0, size - 1)
  }
}

/** The first row of the block that ends at `last`: above it, the subdiagonal is zero up to rounding. */
function blockStart(h: Float64Array, size: number, last: number): number {
  for (let k = last; k > 0; k--) {
    const neighbours = Math.abs(h[(k - 1) * size + k - 1]!) + Math.abs(h[k * size + k]!)
    const negligible = Math.max(Number.EPSILON * (neighbours || 1), 1e-290)
    if (Math.abs(h[k * size + k - 1]!) < negligible) return k
  }
  return 0
}

/** One double-shift QR step on the block from `first` to `last`, which has three rows or more. */
function sweep(h: Float64Array, size: number, first: number, last: number, exceptional: boolean): void {
  const at = (row: number, column: number) => h[row * size + column]!
  let trace = at(last - 1, last - 1) + at(last, last)
  let determinant = at(last - 1, last - 1) * at(last, last) - at(last - 1, last) * at(last, last - 1)
  if (exceptional) {
    // Any other shifts will do to leave a cycle; these are EISPACK's.
    const width = Math.abs(at(last, last - 1)) + Math.abs(at(last - 1, last - 2))
    const centre = at(last, last) + 0.75 * width
    trace = 2 * centre
    determinant = centre ** 2 + 0.4375 * width ** 2
  }
  const below = at(first + 1, first)
  let bulge = Float64Array.of(
    (at(first, first) ** 2 - trace * at(first, first) + determinant) / below + at(first, first + 1),
    at(first, first) + at(first + 1, first + 1) - trace,
    at(first + 2, first + 1),
  )
  for (let k = first; k < last; k++) {
    if (k > first) bulge = bulge.map((_, i) => (k + i <= last ? at(k + i, k - 1) : 0))
    reflect(h, size, bulge.subarray(0, last - k + 1), k, first, last)
  }
}

/**
 * H ← P H P inside the block from `first` to `last`, where P reflects the rows from `at` on such that `direction`
 * turns into its first axis. What P makes zero in the column before is set to zero.
 */
function reflect(
  h: Float64Array,
  size: number,
  direction: Float64Array,
  at: number,
  first: number,
  last: number,
): void {
  const v = unitNormal(direction)
  if (v === undefined) return
  const left = Math.max(at - 1, first)
  const sums = new Float64Array(last + 1)
  for (let i = 0; i < v.length; i++) {
    const [twice, row] = [2 * v[i]!, (at + i) * size]
    for (let j = left; j <= last; j++) sums[j]! += twice * h[row + j]!
  }
  for (let i = 0; i < v.length; i++) {
    const [share, row] = [v[i]!, (at + i) * size]
    for (let j = left; j <= last; j++) h[row + j]! -= share * sums[j]!
  }
  for (let i = first; i <= Math.min(at + v.length, last); i++) {
    const row = i * size + at
    let sum = 0
    for (let j = 0; j < v.length; j++) sum += v[j]! * h[row + j]!
    sum *= 2
    for (let j = 0; j < v.length; j++) h[row + j]! -= v[j]! * sum
  }
  if (at > first) for (let i = 1; i < v.length; i++) h[(at + i) * size + at - 1] = 0
}

/** The unit normal of the mirror that turns a vector into its first axis; none if it lies there already. */
function unitNormal(direction: Float64Array): Float64Array | undefined {
  const first = direction[0]!
  let largest = 0 // of the others
  for (let i = 1; i < direction.length; i++) largest = Math.max(largest, Math.abs(direction[i]!))
  if (largest === 0) return undefined
  largest = Math.max(largest, Math.abs(first))
  let squares = 0
  for (let i = 0; i < direction.length; i++) squares += (direction[i]! / largest) ** 2
  const length = Math.sqrt(squares)
  const shifted = Math.abs(first / largest) + length
  const normal = new Float64Array(direction.length)
  const unit = largest * Math.sqrt(2 * length * shifted)
  for (let i = 1; i < direction.length; i++) normal[i] = direction[i]! / unit
  normal[0] = (first < 0 ? -shifted : shifted) / (unit / largest)
  return normal
}

/** The eigenvalues of [[a, b], [c, d]], without cancellation. */
function ofTwoByTwo(a: number, b: number, c: number, d: number): Complex[] {
  const half = (a - d) / 2
  const discriminant = half ** 2 + b * c
  const root = Math.sqrt(Math.abs(discriminant))
  if (discriminant < 0) {
    return [root, -root].map(imaginary => ({ real: d + half, imaginary }))
  }
  const far = half < 0 ? half - root : half + root
  return [d + far, far === 0 ? d : d - (b * c) / far].map(real => ({ real, imaginary: 0 }))
}
