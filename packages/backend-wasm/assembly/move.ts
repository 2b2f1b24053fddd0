/** Moving elements from one pair of steps to another: copies, transposes, joins. Steps are in bytes. */

/** Columns that are moved together, so that a cache line is used whole whichever side lies across. */
const tile: i32 = 8

/** Four vectors of four elements, or two of two, with rows and columns exchanged. */
@inline
function transposeTile<T>(from: usize, fromColumn: usize, to: usize, toRow: usize): void {
  const a = v128.load(from), b = v128.load(from + fromColumn)
  if (sizeof<T>() == 8) {
    v128.store(to, i64x2.shuffle(a, b, 0, 2))
    v128.store(to + toRow, i64x2.shuffle(a, b, 1, 3))
    return
  }
  from += 2 * fromColumn
  const c = v128.load(from), d = v128.load(from + fromColumn)
  const abLow = i32x4.shuffle(a, b, 0, 4, 1, 5), abHigh = i32x4.shuffle(a, b, 2, 6, 3, 7)
  const cdLow = i32x4.shuffle(c, d, 0, 4, 1, 5), cdHigh = i32x4.shuffle(c, d, 2, 6, 3, 7)
  v128.store(to, i64x2.shuffle(abLow, cdLow, 0, 2))
  v128.store(to + toRow, i64x2.shuffle(abLow, cdLow, 1, 3))
  to += 2 * toRow
  v128.store(to, i64x2.shuffle(abHigh, cdHigh, 0, 2))
  v128.store(to + toRow, i64x2.shuffle(abHigh, cdHigh, 1, 3))
}

/**
 * Columns that lie side by side become rows that do, a cache line of each column at a time. Tiles at the edges overlap
 * others, and write the same again. Both sizes are those of a tile at least.
 */
function transpose<T>(rows: i32, columns: i32, from: usize, fromColumn: usize, to: usize, toRow: usize): void {
  const lanes = 16 / <i32>sizeof<T>()
  for (let block = 0; block < rows; block += 4 * lanes) {
    const end = min(block + 4 * lanes, rows)
    for (let column = 0; column < columns; column += lanes) {
      const first = <usize>min(column, columns - lanes)
      const source = from + first * fromColumn, target = to + first * sizeof<T>()
      for (let row = block; row < end; row += lanes) {
        const firstRow = <usize>min(row, rows - lanes)
        transposeTile<T>(source + firstRow * sizeof<T>(), fromColumn, target + firstRow * toRow, toRow)
      }
    }
  }
}

/** Runs that are no longer are copied here: to ask the engine for it costs more than that. */
const shortRun: i32 = 512

@inline
function copyRun<T>(to: usize, from: usize, count: i32): void {
  let left = count * <i32>sizeof<T>()
  if (left > shortRun) {
    memory.copy(to, from, left)
    return
  }
  for (; left >= 16; left -= 16) {
    v128.store(to, v128.load(from))
    from += 16
    to += 16
  }
  for (; left > 0; left -= <i32>sizeof<T>()) {
    store<T>(to, load<T>(from))
    from += sizeof<T>()
    to += sizeof<T>()
  }
}

function move<T>(
  rows: i32, columns: i32, from: usize, fromRow: usize, fromColumn: usize, to: usize, toRow: usize, toColumn: usize,
): void {
  if (rows == 0 || columns == 0) return
  if (fromColumn == sizeof<T>() && toColumn == sizeof<T>()) {
    do {
      copyRun<T>(to, from, columns)
      from += fromRow
      to += toRow
    } while (--rows)
    return
  }
  if (sizeof<T>() >= 4 && fromRow == sizeof<T>() && toColumn == sizeof<T>()) {
    const lanes = 16 / <i32>sizeof<T>()
    if (rows >= lanes && columns >= lanes) {
      transpose<T>(rows, columns, from, fromColumn, to, toRow)
      return
    }
  }
  for (let first = 0; first < columns; first += tile) {
    const width = min(tile, columns - first)
    let fromStart = from + <usize>first * fromColumn
    let toStart = to + <usize>first * toColumn
    let row = rows
    do {
      let source = fromStart, target = toStart, left = width
      do {
        store<T>(target, load<T>(source))
        source += fromColumn
        target += toColumn
      } while (--left)
      fromStart += fromRow
      toStart += toRow
    } while (--row)
  }
}

export function move1(
  rows: i32, columns: i32, from: usize, fromRow: usize, fromColumn: usize, to: usize, toRow: usize, toColumn: usize,
): void {
  move<u8>(rows, columns, from, fromRow, fromColumn, to, toRow, toColumn)
}

export function move4(
  rows: i32, columns: i32, from: usize, fromRow: usize, fromColumn: usize, to: usize, toRow: usize, toColumn: usize,
): void {
  move<u32>(rows, columns, from, fromRow, fromColumn, to, toRow, toColumn)
}

export function move8(
  rows: i32, columns: i32, from: usize, fromRow: usize, fromColumn: usize, to: usize, toRow: usize, toColumn: usize,
): void {
  move<u64>(rows, columns, from, fromRow, fromColumn, to, toRow, toColumn)
}

/** Zeros. Memory that was in use before is not zero. */
export function clear(to: usize, bytes: usize): void {
  memory.fill(to, 0, bytes)
}
