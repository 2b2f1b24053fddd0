/** One product with the Jacobian, from the left (vjp, reverse mode) or from the right (jvp, forward mode). */

import { checkCotangents, checkTangents } from '../tape/directions.ts'
import { pullback } from '../tape/pullback.ts'
import { pushforward } from '../tape/pushforward.ts'
import { checkOutput, trace } from '../tape/record.ts'
import type { Tape } from '../tape/tape.ts'
import { checkList } from '../tensor/check.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { leavesOf, type TensorTree } from '../tensor/tree.ts'
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
  const { tape, output, asInputs } = trace('vjp', f, inputs)
  checkOutputs('vjp', tape)
  const pull = (cotangent: Output) => {
    const cotangents = tensorsOf('vjp', cotangent, 'the cotangent')
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
  const { tape, output, asOutput } = trace('jvp', f, inputs)
  checkOutputs('jvp', tape)
  return [settled(output), settled(asOutput(push('jvp', tape, tangents)))]
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
  const { tape, output, asOutput } = trace('linearize', f, inputs)
  checkOutputs('linearize', tape)
  const along = (...tangents: Inputs) => settled(asOutput(push('linearize', tape, tangents)))
  return [settled(output), along]
}

function push(operation: string, tape: Tape, tangents: readonly TensorTree[]): Tensor[] {
  const flat = tensorsOf(operation, tangents, 'the tangent')
  checkTangents(operation, tape, flat)
  return pushforward(tape, flat)
}

function tensorsOf(operation: string, tree: TensorTree, what: string): Tensor[] {
  return leavesOf(operation, tree, what).map(leaf => leaf.tensor)
}

function checkOutputs(operation: string, tape: Tape): void {
  for (const output of tape.outputs) checkOutput(operation, output)
}
