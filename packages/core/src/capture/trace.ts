/** What a step does while it is captured: which kernels it calls, and which variables and settings it reads and writes. */

import { type Backend, isSynchronous, type Kernels, type Storage, type View } from '../backend/contract.ts'
import { outsideCapture, writingTo } from '../backend/current.ts'
import { BackendError, ValueError } from '../errors.ts'
import { currentScope } from '../tape/scope.ts'
import { noteSource, notesSources } from '../tape/source.ts'
import { checkTensor } from '../tensor/check.ts'
import type { DType } from '../tensor/dtype.ts'
import { lasting } from '../tensor/lifetime.ts'
import { keep } from '../tensor/memory.ts'
import { Tensor } from '../tensor/tensor.ts'
import { leavesOf, rebuildTree, type TensorTree } from '../tensor/tree.ts'
import { isLent } from './lent.ts'
import { isLooking, looking } from './looking.ts'
import { Column, LoopTrace, outsideOfItsLoop } from './loop-trace.ts'
import { type Assumed, type OpenTrace, withTrace } from './open-trace.ts'
import { lookedAt, type PeekListener } from './peek.ts'
import { type Attributes, Buffer, type Instruction, type Into, type Loop, type Operand } from './program.ts'
import { closesOverLent, freshInLoop, looksInRead, writesInLoop } from './refusals.ts'
import { Taken, type TracedPeek, type TracedVariable } from './taken.ts'
import { noValues, TracingBackend } from './tracing-backend.ts'
import type { Variable } from './variable.ts'

/** A value on which the step was built. */
export interface Assumption {
  readonly read: () => Assumed
  readonly value: Assumed
}

/** The notes that are taken of a step. */
export class Trace implements OpenTrace {
  readonly backend: TracingBackend
  /** What the step computes. */
  readonly instructions: Instruction[] = []
  /** What the step computes and, where that was asked for, what is computed for those who look at it. */
  readonly watched: Instruction[] = []
  readonly peeks: TracedPeek[] = []
  /** What the step takes from outside, and what those who look at it take besides. */
  readonly taken = new Taken()
  readonly takenAside = new Taken(this.taken)
  readonly assumptions: Assumption[] = []
  readonly #buffers = new Set<Buffer>()
  readonly #computedIn = new Map<Buffer, Loop>()
  #loop: LoopTrace | undefined

  constructor(target: Backend) {
    this.backend = new TracingBackend(target, (...of) => this.#note(...of))
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
    const before = new Map(this.taken.variables.map(({ variable, now }) => [variable, now]))
    this.#loop = loop
    try {
      const result = body()
      for (const { variable, before: first, now } of this.taken.variables) {
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
    this.#add({ kernel: 'copy', inputs, attributes: {}, output, into, scope, ...this.#inLoop() })
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
    this.#taking.settings.push({ read, buffer })
    return new Tensor(this.backend, buffer, dtype, [])
  }

  fresh(make: () => Tensor): Tensor {
    if (this.#loop !== undefined) throw freshInLoop()
    const first = outsideCapture(make)
    checkTensor('fresh', 'what the function gave', first)
    keep(first)
    checkBackend(first, this.backend.target, 'a fresh tensor')
    const stand = this.argument(first)
    this.taken.freshTensors.push({ make, first, buffer: stand.storage as Buffer })
    return stand
  }

  assume(read: () => Assumed): Assumed {
    const value = read()
    this.assumptions.push({ read, value })
    return value
  }

  /** Notes what is to be looked at in each replay, and what that takes, beside the step. */
  peek<Tree extends TensorTree>(read: () => Tree, receive: PeekListener<Tree>): void {
    const loop = this.#loop
    const { refusal } = this.backend
    const tree = lookedAt(read)
    if (this.backend.refusal !== refusal) throw looksInRead()
    const leaves = leavesOf('peek', tree).map(({ tensor }) => tensor)
    const operands = looking(() =>
      leaves.map(leaf => this.operand(loop === undefined ? leaf : loop.stack(leaf))),
    )
    const steps = loop === undefined ? {} : { steps: loop.loop.steps }
    this.peeks.push({
      operands,
      receive: (tensors, from) => receive(rebuildTree(tree, tensors), { from, ...steps }),
    })
  }

  refuse({ backend }: Tensor, name: string): void {
    if (backend !== this.backend) return
    throw new ValueError(
      name,
      'its first value is computed by the step that is being captured',
      'Make it before, or inside of outsideCapture(() => …)',
    )
  }

  get #taking(): Taken {
    return isLooking() ? this.takenAside : this.taken
  }

  #traced(variable: Variable): TracedVariable {
    return this.#taking.variable(variable, () => {
      const value = outsideCapture(() => variable.value)
      checkBackend(value, this.backend.target, 'a variable')
      const before = this.argument(value)
      return { variable, before, now: before }
    })
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
    this.#add(call as unknown as Instruction) // kernel and attributes belong together
    this.#buffers.add(output)
    if (loop === undefined) return output
    this.#computedIn.set(output, loop)
    return new Column(loop, output, 0, length)
  }

  #add(instruction: Instruction): void {
    this.watched.push(instruction)
    if (isLooking()) return
    this.instructions.push(instruction)
    if (notesSources) noteSource(instruction)
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
    const taken = this.#taking
    return taken.closedOver(storage, () => {
      if (view instanceof Tensor)
        checkBackend(view, this.backend.target, 'a tensor that the step closes over')
      if (isLent(view)) throw closesOverLent()
      if (view instanceof Tensor) taken.kept.push(keep(view)) // the step needs it as long as it runs
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
