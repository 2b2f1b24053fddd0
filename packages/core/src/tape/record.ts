/** Recording: running a function on marked inputs and cutting the tape of what it did. */

import { describeValue, GradientError, ValueError } from '../errors.ts'
import { aliasOf } from '../ops/alias.ts'
import { isFloat } from '../tensor/dtype.ts'
import { Tensor } from '../tensor/tensor.ts'
import { type Leaf, leavesOf, rebuildTree, type TensorTree } from '../tensor/tree.ts'
import { recording } from './recorder.ts'
import { slice, type Tape } from './tape.ts'

/**
 * Records `f` at `inputs`.
 *
 * @param f       a synchronous function of tensors that returns a tensor or a list of tensors
 * @param inputs  float tensors; `f` is called with aliases of them, so that nested recordings stay distinct
 * @returns the tape of (y₁, …, yₘ) = f(x₁, …, xₙ); `pullback` and `pushforward` differentiate it
 * @throws  GradientError when an input is not of a float type or `f` is asynchronous; ValueError for what is no
 *          function or no tensor
 * @example String(record((w, x) => w.dot(x).tanh(), w, x))
 */
export function record<Inputs extends readonly Tensor[]>(
  f: (...inputs: Inputs) => Tensor | readonly Tensor[],
  ...inputs: Inputs
): Tape {
  for (const [i, input] of inputs.entries()) {
    if (input instanceof Tensor) continue
    throw new ValueError('record', `input ${i} is ${describeValue(input)}`, 'Make it a tensor with tensor(…)')
  }
  return trace('record', f, inputs).tape
}

/** What `trace` found: the tape from the leaves of the inputs to the leaves of the result. */
export interface Trace<Inputs, Output> {
  readonly tape: Tape
  /** The leaves of each input, and of the result: what tangents and cotangents are told apart by. */
  readonly inputLeaves: readonly (readonly Leaf[])[]
  readonly outputLeaves: readonly Leaf[]
  /** What f returned, leaf by leaf the outputs of the tape. */
  readonly output: Output
  /** Puts a tensor for each input of the tape back into the shape of the inputs. */
  readonly asInputs: (tensors: readonly Tensor[]) => Inputs
  /** Puts a tensor for each output of the tape into the shape of what f returned. */
  readonly asOutput: (tensors: readonly Tensor[]) => Output
}

/** Records a function of trees on behalf of the transform `operation`, which is named in errors. */
export function trace<Inputs extends readonly TensorTree[], Output extends TensorTree>(
  operation: string,
  f: (...inputs: Inputs) => Output,
  inputs: Inputs,
): Trace<Inputs, Output> {
  checkFunction(operation, f)
  if (inputs.length === 0) {
    throw new ValueError(
      operation,
      'there are no inputs',
      `Give them behind the function: ${operation}(f, x)`,
    )
  }
  const inputLeaves = inputs.map((input, i) => {
    const what = inputs.length === 1 ? 'the argument' : `argument ${i}`
    const leaves = leavesOf(operation, input, what)
    for (const { tensor, path } of leaves)
      checkDifferentiable(operation, tensor, path ? `${what} at ${path}` : what)
    return leaves
  })
  return recording(() => {
    const leaves = inputLeaves.flat().map(({ tensor }) => aliasOf(tensor))
    const output = f(...rebuildTree(inputs, leaves))
    checkSynchronous(operation, output)
    const results = leavesOf(operation, output, 'what the function returned')
    return {
      tape: slice(
        results.map(leaf => leaf.tensor),
        leaves,
      ),
      inputLeaves,
      outputLeaves: results,
      output,
      asInputs: tensors => rebuildTree(inputs, tensors),
      asOutput: tensors => rebuildTree(output, tensors),
    }
  })
}

/** @throws ValueError when what is to be differentiated is no function */
export function checkFunction(operation: string, f: unknown): void {
  if (typeof f === 'function') return
  throw new ValueError(operation, `the function is ${describeValue(f)}`, 'Give a function of tensors')
}

/** @throws GradientError when a function returned a promise: what runs later is not recorded */
export function checkSynchronous(operation: string, output: unknown): void {
  if (!(output instanceof Promise)) return
  output.catch(() => {}) // it is refused here, so how it ends is nobody's business
  throw new GradientError(
    operation,
    'the function is asynchronous',
    'Read values (await) before or after it; what is differentiated must run at once',
  )
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

/** @throws ValueError when a function that must return one tensor returned something else */
export function checkOneTensor(operation: string, output: unknown): asserts output is Tensor {
  checkSynchronous(operation, output)
  if (output instanceof Tensor) return
  throw new ValueError(operation, `the function returned ${describeValue(output)}`, 'Return one tensor')
}

/** @throws GradientError when a tensor to differentiate by, which messages call `what`, is not of a float type */
export function checkDifferentiable(operation: string, input: Tensor, what: string): void {
  if (isFloat(input.dtype)) return
  throw new GradientError(
    operation,
    `${what} is ${input}, and only float tensors carry gradients`,
    "Cast it (.cast('float32')), or close over it as a constant",
  )
}
