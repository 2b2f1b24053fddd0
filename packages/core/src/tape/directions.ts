/** What moves along a tape, cotangents and tangents, and the refusal of those that do not fit their tensors. */

import { describeValue, GradientError, ShapeError, ValueError } from '../errors.ts'
import type { Op } from '../ops/define.ts'
import { checkList, checkTensor } from '../tensor/check.ts'
import { sameShape } from '../tensor/shape.ts'
import { Tensor } from '../tensor/tensor.ts'
import { Tape } from './tape.ts'

/** @throws ValueError when `tape` is none */
export function checkTape(operation: string, tape: unknown): asserts tape is Tape {
  if (tape instanceof Tape) return
  throw new ValueError(operation, `the tape is ${describeValue(tape)}`, 'Make one with record(f, x)')
}

/** @throws ValueError unless there is a tensor for each output; ShapeError when one is not shaped and typed like it */
export function checkCotangents(operation: string, { outputs }: Tape, cotangents: readonly unknown[]): void {
  if (cotangents.length !== outputs.length) {
    throw new ValueError(
      operation,
      `${cotangents.length} cotangents for ${outputs.length} outputs`,
      'Give one for each output',
    )
  }
  for (const [j, output] of outputs.entries()) checkLike(operation, 'the cotangent', cotangents[j], output)
}

/** @throws ValueError unless there is a tensor for each input; ShapeError when one is not shaped and typed like it */
export function checkTangents(
  operation: string,
  { inputs }: Tape,
  tangents: readonly unknown[],
  what = 'the tangent',
): void {
  checkList(operation, 'the tangents', tangents, `${operation}(…, [dx])`)
  if (tangents.length !== inputs.length) {
    throw new ValueError(
      operation,
      `${tangents.length} tangents for ${inputs.length} inputs`,
      'Give one for each input',
    )
  }
  for (const [i, input] of inputs.entries()) checkLike(operation, what, tangents[i], input)
}

function checkLike(operation: string, what: string, direction: unknown, like: Tensor): void {
  checkTensor(operation, what, direction)
  if (sameShape(direction.shape, like.shape) && direction.dtype === like.dtype) return
  throw new ShapeError(
    operation,
    `${what} is ${direction}, but it belongs to ${like}`,
    'It must have the shape and type of that tensor',
  )
}

/** @throws GradientError when the reverse rule of `op` gave something other than a cotangent or nothing for each input */
export function checkShares(
  op: Op,
  shares: unknown,
  inputs: readonly Tensor[],
  needs: readonly boolean[],
): asserts shares is readonly (Tensor | undefined)[] {
  if (!Array.isArray(shares) || shares.length !== inputs.length) {
    const given = Array.isArray(shares) ? `${shares.length} cotangents` : describeValue(shares)
    throw new GradientError(
      op.name,
      `the reverse rule gave ${given} for ${inputs.length} inputs`,
      'Mend the rule: it gives a list, with a cotangent or undefined for each input',
    )
  }
  for (let i = 0; i < inputs.length; i++) {
    if (shares[i] !== undefined && needs[i]) checkRule(op, 'reverse', shares[i], inputs[i]!)
  }
}

/** @throws GradientError when a rule of `op` gave a direction that is not shaped and typed like its tensor */
export function checkRule(op: Op, mode: 'reverse' | 'forward', direction: unknown, like: Tensor): void {
  const isTensor = direction instanceof Tensor
  if (isTensor && sameShape(direction.shape, like.shape) && direction.dtype === like.dtype) return
  throw new GradientError(
    op.name,
    `the ${mode} rule gave ${isTensor ? direction : describeValue(direction)} where ${like} is needed`,
    'Mend the rule: cotangents have the shape and type of the inputs, tangents those of the output',
  )
}
