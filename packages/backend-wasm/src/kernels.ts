/** Emitted kernels at work: each is compiled when it is first asked for, and then called through the table. */

import type { DType, Expression } from '@sensigrad/core'
import { imported } from './emit/imports.ts'
import { emitKernel } from './emit/kernel.ts'
import { bytesOf } from './heap.ts'
import { type Run, runs } from './invoke.ts'
import type { Machine } from './main-module.ts'
import { runMapDivided } from './threads/divide.ts'
import type { Pool } from './threads/pool.ts'

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

/** What was emitted. */
export interface Code {
  readonly call: (...numbers: number[]) => void
  /** What threads know it by. */
  readonly number: number
  readonly module: Uint8Array<ArrayBuffer>
  /** What an element is worth, in multiply-adds of float32. */
  readonly weight: number
  /** How far an element is from the next: 0 where an input stands still. */
  readonly inputBytes: readonly number[]
  readonly outputBytes: number
}

/** An emitted kernel. It runs for as long as it is held, even when others have taken its place in the table. */
export class Kernel {
  readonly key: Key
  readonly code: Code
  /** Its place in the table, or 0. */
  place = 0
  readonly #home: Kernels
  readonly #invoke: (...numbers: number[]) => void
  readonly #run: Run

  constructor(home: Kernels, key: Key, code: Code, inputs: number) {
    this.#home = home
    this.key = key
    this.code = code
    this.#invoke = home.machine.main.invoke[inputs] ?? code.call
    this.#run = runs[inputs] ?? spread
  }

  /** Computes `rows` rows of `count` elements; the other arguments are those of `Run`. */
  run(rows: number, count: number, addresses: readonly number[], steps: readonly number[]): void {
    const { pool } = this.#home
    if (pool !== undefined && runMapDivided(pool, this.code, rows, count, addresses, steps)) return
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
  readonly pool: Pool | undefined
  /** How many are kept: code that nobody runs any more must not pile up. */
  readonly #most: number
  readonly #known = new Map<Expression, Map<number | string, Kernel>>()
  readonly #seated: Kernel[] = []
  #next = 0
  #made = 0

  constructor(machine: Machine, pool?: Pool, most = 4096) {
    this.machine = machine
    this.pool = pool
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
    const code = this.#compile(expression, dtypes, strides, dtype)
    const kernel = new Kernel(this, { expression, types }, code, inputs.length)
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
    table.set(kernel.place, kernel.code.call)
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

  #compile(expression: Expression, dtypes: readonly DType[], strides: readonly number[], dtype: DType): Code {
    const { memory, isShared, variant } = this.machine
    const lane = laneOf[dtypes.find(each => each !== 'bool') ?? dtype]
    const { bytes: module, size } = emitKernel({
      expression,
      lane,
      inputs: dtypes.map((each, i) => ({
        kind: strides[i] === 0 ? 'still' : 'dense',
        isBoolean: each === 'bool',
      })),
      givesBooleans: dtype === 'bool',
      fused: variant === 'relaxed-simd',
      isShared,
    })
    const imports = { env: { memory }, scalar: imported }
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module), imports)
    return {
      call: exports.kernel as Code['call'],
      number: this.#made++,
      module,
      weight: lane === 'f64' ? 2 * size : size,
      inputBytes: dtypes.map((each, i) => strides[i]! * bytesOf[each]),
      outputBytes: bytesOf[dtype],
    }
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
