/**
 * Forward mode. Walks a tape from its inputs to its output and carries along how each tensor moves when the
 * inputs move. Like reverse mode it is made of public operations, and so can be recorded in turn.
 */

import { zerosLike } from '../tensor/create.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { checkRule, checkTangents, checkTape } from './directions.ts'
import type { Tape } from './tape.ts'

/**
 * Pushes tangents of the tape's inputs forward to its output.
 *
 * @param tape      the recording of y = f(x₁, …, xₙ)
 * @param tangents  ẋᵢ for each input, of xᵢ's shape and dtype
 * @returns ẏ = Σᵢ (∂y/∂xᵢ) ẋᵢ, of y's shape; zeros where y does not depend on the inputs
 * @throws  ShapeError when a tangent is not shaped like its input; ValueError for another number of tangents
 */
export function pushforward(tape: Tape, tangents: readonly Tensor[]): Tensor {
  checkTape('pushforward', tape)
  checkTangents('pushforward', tape, tangents)
  const moving = new Map<Tensor, Tensor>()
  for (const [i, input] of tape.inputs.entries()) moving.set(input, tangents[i]!)
  for (const { op, inputs, output, attributes } of tape.entries) {
    if (moving.has(output)) continue // an input
    const d = inputs.map(input => moving.get(input))
    const tangent = op.jvp({ d, inputs, output, attributes })
    if (!tangent) continue
    checkRule(op, 'forward', tangent, output)
    moving.set(output, tangent)
  }
  return moving.get(tape.output) ?? zerosLike(tape.output)
}
