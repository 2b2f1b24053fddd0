/** The LU decomposition of square matrices on the host, which linear systems and determinants are read from. */

import type { Tensor } from '@sensigrad/core'
import { sizesOf } from './check.ts'
import { kept, matricesOf } from './host.ts'
import { scaleOf } from './matrix.ts'
import { substitute } from './triangle.ts'

/** P A = scale · L U by elimination with partial pivoting. */
export interface LU {
  readonly size: number
  /** L below the diagonal, where its ones are left out; U on and above it. */
  readonly factors: Float64Array
  /** Row i of P A is row `order[i]` of A. */
  readonly order: readonly number[]
  /** The determinant of P: 1 or -1. */
  readonly sign: number
  /** A power of two by which A is divided where its elements are so large that sums of them might overflow, else 1. */
  readonly scale: number
  /** The first pivot that is 0, where A is singular; else `undefined`. */
  readonly zeroPivot: number | undefined
}

const decomposed = new WeakMap<Tensor, readonly LU[]>()

/**
 * Of each matrix in a batch, kept for the rules, which need it again.
 *
 * @throws NonFiniteError for NaN or infinity; BackendError where the tensor cannot be read without waiting
 */
export function luOf(operation: string, a: Tensor): readonly LU[] {
  return kept(decomposed, a, () => matricesOf(operation, a).map(values => eliminate(values, sizesOf(a)[0])))
}

function eliminate(values: Float64Array, size: number): LU {
  const largest = scaleOf(values)
  const scale = largest > 2 ** 900 ? largest : 1 // elsewhere dividing would only lose what is small
  const u = values.map(value => value / scale)
  const order = Array.from({ length: size }, (_, i) => i)
  let sign = 1
  let zeroPivot: number | undefined
  for (let k = 0; k < size; k++) {
    const best = pivotRow(u, size, k)
    if (u[best * size + k] === 0) {
      zeroPivot ??= k
      continue // nothing stands below it
    }
    if (best !== k) {
      exchangeRows(u, size, k, best)
      ;[order[k], order[best]] = [order[best]!, order[k]!]
      sign = -sign
    }
    for (let i = k + 1; i < size; i++) {
      u[i * size + k]! /= u[k * size + k]!
      const factor = u[i * size + k]!
      for (let j = k + 1; j < size; j++) u[i * size + j]! -= factor * u[k * size + j]!
    }
  }
  return { size, factors: u, order, sign, scale, zeroPivot }
}

function pivotRow(u: Float64Array, size: number, column: number): number {
  let best = column
  for (let i = column + 1; i < size; i++) {
    if (Math.abs(u[i * size + column]!) > Math.abs(u[best * size + column]!)) best = i
  }
  return best
}

function exchangeRows(u: Float64Array, size: number, one: number, other: number): void {
  const row = u.slice(one * size, (one + 1) * size)
  u.copyWithin(one * size, other * size, (other + 1) * size)
  u.set(row, other * size)
}

/** Solves a x = b, or aᵀ x = b, in place; `x` is `[size, columns]`, row by row. */
export function solveWith({ size, factors, order, scale }: LU, x: Float64Array, transpose: boolean): void {
  const columns = x.length / size
  const rows = x.slice()
  const rowOf = (i: number) => i * columns
  if (transpose) {
    substitute(factors, size, rows, { upper: true, transpose })
    substitute(factors, size, rows, { unit: true, transpose })
    for (const [i, to] of order.entries()) {
      x.set(rows.subarray(rowOf(i), rowOf(i + 1)), rowOf(to))
    }
  } else {
    for (const [i, from] of order.entries()) {
      rows.set(x.subarray(rowOf(from), rowOf(from + 1)), rowOf(i))
    }
    substitute(factors, size, rows, { unit: true })
    substitute(factors, size, rows, { upper: true })
    x.set(rows)
  }
  for (let i = 0; i < x.length; i++) x[i]! /= scale
}

/** The sign of the determinant, 0 if singular, and the logarithm of its modulus. */
export function logDeterminantOf({ size, factors, sign, scale, zeroPivot }: LU): [sign: number, log: number] {
  if (zeroPivot !== undefined) return [0, Number.NEGATIVE_INFINITY]
  const pivots = Array.from({ length: size }, (_, i) => factors[i * (size + 1)]!)
  const negative = pivots.filter(pivot => pivot < 0).length
  const log = pivots.reduce((sum, pivot) => sum + Math.log(Math.abs(pivot)), size * Math.log(scale))
  return [negative % 2 === 0 ? sign : -sign, log]
}

/** The product of the pivots, with the sign of their order. */
export function determinantOf({ size, factors, sign, scale, zeroPivot }: LU): number {
  if (zeroPivot !== undefined) return 0
  let [product, exponent] = [sign, size * Math.log2(scale)]
  for (let i = 0; i < size; i++) {
    product *= factors[i * (size + 1)]!
    const step = Math.floor(Math.log2(Math.abs(product)))
    product /= 2 ** step // exact, so that no product of some pivots overflows where that of all does not
    exponent += step
  }
  const half = Math.trunc(exponent / 2)
  return product * 2 ** half * 2 ** (exponent - half)
}
