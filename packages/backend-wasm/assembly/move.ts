/** Moving elements from one pair of steps to another: copies, transposes, joins. Steps are in bytes. */

/** Columns that are moved together, so that a cache line is used whole whichever side lies across. */
const tile: i32 = 8

function move<T>(
  rows: i32, columns: i32, from: usize, fromRow: usize, fromColumn: usize, to: usize, toRow: usize, toColumn: usize,
): void {
  if (rows == 0 || columns == 0) return
  if (fromColumn == sizeof<T>() && toColumn == sizeof<T>()) {
    do {
      memory.copy(to, from, <usize>columns * sizeof<T>())
      from += fromRow
      to += toRow
    } while (--rows)
    return
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
