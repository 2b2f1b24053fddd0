/** Elementwise expressions: each becomes a kernel of its own the first time, and then a call through the table. */

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
import type { KernelInput } from './emit/graph.ts'
import { imported } from './emit/imports.ts'
import { emitKernel } from './emit/kernel.ts'
import type { Lane } from './emit/opcodes.ts'
import { bytesOf, type HeapStorage } from './heap.ts'
import type { Machine } from './main-module.ts'
import { copy } from './movement.ts'
import type { Workplace } from './workplace.ts'

/** Runs a kernel: rows, elements of a row, where the output begins, and where each input begins and how rows advance. */
export type KernelCall = (rows: number, count: number, out: number, ...inputs: number[]) => void

const laneOf = { float32: 'f32', float64: 'f64', int32: 'i32', bool: 'i32' } as const
const laneDigits: Readonly<Record<Lane, number>> = { f32: 1, f64: 2, i32: 3 }

/** The kernels of one machine. */
export class KernelCache {
  readonly #machine: Machine
  readonly #kernels = new WeakMap<Expression, Map<number, KernelCall>>()

  constructor(machine: Machine) {
    this.#machine = machine
  }

  /** The kernel for an expression, made once for each lane type and combination of inputs. */
  get(
    expression: Expression,
    lane: Lane,
    inputs: readonly KernelInput[],
    givesBooleans: boolean,
  ): KernelCall {
    let kernels = this.#kernels.get(expression)
    if (kernels === undefined) {
      kernels = new Map()
      this.#kernels.set(expression, kernels)
    }
    let number = 2 * laneDigits[lane] + Number(givesBooleans) // and a digit for each input: cheaper than a text
    for (const { kind, isBoolean } of inputs)
      number = 4 * number + (kind === 'still' ? 1 : 0) + (isBoolean ? 2 : 0)
    let kernel = kernels.get(number)
    if (kernel === undefined) {
      const fused = this.#machine.variant === 'relaxed-simd'
      kernel = this.#load(emitKernel({ expression, lane, inputs, givesBooleans, fused }), inputs.length)
      kernels.set(number, kernel)
    }
    return kernel
  }

  #load(bytes: Uint8Array<ArrayBuffer>, inputs: number): KernelCall {
    const { main, memory, table } = this.#machine
    const imports = { env: { memory }, scalar: imported }
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), imports)
    const kernel = exports.kernel as KernelCall
    if (inputs > 4) return kernel
    const index = table.grow(1)
    table.set(index, kernel)
    switch (inputs) {
      case 0:
        return (rows, count, out) => main.invoke0(index, rows, count, out)
      case 1:
        return (rows, count, out, a, aStep) => main.invoke1(index, rows, count, out, a!, aStep!)
      case 2:
        return (rows, count, out, a, aStep, b, bStep) =>
          main.invoke2(index, rows, count, out, a!, aStep!, b!, bStep!)
      case 3:
        return (rows, count, out, a, aStep, b, bStep, c, cStep) =>
          main.invoke3(index, rows, count, out, a!, aStep!, b!, bStep!, c!, cStep!)
      default:
        return (rows, count, out, a, aStep, b, bStep, c, cStep, d, dStep) =>
          main.invoke4(index, rows, count, out, a!, aStep!, b!, bStep!, c!, cStep!, d!, dStep!)
    }
  }
}

/** The value of an expression at each element; all inputs have the shape of the output. */
export function map(
  at: Workplace,
  expression: Expression,
  inputs: readonly View[],
  shape: Shape,
  dtype: DType,
): HeapStorage {
  const output = at.heap.allocate(dtype, sizeOf(shape), 'map')
  const temporary: HeapStorage[] = []
  const layout = collapse(
    shape,
    inputs.map(input => input.strides),
  )
  let strides = layout.strides
  const views = inputs.map((input, i) => {
    const inner = strides[i]!.at(-1) ?? 0
    if (inner === 0 || inner === 1) return input
    const storage = copy(at, input)
    temporary.push(storage)
    return { ...input, storage, offset: 0, strides: contiguousStrides(shape) }
  })
  if (temporary.length > 0) strides = relaid(layout.shape, strides)
  const count = layout.shape.pop() ?? 1
  const steps = strides.map(each => each.pop() ?? 0)
  const rows = layout.shape.pop() ?? 1
  const rowSteps = strides.map((each, i) => (each.pop() ?? 0) * bytesOf[inputs[i]!.dtype])

  const lane = laneOf[inputs.find(input => input.dtype !== 'bool')?.dtype ?? dtype]
  const kinds = inputs.map(
    (input, i): KernelInput => ({
      kind: steps[i] === 0 ? 'still' : 'dense',
      isBoolean: input.dtype === 'bool',
    }),
  )
  const kernel = at.kernels.get(expression, lane, kinds, dtype === 'bool')
  const begin = at.heap.addressOf(output, 'map')
  const size = rows * count * bytesOf[dtype]
  const starts = views.map(view => at.heap.address(view, 'map'))
  const bytes = strides.map((each, i) => each.map(stride => stride * bytesOf[inputs[i]!.dtype]))
  walk(layout.shape, bytes, starts, (addresses, position) => {
    const given: number[] = []
    for (let i = 0; i < addresses.length; i++) given.push(addresses[i]!, rowSteps[i]!)
    kernel(rows, count, begin + position * size, ...given)
  })
  for (const storage of temporary) at.heap.free(storage)
  return output
}

/** The strides of views of a collapsed shape, where those that a kernel cannot walk have become copies without gaps. */
function relaid(shape: Shape, strides: readonly number[][]): number[][] {
  return strides.map(each => {
    const inner = each.at(-1) ?? 0
    return inner === 0 || inner === 1 ? each : [...contiguousStrides(shape)]
  })
}
