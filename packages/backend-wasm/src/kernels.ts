/** Emitted kernels at work: each is compiled when it is first asked for, and then called through the table. */

import type { DType, Expression } from '@sensigrad/core'
import { imported } from './emit/imports.ts'
import { emitKernel } from './emit/kernel.ts'
import { type Run, runs } from './invoke.ts'
import type { Machine } from './main-module.ts'

/** What kernels compute in. Booleans alone are computed with as masks of int32. */
const laneOf = { float32: 'f32', float64: 'f64', int32: 'i32', bool: 'i32' } as const

const digits: Readonly<Record<DType, number>> = { float32: 0, float64: 1, int32: 2, bool: 3 }

/** So many inputs fit into a number, a digit each. */
const mostDigits = 16

/** What a kernel is known by: its expression, and what else it was made for. */
interface Key {
  readonly expression: Expression
  readonly types: number | string
}

/** An emitted kernel. It runs for as long as it is held, even when others have taken its place in the table. */
export class Kernel {
  readonly key: Key
  readonly call: (...numbers: number[]) => void
  /** Its place in the table, or 0. */
  place = 0
  readonly #home: Kernels
  readonly #invoke: (...numbers: number[]) => void
  readonly #run: Run

  constructor(home: Kernels, key: Key, call: (...numbers: number[]) => void, inputs: number) {
    this.#home = home
    this.key = key
    this.call = call
    this.#invoke = home.machine.main.invoke[inputs] ?? call
    this.#run = runs[inputs] ?? spread
  }

  /** Computes `rows` rows of `count` elements; the other arguments are those of `Run`. */
  run(rows: number, count: number, addresses: readonly number[], steps: readonly number[]): void {
    if (this.place === 0) this.#home.seat(this)
    this.#run(this.#invoke, this.place, rows, count, addresses, steps)
  }
}

/** For more inputs than are written out. */
const spread: Run = (call, _, rows, count, [out, ...addresses], steps) =>
  call(rows, count, out!, ...addresses.flatMap((address, i) => [address, steps[i]!]))

/** The kernels of one machine: the latest few thousand. */
export class Kernels {
  readonly machine: Machine
  /** How many are kept: code that nobody runs any more must not pile up. */
  readonly #most: number
  readonly #known = new Map<Expression, Map<number | string, Kernel>>()
  readonly #seated: Kernel[] = []
  #next = 0

  constructor(machine: Machine, most = 4096) {
    this.machine = machine
    this.#most = most
  }

  /**
   * The kernel for an expression.
   *
   * @param inputs   of which the types matter
   * @param strides  their strides in the inner loop: 0 or 1
   * @param dtype    the type of the result
   */
  get(
    expression: Expression,
    inputs: readonly { readonly dtype: DType }[],
    strides: readonly number[],
    dtype: DType,
  ): Kernel {
    const types = typesOf(inputs, strides, dtype)
    const known = this.#known.get(expression)?.get(types)
    if (known !== undefined) return known
    const dtypes = inputs.map(input => input.dtype)
    const call = this.#compile(expression, dtypes, strides, dtype)
    const kernel = new Kernel(this, { expression, types }, call, inputs.length)
    if (!this.#known.has(expression)) this.#known.set(expression, new Map())
    this.#known.get(expression)!.set(types, kernel)
    this.seat(kernel)
    return kernel
  }

  /** Gives a kernel a place in the table: that of the one that has had its place for longest, if there are many. */
  seat(kernel: Kernel): void {
    const { table } = this.machine
    const previous = this.#seated[this.#next]
    if (previous !== undefined) this.#unseat(previous)
    kernel.place = previous === undefined ? table.grow(1) : this.#next + 1
    table.set(kernel.place, kernel.call)
    this.#seated[this.#next] = kernel
    this.#next = (this.#next + 1) % this.#most
  }

  #unseat(kernel: Kernel): void {
    const { expression, types } = kernel.key
    kernel.place = 0
    const kernels = this.#known.get(expression)
    if (kernels?.get(types) !== kernel) return // it was forgotten before, and only run again
    kernels.delete(types)
    if (kernels.size === 0) this.#known.delete(expression)
  }

  #compile(expression: Expression, dtypes: readonly DType[], strides: readonly number[], dtype: DType) {
    const { memory, variant } = this.machine
    const bytes = emitKernel({
      expression,
      lane: laneOf[dtypes.find(each => each !== 'bool') ?? dtype],
      inputs: dtypes.map((each, i) => ({
        kind: strides[i] === 0 ? 'still' : 'dense',
        isBoolean: each === 'bool',
      })),
      givesBooleans: dtype === 'bool',
      fused: variant === 'relaxed-simd',
    })
    const imports = { env: { memory }, scalar: imported }
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), imports)
    return exports.kernel as (...numbers: number[]) => void
  }
}

/** A digit for each input and one for the result: a number where they fit, which is cheaper than a text. */
function typesOf(
  inputs: readonly { readonly dtype: DType }[],
  strides: readonly number[],
  dtype: DType,
): number | string {
  if (inputs.length > mostDigits) {
    return [dtype, ...inputs.map((input, i) => `${input.dtype} ${strides[i]}`)].join()
  }
  let number = 4 + digits[dtype]
  for (let i = 0; i < inputs.length; i++) number = 8 * number + 2 * digits[inputs[i]!.dtype] + strides[i]!
  return number
}
