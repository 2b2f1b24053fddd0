/**
 * Forward mode. Walks a tape from its inputs to its outputs and carries along how each tensor moves when the
 * inputs move. Like reverse mode it is made of public operations, and so can be recorded in turn.
 */

import { zerosLike } from '../tensor/create.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { checkRule, checkTangents, checkTape } from './directions.ts'
import { inScope } from './scope.ts'
import type { Tape } from './tape.ts'

/**
 * Pushes tangents of the tape's inputs forward to its outputs.
 *
 * @param tape      the recording of (y₁, …, yₘ) = f(x₁, …, xₙ)
 * @param tangents  ẋᵢ for each input, of xᵢ's shape and dtype
 * @returns ẏⱼ = Σᵢ (∂yⱼ/∂xᵢ) ẋᵢ for each output, of yⱼ's shape; zeros where yⱼ does not depend on the inputs
 * @throws  ShapeError when a tangent is not shaped like its input; ValueError for another number of tangents
 */
export function pushforward(tape: Tape, tangents: readonly Tensor[]): Tensor[] {
  checkTape('pushforward', tape)
  checkTangents('pushforward', tape, tangents)
  const moving = new Map<Tensor, Tensor>()
  for (const [i, input] of tape.inputs.entries()) moving.set(input, tangents[i]!)
  const starts = new Set(tape.inputs.map(({ entry }) => entry)) // how the inputs came about does not move them
  for (const entry of tape.entries) {
    if (starts.has(entry)) continue
    const { op, inputs, outputs, attributes, scope } = entry
    const d = inputs.map(input => moving.get(input))
    if (d.every(tangent => tangent === undefined)) continue // an input, or what stands still
    const pushed = inScope(scope, () => {
      const found = op.jvp({ d, inputs, outputs, attributes })
      for (const [j, tangent] of found.entries()) {
        if (tangent !== undefined) checkRule(op, 'forward', tangent, outputs[j]!)
      }
      return found
    })
    for (const [j, tangent] of pushed.entries()) {
      if (tangent && !moving.has(outputs[j]!)) moving.set(outputs[j]!, tangent)
    }
  }
  return tape.outputs.map(output => moving.get(output) ?? zerosLike(output))
}
