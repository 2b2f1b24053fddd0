/** A planned program on its backend: memory taken once, calls bound once, and then run as often as asked. */

import type { Backend, Kernels, Storage, View } from '../backend/contract.ts'
import { memo } from '../memo.ts'
import { allocate, type DType, dtypes } from '../tensor/dtype.ts'
import { Tensor } from '../tensor/tensor.ts'
import type { Plan } from './plan.ts'
import { argumentsOf, type Buffer, type Operand } from './program.ts'
import type { PlacedCall } from './side-by-side.ts'

/** Memory and calls of a planned program. */
export class Replay {
  readonly #backend: Backend
  readonly #plan: Plan
  readonly #arenas = new Map<DType, Storage>()
  readonly #uploaded = new Map<Buffer, Storage>()
  readonly #calls: readonly ((step: number) => void)[]

  constructor(backend: Backend, plan: Plan) {
    this.#backend = backend
    this.#plan = plan
    for (const dtype of dtypes) {
      if (plan.sizes[dtype] > 0) this.#arenas.set(dtype, backend.allocate(dtype, plan.sizes[dtype]))
    }
    this.#calls = plan.calls.map(call => this.#bind(call))
  }

  /** Computes everything from what the given buffers hold. */
  run(): void {
    const calls = this.#calls
    for (let i = 0; i < calls.length; i++) calls[i]!(0)
  }

  /** Writes the elements of a view to a given buffer. */
  fill(buffer: Buffer, from: View): void {
    this.#backend.copy(from, this.#place(buffer))
  }

  /** Writes a number to a given buffer of one element. */
  fillNumber(buffer: Buffer, number: number): void {
    const storage = this.#backend.upload(allocate(buffer.dtype, 1).fill(number), buffer.dtype)
    this.fill(buffer, { storage, dtype: buffer.dtype, shape: [1], strides: [1], offset: 0 })
    this.#backend.free(storage)
  }

  /** The elements of a view, as they are now, as a tensor of its own. */
  tensorOf(operand: Operand): Tensor {
    const { dtype, shape } = operand
    return new Tensor(this.#backend, this.#backend.copy(this.#viewOf(operand)), dtype, shape)
  }

  /** What the program gives, as tensors of their own. */
  results(): Tensor[] {
    return this.#plan.results.map(result => this.tensorOf(result))
  }

  /** Gives the memory back; the program cannot run any more. */
  release(): void {
    for (const storage of [...this.#arenas.values(), ...this.#uploaded.values()]) this.#backend.free(storage)
  }

  #bind({ instruction, into }: PlacedCall): (step: number) => void {
    const backend = this.#backend
    const destination = this.#place(into.buffer, into.offset)
    const { kernel } = instruction
    const given = argumentsOf(
      instruction,
      instruction.inputs.map(input => this.#viewOf(input)),
    )
    const of = [...given, destination] as unknown as Parameters<Kernels[typeof kernel]>
    if (backend.bind) return backend.bind(kernel, ...of)
    const call = backend[kernel] as (...of: unknown[]) => Storage
    return () => call.apply(backend, of)
  }

  #place(buffer: Buffer, offset = 0) {
    return { storage: this.#arenas.get(buffer.dtype)!, offset: this.#plan.offsets.get(buffer)! + offset }
  }

  #viewOf({ storage: buffer, dtype, shape, strides, offset }: Operand): View {
    const { fixed } = buffer
    if (fixed === undefined) return { ...this.#place(buffer, offset), dtype, shape, strides }
    return { storage: fixed.storage ?? this.#upload(buffer), dtype, shape, strides, offset }
  }

  #upload(buffer: Buffer): Storage {
    return memo(this.#uploaded, buffer, () => this.#backend.upload(buffer.fixed!.values!, buffer.dtype))
  }
}
