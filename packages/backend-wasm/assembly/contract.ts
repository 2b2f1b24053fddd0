/**
 * Matrix products [m, k] × [k, n]. All steps are in bytes. Loops are tested at their end: engines keep constants and
 * addresses in registers there.
 */

import { multiplyAdd, sumOfLanes } from './vector'

/** Copies two vectors' width of columns of b, zeros beyond its edge, so that the product reads memory in one line. */
function packPanel<T>(k: i32, width: i32, b: usize, bRow: usize, bColumn: usize, panel: usize): void {
  const whole = 32 / <i32>sizeof<T>()
  if (width == whole && bColumn == sizeof<T>()) {
    do {
      v128.store(panel, v128.load(b))
      v128.store(panel, v128.load(b, 16), 16)
      b += bRow
      panel += 32
    } while (--k)
    return
  }
  do {
    let from = b
    let column = 0
    do {
      store<T>(panel, column < width ? load<T>(from) : <T>0)
      from += bColumn
      panel += sizeof<T>()
    } while (++column < whole)
    b += bRow
  } while (--k)
}

/** Writes the columns of a panel that exist. */
@inline
function storeRow<T>(out: usize, width: i32, low: v128, high: v128, tile: usize): void {
  if (width == 32 / <i32>sizeof<T>()) {
    v128.store(out, low)
    v128.store(out, high, 16)
  } else {
    v128.store(tile, low)
    v128.store(tile, high, 16)
    memory.copy(out, tile, <usize>width * sizeof<T>())
  }
}

/**
 * Products of many rows: four rows by two vectors at a time, which is what the registers hold.
 *
 * @param scratch  32 (k + 1) bytes
 */
function panels<T>(
  m: i32, k: i32, n: i32, a: usize, aRow: usize, aColumn: usize, b: usize, bRow: usize, bColumn: usize, out: usize,
  scratch: usize,
): void {
  const columns = 32 / <i32>sizeof<T>()
  const outRow = <usize>n * sizeof<T>()
  const tile = scratch + 32 * <usize>k
  for (let j = 0; j < n; j += columns) {
    const width = min(columns, n - j)
    packPanel<T>(k, width, b + <usize>j * bColumn, bRow, bColumn, scratch)
    let to = out + <usize>j * sizeof<T>()
    let from = a
    let i = m
    for (; i >= 4; i -= 4) {
      let c00 = i32x4.splat(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00, c30 = c00, c31 = c00
      let p0 = from, p1 = p0 + aRow, p2 = p1 + aRow, p3 = p2 + aRow
      let panel = scratch
      do {
        const b0 = v128.load(panel), b1 = v128.load(panel, 16)
        let factor = v128.load_splat<T>(p0)
        c00 = multiplyAdd<T>(factor, b0, c00)
        c01 = multiplyAdd<T>(factor, b1, c01)
        factor = v128.load_splat<T>(p1)
        c10 = multiplyAdd<T>(factor, b0, c10)
        c11 = multiplyAdd<T>(factor, b1, c11)
        factor = v128.load_splat<T>(p2)
        c20 = multiplyAdd<T>(factor, b0, c20)
        c21 = multiplyAdd<T>(factor, b1, c21)
        factor = v128.load_splat<T>(p3)
        c30 = multiplyAdd<T>(factor, b0, c30)
        c31 = multiplyAdd<T>(factor, b1, c31)
        p0 += aColumn
        p1 += aColumn
        p2 += aColumn
        p3 += aColumn
        panel += 32
      } while (panel != tile)
      storeRow<T>(to, width, c00, c01, tile)
      storeRow<T>(to + outRow, width, c10, c11, tile)
      storeRow<T>(to + 2 * outRow, width, c20, c21, tile)
      storeRow<T>(to + 3 * outRow, width, c30, c31, tile)
      to += 4 * outRow
      from += 4 * aRow
    }
    for (; i > 0; i--) {
      let low = i32x4.splat(0), high = low
      let p = from
      let panel = scratch
      do {
        const factor = v128.load_splat<T>(p)
        low = multiplyAdd<T>(factor, v128.load(panel), low)
        high = multiplyAdd<T>(factor, v128.load(panel, 16), high)
        p += aColumn
        panel += 32
      } while (panel != tile)
      storeRow<T>(to, width, low, high, tile)
      to += outRow
      from += aRow
    }
  }
}

/** Products of few rows with a matrix whose rows lie without gaps: eight vectors of a row at a time, nothing packed. */
function rows<T>(
  m: i32, k: i32, n: i32, a: usize, aRow: usize, aColumn: usize, b: usize, bRow: usize, out: usize,
): void {
  const lanes = 16 / <i32>sizeof<T>()
  for (let i = 0; i < m; i++) {
    let left = n
    let column = b
    for (; left >= 8 * lanes; left -= 8 * lanes) {
      let c0 = i32x4.splat(0), c1 = c0, c2 = c0, c3 = c0, c4 = c0, c5 = c0, c6 = c0, c7 = c0
      let p = a, q = column, steps = k
      do {
        const factor = v128.load_splat<T>(p)
        c0 = multiplyAdd<T>(factor, v128.load(q), c0)
        c1 = multiplyAdd<T>(factor, v128.load(q, 16), c1)
        c2 = multiplyAdd<T>(factor, v128.load(q, 32), c2)
        c3 = multiplyAdd<T>(factor, v128.load(q, 48), c3)
        c4 = multiplyAdd<T>(factor, v128.load(q, 64), c4)
        c5 = multiplyAdd<T>(factor, v128.load(q, 80), c5)
        c6 = multiplyAdd<T>(factor, v128.load(q, 96), c6)
        c7 = multiplyAdd<T>(factor, v128.load(q, 112), c7)
        p += aColumn
        q += bRow
      } while (--steps)
      v128.store(out, c0)
      v128.store(out, c1, 16)
      v128.store(out, c2, 32)
      v128.store(out, c3, 48)
      v128.store(out, c4, 64)
      v128.store(out, c5, 80)
      v128.store(out, c6, 96)
      v128.store(out, c7, 112)
      column += 128
      out += 128
    }
    for (; left >= lanes; left -= lanes) {
      let c = i32x4.splat(0)
      let p = a, q = column, steps = k
      do {
        c = multiplyAdd<T>(v128.load_splat<T>(p), v128.load(q), c)
        p += aColumn
        q += bRow
      } while (--steps)
      v128.store(out, c)
      column += 16
      out += 16
    }
    for (; left > 0; left--) {
      let c: T = <T>0
      let p = a, q = column, steps = k
      do {
        c += load<T>(p) * load<T>(q)
        p += aColumn
        q += bRow
      } while (--steps)
      store<T>(out, c)
      column += sizeof<T>()
      out += sizeof<T>()
    }
    a += aRow
  }
}

/** Products of few rows with a matrix whose columns lie without gaps, as the rows of `a` do: four columns at a time. */
function dots<T>(m: i32, k: i32, n: i32, a: usize, aRow: usize, b: usize, bColumn: usize, out: usize): void {
  const lanes = 16 / <i32>sizeof<T>()
  const whole = k - (k % lanes)
  for (let i = 0; i < m; i++) {
    let column = b
    let left = n
    for (; left > 0; left -= 4) {
      // Beyond the last column the last one is read again, and not written.
      const b1 = column + (left > 1 ? bColumn : 0)
      const b2 = b1 + (left > 2 ? bColumn : 0)
      const b3 = b2 + (left > 3 ? bColumn : 0)
      let c0 = i32x4.splat(0), c1 = c0, c2 = c0, c3 = c0
      let at: usize = 0
      for (let p = 0; p < whole; p += lanes) {
        const row = v128.load(a + at)
        c0 = multiplyAdd<T>(row, v128.load(column + at), c0)
        c1 = multiplyAdd<T>(row, v128.load(b1 + at), c1)
        c2 = multiplyAdd<T>(row, v128.load(b2 + at), c2)
        c3 = multiplyAdd<T>(row, v128.load(b3 + at), c3)
        at += 16
      }
      let s0 = sumOfLanes<T>(c0), s1 = sumOfLanes<T>(c1), s2 = sumOfLanes<T>(c2), s3 = sumOfLanes<T>(c3)
      for (let p = whole; p < k; p++) {
        const row = load<T>(a + at)
        s0 += row * load<T>(column + at)
        s1 += row * load<T>(b1 + at)
        s2 += row * load<T>(b2 + at)
        s3 += row * load<T>(b3 + at)
        at += sizeof<T>()
      }
      store<T>(out, s0)
      if (left > 1) store<T>(out + sizeof<T>(), s1)
      if (left > 2) store<T>(out + 2 * sizeof<T>(), s2)
      if (left > 3) store<T>(out + 3 * sizeof<T>(), s3)
      column += 4 * bColumn
      out += <usize>min(left, 4) * sizeof<T>()
    }
    a += aRow
  }
}

export function panels_float32(
  m: i32, k: i32, n: i32, a: usize, aRow: usize, aColumn: usize, b: usize, bRow: usize, bColumn: usize, out: usize,
  scratch: usize,
): void {
  panels<f32>(m, k, n, a, aRow, aColumn, b, bRow, bColumn, out, scratch)
}

export function panels_float64(
  m: i32, k: i32, n: i32, a: usize, aRow: usize, aColumn: usize, b: usize, bRow: usize, bColumn: usize, out: usize,
  scratch: usize,
): void {
  panels<f64>(m, k, n, a, aRow, aColumn, b, bRow, bColumn, out, scratch)
}

export function rows_float32(
  m: i32, k: i32, n: i32, a: usize, aRow: usize, aColumn: usize, b: usize, bRow: usize, out: usize,
): void {
  rows<f32>(m, k, n, a, aRow, aColumn, b, bRow, out)
}

export function rows_float64(
  m: i32, k: i32, n: i32, a: usize, aRow: usize, aColumn: usize, b: usize, bRow: usize, out: usize,
): void {
  rows<f64>(m, k, n, a, aRow, aColumn, b, bRow, out)
}

export function dots_float32(
  m: i32, k: i32, n: i32, a: usize, aRow: usize, b: usize, bColumn: usize, out: usize,
): void {
  dots<f32>(m, k, n, a, aRow, b, bColumn, out)
}

export function dots_float64(
  m: i32, k: i32, n: i32, a: usize, aRow: usize, b: usize, bColumn: usize, out: usize,
): void {
  dots<f64>(m, k, n, a, aRow, b, bColumn, out)
}
