/** Elementwise expressions: a view for each input becomes rows, and rows are what a kernel takes. */

import {
  type CollapsedLayout,
  collapse,
  contiguousStrides,
  type DType,
  type Expression,
  type Shape,
  sizeOf,
  type View,
} from '@sensigrad/core'
import type { Family } from './family.ts'
import { bytesOf } from './heap.ts'
import { type Bound, loops, type Start, startOf } from './loops.ts'
import { onCopy } from './movement.ts'
import type { Workplace } from './workplace.ts'

/** Rows of fewer elements are joined, if an input repeats in each: so short a loop costs more than its work. */
const shortRow = 16

/** As many elements as rows are joined to. */
const longRow = 64

/** An input that can be read in rows. */
interface Operand {
  readonly start: Start
  readonly dtype: DType
  readonly strides: readonly number[]
}

/** Gives an input, or a copy of it, to what uses it. */
type Provider = (use: (operand: Operand) => Bound) => Bound

/** The value of an expression at each element; all inputs have the shape of the output. */
export const map: Required<Family<'map'>> = {
  gives: (_expression, _inputs, shape, dtype) => ({ dtype, length: sizeOf(shape) }),

  bind(at, out, expression, inputs, shape, dtype) {
    const joined = collapse(
      shape,
      inputs.map(({ strides }) => strides),
    )
    const views = inputs.map((input, i) => ({ ...input, shape: joined.shape, strides: joined.strides[i]! }))
    if (areShortRows(joined)) return onShortRows(at, out, expression, views, joined.shape, dtype)
    return onAll(
      views.map(view => asLines(at, view)),
      operands => onRows(at, out, expression, operands, joined.shape, dtype),
    )
  },

  /** All elements as one row, as most maps have them. */
  atOnce({ heap, kernels }, out, expression, inputs, shape, dtype) {
    const strides: number[] = []
    const addresses = [out]
    for (const input of inputs) {
      const stride = flatStride(shape, input.strides)
      if (stride === undefined) return false
      strides.push(stride)
      addresses.push(heap.address(input, 'map'))
    }
    kernels.get(expression, inputs, strides, dtype).run(1, sizeOf(shape), addresses, strides) // one row takes no step
    return true
  },
}

/** 1 where the strides walk a shape without gaps, 0 where they stand still, `undefined` otherwise. */
function flatStride(shape: Shape, strides: readonly number[]): 0 | 1 | undefined {
  let expected = 1
  let [isDense, isStill] = [true, true]
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const length = shape[axis]!
    if (length === 1) continue
    const stride = strides[axis]!
    if (stride !== expected) isDense = false
    if (stride !== 0) isStill = false
    expected *= length
  }
  return isStill ? 0 : isDense ? 1 : undefined
}

/** Makes a call of all inputs. */
function onAll(
  providers: readonly Provider[],
  make: (operands: readonly Operand[]) => Bound,
  operands: readonly Operand[] = [],
): Bound {
  const provide = providers[operands.length]
  if (provide === undefined) return make(operands)
  return provide(operand => onAll(providers, make, [...operands, operand]))
}

/** An input as it lies, if along its last axis it is dense or still; or else its copy. */
function asLines(at: Workplace, view: View): Provider {
  const { dtype, shape, strides } = view
  const inner = strides.at(-1) ?? 0
  if (inner === 0 || inner === 1) return use => use({ start: startOf(at.heap, view, 'map'), dtype, strides })
  return use => onCopy(at, view, 'map', start => use({ start, dtype, strides: contiguousStrides(shape) }))
}

/** Calls of the kernel on rows, in the loops that are left. */
function onRows(
  { kernels }: Workplace,
  out: Start,
  expression: Expression,
  operands: readonly Operand[],
  shape: Shape,
  dtype: DType,
): Bound {
  const rank = shape.length
  const [rows, count] = [shape[rank - 2] ?? 1, shape[rank - 1] ?? 1]
  const bytes = (axis: number) =>
    operands.map(operand => (operand.strides[axis] ?? 0) * bytesOf[operand.dtype])
  const inner = operands.map(({ strides }) => strides[rank - 1] ?? 0)
  const kernel = kernels.get(expression, operands, inner, dtype)
  const rowSteps = bytes(rank - 2)
  const outer = shape.slice(0, -2)
  const part = rows * count * bytesOf[dtype]
  const steps = [
    contiguousStrides(outer).map(stride => stride * part),
    ...operands.map(({ strides, dtype }) => outer.map((_, axis) => strides[axis]! * bytesOf[dtype])),
  ]
  const starts = [out, ...operands.map(({ start }) => start)]
  return loops(outer, steps, starts, now => kernel.run(rows, count, now, rowSteps))
}

/** Whether there are many short rows, in which each input is dense, still, or the same row again and again. */
function areShortRows({ shape, strides }: CollapsedLayout): boolean {
  const [rows, count] = shape as [number, number]
  if (shape.length !== 2 || count >= shortRow || rows * count < 2 * longRow) return false
  return strides.every(
    ([row, inner]) => (inner === 1 && (row === count || row === 0)) || (row === 0 && inner === 0),
  )
}

/** Joins rows: of an input that is the same row again and again, one that is repeated as often is made. */
function onShortRows(
  at: Workplace,
  out: Start,
  expression: Expression,
  views: readonly View[],
  [rows, count]: Shape,
  dtype: DType,
): Bound {
  const times = Math.ceil(longRow / count!)
  const whole = Math.floor(rows! / times)
  const length = times * count!
  const providers = views.map((view): Provider => {
    const [row, inner] = view.strides as [number, number]
    const strides = [row * times, inner]
    if (row !== 0 || inner === 0)
      return use => use({ start: startOf(at.heap, view, 'map'), dtype: view.dtype, strides })
    const repeated = { ...view, shape: [times, count!] }
    return use => onCopy(at, repeated, 'map', start => use({ start, dtype: view.dtype, strides }))
  })
  const rest = (rows! - whole * times) * count!
  const beyond = (start: Start, bytes: number) => ({
    ...start,
    address: start.address + whole * length * bytes,
  })
  return onAll(providers, operands => {
    const wholeRows = onRows(at, out, expression, operands, [whole, length], dtype)
    const ends = operands.map(operand =>
      operand.strides[0] === 0
        ? operand
        : { ...operand, start: beyond(operand.start, bytesOf[operand.dtype]) },
    )
    const lastRow = onRows(at, beyond(out, bytesOf[dtype]), expression, ends, [1, rest], dtype)
    return step => {
      wholeRows(step)
      lastRow(step)
    }
  })
}
