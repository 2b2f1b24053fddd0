/** A captured step, taken apart: what it calls, what was made of that, and all its values. */

import type { Kernels } from '../backend/contract.ts'
import { describeValue, ShapeError, ValueError } from '../errors.ts'
import { sourceOf } from '../tape/source.ts'
import type { DType } from '../tensor/dtype.ts'
import { scope } from '../tensor/memory.ts'
import { contiguousStrides, type Shape } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { CaptureArgument, Captured } from './capture.ts'
import type { CapturedStep, StepOutput } from './captured-step.ts'
import { fatesOf } from './fates.ts'
import { formatProgram, linesOf } from './format.ts'
import { plan } from './plan.ts'
import { type Buffer, type Instruction, lengthOf, type Operand, wholeOf } from './program.ts'
import { Replay } from './replay.ts'
import type { Fate } from './rewrite/index.ts'
import { shapeOf } from './shape-of.ts'

/** A call of a kernel that a step asked for when it was captured. */
export interface ExaminedInstruction {
  /** What it writes, as the text of the program names it: `%3`, in a loop `%3[t]`. */
  readonly name: string
  readonly kernel: keyof Kernels
  /** What it computes: `tanh(%0 + variable 1)`. */
  readonly text: string
  /** What it reads: the places of instructions in the list, and the names of what the program is given. */
  readonly inputs: readonly (number | string)[]
  /** The path of the module that asked for it, or `''`. */
  readonly scope: string
  readonly dtype: DType
  /** The shape of what it gives; in a loop that is captured as one, at each step. */
  readonly shape: Shape
  /** How many steps that loop has. */
  readonly steps?: number
  /** Whether the program that is replayed computes it, and why not. */
  readonly fate: 'kept' | Fate
  /** Where in your code it was asked for, when the step was captured in `withSources`. */
  readonly source?: string
}

/** A captured step, taken apart. */
export interface Examined<Inputs extends readonly CaptureArgument[]> {
  /** The step as it was captured, call by call. */
  readonly instructions: readonly ExaminedInstruction[]
  /** That program as text. */
  readonly traced: string
  /** The program that is replayed instead, as text. */
  readonly rewritten: string
  /**
   * Computes the step once more as it was captured, call by call, and hands on every value: with what variables hold now,
   * and the settings and fresh tensors of the last call. Nothing else changes: variables keep their values, nothing is
   * drawn. All values are in memory at the same time.
   *
   * @param receive  is given the value of each instruction, in a loop the stack of all its steps, `[steps, …]`. It is
   *                 released when `receive` returns, unless that holds on to it with `keep`
   * @param inputs   what the step is called with; what it was called with last, unless said
   * @throws  ShapeError when the inputs are not like those of the last call
   */
  replay(receive: (value: Tensor, instruction: ExaminedInstruction) => void, ...inputs: Inputs | []): void
}

/** What `examine` needs of a captured step: the program that was called last, and the tensors among its arguments. */
export interface Examinable {
  readonly program: CapturedStep<StepOutput>
  collect(inputs: readonly unknown[]): readonly Tensor[] | undefined
}

/** The captured steps that there are, each with what tells of its last call. */
export const examinable = new WeakMap<object, () => Examinable | undefined>()

/**
 * Takes a captured step apart: each call of a kernel as the step asked for it, what became of it in the program that is
 * replayed, and, through `replay`, its value. It speaks of the program that was called last.
 *
 * @throws ValueError for what is no captured step, and for one that was not called yet
 * @example
 * const { instructions, replay } = examine(train)
 * instructions.filter(({ fate }) => fate === 'fused').map(({ text }) => text)
 * replay((value, { name }) => console.log(name, String(value)))
 */
export function examine<Inputs extends readonly CaptureArgument[], Output extends StepOutput>(
  captured: Captured<Inputs, Output>,
): Examined<Inputs> {
  const last = typeof captured === 'function' ? examinable.get(captured) : undefined
  if (last === undefined) {
    throw new ValueError(
      'examine',
      `${describeValue(captured)} is no captured step`,
      'Give what capture(step) gave',
    )
  }
  const { program, collect } = last() ?? {}
  if (program === undefined || !program.wasCalled) {
    throw new ValueError('examine', 'the step has no program yet', 'Call it once before')
  }
  const { backend, traced, names, options } = program.insides
  const fates = fatesOf(traced, backend, options)
  const instructions = examined(traced.instructions, names, fates)
  return {
    instructions,
    traced: formatProgram(traced, names),
    rewritten: String(program),
    replay(receive, ...inputs) {
      const given = inputs.length === 0 ? undefined : collect!(inputs)
      if (inputs.length > 0 && given === undefined) {
        throw new ShapeError(
          'examine',
          'the arguments are not like those of the last call',
          'Call the step with them before',
        )
      }
      replayAll(program, given, (value, i) => receive(value, instructions[i]!))
    },
  }
}

function examined(
  instructions: readonly Instruction[],
  names: ReadonlyMap<Buffer, string>,
  fates: ReadonlyMap<Buffer, Fate>,
): ExaminedInstruction[] {
  const writers = new Map<Buffer, number>()
  const lines = linesOf(instructions, names)
  return instructions.map((instruction, i) => {
    const { kernel, inputs, output, loop, scope } = instruction
    const { written: name, call: text, reads } = lines[i]!
    const read = inputs.map(({ storage }, k) => writers.get(storage) ?? reads[k]!)
    writers.set(output, i)
    const source = sourceOf(instruction)
    return {
      ...{ name, kernel, text, inputs: read, scope, dtype: output.dtype, shape: shapeOf(instruction) },
      ...(loop && { steps: loop.steps }),
      fate: fates.get(output) ?? 'kept',
      ...(source !== undefined && { source }),
    }
  })
}

/** Replays the program of a step as it was traced, in memory of its own, and hands on all values. */
function replayAll(
  program: CapturedStep<StepOutput>,
  tensors: readonly Tensor[] | undefined,
  receive: (value: Tensor, i: number) => void,
): void {
  const { backend, traced, names, replay: step, supply } = program.insides
  supply.loadVariables(step)
  const results = traced.instructions.map(placeOf)
  const given = [...names.keys()]
  const replay = new Replay(backend, plan({ instructions: traced.instructions, results }, given, []))
  try {
    for (const buffer of given) replay.fill(buffer, step.viewOf(wholeOf(buffer, [buffer.length])))
    for (const [i, tensor] of (tensors ?? []).entries()) replay.fill(given[i]!, tensor) // arguments come first
    replay.run()
    for (const [i, place] of replay.places().entries()) {
      scope(() => {
        receive(replay.copied(place), i) // which may wait for values: nobody waits for it
      })
    }
  } finally {
    replay.release()
  }
}

/** What an instruction writes: in a loop the stack of all its steps. */
function placeOf(instruction: Instruction): Operand {
  const { output, into, loop } = instruction
  const shape = shapeOf(instruction)
  const { offset, advance } = into ?? { offset: 0, advance: lengthOf(instruction) }
  const whole = wholeOf(output, shape)
  if (loop === undefined) return { ...whole, offset }
  return { ...whole, shape: [loop.steps, ...shape], strides: [advance, ...contiguousStrides(shape)], offset }
}
