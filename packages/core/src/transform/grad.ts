/** Gradients of a number with respect to tensors, or trees of tensors. Nest them for higher orders. */

import { GradientError } from '../errors.ts'
import { stopGradient } from '../ops/alias.ts'
import { pullback } from '../tape/pullback.ts'
import { checkFunction, checkOutput, trace } from '../tape/record.ts'
import { isRecording } from '../tape/recorder.ts'
import { onesLike } from '../tensor/create.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { leavesOf, mapTree, type TensorTree } from './tree.ts'

/**
 * The function that computes f and its gradient with respect to f's first argument.
 *
 * @param f  takes a tensor or a tree of float tensors, then anything; returns a tensor of one element
 * @returns a function of the same arguments, which returns `[f(x, …), ∂f/∂x]`, the gradient shaped like x
 * @throws  GradientError when f returns more than one number, is asynchronous, or x is not of a float type
 * @example const [loss, { w, b }] = valueAndGrad(({ w, b }) => x.matmul(w).add(b).square().mean())({ w, b })
 */
export function valueAndGrad<X extends TensorTree = Tensor, Rest extends readonly unknown[] = []>(
  f: (x: X, ...rest: Rest) => Tensor,
): (x: X, ...rest: Rest) => [value: Tensor, gradient: X] {
  checkFunction('valueAndGrad', f)
  return (x, ...rest) => differentiate('valueAndGrad', f, x, rest)
}

/**
 * The function that computes the gradient of f with respect to its first argument.
 *
 * @param f  takes a tensor or a tree of float tensors, then anything; returns a tensor of one element
 * @returns a function of the same arguments, which returns ∂f/∂x, shaped like x; zeros where f does not depend on it
 * @throws  GradientError when f returns more than one number, is asynchronous, or x is not of a float type
 * @example grad(x => grad(x => x.pow(3).sum())(x).sum())(x) // 6x
 */
export function grad<X extends TensorTree = Tensor, Rest extends readonly unknown[] = []>(
  f: (x: X, ...rest: Rest) => Tensor,
): (x: X, ...rest: Rest) => X {
  checkFunction('grad', f)
  return (x, ...rest) => differentiate('grad', f, x, rest)[1]
}

function differentiate<X extends TensorTree, Rest extends readonly unknown[]>(
  operation: string,
  f: (x: X, ...rest: Rest) => Tensor,
  x: X,
  rest: Rest,
): [Tensor, X] {
  const leaves = leavesOf(operation, x).map(({ tensor }) => tensor)
  const rebuild = (tensors: readonly Tensor[]): X => {
    let next = 0
    return mapTree(operation, x, () => tensors[next++]!)
  }
  const tape = trace(operation, (...tensors) => f(rebuild(tensors), ...rest), leaves)
  const { output } = tape
  checkOutput(operation, output)
  if (output.size !== 1) {
    throw new GradientError(
      operation,
      `the function returned ${output}, and a gradient is that of one number`,
      'Reduce it (.sum(), .mean()), or use vjp or jvp',
    )
  }
  const gradient = rebuild(pullback(tape, onesLike(output)))
  return [settled(output), gradient]
}

/** A result as the caller may keep it: outside all transforms it must not hold on to its tape. */
export function settled(result: Tensor): Tensor {
  return isRecording() ? result : stopGradient(result)
}
