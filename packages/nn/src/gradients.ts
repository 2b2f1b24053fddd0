/** Gradients of a loss with respect to a module's parameters, and modules with other values in their parameters. */

import * as core from '@sensigrad/core'
import {
  type AuxiliaryOptions,
  describeValue,
  type Tensor,
  type TensorTree,
  ValueError,
} from '@sensigrad/core'
import { checkFunction, isRecord } from './check.ts'
import { type AnyModule, checkModule } from './module.ts'
import { parameterAt } from './parameter.ts'

/** A tensor for each parameter of a module, by path. */
export type ByParameter = Readonly<Record<string, Tensor>>

/**
 * The values of a module's parameters, by path.
 *
 * @throws ValueError for what is no module
 * @example await saveSafetensors('model.safetensors', valuesOf(model))
 */
export function valuesOf(module: AnyModule): ByParameter {
  checkModule('valuesOf', module)
  return Object.fromEntries([...module.parameters()].map(([path, parameter]) => [path, parameter.value]))
}

/**
 * Runs `body` with other values in the parameters of a module, and puts the old ones back.
 *
 * @param values  by path, for all or some parameters
 * @throws ValueError for a path that the module does not have, and for no function; then, too, the old values are there
 * @example withParameters(model, best, () => meanSquaredError(model.call(x), y))
 */
export function withParameters<Result>(module: AnyModule, values: ByParameter, body: () => Result): Result {
  checkModule('withParameters', module)
  if (!isRecord(values)) {
    throw new ValueError(
      'withParameters',
      `the values are ${describeValue(values)}`,
      'Give tensors by path, as valuesOf(module) does',
    )
  }
  checkFunction('withParameters', 'the body', body, 'Give a function: () => model.call(x)')
  const parameters = module.parameters()
  for (const path of Object.keys(values)) parameterAt('withParameters', parameters, path)
  return restoring(module, () => {
    assign(module, values)
    return body()
  })
}

/** Runs `body`, which may change the parameters' values, and puts the old ones back. */
function restoring<Result>(module: AnyModule, body: () => Result): Result {
  const before = [...module.parameters().values()].map(parameter => [parameter, parameter.value] as const)
  try {
    return body()
  } finally {
    for (const [parameter, value] of before) parameter.value = value
  }
}

function assign(module: AnyModule, values: ByParameter): void {
  const parameters = module.parameters()
  for (const [path, value] of Object.entries(values)) parameters.get(path)!.value = value
}

/** The values of the parameters that are not frozen. */
function learning(module: AnyModule): ByParameter {
  const free = [...module.parameters()].filter(([, parameter]) => !parameter.isFrozen)
  return Object.fromEntries(free.map(([path, parameter]) => [path, parameter.value]))
}

/**
 * A loss and its gradient with respect to every parameter of a module that is not frozen.
 *
 * @param module   whose parameters
 * @param loss     computes the loss, a tensor of one element, with the module
 * @param options  `{ aux: true }` when it computes `[loss, auxiliary]`: predictions, say, or a new state
 * @returns `[loss, gradients]`, the gradients by parameter path, or `[loss, gradients, auxiliary]`
 * @throws ValueError for what is no module or no function; ShapeError or DTypeError when the loss is not one float
 * @example const [loss, gradients] = valueAndGrad(model, () => meanSquaredError(model.call(x), y))
 */
export function valueAndGrad<Aux>(
  module: AnyModule,
  loss: () => readonly [loss: Tensor, auxiliary: Aux],
  options: AuxiliaryOptions,
): [loss: Tensor, gradients: ByParameter, auxiliary: Aux]
export function valueAndGrad(module: AnyModule, loss: () => Tensor): [loss: Tensor, gradients: ByParameter]
/** The function that computes f, its gradient with respect to f's first argument and an auxiliary value; see core's. */
export function valueAndGrad<X extends TensorTree, Rest extends readonly unknown[], Aux>(
  f: (x: X, ...rest: Rest) => readonly [value: Tensor, auxiliary: Aux],
  options: AuxiliaryOptions,
): (x: X, ...rest: Rest) => [value: Tensor, gradient: X, auxiliary: Aux]
/** The function that computes f and its gradient with respect to f's first argument; see core's `valueAndGrad`. */
export function valueAndGrad<X extends TensorTree = Tensor, Rest extends readonly unknown[] = []>(
  f: (x: X, ...rest: Rest) => Tensor,
): (x: X, ...rest: Rest) => [value: Tensor, gradient: X]
export function valueAndGrad(first: unknown, second?: unknown, options?: AuxiliaryOptions): unknown {
  const differentiated = core.valueAndGrad as (f: unknown, options: unknown) => (x: TensorTree) => unknown
  if (typeof first === 'function') return differentiated(first, second)
  checkModule('valueAndGrad', first)
  if (typeof second !== 'function') {
    throw new ValueError(
      'valueAndGrad',
      `the loss is ${describeValue(second)}`,
      'Give a function: () => loss of the module',
    )
  }
  const compute = (values: ByParameter) => {
    assign(first, values)
    return second()
  }
  // The values stay for the sweep, too, in which a checkpoint computes with the module again.
  return restoring(first, () => differentiated(compute, options)(learning(first)))
}
