/**
 * A loop while it is captured: its step runs once, on stand-ins for the values of any one step of time. What a step
 * computes is a stack over time, of which the step itself sees its own element.
 */

import { BackendError } from '../errors.ts'
import { contiguousStrides, sizeOf } from '../tensor/shape.ts'
import { Tensor } from '../tensor/tensor.ts'
import { Buffer, type Loop } from './program.ts'
import type { Trace } from './trace.ts'

/** Storage of a tensor inside of a loop: at step t, the elements of a buffer that begin at `offset + t·advance`. */
export class Column {
  readonly loop: Loop
  readonly buffer: Buffer
  readonly offset: number
  readonly advance: number

  constructor(loop: Loop, buffer: Buffer, offset: number, advance: number) {
    this.loop = loop
    this.buffer = buffer
    this.offset = offset
    this.advance = advance
  }
}

/** What a loop carries from step to step. */
export interface Carry {
  /** Its value at the beginning of a step, inside of the loop. */
  readonly value: Tensor
  /** Says, as the last thing inside of the loop, what the next step begins with: something that `computed` gave. */
  update(next: Tensor): void
  /** Its value after the loop. */
  readonly last: Tensor
}

/** A loop that is being written down. */
export class LoopTrace {
  readonly loop: Loop
  readonly #trace: Trace
  /** A loop whose tensors the steps of this one read, each those of its own time. */
  readonly #beside: LoopTrace | undefined

  constructor(trace: Trace, loop: Loop, beside?: LoopTrace) {
    this.#trace = trace
    this.loop = loop
    this.#beside = beside
  }

  /** Whether tensors of a loop may be read inside of this one. */
  sees(loop: Loop): boolean {
    return loop === this.loop || loop === this.#beside?.loop
  }

  /** Runs `body`, whose operations are the step. */
  run<Result>(body: () => Result): Result {
    return this.#trace.within(this, body)
  }

  /** The element of a sequence, along its first axis, that belongs to the step. */
  column(sequence: Tensor): Tensor {
    const { storage, offset, strides } = this.#trace.operand(sequence)
    const { dtype, shape } = sequence
    const column = new Column(this.loop, storage, offset, strides[0]!)
    return new Tensor(this.#trace.backend, column, dtype, shape.slice(1), strides.slice(1))
  }

  /** Begins to carry a value. */
  carry(initial: Tensor): Carry {
    const { steps, isReversed } = this.loop
    const { dtype, shape, size } = initial
    const buffer = new Buffer(dtype, (steps + 1) * size)
    const [before, after] = isReversed ? [size, 0] : [0, size]
    const first = isReversed ? steps * size : 0
    const trace = this.#trace
    trace.own(buffer)
    trace.store(initial, buffer, { offset: first, advance: 0 })
    const strides = contiguousStrides(shape)
    return {
      value: new Tensor(trace.backend, new Column(this.loop, buffer, before, size), dtype, shape, strides),
      update: next => trace.store(next, buffer, { offset: after, advance: size }),
      last: new Tensor(trace.backend, buffer, dtype, shape, strides, isReversed ? 0 : steps * size),
    }
  }

  /** The values of all steps, along a new first axis, outside of the loop. */
  stack(value: Tensor): Tensor {
    const { storage, offset, shape, strides, advance } = this.#trace.operand(this.computed(value))
    const { steps } = this.loop
    const whole = [steps, ...shape]
    const lies =
      offset === 0 && advance === sizeOf(shape) && String(strides) === String(contiguousStrides(shape))
    if (lies) return new Tensor(this.#trace.backend, storage, value.dtype, whole)
    const copy = this.#trace.backend.copy(value) as Column
    return new Tensor(this.#trace.backend, copy.buffer, value.dtype, whole)
  }

  /** A value of the step as one that the step computes: a copy, where it is another step's, or the same at all of them. */
  computed(value: Tensor): Tensor {
    if (value.storage instanceof Column && this.#trace.isComputedIn(this.loop, value.storage.buffer))
      return value
    return new Tensor(this.#trace.backend, this.#trace.backend.copy(value), value.dtype, value.shape)
  }
}

/** What refuses a tensor of a loop where its step is not at hand. */
export function outsideOfItsLoop(): BackendError {
  return new BackendError(
    'scan',
    'a tensor of a step is used outside of that step',
    'Return it from the step, as the carry or as an output: in a captured step the loop runs once for all steps',
  )
}
