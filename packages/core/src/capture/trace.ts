/** What a step does while it is captured: which kernels it calls, and which variables and settings it reads and writes. */

import { type Backend, isSynchronous, type Kernels, type Storage, type View } from '../backend/contract.ts'
import { outsideCapture, writingTo } from '../backend/current.ts'
import { BackendError, ValueError } from '../errors.ts'
import { memo } from '../memo.ts'
import { currentScope } from '../tape/scope.ts'
import { checkTensor } from '../tensor/check.ts'
import type { DType } from '../tensor/dtype.ts'
import { lasting } from '../tensor/lifetime.ts'
import { keep } from '../tensor/memory.ts'
import { Tensor } from '../tensor/tensor.ts'
import { isLent } from './lent.ts'
import { Column, LoopTrace, outsideOfItsLoop } from './loop-trace.ts'
import { type Assumed, type OpenTrace, withTrace } from './open-trace.ts'
import { type Attributes, Buffer, type Instruction, type Into, type Loop, type Operand } from './program.ts'
import { noValues, TracingBackend } from './tracing-backend.ts'
import type { Variable } from './variable.ts'

/** A variable that the step read or wrote. */
export interface TracedVariable {
  readonly variable: Variable
  /** What it holds before the step. */
  readonly before: Tensor
  /** What it holds at this point. */
  now: Tensor
}

/** A number that is asked for before each replay. */
export interface TracedSetting {
  readonly read: () => number
  readonly buffer: Buffer
}

/** A tensor that is made before each replay; the first one when the step is captured. */
export interface TracedFresh {
  readonly make: () => Tensor
  readonly first: Tensor
  readonly buffer: Buffer
}

/** A value on which the step was built. */
export interface Assumption {
  readonly read: () => Assumed
  readonly value: Assumed
}

/** The notes that are taken of a step. */
export class Trace implements OpenTrace {
  readonly backend: TracingBackend
  readonly instructions: Instruction[] = []
  readonly settings: TracedSetting[] = []
  readonly freshTensors: TracedFresh[] = []
  readonly assumptions: Assumption[] = []
  /** Tensors that the step closes over. */
  readonly kept: Tensor[] = []
  readonly #variables = new Map<Variable, TracedVariable>()
  readonly #buffers = new Set<Buffer>()
  readonly #closedOver = new Map<Storage, Buffer>()
  readonly #computedIn = new Map<Buffer, Loop>()
  #loop: LoopTrace | undefined

  constructor(target: Backend) {
    this.backend = new TracingBackend(target, (...of) => this.#note(...of))
  }

  get variables(): readonly TracedVariable[] {
    return [...this.#variables.values()]
  }

  /**
   * Runs the step, whose operations are noted down.
   *
   * @throws BackendError when it has read a value, even if nobody waited for that
   */
  run<Result>(step: () => Result): Result {
    try {
      const result = lasting(() => withTrace(this, () => writingTo(this.backend, this.backend.target, step)))
      if (this.backend.refusal !== undefined) throw this.backend.refusal
      return result
    } finally {
      this.backend.isOver = true
    }
  }

  /** A loop of so many steps, forward in time unless said; its steps see those of the loop beside it. */
  openLoop(steps: number, isReversed = false, beside?: LoopTrace): LoopTrace {
    return new LoopTrace(this, { steps, isReversed }, beside)
  }

  /** Whether a loop is being written down. */
  get isInLoop(): boolean {
    return this.#loop !== undefined
  }

  /**
   * Runs `body` inside of a loop.
   *
   * @throws BackendError when it leaves a variable with another value
   */
  within<Result>(loop: LoopTrace, body: () => Result): Result {
    const outer = this.#loop
    if (outer !== undefined) {
      throw new BackendError(
        'scan',
        'in a captured step, a derivative of one loop is taken inside of the step of another',
        'Write one of them out: scan(step, initial, xs, { unroll: true })',
      )
    }
    const before = new Map(this.variables.map(({ variable, now }) => [variable, now]))
    this.#loop = loop
    try {
      const result = body()
      for (const { variable, before: first, now } of this.variables) {
        if (now !== (before.get(variable) ?? first)) throw writesInLoop()
      }
      return result
    } finally {
      this.#loop = outer
    }
  }

  /** Makes a buffer one of this step. */
  own(buffer: Buffer): void {
    this.#buffers.add(buffer)
  }

  /** Notes down that a value is copied to a place in a buffer that others write, too. */
  store(value: Tensor, output: Buffer, into: Into): void {
    const scope = currentScope()
    const inputs = [this.operand(value)]
    this.instructions.push({ kernel: 'copy', inputs, attributes: {}, output, into, scope, ...this.#inLoop() })
  }

  /** Whether the steps of a loop write a buffer, each its own elements. */
  isComputedIn(loop: Loop, buffer: Buffer): boolean {
    return this.#computedIn.get(buffer) === loop
  }

  /** A tensor that stands for an argument. */
  argument({ dtype, shape, size }: Tensor): Tensor {
    const buffer = new Buffer(dtype, size)
    this.#buffers.add(buffer)
    return new Tensor(this.backend, buffer, dtype, [...shape])
  }

  /** A view as the program has it: of a buffer, where a tensor that is closed over is one, too. */
  operand(view: View): Operand {
    const { storage, dtype, shape, strides, offset } = view
    if (storage instanceof Column) {
      if (!this.#loop?.sees(storage.loop)) throw outsideOfItsLoop()
      const { buffer, advance } = storage
      return { storage: buffer, dtype, shape, strides, offset: storage.offset + offset, advance }
    }
    return { storage: this.#bufferOf(view), dtype, shape, strides, offset }
  }

  read(variable: Variable): Tensor {
    return this.#traced(variable).now
  }

  write(variable: Variable, value: Tensor): true {
    this.#traced(variable).now = value
    return true
  }

  setting(read: () => number, dtype: DType): Tensor {
    const buffer = new Buffer(dtype, 1)
    this.#buffers.add(buffer)
    this.settings.push({ read, buffer })
    return new Tensor(this.backend, buffer, dtype, [])
  }

  fresh(make: () => Tensor): Tensor {
    if (this.#loop !== undefined) throw freshInLoop()
    const first = outsideCapture(make)
    checkTensor('fresh', 'what the function gave', first)
    keep(first)
    checkBackend(first, this.backend.target, 'a fresh tensor')
    const stand = this.argument(first)
    this.freshTensors.push({ make, first, buffer: stand.storage as Buffer })
    return stand
  }

  assume(read: () => Assumed): Assumed {
    const value = read()
    this.assumptions.push({ read, value })
    return value
  }

  refuse({ backend }: Tensor, name: string): void {
    if (backend !== this.backend) return
    throw new ValueError(
      name,
      'its first value is computed by the step that is being captured',
      'Make it before, or inside of outsideCapture(() => …)',
    )
  }

  #traced(variable: Variable): TracedVariable {
    let traced = this.#variables.get(variable)
    if (traced === undefined) {
      const value = outsideCapture(() => variable.value)
      checkBackend(value, this.backend.target, 'a variable')
      const before = this.argument(value)
      traced = { variable, before, now: before }
      this.#variables.set(variable, traced)
    }
    return traced
  }

  #note<Kernel extends keyof Kernels>(
    kernel: Kernel,
    inputs: readonly View[],
    attributes: Attributes[Kernel],
    dtype: DType,
    length: number,
  ): Storage {
    const loop = this.#loop?.loop
    const output = new Buffer(dtype, length * (loop?.steps ?? 1))
    const operands = inputs.map(input => this.operand(input))
    const call = { kernel, inputs: operands, attributes, output, scope: currentScope(), ...this.#inLoop() }
    this.instructions.push(call as unknown as Instruction) // kernel and attributes belong together
    this.#buffers.add(output)
    if (loop === undefined) return output
    this.#computedIn.set(output, loop)
    return new Column(loop, output, 0, length)
  }

  #inLoop(): { loop?: Loop } {
    return this.#loop === undefined ? {} : { loop: this.#loop.loop }
  }

  #bufferOf(view: View): Buffer {
    const { storage, dtype, strides, offset } = view
    if (storage instanceof Buffer) {
      if (this.#buffers.has(storage) || storage.fixed !== undefined) return storage
      throw new BackendError(
        'capture',
        'a tensor of another captured step is used, which exists only while that one is captured',
        'Return it from that step, or keep it in a Variable',
      )
    }
    return memo(this.#closedOver, storage, () => {
      if (view instanceof Tensor)
        checkBackend(view, this.backend.target, 'a tensor that the step closes over')
      if (isLent(view)) throw closesOverLent()
      if (view instanceof Tensor) this.kept.push(keep(view)) // the step needs it as long as it runs
      const isNumber = strides.every(stride => stride === 0) && offset === 0
      const number = isNumber ? this.#numberIn({ storage, dtype, shape: [], strides: [], offset }) : undefined
      return new Buffer(dtype, isNumber ? 1 : Number.POSITIVE_INFINITY, { storage, number })
    })
  }

  #numberIn(view: View): number | undefined {
    const { target } = this.backend
    return isSynchronous(target) ? target.readSync(view)[0] : undefined
  }
}

/** @throws BackendError unless a tensor lives where the step computes */
export function checkBackend(tensor: Tensor, target: Backend, what: string): void {
  if (tensor.backend === target) return
  if (tensor.backend instanceof TracingBackend) throw noValues()
  throw new BackendError(
    'capture',
    `the step is for ${target.name}, and ${what} lives on ${tensor.backend.name === target.name ? `another ${target.name}` : tensor.backend.name}`,
    'Move it: tensor(await x.data(), { shape: x.shape, backend })',
  )
}

function closesOverLent(): BackendError {
  return new BackendError(
    'capture',
    'the step closes over a tensor that another captured step lends, whose numbers change',
    'Pass it as an argument, or capture that step without reuseResults',
  )
}

function writesInLoop(): BackendError {
  return new BackendError(
    'scan',
    'its step writes a variable, which in a captured step would happen once, not at every step of the loop',
    'Carry the value, and write the variable after scan; or use a loop of your own',
  )
}

function freshInLoop(): BackendError {
  return new BackendError(
    'fresh',
    'the step of a captured loop asks for a fresh tensor, which would be the same at each step',
    'Make it for all steps beforehand and pass it to scan among xs, or write the loop out with { unroll: true }',
  )
}
