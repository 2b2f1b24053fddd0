/**
 * A loop as one operation of a captured step. Its step is recorded once; the reverse rule is a loop backwards in time, in
 * which each step pulls its cotangents back over that recording, and reads the values of its own time.
 */

import type { Carry, LoopTrace } from '../capture/loop-trace.ts'
import type { OpenTrace } from '../capture/open-trace.ts'
import { GradientError } from '../errors.ts'
import { aliasOf } from '../ops/alias.ts'
import { makeMultiOp } from '../ops/define.ts'
import { sum } from '../ops/reduce.ts'
import { closedOver } from '../tape/closed-over.ts'
import { pullback } from '../tape/pullback.ts'
import { pushforward } from '../tape/pushforward.ts'
import { isRecorded, isRecording, now, recording } from '../tape/recorder.ts'
import { slice, type Tape } from '../tape/tape.ts'
import { zerosLike } from '../tensor/create.ts'
import type { Tensor } from '../tensor/tensor.ts'

/** A step on tensors: from carries and elements of sequences to the next carries and outputs. */
export type LoopBody = (
  carries: readonly Tensor[],
  elements: readonly Tensor[],
) => readonly [carries: readonly Tensor[], outputs: readonly Tensor[]]

/** A loop that has been written down. */
interface Rolled {
  readonly trace: OpenTrace
  readonly steps: number
  /** The loop of the values, beside which those of the derivatives run. */
  readonly values: LoopTrace
  /** The recording of the step: from carries, elements and what it closes over to carries and outputs. */
  readonly tape: Tape
  /** The last carries, and the outputs of all steps. */
  readonly results: readonly Tensor[]
  readonly carries: number
  readonly sequences: number
}

const loopOp = makeMultiOp<Rolled>({
  name: 'scan',
  forward: (_, { results }) => results,
  vjp({ gs, outputs, attributes: { trace, steps, values, tape, carries, sequences } }) {
    checkConstant(gs)
    const given = outputs.map((output, j) => gs[j] ?? zerosLike(output))
    const loop = trace.openLoop(steps, true, values)
    const carried = given.slice(0, carries).map(g => loop.carry(g))
    const arriving = given.slice(carries).map(g => loop.column(g))
    const stacks = loop.run(() => {
      const cotangents = pullback(tape, [...carried.map(({ value }) => value), ...arriving])
      const stacks = cotangents.slice(carries).map(cotangent => loop.stack(cotangent))
      carryOn(loop, carried, cotangents)
      return stacks
    })
    const overTime = stacks.slice(sequences).map(stack => sum(stack, 0))
    return [...carried.map(({ last }) => last), ...stacks.slice(0, sequences), ...overTime]
  },
  jvp({ d, inputs, attributes: { trace, steps, values, tape, carries, sequences } }) {
    checkConstant(d)
    const given = inputs.map((input, i) => d[i] ?? zerosLike(input))
    const loop = trace.openLoop(steps, false, values)
    const carried = given.slice(0, carries).map(tangent => loop.carry(tangent))
    const elements = given.slice(carries, carries + sequences).map(tangent => loop.column(tangent))
    const stacks = loop.run(() => {
      const still = given.slice(carries + sequences)
      const tangents = pushforward(tape, [...carried.map(({ value }) => value), ...elements, ...still])
      const stacks = tangents.slice(carries).map(tangent => loop.stack(tangent))
      carryOn(loop, carried, tangents)
      return stacks
    })
    return [...carried.map(({ last }) => last), ...stacks]
  },
  format: operands => `scan(${operands.join(', ')})`,
})

/**
 * Ends a step: what is carried may be overwritten by the next value, so nothing of the step comes after this, and what is
 * carried from one place to another is read before any of it is.
 */
function carryOn(loop: LoopTrace, carried: readonly Carry[], next: readonly Tensor[]): void {
  const computed = carried.map((_, i) => loop.computed(next[i]!))
  for (const [i, carry] of carried.entries()) carry.update(computed[i]!)
}

/** @throws GradientError when what a rule is applied to is being differentiated: the loop that it makes is not recorded */
function checkConstant(directions: readonly (Tensor | undefined)[]): void {
  if (!directions.some(each => each !== undefined && isRecorded(each))) return
  throw new GradientError(
    'scan',
    'in a captured step, a derivative is taken of the derivative of a loop',
    'Write the loop out: scan(step, initial, xs, { unroll: true })',
  )
}

/** Runs a step for all steps of time: the last carries, and the outputs, stacked along a new first axis. */
export function rolledScan(
  trace: OpenTrace,
  body: LoopBody,
  initial: readonly Tensor[],
  xs: readonly Tensor[],
  steps: number,
): [last: readonly Tensor[], outputs: readonly Tensor[]] {
  const values = trace.openLoop(steps)
  const carried = initial.map(each => values.carry(each))
  const columns = xs.map(each => values.column(each))
  const { tape, outer, stacks } = values.run(() =>
    recording(() => {
      const first = now()
      const aliases = [...carried.map(({ value }) => value), ...columns].map(aliasOf)
      const [next, outputs] = body(aliases.slice(0, carried.length), aliases.slice(carried.length))
      const results = [...next, ...outputs]
      const outer = closedOver(results, aliases, first)
      const tape = slice(results, [...aliases, ...outer])
      const stacks = outputs.map(output => values.stack(output))
      carryOn(values, carried, next)
      return { tape, outer, stacks }
    }),
  )
  const results = [...carried.map(({ last }) => last), ...stacks]
  const made = isRecording()
    ? loopOp.apply([...initial, ...xs, ...outer], {
        trace,
        steps,
        values,
        tape,
        results,
        carries: carried.length,
        sequences: columns.length,
      })
    : results
  return [made.slice(0, carried.length), made.slice(carried.length)]
}
