/**
 * Running sums: a large value that a loop computes at each step, and of which only the sum over all steps is wanted, is
 * added up on the way. The stack of all its values would need as many times the memory as there are steps.
 */

import { call, input } from '../../expression/expression.ts'
import { memo } from '../../memo.ts'
import { allocate } from '../../tensor/dtype.ts'
import { sizeOf } from '../../tensor/shape.ts'
import {
  Buffer,
  countReaders,
  type Instruction,
  isWhole,
  type Loop,
  lengthOf,
  type Operand,
  type Program,
  stretchesOf,
  wholeOf,
  writersOf,
} from '../program.ts'

/** Below so many elements a stack is cheaper than an addition at each step. */
const large = 2048

/** What is added up inside of a loop. */
interface RunningSum {
  readonly writer: Instruction
  /** The sum before each step, from zero on. */
  readonly carry: Buffer
  /** The sum after each step. */
  readonly next: Buffer
}

/** The program in which large sums over the steps of a loop are taken while it runs. */
export function sumOnTheWay(program: Program): Program {
  const writers = writersOf(program)
  const readers = countReaders(program)
  const sums = new Map<Loop, RunningSum[]>()
  const totals = new Map<Instruction, Instruction>()
  for (const instruction of program.instructions) {
    const [stack] = instruction.inputs
    const writer = stack && writers.get(stack.storage)
    if (writer?.loop === undefined || readers.get(stack!.storage) !== 1) continue
    if (!isSumOverSteps(instruction, stack!, writer)) continue
    const { loop } = writer
    const length = lengthOf(writer)
    const carry = new Buffer(writer.output.dtype, (loop.steps + 1) * length)
    const next = new Buffer(writer.output.dtype, loop.steps * length)
    memo(sums, loop, () => []).push({ writer, carry, next })
    const last = { ...wholeOf(carry, [length]), offset: loop.isReversed ? 0 : loop.steps * length }
    totals.set(instruction, { ...instruction, kernel: 'copy', inputs: [last], attributes: {} })
  }
  const instructions = stretchesOf(program.instructions).flatMap(stretch => {
    const { loop } = stretch[0]!
    const inside = (loop && sums.get(loop)) ?? []
    const body = stretch.map(instruction => totals.get(instruction) ?? instruction)
    // Carries come last: what they overwrite may still be needed to compute what is added.
    const end = body.findIndex(({ into }) => into !== undefined)
    const [computing, carries] = end < 0 ? [body, []] : [body.slice(0, end), body.slice(end)]
    return [
      ...inside.map(beginning),
      ...computing,
      ...inside.map(adding),
      ...carries,
      ...inside.map(carrying),
    ]
  })
  return { instructions, results: program.results }
}

/** Whether an instruction adds up what another one writes at all steps of its loop, each a large part. */
function isSumOverSteps(
  { kernel, attributes, loop }: Instruction,
  stack: Operand,
  writer: Instruction,
): boolean {
  if (kernel !== 'reduce' || attributes.reduction !== 'sum' || loop !== undefined || !isWhole(stack))
    return false
  const isOverTime = attributes.axes.length === 1 && attributes.axes[0] === 0
  return isOverTime && sizeOf(stack.shape.slice(1)) === lengthOf(writer) && lengthOf(writer) >= large
}

/** Zeros, before the loop. */
function beginning({ writer, carry }: RunningSum): Instruction {
  const { loop, scope, output } = writer
  const length = lengthOf(writer)
  const zero = new Buffer(output.dtype, 1, { values: allocate(output.dtype, 1), number: 0 })
  const zeros = { storage: zero, dtype: output.dtype, shape: [length], strides: [0], offset: 0 }
  const into = { offset: loop!.isReversed ? loop!.steps * length : 0, advance: 0 }
  return { kernel: 'copy', inputs: [zeros], attributes: {}, output: carry, into, scope }
}

/** The sum so far and what this step adds. */
function adding({ writer, carry, next }: RunningSum): Instruction {
  const { loop, scope, output } = writer
  const length = lengthOf(writer)
  const soFar = { ...wholeOf(carry, [length]), offset: loop!.isReversed ? length : 0, advance: length }
  const part = { ...wholeOf(output, [length]), advance: length }
  const attributes = { expression: call('add', input(0), input(1)), shape: [length], dtype: output.dtype }
  return { kernel: 'map', inputs: [soFar, part], attributes, output: next, scope, loop: loop! }
}

/** What the next step begins with. */
function carrying({ writer, carry, next }: RunningSum): Instruction {
  const { loop, scope } = writer
  const length = lengthOf(writer)
  const sum = { ...wholeOf(next, [length]), advance: length }
  const into = { offset: loop!.isReversed ? 0 : length, advance: length }
  return { kernel: 'copy', inputs: [sum], attributes: {}, output: carry, into, scope, loop: loop! }
}
