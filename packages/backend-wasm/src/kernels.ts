/** Emitted kernels at work: each is compiled when it is first asked for, and then called through the table. */

import type { DType, Expression, View } from '@sensigrad/core'
import { imported } from './emit/imports.ts'
import { emitKernel } from './emit/kernel.ts'
import type { Machine } from './main-module.ts'

/** Runs a kernel: rows, elements of a row, where the output begins, and where each input begins and how rows advance. */
export type KernelCall = (rows: number, count: number, out: number, ...inputs: number[]) => void

/** What kernels compute in. Booleans alone are computed with as masks of int32. */
const laneOf = { float32: 'f32', float64: 'f64', int32: 'i32', bool: 'i32' } as const

const digits: Readonly<Record<DType, number>> = { float32: 0, float64: 1, int32: 2, bool: 3 }

/** The kernels of one machine. */
export class Kernels {
  readonly #machine: Machine
  readonly #known = new Map<Expression, Map<number, KernelCall>>() // expressions are interned, and live on

  constructor(machine: Machine) {
    this.#machine = machine
  }

  /**
   * The kernel for an expression.
   *
   * @param inputs   of which the types matter
   * @param strides  their strides in the inner loop: 0 or 1
   * @param dtype    the type of the result
   */
  get(expression: Expression, inputs: readonly View[], strides: readonly number[], dtype: DType): KernelCall {
    let kernels = this.#known.get(expression)
    if (kernels === undefined) {
      kernels = new Map()
      this.#known.set(expression, kernels)
    }
    let number = 4 + digits[dtype] // and a digit for each input: cheaper than a text
    for (let i = 0; i < inputs.length; i++) number = 8 * number + 2 * digits[inputs[i]!.dtype] + strides[i]!
    let kernel = kernels.get(number)
    if (kernel === undefined) {
      const dtypes = inputs.map(input => input.dtype)
      kernel = this.#load(this.#emit(expression, dtypes, strides, dtype), inputs.length)
      kernels.set(number, kernel)
    }
    return kernel
  }

  #emit(expression: Expression, dtypes: readonly DType[], strides: readonly number[], dtype: DType) {
    return emitKernel({
      expression,
      lane: laneOf[dtypes.find(each => each !== 'bool') ?? dtype],
      inputs: dtypes.map((each, i) => ({
        kind: strides[i] === 0 ? 'still' : 'dense',
        isBoolean: each === 'bool',
      })),
      givesBooleans: dtype === 'bool',
      fused: this.#machine.variant === 'relaxed-simd',
    })
  }

  #load(bytes: Uint8Array<ArrayBuffer>, inputs: number): KernelCall {
    const { main, memory, table } = this.#machine
    const imports = { env: { memory }, scalar: imported }
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), imports)
    const kernel = exports.kernel as KernelCall
    const invoke = main.invoke[inputs]
    if (invoke === undefined) return kernel
    const index = table.grow(1)
    table.set(index, kernel)
    return callThrough(invoke, index, inputs)
  }
}

/** Written out for each number of inputs: to gather and spread arguments costs more than the call. */
function callThrough(invoke: (...numbers: number[]) => void, index: number, inputs: number): KernelCall {
  switch (inputs) {
    case 0:
      return (rows, count, out) => invoke(index, rows, count, out)
    case 1:
      return (rows, count, out, a, aStep) => invoke(index, rows, count, out, a!, aStep!)
    case 2:
      return (rows, count, out, a, aStep, b, bStep) => invoke(index, rows, count, out, a!, aStep!, b!, bStep!)
    case 3:
      return (rows, count, out, a, aStep, b, bStep, c, cStep) =>
        invoke(index, rows, count, out, a!, aStep!, b!, bStep!, c!, cStep!)
    default:
      return (rows, count, out, a, aStep, b, bStep, c, cStep, d, dStep) =>
        invoke(index, rows, count, out, a!, aStep!, b!, bStep!, c!, cStep!, d!, dStep!)
  }
}
