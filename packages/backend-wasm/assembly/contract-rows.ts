/**
 * Products [m, k] × [k, n] with a matrix whose rows lie without gaps. All steps are in bytes, and no size is 0.
 *
 * Each element is summed in the order of k, whatever else is computed with it: rows give the same bits one by one as
 * together. So tiles may overlap, and do at the end of a row: what two of them compute is the same. Where there are
 * fewer rows than a tile has, its last row stands for those that are missing.
 */

import { tile1x7, tile2x4, tile4x1, tile4x2 } from './tiles'

/** One row of at least seven vectors. */
@inline
function longRow<T>(
  k: i32, n: i32, a: usize, aColumn: usize, b: usize, bRow: usize, out: usize, depth: i32,
): void {
  const columns = 112 / <i32>sizeof<T>()
  let from = a, rows = b
  let p = 0
  do {
    const steps = min(depth, k - p)
    for (let j = 0; j + columns <= n; j += columns) {
      const at = <usize>j * sizeof<T>()
      tile1x7<T>(steps, from, aColumn, rows + at, bRow, out + at, p > 0)
    }
    from += <usize>depth * aColumn
    rows += <usize>depth * bRow
    p += depth
  } while (p < k)
  if (n % columns == 0) return
  const at = <usize>(n - columns) * sizeof<T>()
  tile1x7<T>(k, a, aColumn, b + at, bRow, out + at, false)
}

/** Two vectors' width of columns, or the first `width` elements of one vector, of all rows. */
@inline
function narrowPanel<T>(
  m: i32, k: i32, width: i32, a: usize, aRow: usize, aColumn: usize, b: usize, bRow: usize, out: usize, outRow: usize,
  goesOn: bool,
): void {
  do {
    const last = <usize>min(m, 4) - 1
    const r1 = min(<usize>1, last), r2 = min(<usize>2, last)
    const a1 = a + r1 * aRow, a2 = a + r2 * aRow, a3 = a + last * aRow
    const out1 = out + r1 * outRow, out2 = out + r2 * outRow, out3 = out + last * outRow
    if (width * <i32>sizeof<T>() == 32) tile4x2<T>(k, a, a1, a2, a3, aColumn, b, bRow, out, out1, out2, out3, goesOn)
    else tile4x1<T>(k, a, a1, a2, a3, aColumn, b, bRow, out, out1, out2, out3, width, goesOn)
    a += 4 * aRow
    out += 4 * outRow
    m -= 4
  } while (m > 0)
}

/** Four vectors' width of columns of all rows. */
@inline
function widePanel<T>(
  m: i32, k: i32, a: usize, aRow: usize, aColumn: usize, b: usize, bRow: usize, out: usize, outRow: usize,
  goesOn: bool,
): void {
  do {
    if (m == 1) aRow = outRow = 0
    tile2x4<T>(k, a, aRow, aColumn, b, bRow, out, outRow, goesOn)
    a += 2 * aRow
    out += 2 * outRow
    m -= 2
  } while (m > 0)
}

/** Copies four vectors' width of columns, so that reading them for each pair of rows stays within the nearest cache. */
@inline
function pack(k: i32, b: usize, bRow: usize, panel: usize): void {
  do {
    v128.store(panel, v128.load(b))
    v128.store(panel, v128.load(b, 16), 16)
    v128.store(panel, v128.load(b, 32), 32)
    v128.store(panel, v128.load(b, 48), 48)
    b += bRow
    panel += 64
  } while (--k)
}

/** The part of a product that is due to some of k: panels as wide as `width`, packed where there is room. */
@inline
function piece<T>(
  m: i32, k: i32, width: i32, a: usize, aRow: usize, aColumn: usize, b: usize, bRow: usize, out: usize, outRow: usize,
  goesOn: bool, scratch: usize,
): void {
  if (width * <i32>sizeof<T>() < 64) {
    narrowPanel<T>(m, k, width, a, aRow, aColumn, b, bRow, out, outRow, goesOn)
    return
  }
  if (scratch != 0) {
    pack(k, b, bRow, scratch)
    b = scratch
    bRow = 64
  }
  // Written twice, so that the first piece does not look at what stands there.
  if (goesOn) widePanel<T>(m, k, a, aRow, aColumn, b, bRow, out, outRow, true)
  else widePanel<T>(m, k, a, aRow, aColumn, b, bRow, out, outRow, false)
}

/**
 * The product with a matrix whose rows lie without gaps.
 *
 * @param depth    so many elements of each sum are added before the next come
 * @param scratch  64 bytes for each of them, or 0 to read the right factor where it lies
 */
@inline
function alongRows<T>(
  m: i32, k: i32, n: i32, a: usize, aRow: usize, aColumn: usize, b: usize, bRow: usize, out: usize, depth: i32,
  scratch: usize,
): void {
  const lanes = 16 / <i32>sizeof<T>()
  const outRow = <usize>n * sizeof<T>()
  if (m & 1 && n >= 7 * lanes) {
    m--
    longRow<T>(k, n, a + <usize>m * aRow, aColumn, b, bRow, out + <usize>m * outRow, depth)
    if (m == 0) return
  }
  const whole = n - (n % (4 * lanes))
  for (let p = 0; p < k && whole > 0; p += depth) {
    const from = a + <usize>p * aColumn, rows = b + <usize>p * bRow
    for (let j = 0; j < whole; j += 4 * lanes) {
      const at = <usize>j * sizeof<T>()
      piece<T>(m, min(depth, k - p), 4 * lanes, from, aRow, aColumn, rows + at, bRow, out + at, outRow, p > 0, scratch)
    }
  }
  // What overlaps others comes after them, from the first of k on.
  for (let j = whole; j < n; ) {
    const left = n - j
    const vectors = left > 2 * lanes && n >= 4 * lanes ? 4 : left > lanes && n >= 2 * lanes ? 2 : 1
    const width = min(n, vectors * lanes)
    const at = <usize>min(j, n - width) * sizeof<T>()
    for (let p = 0; p < k; p += depth) {
      const from = a + <usize>p * aColumn, rows = b + <usize>p * bRow
      piece<T>(m, min(depth, k - p), width, from, aRow, aColumn, rows + at, bRow, out + at, outRow, p > 0, scratch)
    }
    j += width
  }
}

export function alongRows_float32(
  m: i32, k: i32, n: i32, a: usize, aRow: usize, aColumn: usize, b: usize, bRow: usize, out: usize, depth: i32,
  scratch: usize,
): void {
  alongRows<f32>(m, k, n, a, aRow, aColumn, b, bRow, out, depth, scratch)
}

export function alongRows_float64(
  m: i32, k: i32, n: i32, a: usize, aRow: usize, aColumn: usize, b: usize, bRow: usize, out: usize, depth: i32,
  scratch: usize,
): void {
  alongRows<f64>(m, k, n, a, aRow, aColumn, b, bRow, out, depth, scratch)
}
