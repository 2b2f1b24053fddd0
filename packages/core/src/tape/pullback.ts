/**
 * Reverse mode. Walks a tape from its output back to its inputs and adds up, entry by entry, how much each
 * tensor moves the output. It is made of public operations, so it can itself be recorded: higher orders need
 * nothing more.
 */

import { add } from '../ops/elementwise.ts'
import { zerosLike } from '../tensor/create.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { checkCotangent, checkRule, checkTape } from './directions.ts'
import type { Tape } from './tape.ts'

/**
 * Pulls a cotangent of the tape's output back to the tape's inputs.
 *
 * @param tape       the recording of y = f(x₁, …, xₙ)
 * @param cotangent  ȳ, of y's shape and dtype
 * @returns x̄ᵢ = (∂y/∂xᵢ)ᵀ ȳ for each input, of xᵢ's shape; zeros where y does not depend on xᵢ
 * @throws  ShapeError when ȳ is not shaped like y; ValueError for what is no tape or no tensor
 */
export function pullback(tape: Tape, cotangent: Tensor): Tensor[] {
  checkTape('pullback', tape)
  checkCotangent('pullback', tape, cotangent)
  const cotangents = new Map<Tensor, Tensor>()
  const arrive = (at: Tensor, share: Tensor): void => {
    const sum = cotangents.get(at)
    cotangents.set(at, sum === undefined ? share : add(sum, share))
  }

  const ends = new Set(tape.inputs)
  if (tape.contains(tape.output)) arrive(tape.output, cotangent)
  for (const { op, inputs, output, attributes } of tape.backwards()) {
    const g = cotangents.get(output)
    if (g === undefined || ends.has(output)) continue // nothing downstream depends on it, or it is an input
    cotangents.delete(output)
    const needs = inputs.map(input => tape.contains(input))
    const shares = op.vjp({ g, inputs, output, attributes, needs })
    for (const [i, share] of shares.entries()) {
      if (!share || !needs[i]) continue
      checkRule(op, 'reverse', share, inputs[i]!)
      arrive(inputs[i]!, share)
    }
  }
  return tape.inputs.map(input => cotangents.get(input) ?? zerosLike(input))
}
