/** Recording: running a function on marked inputs and cutting the tape of what it did. */

import { describeValue, GradientError, ValueError } from '../errors.ts'
import { aliasOf } from '../ops/alias.ts'
import { isFloat } from '../tensor/dtype.ts'
import { Tensor } from '../tensor/tensor.ts'
import { recording } from './recorder.ts'
import { slice, type Tape } from './tape.ts'

/**
 * Records `f` at `inputs`.
 *
 * @param f       a synchronous function of tensors that returns one tensor
 * @param inputs  float tensors; `f` is called with aliases of them, so that nested recordings stay distinct
 * @returns the tape of y = f(x₁, …, xₙ); `pullback` and `pushforward` differentiate it
 * @throws  GradientError when an input is not of a float type or `f` is asynchronous; ValueError for what is no
 *          function or no tensor
 * @example String(record((w, x) => w.dot(x).tanh(), w, x))
 */
export function record<Inputs extends readonly Tensor[]>(
  f: (...inputs: Inputs) => Tensor,
  ...inputs: Inputs
): Tape {
  return trace('record', f as (...inputs: readonly Tensor[]) => Tensor, inputs)
}

/** `record` on behalf of the transform `operation`, which is named in errors. */
export function trace(
  operation: string,
  f: (...inputs: readonly Tensor[]) => Tensor,
  inputs: readonly Tensor[],
): Tape {
  checkFunction(operation, f)
  for (const input of inputs) checkDifferentiable(operation, input)
  return recording(() => {
    const leaves = inputs.map(aliasOf)
    const output: unknown = f(...leaves)
    if (output instanceof Promise) {
      output.catch(() => {}) // it is refused here, so how it ends is nobody's business
      throw new GradientError(
        operation,
        'the function is asynchronous',
        'Read values (await) before or after it; what is differentiated must run at once',
      )
    }
    if (!(output instanceof Tensor)) {
      throw new ValueError(operation, `the function returned ${describeValue(output)}`, 'Return one tensor')
    }
    return slice(output, leaves)
  })
}

/** @throws ValueError when what is to be differentiated is no function */
export function checkFunction(operation: string, f: unknown): void {
  if (typeof f === 'function') return
  throw new ValueError(operation, `the function is ${describeValue(f)}`, 'Give a function of tensors')
}

/** @throws GradientError when what a function returned is not of a float type, and so has no derivative */
export function checkOutput(operation: string, output: Tensor): void {
  if (isFloat(output.dtype)) return
  throw new GradientError(
    operation,
    `the function returned ${output}, and only float tensors carry gradients`,
    'Return the number that led to it, or call the function without a transform',
  )
}

/** @throws ValueError when `input` is no tensor; GradientError when it is not of a float type */
export function checkDifferentiable(operation: string, input: unknown): asserts input is Tensor {
  if (!(input instanceof Tensor)) {
    throw new ValueError(operation, `${describeValue(input)} is no tensor`, 'Make it one with tensor(…)')
  }
  if (!isFloat(input.dtype)) {
    throw new GradientError(
      operation,
      `an input is ${input}, and only float tensors carry gradients`,
      "Cast it (.cast('float32')), or close over it as a constant",
    )
  }
}
