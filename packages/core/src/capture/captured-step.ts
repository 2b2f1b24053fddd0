/** A step for arguments of certain shapes: traced, rewritten, planned, and then replayed. */

import { type Backend, isSynchronous } from '../backend/contract.ts'
import { BackendError, describeValue, ValueError } from '../errors.ts'
import { checkAlive, lasting, letGo } from '../tensor/lifetime.ts'
import { scope } from '../tensor/memory.ts'
import { sameShape } from '../tensor/shape.ts'
import { Tensor } from '../tensor/tensor.ts'
import { leavesOf, rebuildTree, type TensorTree } from '../tensor/tree.ts'
import { checkEqual } from './check.ts'
import { formatProgram } from './format.ts'
import { noting } from './given.ts'
import { plan, type Store } from './plan.ts'
import { Buffer, type Instruction, type Operand, type Program, wholeOf } from './program.ts'
import { Replay } from './replay.ts'
import { type RewriteOptions, rewrite } from './rewrite/index.ts'
import { type Assumption, checkBackend, Trace, type TracedFresh, type TracedSetting } from './trace.ts'
import { noValues, TracingBackend } from './tracing-backend.ts'
import { type Home, keepAt, type Variable, versionOf } from './variable.ts'

/** A variable and where the program reads and leaves its value. */
interface Resident {
  readonly variable: Variable
  readonly home: Operand & { readonly storage: Buffer }
  readonly isWritten: boolean
  /** How others read what the program leaves there. */
  readonly leaves: Home
  /** The version that lies there. */
  version: number
}

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
  readonly #backend: Backend
  readonly #program: Program
  readonly #names: ReadonlyMap<Buffer, string>
  readonly #replay: Replay
  readonly #arguments: readonly Buffer[]
  readonly #settings: readonly (TracedSetting & { last: number | undefined })[]
  readonly #fresh: readonly (TracedFresh & { isUsed: boolean })[]
  readonly #assumptions: readonly Assumption[]
  readonly #residents: readonly Resident[]
  readonly #asOutput: (tensors: readonly Tensor[]) => Output
  readonly #lends: boolean
  /** What the step closes over. */
  readonly #kept: Tensor[]
  readonly #lent: Output | undefined

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
    if (backend instanceof TracingBackend) throw noValues()
    for (const tensor of like) checkBackend(tensor, backend, 'an argument')
    const trace = new Trace(backend)
    const stand = like.map(tensor => trace.argument(tensor))
    const output = trace.run(() => step(stand))
    checkImmediate(output)
    const leaves = output === undefined ? [] : leavesOf('capture', output, 'what the step returned')
    this.#asOutput = tensors => (output === undefined ? output : rebuildTree(output, tensors)) as Output

    this.#kept = trace.kept
    const { variables } = trace
    const written = variables.filter(({ before, now }) => now !== before)
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
    const traced: Program = {
      instructions: [...trace.instructions, ...copies],
      results: [...results, ...values],
    }
    this.#program = rewrite(traced, backend, options)

    this.#arguments = stand.map(({ storage }) => storage as Buffer)
    this.#settings = trace.settings.map(setting => ({ ...setting, last: undefined }))
    this.#fresh = trace.freshTensors.map(fresh => ({ ...fresh, isUsed: false }))
    this.#assumptions = trace.assumptions
    this.#residents = variables.map(({ variable, before, now }) => {
      const home = trace.operand(before)
      const leaves = { snapshot: () => this.#replay.copyOf(home) }
      return { variable, home, leaves, isWritten: now !== before, version: -1 }
    })
    const homes = this.#residents.map(({ home }) => home.storage)
    const stores: Store[] = written.map(({ before }, i) => ({
      from: this.#program.results[results.length + i]!,
      into: before.storage as Buffer,
    }))
    const settings = this.#settings.map(({ buffer }) => buffer)
    const fresh = this.#fresh.map(({ buffer }) => buffer)
    const given = [...this.#arguments, ...settings, ...fresh, ...homes]
    this.#names = new Map(given.map((buffer, i) => [buffer, this.#nameOf(i)]))
    const program = { ...this.#program, results: this.#program.results.slice(0, results.length) }
    this.#replay = new Replay(backend, plan(program, given, stores))
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
    this.#load(tensors, given)
    this.#replay.run()
    this.#handOver()
    return this.#lends ? (this.#lent as Output) : this.#asOutput(this.#replay.results())
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
    const before = this.#residents.map(({ variable }) => variable.value)
    let expected: Output
    let given: readonly Tensor[]
    let after: Tensor[]
    try {
      const ready = this.#fresh.filter(({ isUsed }) => !isUsed).map(({ first }) => first)
      const noted = noting(step, ready)
      expected = noted.result
      given = noted.given.fresh
      after = this.#residents.map(({ variable }) => variable.value)
    } finally {
      for (const [i, { variable }] of this.#residents.entries()) variable.value = before[i]!
    }
    const output = this.call(tensors, given)
    const leaves = (tree: Output) => (tree === undefined ? [] : leavesOf('capture', tree as TensorTree))
    const found = leaves(output)
    for (const [i, { path, tensor }] of leaves(expected).entries()) {
      checkEqual(backend, path === '' ? 'the result' : `the result at ${path}`, found[i]!.tensor, tensor)
    }
    for (const [i, { variable }] of this.#residents.entries()) {
      checkEqual(backend, `the variable ${after[i]}`, variable.value, after[i]!)
    }
    return output
  }

  /** Gives the memory back; variables that lie in it are taken out before. */
  release(): void {
    for (const { variable } of this.#residents) variable.value // what lies here becomes a tensor of its own
    this.#replay.release()
    for (const tensor of this.#kept.splice(0)) letGo(tensor)
  }

  /** The program, an instruction a line. */
  toString(): string {
    return formatProgram(this.#program, this.#names)
  }

  #nameOf(i: number): string {
    const settings = i - this.#arguments.length
    const fresh = settings - this.#settings.length
    const variables = fresh - this.#fresh.length
    if (settings < 0) return `input ${i}`
    if (fresh < 0) return `setting ${settings}`
    return variables < 0 ? `fresh ${fresh}` : `variable ${variables}`
  }

  #load(tensors: readonly Tensor[], given?: readonly Tensor[]): void {
    for (let i = 0; i < tensors.length; i++) this.#replay.give(this.#arguments[i]!, tensors[i]!)
    for (const setting of this.#settings) {
      const number: unknown = setting.read()
      checkNumber(number)
      if (Object.is(number, setting.last)) continue
      this.#replay.fillNumber(setting.buffer, number)
      setting.last = number
    }
    for (let i = 0; i < this.#fresh.length; i++) this.#refresh(this.#fresh[i]!, given?.[i])
    for (const resident of this.#residents) {
      const version = versionOf(resident.variable)
      if (version === resident.version) continue
      const { value } = resident.variable
      checkBackend(value, this.#backend, 'the new value of a variable')
      this.#replay.fill(resident.home.storage, value)
      resident.version = version
    }
  }

  /** Makes a fresh tensor for this replay, unless it is there already: when the step was captured, or compared. */
  #refresh(fresh: TracedFresh & { isUsed: boolean }, given?: Tensor): void {
    const { first, buffer, make } = fresh
    if (!fresh.isUsed) {
      fresh.isUsed = true
      this.#replay.fill(buffer, given ?? first)
      letGo(first)
      return
    }
    scope(() => {
      const tensor: unknown = given ?? make()
      checkLike(tensor, first)
      checkBackend(tensor, this.#backend, 'a fresh tensor')
      this.#replay.fill(buffer, tensor)
    })
  }

  #handOver(): void {
    for (const resident of this.#residents) {
      if (!resident.isWritten) continue
      keepAt(resident.variable, resident.leaves)
      resident.version = versionOf(resident.variable)
    }
  }
}

/** @throws ValueError when a setting gave something else than a number */
function checkNumber(value: unknown): asserts value is number {
  if (typeof value === 'number') return
  throw new ValueError('setting', `the function gave ${describeValue(value)}`, 'It gives a number at once')
}

/** @throws ValueError when a fresh tensor is not shaped and typed like the first one */
function checkLike(made: unknown, first: Tensor): asserts made is Tensor {
  if (made instanceof Tensor && made.dtype === first.dtype && sameShape(made.shape, first.shape)) return
  throw new ValueError(
    'fresh',
    `the function gave ${describeValue(made)}, and first ${first}`,
    'It gives a tensor of the same shape and type each time',
  )
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
