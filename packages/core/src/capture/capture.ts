/**
 * capture: a step that runs once, and is replayed from then on: the same kernels in the same order, rewritten to be fewer,
 * in memory that is planned beforehand.
 */

import { currentBackend, isCapturing } from '../backend/current.ts'
import { describeValue, ValueError } from '../errors.ts'
import { checkFunction } from '../tape/record.ts'
import { isRecording } from '../tape/recorder.ts'
import { checkOptions } from '../tensor/check.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { leavesOf, rebuildTree, type TensorTree } from '../tensor/tree.ts'
import { CapturedStep, type StepOutput } from './captured-step.ts'

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
 * All else that it closes over is a constant: numbers, other tensors, the branch that an `if` took. A step that looks at
 * a value of a tensor is refused, as are random draws, which would be the same at each call. `{ check: n }` compares
 * with the step itself every n calls.
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
  checkOptions('capture', options, '{ check: 100 }', ['check', 'flushDenormals'])
  const { flushDenormals = false } = options
  const every = checkInterval(options.check)
  const programs = new Map<string, CapturedStep<Output>>()
  let latest: CapturedStep<Output> | undefined
  let captures = 0
  let calls = 0

  const run = (...inputs: Inputs): Output => {
    if (isRecording() || isCapturing()) return step(...inputs)
    const { tensors, signature } = given(inputs)
    let program = programs.get(signature)
    if (program === undefined) {
      const backend = tensors[0]?.backend ?? currentBackend()
      program = new CapturedStep(backend, tensors, stand => step(...withTensors(inputs, stand)), {
        flushDenormals,
      })
      captures++
      programs.set(signature, program)
      if (programs.size > mostPrograms) forgetOldest(programs)
    }
    latest = program
    calls++
    if (every > 0 && calls % every === 0) return program.checked(tensors, () => step(...inputs))
    return program.call(tensors)
  }
  return Object.defineProperty(
    Object.assign(run, {
      captures,
      toString: () => String(latest ?? 'a step that has not been captured yet'),
      release() {
        for (const program of programs.values()) program.release()
        programs.clear()
        latest = undefined
      },
    }),
    'captures',
    { get: () => captures },
  )
}

/** The tensors among the arguments, and what a program must have been captured for to serve them. */
function given(inputs: readonly CaptureArgument[]): { tensors: Tensor[]; signature: string } {
  const tensors: Tensor[] = []
  const parts = inputs.map((input, i) => {
    if (isSetting(input)) return `${typeof input} ${Object.is(input, -0) ? '-0' : input}`
    const leaves = leavesOf('capture', input, `argument ${i}`)
    tensors.push(...leaves.map(({ tensor }) => tensor))
    return leaves.map(({ path, tensor }) => `${path} ${tensor}`).join()
  })
  return { tensors, signature: parts.join(';') }
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

function forgetOldest(programs: Map<string, { release(): void }>): void {
  const [signature, oldest] = programs.entries().next().value!
  oldest.release()
  programs.delete(signature)
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
