/** Batched matrix products `[…, m, k] × […, k, n] → […, m, n]`. */

import { contiguousStrides, sizeOf, type View, walk } from '@sensigrad/core'
import { bytesOf, type HeapStorage } from './heap.ts'
import { copy } from './movement.ts'
import type { Workplace } from './workplace.ts'

/** From so many rows on, packing the right factor pays. */
const manyRows = 4

/** Where a product of two matrices begins: both factors and the result. */
type Multiply = (a: number, b: number, out: number) => void

/** Products of the matrices of two float views with equal batch axes. */
export function contract(at: Workplace, a: View, b: View): HeapStorage {
  const { heap, main } = at
  const last = a.shape.length - 1
  const [m, k, n] = [a.shape[last - 1]!, a.shape[last]!, b.shape[last]!]
  if (n === 1 && m > 1) return contract(at, transposed(b), transposed(a)) // a column lies in memory as a row does
  const dtype = a.dtype === 'float64' ? 'float64' : 'float32'
  const size = bytesOf[dtype]
  const output = heap.allocate(dtype, sizeOf(a.shape.slice(0, -2)) * m * n, 'contract')
  const begin = heap.addressOf(output, 'contract')
  if (k === 0) main.clear(begin, output.length * size)
  if (k === 0 || output.length === 0) return output

  if (m < manyRows) fewRows(at, dtype, a, b, begin)
  else {
    const panels = main.panels[dtype]
    const [aRow, aColumn, bRow, bColumn] = stepsOf(a, b, size)
    heap.withScratch(32 * (k + 1), 'contract', scratch => {
      eachMatrix(at, a, b, begin, (x, y, out) => {
        panels(m, k, n, x, aRow!, aColumn!, y, bRow!, bColumn!, out, scratch)
      })
    })
  }
  return output
}

/** Along the rows of the right factor, or along its columns: nothing is packed, unless it lies in neither way. */
function fewRows(at: Workplace, dtype: 'float32' | 'float64', a: View, b: View, begin: number): void {
  const { heap, main } = at
  const last = a.shape.length - 1
  const [m, k, n] = [a.shape[last - 1]!, a.shape[last]!, b.shape[last]!]
  const copies: HeapStorage[] = []
  const packed = (view: View): View => {
    const storage = copy(at, view, 'contract')
    copies.push(storage)
    return { ...view, storage, offset: 0, strides: contiguousStrides(view.shape) }
  }
  const isAlongColumns = b.strides[last] !== 1 && n > 1 && (b.strides[last - 1] === 1 || k === 1)
  const right = isAlongColumns || b.strides[last] === 1 || n === 1 ? b : packed(b)
  const left = isAlongColumns && a.strides[last] !== 1 && k > 1 ? packed(a) : a
  const [aRow, aColumn, bRow, bColumn] = stepsOf(left, right, bytesOf[dtype])
  const [dots, rows] = [main.dots[dtype], main.rows[dtype]]
  eachMatrix(at, left, right, begin, (x, y, out) => {
    if (isAlongColumns) dots(m, k, n, x, aRow!, y, bColumn!, out)
    else rows(m, k, n, x, aRow!, aColumn!, y, bRow!, out)
  })
  for (const storage of copies) heap.free(storage)
}

/** Calls `multiply` for each matrix of a batch. */
function eachMatrix({ heap }: Workplace, a: View, b: View, begin: number, multiply: Multiply): void {
  const starts = [heap.address(a, 'contract'), heap.address(b, 'contract')]
  const rank = a.shape.length
  if (rank === 2) {
    multiply(starts[0]!, starts[1]!, begin)
    return
  }
  const size = bytesOf[a.dtype]
  const outer = [a, b].map(({ strides }) => strides.slice(0, -2).map(stride => stride * size))
  const product = a.shape[rank - 2]! * b.shape[rank - 1]! * size
  walk(a.shape.slice(0, -2), outer, starts, ([x, y], position) => {
    multiply(x!, y!, begin + position * product)
  })
}

/** The matrices of a view with rows and columns exchanged. */
function transposed(view: View): View {
  const swapped = (list: readonly number[]) => [...list.slice(0, -2), list.at(-1)!, list.at(-2)!]
  return { ...view, shape: swapped(view.shape), strides: swapped(view.strides) }
}

/** How the rows and the columns of two matrices advance, in bytes. */
function stepsOf({ strides: a }: View, { strides: b }: View, size: number): number[] {
  const last = a.length - 1
  return [a[last - 1]! * size, a[last]! * size, b[last - 1]! * size, b[last]! * size]
}
