/** One product with the Jacobian, from the left (vjp, reverse mode) or from the right (jvp, forward mode). */

import { checkCotangent, checkTangents } from '../tape/directions.ts'
import { pullback } from '../tape/pullback.ts'
import { pushforward } from '../tape/pushforward.ts'
import { checkOutput, trace } from '../tape/record.ts'
import { checkList } from '../tensor/check.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { settled } from './grad.ts'

/** A tensor for each of some tensors. */
export type TensorsLike<Inputs extends readonly Tensor[]> = { [K in keyof Inputs]: Tensor }

/**
 * Computes y = f(x₁, …, xₙ) and the function that pulls cotangents back.
 *
 * @param f       a function of float tensors that returns one float tensor
 * @param inputs  x₁, …, xₙ
 * @returns `[y, pull]`, where `pull(ȳ)` gives `(∂y/∂xᵢ)ᵀ ȳ` for each input; it may be called any number of times
 * @example const [y, pull] = vjp((a, b) => a.matmul(b), a, b)
 */
export function vjp<Inputs extends readonly Tensor[]>(
  f: (...inputs: Inputs) => Tensor,
  ...inputs: Inputs
): [value: Tensor, pull: (cotangent: Tensor) => TensorsLike<Inputs>] {
  const tape = trace('vjp', f as (...inputs: readonly Tensor[]) => Tensor, inputs)
  checkOutput('vjp', tape.output)
  const pull = (cotangent: Tensor) => {
    checkCotangent('vjp', tape, cotangent)
    return pullback(tape, cotangent) as unknown as TensorsLike<Inputs>
  }
  return [settled(tape.output), pull]
}

/**
 * Computes y = f(x₁, …, xₙ) and how it moves when the inputs move.
 *
 * @param f         a function of float tensors that returns one float tensor
 * @param inputs    x₁, …, xₙ
 * @param tangents  ẋ₁, …, ẋₙ, each of its input's shape and dtype
 * @returns `[y, ẏ]` with ẏ = Σᵢ (∂y/∂xᵢ) ẋᵢ
 * @throws  ShapeError when a tangent is not shaped like its input; GradientError when f returns no floats
 * @example const [y, dy] = jvp(x => x.tanh(), [x], [dx])
 */
export function jvp<Inputs extends readonly Tensor[]>(
  f: (...inputs: Inputs) => Tensor,
  inputs: Inputs,
  tangents: TensorsLike<Inputs>,
): [value: Tensor, tangent: Tensor] {
  checkList('jvp', 'the inputs', inputs, 'jvp(f, [x], [dx])')
  checkList('jvp', 'the tangents', tangents, 'jvp(f, [x], [dx])')
  const tape = trace('jvp', f as (...inputs: readonly Tensor[]) => Tensor, inputs)
  checkOutput('jvp', tape.output)
  const directions = tangents as unknown as readonly Tensor[]
  checkTangents('jvp', tape, directions)
  const tangent = pushforward(tape, directions)
  return [settled(tape.output), settled(tangent)]
}
