/**
 * Memory for time: a function whose intermediate values are not kept for the reverse sweep, but computed again when it
 * arrives there (Griewank and Walther, "Evaluating Derivatives", ch. 12).
 */

import { type Given, noting, repeating } from '../capture/given.ts'
import { GradientError } from '../errors.ts'
import { aliasOf } from '../ops/alias.ts'
import { makeMultiOp } from '../ops/define.ts'
import { closedOver } from '../tape/closed-over.ts'
import { pullback } from '../tape/pullback.ts'
import { pushforward } from '../tape/pushforward.ts'
import { checkFunction, checkSynchronous } from '../tape/record.ts'
import { isRecording, now, recording } from '../tape/recorder.ts'
import { slice, type Tape } from '../tape/tape.ts'
import { zerosLike } from '../tensor/create.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { leavesOf, mapTree, rebuildTree, type TensorTree } from '../tensor/tree.ts'

/** What is kept instead of the intermediate values. */
interface Forgotten {
  /** Computes the outputs from the leaves of the arguments. */
  readonly run: (leaves: readonly Tensor[]) => readonly Tensor[]
  /** What that was given the first time, besides the leaves. */
  readonly given: Given
  /** What it computed the first time. */
  readonly results: readonly Tensor[]
  /** How many inputs are leaves of the arguments; the others are recorded tensors that the function closes over. */
  readonly leaves: number
}

const forgotten = makeMultiOp<Forgotten>({
  name: 'checkpoint',
  forward: (_, { results }) => results,
  vjp: ({ gs, inputs, outputs, attributes }) =>
    pullback(
      again(attributes, inputs),
      gs.map((g, j) => g ?? zerosLike(outputs[j]!)),
    ),
  jvp: ({ d, inputs, attributes }) =>
    pushforward(
      again(attributes, inputs),
      d.map((tangent, i) => tangent ?? zerosLike(inputs[i]!)),
    ),
  format: operands => `checkpoint(${operands.join(', ')})`,
})

/**
 * The same function, with less memory: of its computation only the arguments and the result are kept, and the reverse
 * sweep computes the rest again. Recorded tensors that it closes over, such as parameters, have their gradients as ever.
 *
 * @param f  a synchronous function of tensors or trees of tensors that returns a tensor or a tree; it runs once more for
 *           each sweep, and must compute the same then. What is `fresh`, such as a dropout, stays what it was; variables
 *           are read as they were, and written once
 * @returns f, with the same values and derivatives
 * @example const deep = blocks.map(block => checkpoint((x: Tensor) => block.call(x)))
 */
export function checkpoint<Inputs extends readonly TensorTree[], Output extends TensorTree>(
  f: (...inputs: Inputs) => Output,
): (...inputs: Inputs) => Output {
  checkFunction('checkpoint', f)
  return (...inputs) => {
    const leaves = leavesOf('checkpoint', inputs).map(({ tensor }) => tensor)
    if (!isRecording()) return f(...inputs)
    const compute = (given: readonly Tensor[]): Output => f(...rebuildTree(inputs, given))
    const { output, outer, given } = firstRun(compute, leaves)
    const all = [...leaves, ...outer]
    const results = forgotten.apply(all, {
      run: values => tensorsOf(compute(values)),
      given,
      results: tensorsOf(output),
      leaves: leaves.length,
    })
    return rebuildTree(output, results)
  }
}

function tensorsOf(output: TensorTree): Tensor[] {
  checkSynchronous('checkpoint', output)
  return leavesOf('checkpoint', output, 'what the function returned').map(({ tensor }) => tensor)
}

/** The output, without its past, and the recorded tensors that the function reads besides its arguments. */
function firstRun<Output extends TensorTree>(
  compute: (leaves: readonly Tensor[]) => Output,
  leaves: readonly Tensor[],
): { output: Output; outer: Tensor[]; given: Given } {
  return recording(() => {
    const first = now()
    const aliases = leaves.map(aliasOf)
    const { result: output, given } = noting(() => compute(aliases))
    const outer = closedOver(tensorsOf(output), aliases, first)
    const plain = mapTree('checkpoint', output, x => x.view(x.shape, x.strides, x.offset))
    return { output: plain, outer, given }
  })
}

/** @throws GradientError when the second run does not read what the first one closed over, and so computes something else */
function checkSame(tape: Tape, outer: readonly Tensor[]): void {
  const read = new Set([...tape.outputs, ...tape.entries.flatMap(({ inputs }) => inputs)])
  const missing = outer.find(tensor => !read.has(tensor))
  if (missing === undefined) return
  throw new GradientError(
    'checkpoint',
    `when it was run again, the function did not read ${missing}, which it closed over the first time`,
    'It must compute the same each time: pass what changes as an argument, and keep parameters in place for the sweep',
  )
}

/** The tape of the computation, run again on aliases of the leaves and on what it closes over. */
function again({ run, given, leaves }: Forgotten, inputs: readonly Tensor[]): Tape {
  const outer = inputs.slice(leaves)
  const oldest = outer.reduce((id, { entry }) => Math.min(id, entry!.id), Number.POSITIVE_INFINITY)
  const tape = recording(
    () => {
      const aliases = inputs.slice(0, leaves).map(aliasOf)
      return slice(
        repeating(() => run(aliases), given),
        [...aliases, ...outer],
      )
    },
    Math.min(oldest, now()),
  )
  checkSame(tape, outer)
  return tape
}
