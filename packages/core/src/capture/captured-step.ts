/** A step for arguments of certain shapes: traced, rewritten, planned, and then replayed. */

import { type Backend, isSynchronous } from '../backend/contract.ts'
import { BackendError } from '../errors.ts'
import { checkAlive, lasting, letGo } from '../tensor/lifetime.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { leavesOf, rebuildTree, type TensorTree } from '../tensor/tree.ts'
import { checkEqual } from './check.ts'
import { formatProgram } from './format.ts'
import { noting } from './given.ts'
import { muted } from './looking.ts'
import { plan, type Store } from './plan.ts'
import { Buffer, type Instruction, type Operand, type Program, wholeOf } from './program.ts'
import { Replay } from './replay.ts'
import { type RewriteOptions, rewrite } from './rewrite/index.ts'
import { Shadow } from './shadow.ts'
import { Supply } from './supply.ts'
import { type Assumption, checkBackend, Trace } from './trace.ts'
import { noValues, TracingBackend } from './tracing-backend.ts'

/** How a step is captured, as `capture` settles it. */
export interface StepOptions extends RewriteOptions {
  /** Whether results lie in the memory of the step, and the next call overwrites them. */
  readonly reuseResults: boolean
}

/** What a step gives: tensors, or nothing. */
// biome-ignore lint/suspicious/noConfusingVoidType: a function that returns nothing is one that returns void
export type StepOutput = TensorTree | undefined | void

/** A program with all that it needs. */
export class CapturedStep<Output extends StepOutput> {
  /** Whether it has been replayed. */
  wasCalled = false
  readonly #backend: Backend
  readonly #options: StepOptions
  /** The step as it was captured, and the program that is replayed. */
  readonly #traced: Program
  readonly #program: Program
  readonly #replay: Replay
  readonly #supply: Supply
  readonly #assumptions: readonly Assumption[]
  readonly #asOutput: (tensors: readonly Tensor[]) => Output
  readonly #lends: boolean
  /** What the step closes over. */
  readonly #kept: Tensor[]
  readonly #lent: Output | undefined
  /** What is computed for those who look at the step, where somebody does. */
  readonly #shadow: Shadow | undefined

  /**
   * @param like  tensors of the shapes and types for which the step is captured
   * @param step  what runs, once, on stand-ins for them
   */
  constructor(
    backend: Backend,
    like: readonly Tensor[],
    step: (stand: readonly Tensor[]) => Output,
    options: StepOptions,
  ) {
    this.#backend = backend
    this.#options = options
    if (backend instanceof TracingBackend) throw noValues()
    for (const tensor of like) checkBackend(tensor, backend, 'an argument')
    const trace = new Trace(backend)
    const stand = like.map(tensor => trace.argument(tensor))
    const output = trace.run(() => step(stand))
    checkImmediate(output)
    const leaves = output === undefined ? [] : leavesOf('capture', output, 'what the step returned')
    this.#asOutput = tensors => (output === undefined ? output : rebuildTree(output, tensors)) as Output

    const { taken, takenAside } = trace
    this.#kept = [...taken.kept, ...takenAside.kept]
    const written = taken.variables.filter(({ before, now }) => now !== before)
    const made = new Set(trace.instructions.map(({ output }) => output))
    const copies: Instruction[] = []
    /** What outlives the replay must not be a buffer that the next one is given in: that is copied first. */
    const computed = (tensor: Tensor): Operand => {
      const operand = trace.operand(tensor)
      if (made.has(operand.storage)) return operand
      const copy = new Buffer(operand.dtype, tensor.size)
      copies.push({ kernel: 'copy', inputs: [operand], attributes: {}, output: copy, scope: '' })
      return wholeOf(copy, operand.shape)
    }
    const results = leaves.map(({ tensor }) => computed(tensor))
    const values = written.map(({ now }) => computed(now))
    const wanted = [...results, ...values]
    this.#traced = { instructions: [...trace.instructions, ...copies], results: wanted }
    this.#program = rewrite(this.#traced, backend, options)

    const given = stand.map(({ storage }) => storage as Buffer)
    this.#supply = new Supply(backend, given, taken)
    this.#assumptions = trace.assumptions
    const stores: Store[] = this.#supply.written.map(({ storage }, i) => ({
      from: this.#program.results[results.length + i]!,
      into: storage,
    }))
    const program = { ...this.#program, results: this.#program.results.slice(0, results.length) }
    this.#replay = new Replay(backend, plan(program, [...this.#supply.names.keys()], stores))
    if (trace.peeks.length > 0) {
      const watched = { instructions: [...trace.watched, ...copies], results: wanted }
      const aside = new Supply(backend, [], takenAside)
      this.#shadow = new Shadow(backend, watched, trace.peeks, [...this.#supply.names.keys()], aside, options)
    }
    if (options.reuseResults) this.#lent = lasting(() => this.#asOutput(this.#replay.lend()))
    this.#lends = options.reuseResults
  }

  /** Whether what the step was built on is still so. */
  get holds(): boolean {
    for (const { read, value } of this.#assumptions) if (!Object.is(read(), value)) return false
    return true
  }

  /** Replays the step, with fresh tensors that were made already, if there are. */
  call(tensors: readonly Tensor[], given?: readonly Tensor[]): Output {
    checkAlive('capture', tensors)
    this.#shadow?.checkIdle()
    this.#supply.load(this.#replay, tensors, given)
    this.#shadow?.run(this.#replay)
    this.#replay.run()
    this.wasCalled = true
    this.#supply.handOver()
    const output = this.#lends ? (this.#lent as Output) : this.#asOutput(this.#replay.results())
    this.#shadow?.tell([
      ...this.#replay.places(),
      ...this.#supply.written.map(home => this.#replay.viewOf(home)),
    ])
    return output
  }

  /**
   * Replays the step and compares with what the step itself gives.
   *
   * @throws ValueError where they differ
   */
  checked(tensors: readonly Tensor[], step: () => Output): Output {
    const backend = this.#backend
    if (!isSynchronous(backend)) {
      throw new BackendError(
        'capture',
        `{ check } compares values at once, which ${backend.name} cannot read`,
        'Leave it out, or check on a CPU backend',
      )
    }
    const { variables } = this.#supply
    const before = variables.map(({ value }) => value)
    let expected: Output
    let given: readonly Tensor[]
    let after: Tensor[]
    try {
      const noted = muted(() => noting(step, this.#supply.ready))
      expected = noted.result
      given = noted.given.fresh
      after = variables.map(({ value }) => value)
    } finally {
      for (const [i, variable] of variables.entries()) variable.value = before[i]!
    }
    const output = this.call(tensors, given)
    const leaves = (tree: Output) => (tree === undefined ? [] : leavesOf('capture', tree as TensorTree))
    const found = leaves(output)
    for (const [i, { path, tensor }] of leaves(expected).entries()) {
      checkEqual(backend, path === '' ? 'the result' : `the result at ${path}`, found[i]!.tensor, tensor)
    }
    for (const [i, { value }] of variables.entries()) {
      checkEqual(backend, `the variable ${after[i]}`, value, after[i]!)
    }
    return output
  }

  /** Gives the memory back; variables that lie in it are taken out before. */
  release(): void {
    this.#shadow?.checkIdle()
    for (const variable of this.#supply.variables) variable.value // what lies here becomes a tensor of its own
    this.#replay.release()
    this.#shadow?.release()
    for (const tensor of this.#kept.splice(0)) letGo(tensor)
  }

  /** What it is made of, for those who examine it. */
  get insides() {
    return {
      backend: this.#backend,
      options: this.#options,
      traced: this.#traced,
      names: this.#supply.names,
      supply: this.#supply,
      replay: this.#replay,
    }
  }

  /** The program, an instruction a line. */
  toString(): string {
    return formatProgram(this.#program, this.#supply.names)
  }
}

/** @throws BackendError when a step returned a promise: what runs later is not captured */
function checkImmediate(output: unknown): void {
  if (!(output instanceof Promise)) return
  output.catch(() => {}) // it is refused here, so how it ends is nobody's business
  throw new BackendError(
    'capture',
    'the step is asynchronous',
    'Read values (await) before or after it; what is captured must run at once',
  )
}
