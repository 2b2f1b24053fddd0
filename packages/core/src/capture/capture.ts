/**
 * capture: a step that runs once, and is replayed from then on: the same kernels in the same order, rewritten to be fewer,
 * in memory that is planned beforehand.
 */

import type { Backend } from '../backend/contract.ts'
import { currentBackend, isCapturing } from '../backend/current.ts'
import { describeValue, ValueError } from '../errors.ts'
import { checkFunction } from '../tape/record.ts'
import { isRecording } from '../tape/recorder.ts'
import { checkFlag, checkOptions } from '../tensor/check.ts'
import { sameShape } from '../tensor/shape.ts'
import { Tensor } from '../tensor/tensor.ts'
import { leavesOf, rebuildTree, type TensorTree } from '../tensor/tree.ts'
import { CapturedStep, type StepOutput } from './captured-step.ts'
import { examinable } from './examine.ts'

/** What a captured step takes: trees of tensors, whose values may differ from call to call, and fixed settings. */
export type CaptureArgument = TensorTree | number | string | boolean | null | undefined

/** How a step is captured. */
export interface CaptureOptions {
  /**
   * Every so many calls the step itself runs as well, and must give the same numbers, to a relative 1e-4 of the largest
   * in float32 and 1e-9 in float64: it finds what a captured step froze, such as a number that the step computes in
   * JavaScript. The step is then run twice; variables move once. Never unless said.
   */
  readonly check?: number
  /**
   * Whether numbers that are about to become denormal are taken for zero where a product of matrices reads them: below
   * 1e-30 in float32, 1e-290 in float64. Vanishing gradients then cost no more than others; what they would still have
   * added is lost, which is below 1e-30 of a number near one. Off unless said.
   */
  readonly flushDenormals?: boolean
  /**
   * Whether what the step returns lies in its own memory: nothing is copied and no memory taken, but the next call
   * overwrites the numbers. For many or large results that are looked at before the next call. Off unless said.
   */
  readonly reuseResults?: boolean
}

/** A captured step: called like the step itself. */
export interface Captured<Inputs extends readonly CaptureArgument[], Output extends StepOutput> {
  (...inputs: Inputs): Output
  /** How often the step has been captured: once for each combination of shapes, types and settings. */
  readonly captures: number
  /** The program that was replayed last, as text: an instruction a line. */
  toString(): string
  /** Gives the memory back. The next call captures the step again. */
  release(): void
}

/** The most programs that one captured step keeps. */
const mostPrograms = 16

/**
 * A step that is run once, on stand-ins without values, and replayed from then on: forward pass, gradients and updates
 * alike, on any backend. Arguments that are tensors, and variables (such as the parameters of a module) that it reads,
 * are read anew at each call; variables that it writes are written. For arguments of other shapes and types, and for each
 * other number, string or boolean among them, the step is captured again.
 *
 * All else that it closes over is a constant: numbers (but for a `setting`), other tensors, the branch that an `if` took
 * (but for one on what it `assume`s). A step that looks at a value of a tensor is refused, as are random draws, which
 * would be the same at each call: draw in `fresh`. `{ check: n }` compares with the step itself every n calls.
 *
 * Inside of a transform, such as `grad`, the step itself runs, so that it can be differentiated.
 *
 * @param step  a synchronous function; it returns a tensor, a tree of tensors, or nothing
 * @returns a function that computes the same; what it returns are tensors of their own
 * @throws  BackendError when the step reads values; ValueError for what is no function
 * @example
 * const train = capture((x: Tensor, y: Tensor) => {
 *   const [loss, gradients] = valueAndGrad(model, () => meanSquaredError(model.call(x), y))
 *   optimizer.update(model, gradients)
 *   return loss
 * })
 */
export function capture<Inputs extends readonly CaptureArgument[], Output extends StepOutput>(
  step: (...inputs: Inputs) => Output,
  options: CaptureOptions = {},
): Captured<Inputs, Output> {
  checkFunction('capture', step)
  checkOptions('capture', options, '{ check: 100 }', ['check', 'flushDenormals', 'reuseResults'])
  const { flushDenormals = false, reuseResults = false } = options
  checkFlag('capture', 'flushDenormals', flushDenormals)
  checkFlag('capture', 'reuseResults', reuseResults)
  const every = checkInterval(options.check)
  const programs: Captive<Output>[] = [] // the one that was called last comes first
  let captures = 0
  let calls = 0

  const captured = (inputs: Inputs): Captive<Output> => {
    for (const [i, input] of inputs.entries()) checkArgument(i, input)
    const tensors = inputs.flatMap((input, i) =>
      isSetting(input) ? [] : leavesOf('capture', input, `argument ${i}`).map(({ tensor }) => tensor),
    )
    const backend = tensors[0]?.backend ?? currentBackend()
    let template: readonly CaptureArgument[] = []
    const program = new CapturedStep(
      backend,
      tensors,
      stand => {
        const likeInputs = withTensors(inputs, stand)
        template = likeInputs
        return step(...likeInputs)
      },
      { flushDenormals, reuseResults },
    )
    captures++
    return { template, backend, program }
  }

  const run = (...inputs: Inputs): Output => {
    if (isRecording() || isCapturing()) return step(...inputs)
    const tensors: Tensor[] = []
    const at = programs.findIndex(
      ({ template, backend, program }) => program.holds && collect(template, inputs, backend, tensors),
    )
    const captive = at < 0 ? captured(inputs) : programs[at]!
    if (at < 0 && !collect(captive.template, inputs, captive.backend, tensors)) {
      throw new ValueError('capture', 'the step changed its arguments', 'Return what is new instead')
    }
    if (at !== 0) {
      if (at > 0) programs.splice(at, 1)
      programs.unshift(captive)
      if (programs.length > mostPrograms) programs.pop()!.program.release()
    }
    calls++
    const { program } = captive
    if (every > 0 && calls % every === 0) return program.checked(tensors, () => step(...inputs))
    return program.call(tensors)
  }
  examinable.set(run, () => {
    const [last] = programs
    if (last === undefined) return undefined
    const { template, backend, program } = last
    return {
      program,
      collect(inputs) {
        const tensors: Tensor[] = []
        return collect(template, inputs, backend, tensors) ? tensors : undefined
      },
    }
  })
  return Object.defineProperty(
    Object.assign(run, {
      captures,
      toString: () => String(programs[0]?.program ?? 'a step that has not been captured yet'),
      release() {
        for (const { program } of programs) program.release()
        programs.length = 0
      },
    }),
    'captures',
    { get: () => captures },
  )
}

/** A captured step and the arguments that it serves: those of the shape of the template, on the backend. */
interface Captive<Output extends StepOutput> {
  readonly template: readonly CaptureArgument[]
  readonly backend: Backend
  readonly program: CapturedStep<Output>
}

/**
 * Collects the tensors of arguments that are like a template: the same trees, with tensors of the same shapes and types,
 * and the same settings.
 *
 * @returns whether they are; if not, no tensors are left behind
 */
function collect(template: unknown, given: unknown, backend: Backend, tensors: Tensor[]): boolean {
  const start = tensors.length
  if (isLike(template, given, backend, tensors)) return true
  tensors.length = start
  return false
}

/** Walks both trees at once: it runs at each call, and so makes no paths and no texts. */
function isLike(template: unknown, given: unknown, backend: Backend, tensors: Tensor[]): boolean {
  if (template instanceof Tensor) {
    if (!(given instanceof Tensor) || given.backend !== backend || given.dtype !== template.dtype)
      return false
    tensors.push(given)
    return sameShape(given.shape, template.shape)
  }
  if (typeof template !== 'object' || template === null) return Object.is(template, given)
  if (typeof given !== 'object' || given === null || given instanceof Tensor) return false
  if (Array.isArray(template)) {
    if (!Array.isArray(given) || given.length !== template.length) return false
    for (let i = 0; i < template.length; i++)
      if (!isLike(template[i], given[i], backend, tensors)) return false
    return true
  }
  if (Array.isArray(given)) return false
  const names = Object.keys(template)
  const other = given as Record<string, unknown>
  if (Object.keys(other).length !== names.length) return false
  for (const name of names) {
    if (!isLike((template as Record<string, unknown>)[name], other[name], backend, tensors)) return false
  }
  return true
}

/** The arguments, with other tensors. */
function withTensors<Inputs extends readonly CaptureArgument[]>(
  inputs: Inputs,
  tensors: readonly Tensor[],
): Inputs {
  const trees = inputs.filter((input): input is TensorTree => !isSetting(input))
  const rebuilt = rebuildTree(trees, tensors)
  let next = 0
  return inputs.map(input => (isSetting(input) ? input : rebuilt[next++])) as unknown as Inputs
}

function isSetting(input: CaptureArgument): input is Exclude<CaptureArgument, TensorTree> {
  return typeof input !== 'object' || input === null
}

/** @throws ValueError for what is neither a tree nor a setting */
function checkArgument(i: number, input: unknown): void {
  if (!['function', 'symbol', 'bigint'].includes(typeof input)) return
  throw new ValueError(
    'capture',
    `argument ${i} is ${describeValue(input)}`,
    'Give tensors, numbers, strings or booleans; close over everything else',
  )
}

function checkInterval(check: unknown): number {
  if (check === undefined) return 0
  if (Number.isInteger(check) && (check as number) >= 1) return check as number
  throw new ValueError(
    'capture',
    `check is ${describeValue(check)}`,
    'Give a whole number of calls, such as 100',
  )
}
