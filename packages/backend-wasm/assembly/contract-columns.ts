/**
 * Products [m, k] × [k, n] of a matrix whose rows lie without gaps with one whose columns do. All steps are in bytes,
 * and no size is 0.
 *
 * Each element is summed lane by lane, and its lanes are added up, whatever else is computed with it: rows give the
 * same bits one by one as together. Tiles overlap at the end of a row, as what two of them compute is the same.
 */

import { multiplyAdd, storeSums, upTo } from './vector'

/** Four columns of two rows: sums of whole vectors, and of the first elements of a last one. */
@inline
function dots2x4<T>(
  vectors: i32, rest: v128, a0: usize, a1: usize, b0: usize, b1: usize, b2: usize, b3: usize, out0: usize, out1: usize,
  width: i32,
): void {
  let c00 = i32x4.splat(0), c01 = c00, c02 = c00, c03 = c00, c10 = c00, c11 = c00, c12 = c00, c13 = c00
  let at: usize = 0
  if (vectors > 0) {
    do {
      const row0 = v128.load(a0 + at), row1 = v128.load(a1 + at)
      let column = v128.load(b0 + at)
      c00 = multiplyAdd<T>(row0, column, c00)
      c10 = multiplyAdd<T>(row1, column, c10)
      column = v128.load(b1 + at)
      c01 = multiplyAdd<T>(row0, column, c01)
      c11 = multiplyAdd<T>(row1, column, c11)
      column = v128.load(b2 + at)
      c02 = multiplyAdd<T>(row0, column, c02)
      c12 = multiplyAdd<T>(row1, column, c12)
      column = v128.load(b3 + at)
      c03 = multiplyAdd<T>(row0, column, c03)
      c13 = multiplyAdd<T>(row1, column, c13)
      at += 16
    } while (--vectors)
  }
  if (v128.any_true(rest)) {
    const row0 = v128.and(v128.load(a0 + at), rest), row1 = v128.and(v128.load(a1 + at), rest)
    let column = v128.and(v128.load(b0 + at), rest)
    c00 = multiplyAdd<T>(row0, column, c00)
    c10 = multiplyAdd<T>(row1, column, c10)
    column = v128.and(v128.load(b1 + at), rest)
    c01 = multiplyAdd<T>(row0, column, c01)
    c11 = multiplyAdd<T>(row1, column, c11)
    column = v128.and(v128.load(b2 + at), rest)
    c02 = multiplyAdd<T>(row0, column, c02)
    c12 = multiplyAdd<T>(row1, column, c12)
    column = v128.and(v128.load(b3 + at), rest)
    c03 = multiplyAdd<T>(row0, column, c03)
    c13 = multiplyAdd<T>(row1, column, c13)
  }
  storeSums<T>(out0, c00, c01, c02, c03, width)
  storeSums<T>(out1, c10, c11, c12, c13, width)
}

/** Seven columns of one row. */
@inline
function dots1x7<T>(vectors: i32, rest: v128, a: usize, b: usize, bColumn: usize, out: usize): void {
  let c0 = i32x4.splat(0), c1 = c0, c2 = c0, c3 = c0, c4 = c0, c5 = c0, c6 = c0
  const b1 = b + bColumn, b2 = b1 + bColumn, b3 = b2 + bColumn, b4 = b3 + bColumn
  const b5 = b4 + bColumn, b6 = b5 + bColumn
  let at: usize = 0
  if (vectors > 0) {
    do {
      const row = v128.load(a + at)
      c0 = multiplyAdd<T>(row, v128.load(b + at), c0)
      c1 = multiplyAdd<T>(row, v128.load(b1 + at), c1)
      c2 = multiplyAdd<T>(row, v128.load(b2 + at), c2)
      c3 = multiplyAdd<T>(row, v128.load(b3 + at), c3)
      c4 = multiplyAdd<T>(row, v128.load(b4 + at), c4)
      c5 = multiplyAdd<T>(row, v128.load(b5 + at), c5)
      c6 = multiplyAdd<T>(row, v128.load(b6 + at), c6)
      at += 16
    } while (--vectors)
  }
  if (v128.any_true(rest)) {
    const row = v128.and(v128.load(a + at), rest)
    c0 = multiplyAdd<T>(row, v128.and(v128.load(b + at), rest), c0)
    c1 = multiplyAdd<T>(row, v128.and(v128.load(b1 + at), rest), c1)
    c2 = multiplyAdd<T>(row, v128.and(v128.load(b2 + at), rest), c2)
    c3 = multiplyAdd<T>(row, v128.and(v128.load(b3 + at), rest), c3)
    c4 = multiplyAdd<T>(row, v128.and(v128.load(b4 + at), rest), c4)
    c5 = multiplyAdd<T>(row, v128.and(v128.load(b5 + at), rest), c5)
    c6 = multiplyAdd<T>(row, v128.and(v128.load(b6 + at), rest), c6)
  }
  storeSums<T>(out, c0, c1, c2, c3, 4)
  storeSums<T>(out + 3 * sizeof<T>(), c3, c4, c5, c6, 4)
}

/** The product of a matrix whose rows lie without gaps with one whose columns do. */
@inline
function alongColumns<T>(
  m: i32, k: i32, n: i32, a: usize, aRow: usize, b: usize, bColumn: usize, out: usize,
): void {
  const lanes = 16 / <i32>sizeof<T>()
  const vectors = k / lanes
  const rest = upTo<T>(k - vectors * lanes)
  const outRow = <usize>n * sizeof<T>()
  if (m & 1 && n >= 7) {
    m--
    const row = a + <usize>m * aRow, to = out + <usize>m * outRow
    let j = 0
    do {
      const first = min(j, n - 7)
      dots1x7<T>(vectors, rest, row, b + <usize>first * bColumn, bColumn, to + <usize>first * sizeof<T>())
      j += 7
    } while (j < n)
    if (m == 0) return
  }
  const width = min(n, 4)
  const last = <usize>width - 1
  // Where there are fewer columns than a tile has, its last column stands for those that are missing.
  let j = 0
  do {
    const first = min(j, n - width)
    const b0 = b + <usize>first * bColumn, b3 = b0 + last * bColumn
    const b1 = b0 + min<usize>(1, last) * bColumn, b2 = b0 + min<usize>(2, last) * bColumn
    let row = a, to = out + <usize>first * sizeof<T>(), i = m
    do {
      const next = i > 1 ? 1 : 0
      dots2x4<T>(
        vectors, rest, row, row + <usize>next * aRow, b0, b1, b2, b3, to, to + <usize>next * outRow,
        width,
      )
      row += 2 * aRow
      to += 2 * outRow
      i -= 2
    } while (i > 0)
    j += width
  } while (j < n)
}

export function alongColumns_float32(
  m: i32, k: i32, n: i32, a: usize, aRow: usize, b: usize, bColumn: usize, out: usize,
): void {
  alongColumns<f32>(m, k, n, a, aRow, b, bColumn, out)
}

export function alongColumns_float64(
  m: i32, k: i32, n: i32, a: usize, aRow: usize, b: usize, bColumn: usize, out: usize,
): void {
  alongColumns<f64>(m, k, n, a, aRow, b, bColumn, out)
}
