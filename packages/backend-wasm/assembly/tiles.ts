/**
 * Tiles of a matrix product: some rows of a times columns that lie side by side in b. A tile adds to what stands in the
 * product, or begins anew. All steps are in bytes.
 *
 * Tiles are as large as they are because engines load everything that a turn of a loop needs before they multiply:
 * sums, columns and factors must fit into 15 registers together. Loops are tested at their end: engines keep constants
 * and addresses in registers there.
 */

import { multiplyAdd, storeLanes } from './vector'

/** Four vectors of two rows. */
@inline
export function tile2x4<T>(
  k: i32, a: usize, aRow: usize, aColumn: usize, b: usize, bRow: usize, out: usize, outRow: usize, goesOn: bool,
): void {
  let c00 = i32x4.splat(0), c01 = c00, c02 = c00, c03 = c00, c10 = c00, c11 = c00, c12 = c00, c13 = c00
  if (goesOn) {
    c00 = v128.load(out)
    c01 = v128.load(out, 16)
    c02 = v128.load(out, 32)
    c03 = v128.load(out, 48)
    c10 = v128.load(out + outRow)
    c11 = v128.load(out + outRow, 16)
    c12 = v128.load(out + outRow, 32)
    c13 = v128.load(out + outRow, 48)
  }
  let next = a + aRow
  do {
    const factor0 = v128.load_splat<T>(a), factor1 = v128.load_splat<T>(next)
    let column = v128.load(b)
    c00 = multiplyAdd<T>(factor0, column, c00)
    c10 = multiplyAdd<T>(factor1, column, c10)
    column = v128.load(b, 16)
    c01 = multiplyAdd<T>(factor0, column, c01)
    c11 = multiplyAdd<T>(factor1, column, c11)
    column = v128.load(b, 32)
    c02 = multiplyAdd<T>(factor0, column, c02)
    c12 = multiplyAdd<T>(factor1, column, c12)
    column = v128.load(b, 48)
    c03 = multiplyAdd<T>(factor0, column, c03)
    c13 = multiplyAdd<T>(factor1, column, c13)
    a += aColumn
    next += aColumn
    b += bRow
  } while (--k)
  v128.store(out, c00)
  v128.store(out, c01, 16)
  v128.store(out, c02, 32)
  v128.store(out, c03, 48)
  out += outRow
  v128.store(out, c10)
  v128.store(out, c11, 16)
  v128.store(out, c12, 32)
  v128.store(out, c13, 48)
}

/** Two vectors of four rows. */
@inline
export function tile4x2<T>(
  k: i32, a0: usize, a1: usize, a2: usize, a3: usize, aColumn: usize, b: usize, bRow: usize,
  out0: usize, out1: usize, out2: usize, out3: usize, goesOn: bool,
): void {
  let c00 = i32x4.splat(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00, c30 = c00, c31 = c00
  if (goesOn) {
    c00 = v128.load(out0)
    c01 = v128.load(out0, 16)
    c10 = v128.load(out1)
    c11 = v128.load(out1, 16)
    c20 = v128.load(out2)
    c21 = v128.load(out2, 16)
    c30 = v128.load(out3)
    c31 = v128.load(out3, 16)
  }
  do {
    const b0 = v128.load(b), b1 = v128.load(b, 16)
    let factor = v128.load_splat<T>(a0)
    c00 = multiplyAdd<T>(factor, b0, c00)
    c01 = multiplyAdd<T>(factor, b1, c01)
    factor = v128.load_splat<T>(a1)
    c10 = multiplyAdd<T>(factor, b0, c10)
    c11 = multiplyAdd<T>(factor, b1, c11)
    factor = v128.load_splat<T>(a2)
    c20 = multiplyAdd<T>(factor, b0, c20)
    c21 = multiplyAdd<T>(factor, b1, c21)
    factor = v128.load_splat<T>(a3)
    c30 = multiplyAdd<T>(factor, b0, c30)
    c31 = multiplyAdd<T>(factor, b1, c31)
    a0 += aColumn
    a1 += aColumn
    a2 += aColumn
    a3 += aColumn
    b += bRow
  } while (--k)
  v128.store(out0, c00)
  v128.store(out0, c01, 16)
  v128.store(out1, c10)
  v128.store(out1, c11, 16)
  v128.store(out2, c20)
  v128.store(out2, c21, 16)
  v128.store(out3, c30)
  v128.store(out3, c31, 16)
}

/** The first `width` elements of a vector of four rows. */
@inline
export function tile4x1<T>(
  k: i32, a0: usize, a1: usize, a2: usize, a3: usize, aColumn: usize, b: usize, bRow: usize,
  out0: usize, out1: usize, out2: usize, out3: usize, width: i32, goesOn: bool,
): void {
  let c0 = i32x4.splat(0), c1 = c0, c2 = c0, c3 = c0
  if (goesOn) {
    c0 = v128.load(out0)
    c1 = v128.load(out1)
    c2 = v128.load(out2)
    c3 = v128.load(out3)
  }
  do {
    const column = v128.load(b)
    c0 = multiplyAdd<T>(v128.load_splat<T>(a0), column, c0)
    c1 = multiplyAdd<T>(v128.load_splat<T>(a1), column, c1)
    c2 = multiplyAdd<T>(v128.load_splat<T>(a2), column, c2)
    c3 = multiplyAdd<T>(v128.load_splat<T>(a3), column, c3)
    a0 += aColumn
    a1 += aColumn
    a2 += aColumn
    a3 += aColumn
    b += bRow
  } while (--k)
  storeLanes<T>(out0, c0, width)
  storeLanes<T>(out1, c1, width)
  storeLanes<T>(out2, c2, width)
  storeLanes<T>(out3, c3, width)
}

/** Seven vectors of one row. */
@inline
export function tile1x7<T>(k: i32, a: usize, aColumn: usize, b: usize, bRow: usize, out: usize, goesOn: bool): void {
  let c0 = i32x4.splat(0), c1 = c0, c2 = c0, c3 = c0, c4 = c0, c5 = c0, c6 = c0
  if (goesOn) {
    c0 = v128.load(out)
    c1 = v128.load(out, 16)
    c2 = v128.load(out, 32)
    c3 = v128.load(out, 48)
    c4 = v128.load(out, 64)
    c5 = v128.load(out, 80)
    c6 = v128.load(out, 96)
  }
  do {
    const factor = v128.load_splat<T>(a)
    c0 = multiplyAdd<T>(factor, v128.load(b), c0)
    c1 = multiplyAdd<T>(factor, v128.load(b, 16), c1)
    c2 = multiplyAdd<T>(factor, v128.load(b, 32), c2)
    c3 = multiplyAdd<T>(factor, v128.load(b, 48), c3)
    c4 = multiplyAdd<T>(factor, v128.load(b, 64), c4)
    c5 = multiplyAdd<T>(factor, v128.load(b, 80), c5)
    c6 = multiplyAdd<T>(factor, v128.load(b, 96), c6)
    a += aColumn
    b += bRow
  } while (--k)
  v128.store(out, c0)
  v128.store(out, c1, 16)
  v128.store(out, c2, 32)
  v128.store(out, c3, 48)
  v128.store(out, c4, 64)
  v128.store(out, c5, 80)
  v128.store(out, c6, 96)
}
