/** Gradients of a number with respect to tensors, or trees of tensors. Nest them for higher orders. */

import { describeValue, GradientError, ValueError } from '../errors.ts'
import { pullback } from '../tape/pullback.ts'
import { checkFunction, checkOneTensor, checkOutput, checkSynchronous, trace } from '../tape/record.ts'
import { checkOptions } from '../tensor/check.ts'
import { onesLike } from '../tensor/create.ts'
import { Tensor } from '../tensor/tensor.ts'
import type { TensorTree } from '../tensor/tree.ts'
import { settled } from './settled.ts'

/** What `grad` and `valueAndGrad` do besides. */
export interface AuxiliaryOptions {
  /** The function returns `[number, auxiliary]`, and the auxiliary value is handed on. */
  readonly aux: true
}

/** A function of x and anything that follows. */
export type Of<X, Rest extends readonly unknown[], Result> = (x: X, ...rest: Rest) => Result

/**
 * The function that computes f and its gradient with respect to f's first argument.
 *
 * @param f        takes a tensor or a tree of float tensors, then anything; returns a tensor of one element
 * @param options  `{ aux: true }` when f returns that tensor together with something that is handed on as it is:
 *                 `[loss, auxiliary]`, such as predictions or counts
 * @returns a function of the same arguments, which returns `[f(x, …), ∂f/∂x]`, the gradient shaped like x, or
 *          `[f(x, …), ∂f/∂x, auxiliary]`
 * @throws  GradientError when f returns more than one number, is asynchronous, or x is not of a float type
 * @example const [loss, { w, b }] = valueAndGrad(({ w, b }) => x.matmul(w).add(b).square().mean())({ w, b })
 */
export function valueAndGrad<X extends TensorTree, Rest extends readonly unknown[], Aux>(
  f: Of<X, Rest, readonly [value: Tensor, auxiliary: Aux]>,
  options: AuxiliaryOptions,
): Of<X, Rest, [value: Tensor, gradient: X, auxiliary: Aux]>
export function valueAndGrad<X extends TensorTree = Tensor, Rest extends readonly unknown[] = []>(
  f: Of<X, Rest, Tensor>,
): Of<X, Rest, [value: Tensor, gradient: X]>
export function valueAndGrad<X extends TensorTree, Rest extends readonly unknown[]>(
  f: Of<X, Rest, Tensor | readonly [Tensor, unknown]>,
  options?: AuxiliaryOptions,
): Of<X, Rest, unknown[]> {
  return differentiated('valueAndGrad', f, options)
}

/**
 * The function that computes the gradient of f with respect to its first argument.
 *
 * @param f        takes a tensor or a tree of float tensors, then anything; returns a tensor of one element
 * @param options  `{ aux: true }` when f returns `[number, auxiliary]`
 * @returns a function of the same arguments, which returns ∂f/∂x, shaped like x, or `[∂f/∂x, auxiliary]`; zeros
 *          where f does not depend on x
 * @throws  GradientError when f returns more than one number, is asynchronous, or x is not of a float type
 * @example grad(x => grad(x => x.pow(3).sum())(x).sum())(x) // 6x
 */
export function grad<X extends TensorTree, Rest extends readonly unknown[], Aux>(
  f: Of<X, Rest, readonly [value: Tensor, auxiliary: Aux]>,
  options: AuxiliaryOptions,
): Of<X, Rest, [gradient: X, auxiliary: Aux]>
export function grad<X extends TensorTree = Tensor, Rest extends readonly unknown[] = []>(
  f: Of<X, Rest, Tensor>,
): Of<X, Rest, X>
export function grad<X extends TensorTree, Rest extends readonly unknown[]>(
  f: Of<X, Rest, Tensor | readonly [Tensor, unknown]>,
  options?: AuxiliaryOptions,
): Of<X, Rest, unknown> {
  const whole = differentiated('grad', f, options)
  return (x, ...rest) => {
    const [, ...results] = whole(x, ...rest)
    return options?.aux === true ? results : results[0]
  }
}

function differentiated<X extends TensorTree, Rest extends readonly unknown[]>(
  operation: string,
  f: Of<X, Rest, Tensor | readonly [Tensor, unknown]>,
  options: AuxiliaryOptions | undefined,
): Of<X, Rest, unknown[]> {
  checkFunction(operation, f)
  if (options !== undefined) checkOptions(operation, options, '{ aux: true }', ['aux'])
  const hasAux = options?.aux === true
  const numberOf = hasAux ? firstOfPair(operation) : (result: unknown) => result
  return (x, ...rest) => {
    let result: unknown
    const body = (x: X): Tensor => {
      result = f(x, ...rest)
      checkSynchronous(operation, result)
      if (!hasAux && Array.isArray(result) && result[0] instanceof Tensor) {
        throw new ValueError(
          operation,
          'the function returned a list',
          'Return one tensor, or give { aux: true }',
        )
      }
      const number = numberOf(result)
      checkOneTensor(operation, number)
      return number
    }
    const { tape, output, asInputs } = trace(operation, body, [x] as const)
    checkNumber(operation, output)
    const [gradient] = asInputs(pullback(tape, onesLike(output)))
    const value = settled(output)
    return hasAux ? [value, gradient, settled((result as readonly unknown[])[1])] : [value, gradient]
  }
}

function firstOfPair(operation: string): (result: unknown) => unknown {
  return result => {
    if (Array.isArray(result) && result.length === 2) return result[0]
    throw new ValueError(
      operation,
      `with { aux: true } the function returned ${describeValue(result)}`,
      'Return [number, auxiliary]',
    )
  }
}

/** @throws GradientError unless `output` is one number of a float type */
export function checkNumber(operation: string, output: Tensor): void {
  checkOutput(operation, output)
  if (output.size === 1) return
  throw new GradientError(
    operation,
    `the function returned ${output}, and a gradient is that of one number`,
    'Reduce it (.sum(), .mean()), or use vjp, jvp or jacobian',
  )
}
