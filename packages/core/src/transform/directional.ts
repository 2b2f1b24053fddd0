/** One product with the Jacobian, from the left (vjp, reverse mode) or from the right (jvp, forward mode). */

import { ValueError } from '../errors.ts'
import { checkCotangents, checkTangents } from '../tape/directions.ts'
import { pullback } from '../tape/pullback.ts'
import { pushforward } from '../tape/pushforward.ts'
import { checkOutput, type Trace, trace } from '../tape/record.ts'
import type { Tape } from '../tape/tape.ts'
import { checkList } from '../tensor/check.ts'
import { leavesLike, type TensorTree } from '../tensor/tree.ts'
import { settled } from './settled.ts'

/**
 * Computes y = f(x₁, …, xₙ) and the function that pulls cotangents back.
 *
 * @param f       a function of tensors or trees of float tensors that returns a tensor or a tree of them
 * @param inputs  x₁, …, xₙ
 * @returns `[y, pull]`, where `pull(ȳ)`, with ȳ shaped like y, gives `(∂y/∂xᵢ)ᵀ ȳ` for each input; it may be called
 *          any number of times
 * @throws  GradientError when f returns no floats or is asynchronous; from `pull`, ShapeError for a cotangent that is
 *          not shaped like y
 * @example const [y, pull] = vjp((a, b) => a.matmul(b), a, b)
 */
export function vjp<Inputs extends readonly TensorTree[], Output extends TensorTree>(
  f: (...inputs: Inputs) => Output,
  ...inputs: Inputs
): [value: Output, pull: (cotangent: Output) => Inputs] {
  const { tape, output, outputLeaves, asInputs } = trace('vjp', f, inputs)
  checkOutputs('vjp', tape)
  const pull = (cotangent: Output) => {
    const cotangents = leavesLike('vjp', cotangent, outputLeaves, 'the cotangent')
    checkCotangents('vjp', tape, cotangents)
    return asInputs(pullback(tape, cotangents))
  }
  return [settled(output), pull]
}

/**
 * Computes y = f(x₁, …, xₙ) and how it moves when the inputs move.
 *
 * @param f         a function of tensors or trees of float tensors that returns a tensor or a tree of them
 * @param inputs    x₁, …, xₙ
 * @param tangents  ẋ₁, …, ẋₙ, each of its input's shape and dtype
 * @returns `[y, ẏ]` with ẏ = Σᵢ (∂y/∂xᵢ) ẋᵢ, shaped like y
 * @throws  ShapeError when a tangent is not shaped like its input; GradientError when f returns no floats
 * @example const [y, dy] = jvp(x => x.tanh(), [x], [dx])
 */
export function jvp<Inputs extends readonly TensorTree[], Output extends TensorTree>(
  f: (...inputs: Inputs) => Output,
  inputs: Inputs,
  tangents: NoInfer<Inputs>,
): [value: Output, tangent: Output] {
  checkList('jvp', 'the inputs', inputs, 'jvp(f, [x], [dx])')
  checkList('jvp', 'the tangents', tangents, 'jvp(f, [x], [dx])')
  return along({ operation: 'jvp', what: 'the tangent' }, f, inputs, tangents)
}

/**
 * Computes y = f(x₁, …, xₙ) and the linear map that f is near there: forward mode along any number of directions
 * from one recording.
 *
 * @param f       a function of tensors or trees of float tensors that returns a tensor or a tree of them
 * @param inputs  x₁, …, xₙ
 * @returns `[y, push]`, where `push(ẋ₁, …, ẋₙ)` gives ẏ = Σᵢ (∂y/∂xᵢ) ẋᵢ; it may be called any number of times
 * @throws  GradientError when f returns no floats or is asynchronous; from `push`, ShapeError for a tangent that is
 *          not shaped like its input
 * @example const [y, push] = linearize(x => x.tanh(), x)
 */
export function linearize<Inputs extends readonly TensorTree[], Output extends TensorTree>(
  f: (...inputs: Inputs) => Output,
  ...inputs: Inputs
): [value: Output, push: (...tangents: Inputs) => Output] {
  const traced = trace('linearize', f, inputs)
  checkOutputs('linearize', traced.tape)
  const push = pusher({ operation: 'linearize', what: 'the tangent' }, traced)
  return [settled(traced.output), (...tangents) => push(tangents)]
}

/** On whose behalf directions are pushed, and how messages call one. */
interface Pusher {
  readonly operation: string
  readonly what: string
}

/** The value of f and its derivative along one direction. */
export function along<Inputs extends readonly TensorTree[], Output extends TensorTree>(
  pusherOf: Pusher,
  f: (...inputs: Inputs) => Output,
  inputs: Inputs,
  directions: Inputs,
): [value: Output, tangent: Output] {
  const traced = trace(pusherOf.operation, f, inputs)
  checkOutputs(pusherOf.operation, traced.tape)
  return [settled(traced.output), pusher(pusherOf, traced)(directions)]
}

/** The function that pushes directions, shaped like the inputs, forward. */
function pusher<Inputs extends readonly TensorTree[], Output extends TensorTree>(
  { operation, what }: Pusher,
  { tape, inputLeaves, asOutput }: Trace<Inputs, Output>,
): (directions: readonly TensorTree[]) => Output {
  return directions => {
    if (directions.length !== inputLeaves.length) {
      throw new ValueError(
        operation,
        `${directions.length} tangents for ${inputLeaves.length} inputs`,
        'Give one for each input',
      )
    }
    const flat = inputLeaves.flatMap((leaves, i) => {
      const called = inputLeaves.length === 1 ? what : `${what} of argument ${i}`
      return leavesLike(operation, directions[i]!, leaves, called)
    })
    checkTangents(operation, tape, flat, what)
    return settled(asOutput(pushforward(tape, flat)))
  }
}

function checkOutputs(operation: string, tape: Tape): void {
  for (const output of tape.outputs) checkOutput(operation, output)
}
