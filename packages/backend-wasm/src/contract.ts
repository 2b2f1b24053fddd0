/** Batched matrix products `[…, m, k] × […, k, n] → […, m, n]`. */

import { contiguousStrides, sizeOf, type View } from '@sensigrad/core'
import type { Family } from './family.ts'
import { bytesOf } from './heap.ts'
import { type Bound, loops, type Start, startOf } from './loops.ts'
import { onCopy } from './movement.ts'
import { divideProduct } from './threads/divide.ts'
import type { Workplace } from './workplace.ts'

/** From so many rows on, copying a right factor of more bytes than the nearest cache holds pays, piece by piece. */
const manyRows = 16
const near = 49152

/** From so many columns on, so does copying a left factor whose rows lie across. */
const manyColumns = 128

/** Elements of a sum that are added at a time, so that caches hold what they need: less of rows that lie across. */
const [longPiece, shortPiece] = [512, 256]
const pieceOfFewRows = 128

/** What a product does: which kernel, of which factors, and whether they serve as they lie. */
interface Plan {
  readonly left: View
  readonly right: View
  readonly alongColumns: boolean
  readonly copiesLeft: boolean
  readonly copiesRight: boolean
  /** Elements of each sum that are added at a time. */
  readonly depth: number
  /** Bytes that the kernel needs for pieces of the right factor. */
  readonly scratch: number
}

/**
 * Products of the matrices of two float views with equal batch axes. The order of each sum depends on how the factors
 * lie, not on how many rows there are: rows give the same bits one by one as together.
 */
export const contract: Family<'contract'> = {
  gives: (a, b) => ({ dtype: floatOf(a), length: sizeOf(a.shape.slice(0, -1)) * b.shape.at(-1)! }),

  bind(at, out, a, b) {
    const plan = planOf(a, b)
    const [m, k, n] = sizesOf(plan)
    const size = bytesOf[floatOf(a)]
    const batch = a.shape.slice(0, -2)
    const bytes = sizeOf(batch) * m * n * size
    if (bytes === 0) return () => {}
    if (k === 0) return loops([], [], [out], ([to]) => at.main.clear(to!, bytes))
    const steps = contiguousStrides(batch).map(stride => stride * m * n * size)
    return onFactor(at, plan.left, plan.copiesLeft, (left, x) =>
      onFactor(at, plan.right, plan.copiesRight, (right, y) => {
        const multiply = multiplierOf(at, { ...plan, left, right })
        const strides = [left, right].map(({ strides }) => strides.slice(0, -2).map(stride => stride * size))
        let scratch = 0
        const run = loops(batch, [...strides, steps], [x, y, out], now =>
          multiply(now[0]!, now[1]!, now[2]!, scratch),
        )
        if (plan.scratch === 0) return run
        return step =>
          at.heap.withScratch(plan.scratch * (at.pool?.mostParts ?? 1), 'contract', address => {
            scratch = address
            run(step)
          })
      }),
    )
  },

  atOnce(at, out, a, b) {
    if (a.shape.length > 2) return false
    const plan = planOf(a, b)
    const [m, k, n] = sizesOf(plan)
    if (plan.copiesLeft || plan.copiesRight || plan.scratch > 0 || m * k * n === 0) return false
    const { heap } = at
    multiplierOf(at, plan)(heap.address(plan.left, 'contract'), heap.address(plan.right, 'contract'), out, 0)
    return true
  },
}

function planOf(a: View, b: View): Plan {
  const isColumn = b.shape.at(-1) === 1
  const [left, right] = isColumn ? [transposed(b), transposed(a)] : [a, b] // a column lies as a row does
  const [m, k, n] = sizesOf({ left, right })
  const [row, column] = right.strides.slice(-2) as [number, number]
  if (row === 1 && (isColumn || column !== 1)) {
    return {
      left,
      right,
      alongColumns: true,
      copiesLeft: !hasDenseRows(left),
      copiesRight: false,
      depth: k,
      scratch: 0,
    }
  }
  const copiesLeft = n >= manyColumns && !hasDenseRows(left)
  const copiesRight = !hasDenseRows(right)
  const longest = copiesLeft || hasDenseRows(left) ? longPiece : shortPiece
  const piece = Math.min(k, m < manyRows ? pieceOfFewRows : longest)
  const isFar = piece * (copiesRight ? n : Math.abs(row)) * bytesOf[right.dtype] > near
  return {
    left,
    right,
    alongColumns: false,
    copiesLeft,
    copiesRight,
    depth: piece,
    scratch: m >= manyRows && isFar ? 64 * piece : 0,
  }
}

function sizesOf({ left, right }: Pick<Plan, 'left' | 'right'>): [number, number, number] {
  const last = left.shape.length - 1
  return [left.shape[last - 1]!, left.shape[last]!, right.shape[last]!]
}

/** Multiplies the matrices at two addresses; writes the product at a third. */
type Multiply = (x: number, y: number, out: number, scratch: number) => void

function multiplierOf({ main, pool }: Workplace, plan: Plan): Multiply {
  const [m, k, n] = sizesOf(plan)
  const { left, right, depth } = plan
  const dtype = floatOf(left)
  const size = bytesOf[dtype]
  const last = left.shape.length - 1
  const [aRow, aColumn] = [left.strides[last - 1]! * size, left.strides[last]! * size]
  const [bRow, bColumn] = [right.strides[last - 1]! * size, right.strides[last]! * size]
  const work = (m * k * n * size) / bytesOf.float32
  const isShared = pool !== undefined && work >= pool.least
  const outRow = n * size
  if (plan.alongColumns) {
    const call = main.alongColumns[dtype]
    const multiply = !isShared
      ? call
      : divideProduct(pool, {
          rows: m,
          columns: n,
          work,
          call,
          kernel: `alongColumns_${dtype}`,
          byRow: [0, 0, 0, aRow, 0, 0, 0, outRow],
          byColumn: [0, 0, 0, 0, 0, bColumn, 0, size],
          byPart: [0, 0, 0, 0, 0, 0, 0, 0],
        })
    return (x, y, out) => multiply(m, k, n, x, aRow, y, bColumn, out)
  }
  const call = main.alongRows[dtype]
  const multiply = !isShared
    ? call
    : divideProduct(pool, {
        rows: m,
        columns: n,
        work,
        call,
        kernel: `alongRows_${dtype}`,
        byRow: [0, 0, 0, aRow, 0, 0, 0, 0, outRow, 0, 0],
        byColumn: [0, 0, 0, 0, 0, 0, bColumn, 0, size, 0, 0],
        byPart: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, plan.scratch],
      })
  return (x, y, out, scratch) => multiply(m, k, n, x, aRow, aColumn, y, bRow, out, depth, scratch)
}

function floatOf({ dtype }: View): 'float32' | 'float64' {
  return dtype === 'float64' ? 'float64' : 'float32'
}

/** Whether the elements of each row lie side by side. */
function hasDenseRows({ shape, strides }: View): boolean {
  return strides.at(-1) === 1 || shape.at(-1) === 1
}

/** Uses a factor as it lies, or a copy of it. */
function onFactor(
  at: Workplace,
  view: View,
  isCopied: boolean,
  make: (factor: View, start: Start) => Bound,
): Bound {
  if (!isCopied) return make(view, startOf(at.heap, view, 'contract'))
  return onCopy(at, view, 'contract', start =>
    make({ ...view, strides: contiguousStrides(view.shape) }, start),
  )
}

/** The matrices of a view with rows and columns exchanged. */
function transposed(view: View): View {
  const swapped = (list: readonly number[]) => [...list.slice(0, -2), list.at(-1)!, list.at(-2)!]
  return { ...view, shape: swapped(view.shape), strides: swapped(view.strides) }
}
