/** Directions in the space of states: drawing, measuring and renormalising them. */

import {
  div,
  equal,
  type Key,
  key,
  NonFiniteError,
  norm,
  normalValues,
  pushforward,
  record,
  stopGradient,
  type Tensor,
  tensor,
  where,
  zerosLike,
} from '@sensigrad/core'
import { qrOf } from '@sensigrad/linalg'
import type { Step } from './step.ts'

/** `count` orthonormal directions in the space of `state`, drawn evenly from all of them. */
export function drawFrame(operation: string, state: Tensor, count: number, from: Key = key(0)): Tensor[] {
  return columnsOf(qrOf(normalValues(from, state.size * count, operation), state.size, count).q, count, state)
}

/** The next state, and the tangents pushed along by the derivative of the step. */
export function moveTangents(
  state: Tensor,
  tangents: readonly Tensor[],
  step: Step,
): readonly [Tensor, readonly Tensor[]] {
  const tape = record(step, state)
  return [stopGradient(tape.output), tangents.map(tangent => pushforward(tape, [tangent])[0]!)]
}

/** The columns of a matrix, each as a tensor like `state`. */
export function columnsOf(
  matrix: Float64Array,
  count: number,
  { size, shape, dtype, backend }: Tensor,
): Tensor[] {
  return Array.from({ length: count }, (_, column) => {
    const values = Float64Array.from({ length: size }, (_, row) => matrix[row * count + column]!)
    return tensor(values, { shape, dtype, backend })
  })
}

/**
 * The Euclidean length of a direction, and the direction at length one. Nothing has no direction: then it is
 * `otherwise`, or stays nothing.
 *
 * @throws NonFiniteError when the length is NaN or infinite
 */
export async function measure(
  operation: string,
  direction: Tensor,
  otherwise: Tensor = zerosLike(direction),
): Promise<{ length: number; unit: Tensor }> {
  const size = norm(direction)
  const unit = where(equal(size, 0), otherwise, div(direction, size))
  const length = await size.item()
  if (!Number.isFinite(length)) throw tooFar(operation)
  return { length, unit }
}

/** What to say when a direction, but not the state, has left the finite range. */
export function tooFar(operation: string): NonFiniteError {
  return new NonFiniteError(
    operation,
    'a direction has left the finite range, though the state has not',
    'Give a shorter interval, or see whether the derivative of the step is finite',
  )
}
