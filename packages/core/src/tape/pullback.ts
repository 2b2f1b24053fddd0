/**
 * Reverse mode. Walks a tape from its outputs back to its inputs and adds up, entry by entry, how much each
 * tensor moves the outputs. It is made of public operations, so it can itself be recorded: higher orders need
 * nothing more.
 */

import { add } from '../ops/elementwise.ts'
import { zerosLike } from '../tensor/create.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { checkCotangents, checkShares, checkTape } from './directions.ts'
import type { Entry } from './entry.ts'
import { inScope } from './scope.ts'
import type { Tape } from './tape.ts'

/** What one entry sends back: a cotangent for each of its inputs that needs one. */
export interface Share {
  readonly entry: Entry
  readonly shares: readonly (Tensor | undefined)[]
}

/**
 * Pulls cotangents of the tape's outputs back to the tape's inputs.
 *
 * @param tape        the recording of (y₁, …, yₘ) = f(x₁, …, xₙ)
 * @param cotangents  ȳⱼ for each output, of yⱼ's shape and dtype; of a single output, its cotangent alone will do
 * @returns x̄ᵢ = Σⱼ (∂yⱼ/∂xᵢ)ᵀ ȳⱼ for each input, of xᵢ's shape; zeros where no output depends on xᵢ
 * @throws  ShapeError when a cotangent is not shaped like its output; ValueError for what is no tape or no tensor
 */
export function pullback(tape: Tape, cotangents: Tensor | readonly Tensor[]): Tensor[] {
  const sweep = sweepBack(tape, cotangents)
  for (let step = sweep.next(); ; step = sweep.next()) if (step.done) return step.value
}

/** The sweep of `pullback`, entry by entry, for those who watch it. */
export function* sweepBack(tape: Tape, cotangents: Tensor | readonly Tensor[]): Generator<Share, Tensor[]> {
  checkTape('pullback', tape)
  const given = Array.isArray(cotangents) ? (cotangents as readonly Tensor[]) : [cotangents as Tensor]
  checkCotangents('pullback', tape, given)
  const arrived = new Map<Tensor, Tensor>()
  const arrive = (at: Tensor, share: Tensor): void => {
    const sum = arrived.get(at)
    arrived.set(at, sum === undefined ? share : add(sum, share))
  }

  const ends = new Set(tape.inputs)
  for (const [j, output] of tape.outputs.entries()) if (tape.contains(output)) arrive(output, given[j]!)
  for (const entry of tape.backwards()) {
    const { op, inputs, outputs, attributes } = entry
    const gs = outputs.map(output => (ends.has(output) ? undefined : arrived.get(output))) // inputs keep theirs
    if (gs.every(g => g === undefined)) continue // nothing downstream depends on it
    for (const [j, output] of outputs.entries()) if (gs[j]) arrived.delete(output)
    const needs = inputs.map(input => tape.contains(input))
    const shares = inScope(entry.scope, () => {
      const found = op.vjp({ gs, inputs, outputs, attributes, needs })
      checkShares(op, found, inputs, needs)
      return found
    })
    for (const [i, share] of shares.entries()) if (share && needs[i]) arrive(inputs[i]!, share)
    yield { entry, shares }
  }
  return tape.inputs.map(input => arrived.get(input) ?? zerosLike(input))
}
