/** Batched matrix products `[…, m, k] × […, k, n] → […, m, n]`. */

import { contiguousStrides, sizeOf, type View, walk } from '@sensigrad/core'
import { bytesOf, type HeapStorage } from './heap.ts'
import { copy } from './movement.ts'
import type { Workplace } from './workplace.ts'

/** From so many rows on, packing the right factor pays. */
const manyRows = 4

/** Products of the matrices of two float views with equal batch axes. */
export function contract(at: Workplace, a: View, b: View): HeapStorage {
  const { heap, main } = at
  const dtype = a.dtype === 'float64' ? 'float64' : 'float32'
  const size = bytesOf[dtype]
  const [m, k] = [a.shape.at(-2)!, a.shape.at(-1)!]
  const n = b.shape.at(-1)!
  const batch = a.shape.slice(0, -2)
  const output = heap.allocate(dtype, sizeOf(batch) * m * n, 'contract')
  const begin = heap.addressOf(output, 'contract')
  if (k === 0) main.clear(begin, output.length * size)
  if (k === 0 || output.length === 0) return output

  const { left, right, copies } = arranged(at, a, b)
  const [aRow, aColumn] = stepsOf(left)
  const [bRow, bColumn] = stepsOf(right)
  const outer = [left, right].map(({ strides }) => strides.slice(0, -2).map(stride => stride * size))
  const starts = [heap.address(left, 'contract'), heap.address(right, 'contract')]
  const each = (multiply: (a: number, b: number, out: number) => void) =>
    walk(batch, outer, starts, ([from, by], position) =>
      multiply(from!, by!, begin + position * m * n * size),
    )
  if (m >= manyRows) {
    const panels = main.panels[dtype]
    heap.withScratch(32 * (k + 1), 'contract', scratch => {
      each((x, y, out) => panels(m, k, n, x, aRow, aColumn, y, bRow, bColumn, out, scratch))
    })
  } else if (bColumn === size || n === 1) {
    const rows = main.rows[dtype]
    each((x, y, out) => rows(m, k, n, x, aRow, aColumn, y, bRow, out))
  } else {
    const dots = main.dots[dtype]
    each((x, y, out) => dots(m, k, n, x, aRow, y, bColumn, out))
  }
  for (const storage of copies) heap.free(storage)
  return output
}

/** The factors as the kernel for few rows reads them: along rows of the right factor, or along its columns. */
function arranged(at: Workplace, a: View, b: View) {
  const copies: HeapStorage[] = []
  const packed = (view: View): View => {
    const storage = copy(at, view, 'contract')
    copies.push(storage)
    return { ...view, storage, offset: 0, strides: contiguousStrides(view.shape) }
  }
  const few = a.shape.at(-2)! < manyRows
  const [rowStride, columnStride] = b.strides.slice(-2) as [number, number]
  const [k, n] = b.shape.slice(-2) as [number, number]
  const byRows = columnStride === 1 || n === 1
  const byColumns = rowStride === 1 || k === 1
  const right = few && !byRows && !byColumns ? packed(b) : b
  const along = few && !byRows && byColumns
  const left = along && a.strides.at(-1) !== 1 && k !== 1 ? packed(a) : a
  return { left, right, copies }
}

/** How the rows and the columns of a matrix advance, in bytes. */
function stepsOf({ strides, dtype }: View): [row: number, column: number] {
  const [row, column] = strides.slice(-2) as [number, number]
  return [row * bytesOf[dtype], column * bytesOf[dtype]]
}
