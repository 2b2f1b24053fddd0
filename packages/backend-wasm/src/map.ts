/** Elementwise expressions: a view for each input becomes rows, and rows are what a kernel takes. */

import {
  collapse,
  contiguousStrides,
  type DType,
  type Expression,
  type Shape,
  sizeOf,
  type View,
  walk,
} from '@sensigrad/core'
import { bytesOf, type HeapStorage } from './heap.ts'
import type { KernelCall } from './kernels.ts'
import { copy } from './movement.ts'
import type { Workplace } from './workplace.ts'

/** The value of an expression at each element; all inputs have the shape of the output. */
export function map(
  at: Workplace,
  expression: Expression,
  inputs: readonly View[],
  shape: Shape,
  dtype: DType,
): HeapStorage {
  const count = sizeOf(shape)
  const output = at.heap.allocate(dtype, count, 'map')
  const out = at.heap.addressOf(output, 'map')
  const layout = layoutOf(shape, inputs)
  if (layout === undefined) inLoops(at, expression, inputs, shape, dtype, out)
  else {
    const { rows, strides, rowSteps } = layout
    const kernel = at.kernels.get(expression, inputs, strides, dtype)
    const addresses: number[] = []
    for (const input of inputs) addresses.push(at.heap.address(input, 'map'))
    call(kernel, rows, count / rows, out, addresses, rowSteps)
  }
  return output
}

/** Rows that one call of a kernel takes, as most maps are. */
interface Rows {
  readonly rows: number
  readonly strides: readonly number[]
  /** In bytes. */
  readonly rowSteps: readonly number[]
}

/** All elements as one row, or a matrix as its rows; `undefined` for views that lie otherwise. */
function layoutOf(shape: Shape, inputs: readonly View[]): Rows | undefined {
  const strides: number[] = []
  for (const input of inputs) {
    const stride = flatStride(shape, input.strides)
    if (stride === undefined) return matrixOf(shape, inputs)
    strides.push(stride)
  }
  return { rows: 1, strides, rowSteps: strides } // one row takes no step
}

function matrixOf(shape: Shape, inputs: readonly View[]): Rows | undefined {
  if (shape.length !== 2 || shape[0] === 0) return undefined
  const strides: number[] = []
  const rowSteps: number[] = []
  for (const { strides: each, dtype } of inputs) {
    const [row, inner] = each as [number, number]
    if (inner !== 0 && inner !== 1) return undefined
    strides.push(inner)
    rowSteps.push(row * bytesOf[dtype])
  }
  return { rows: shape[0]!, strides, rowSteps }
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

/** Calls a kernel. Written out for few inputs: to spread arguments costs more than the call. */
function call(
  kernel: KernelCall,
  rows: number,
  count: number,
  out: number,
  addresses: readonly number[],
  steps: readonly number[],
): void {
  const [a, b, c] = addresses
  if (addresses.length === 1) kernel(rows, count, out, a!, steps[0]!)
  else if (addresses.length === 2) kernel(rows, count, out, a!, steps[0]!, b!, steps[1]!)
  else if (addresses.length === 3) kernel(rows, count, out, a!, steps[0]!, b!, steps[1]!, c!, steps[2]!)
  else kernel(rows, count, out, ...addresses.flatMap((address, i) => [address, steps[i]!]))
}

/** Rows in loops around them. Inputs whose inner stride is neither 0 nor 1 are copied first. */
function inLoops(
  at: Workplace,
  expression: Expression,
  inputs: readonly View[],
  shape: Shape,
  dtype: DType,
  out: number,
): void {
  const layout = collapse(
    shape,
    inputs.map(input => input.strides),
  )
  const copies: HeapStorage[] = []
  const addresses = inputs.map((input, i) => {
    const strides = layout.strides[i]!
    const inner = strides.at(-1) ?? 0
    if (inner === 0 || inner === 1) return at.heap.address(input, 'map')
    const storage = copy(at, input, 'map')
    copies.push(storage)
    layout.strides[i] = [...contiguousStrides(layout.shape)]
    return at.heap.addressOf(storage, 'map')
  })
  const count = layout.shape.pop() ?? 1
  const inner = layout.strides.map(strides => strides.pop() ?? 0)
  const rows = layout.shape.pop() ?? 1
  const bytes = layout.strides.map((strides, i) => strides.map(stride => stride * bytesOf[inputs[i]!.dtype]))
  const rowSteps = bytes.map(steps => steps.pop() ?? 0)
  const kernel = at.kernels.get(expression, inputs, inner, dtype)
  walk(layout.shape, bytes, addresses, (starts, position) => {
    call(kernel, rows, count, out + position * rows * count * bytesOf[dtype], starts, rowSteps)
  })
  for (const storage of copies) at.heap.free(storage)
}
