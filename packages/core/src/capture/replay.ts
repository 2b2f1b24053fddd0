/** A planned program on its backend: memory taken once, calls bound once, and then run as often as asked. */

import type { Backend, Storage, View } from '../backend/contract.ts'
import { memo } from '../memo.ts'
import { allocate, type DType } from '../tensor/dtype.ts'
import { Lifetime } from '../tensor/lifetime.ts'
import { sameShape } from '../tensor/shape.ts'
import { Tensor } from '../tensor/tensor.ts'
import { isLent, lentStorages } from './lent.ts'
import type { PlacedCall } from './placed-call.ts'
import type { Plan } from './plan.ts'
import { argumentsOf, type Buffer, type Loop, type Operand } from './program.ts'

/** A call of a kernel with all its arguments but the step of the loop. */
type Bound = (step: number) => void

/** Calls that follow each other, once or for each step of a loop. */
interface Run {
  readonly calls: readonly Bound[]
  readonly loop: Loop | undefined
}

/** Memory and calls of a planned program. */
export class Replay {
  readonly #backend: Backend
  readonly #plan: Plan
  readonly #arenas = new Map<DType, Storage>()
  readonly #uploaded = new Map<Buffer, Storage>()
  readonly #given = new Map<Buffer, Tensor>()
  /** How long what is lent can be used. */
  readonly #lending = new Lifetime()
  readonly #runs: readonly Run[]

  constructor(backend: Backend, plan: Plan) {
    this.#backend = backend
    this.#plan = plan
    // Empty buffers lie somewhere, too.
    for (const dtype of new Set([...plan.offsets.keys()].map(({ dtype }) => dtype))) {
      this.#arenas.set(dtype, backend.allocate(dtype, Math.max(1, plan.sizes[dtype])))
    }
    this.#runs = this.#bindAll()
  }

  /** Computes everything from what the given buffers hold. */
  run(): void {
    for (const { calls, loop } of this.#runs) {
      if (loop === undefined) for (let i = 0; i < calls.length; i++) calls[i]!(0)
      else if (loop.isReversed) for (let step = loop.steps - 1; step >= 0; step--) runAll(calls, step)
      else for (let step = 0; step < loop.steps; step++) runAll(calls, step)
    }
  }

  /** Writes an argument to its buffer, unless that is what was written there last: tensors do not change. */
  give(buffer: Buffer, argument: Tensor): void {
    const last = this.#given.get(buffer)
    const isSame = last !== undefined && last.storage === argument.storage && sameLayout(last, argument)
    if (isSame && !isLent(argument)) return
    this.fill(buffer, argument)
    this.#given.set(buffer, argument.view(argument.shape, argument.strides, argument.offset)) // without its past
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
  copyOf(operand: Operand): Tensor {
    return this.copied(this.viewOf(operand))
  }

  /** The elements that lie somewhere on the backend, as a tensor of its own. */
  copied(view: View): Tensor {
    return new Tensor(this.#backend, this.#backend.copy(view), view.dtype, view.shape)
  }

  /** Where the results of the program lie. */
  places(): View[] {
    return this.#plan.results.map(result => this.viewOf(result))
  }

  /** What the program gives, as tensors of their own. */
  results(): Tensor[] {
    return this.places().map(place => this.copied(place))
  }

  /** What the program gives, where it lies: each run overwrites it. */
  lend(): Tensor[] {
    return this.places().map(place => {
      const { storage, dtype, shape, strides, offset } = place
      lentStorages.add(storage)
      const tensor = new Tensor(this.#backend, storage, dtype, shape, strides, offset)
      tensor.lifetime = this.#lending
      return tensor
    })
  }

  /** Gives the memory back; the program cannot run any more. */
  release(): void {
    const { calls, results } = this.#plan
    const operands = [...calls.flatMap(({ inputs }) => inputs), ...results]
    const constants = new Set(operands.map(({ storage }) => storage.fixed))
    for (const fixed of constants) if (fixed?.isOwn) this.#backend.free(fixed.storage!)
    for (const storage of [...this.#arenas.values(), ...this.#uploaded.values()]) this.#backend.free(storage)
    this.#given.clear()
    this.#lending.end()
  }

  #bindAll(): Run[] {
    const runs: { calls: Bound[]; loop: Loop | undefined }[] = []
    for (const call of this.#plan.calls) {
      if (runs.at(-1)?.loop !== call.loop || runs.length === 0) runs.push({ calls: [], loop: call.loop })
      runs.at(-1)!.calls.push(this.#bind(call))
    }
    return runs
  }

  #bind({ instruction, inputs, into }: PlacedCall): (step: number) => void {
    const backend = this.#backend
    const destination = { ...this.#place(into.buffer, into.offset), advance: into.advance }
    const views = inputs.map(input => this.viewOf(input))
    if (backend.bind) {
      const given = argumentsOf(instruction, views)
      return backend.bind(instruction.kernel, ...([...given, destination] as never))
    }
    const call = backend[instruction.kernel] as (...of: unknown[]) => Storage
    const isStill = into.advance === 0 && views.every(({ advance = 0 }) => advance === 0)
    const at = (step: number): unknown[] => [
      ...argumentsOf(instruction, isStill ? views : views.map(view => stepped(view, step))),
      stepped(destination, step),
    ]
    if (!isStill) return step => call.apply(backend, at(step))
    const of = at(0)
    return () => call.apply(backend, of)
  }

  #place(buffer: Buffer, offset = 0) {
    return { storage: this.#arenas.get(buffer.dtype)!, offset: this.#plan.offsets.get(buffer)! + offset }
  }

  /** Where an operand of the program lies. */
  viewOf({ storage: buffer, dtype, shape, strides, offset, advance = 0 }: Operand): View {
    const { fixed } = buffer
    if (fixed === undefined) return { ...this.#place(buffer, offset), dtype, shape, strides, advance }
    return { storage: fixed.storage ?? this.#upload(buffer), dtype, shape, strides, offset, advance }
  }

  #upload(buffer: Buffer): Storage {
    return memo(this.#uploaded, buffer, () => this.#backend.upload(buffer.fixed!.values!, buffer.dtype))
  }
}

function sameLayout(a: View, b: View): boolean {
  return a.offset === b.offset && sameShape(a.strides, b.strides)
}

function runAll(calls: readonly Bound[], step: number): void {
  for (let i = 0; i < calls.length; i++) calls[i]!(step)
}

/** A place as it lies at a step of a loop. */
function stepped<Place extends { readonly offset: number; readonly advance?: number }>(
  place: Place,
  step: number,
): Place {
  return { ...place, offset: place.offset + step * (place.advance ?? 0) }
}
