/** Stochastic gradient descent. */

import {
  describeValue,
  outsideCapture,
  ShapeError,
  setting,
  type Tensor,
  ValueError,
  Variable,
  zerosLike,
} from '@sensigrad/core'
import type { ByParameter } from '../gradients.ts'
import { type AnyModule, checkModule } from '../module.ts'
import { type Parameter, parameterAt } from '../parameter.ts'

/** Options of gradient descent. */
export interface SGDOptions {
  /** The learning rate. */
  readonly rate: number
  /** How much of the last step is taken again; 0 unless said. */
  readonly momentum?: number
}

/**
 * Gradient descent: v ← momentum·v + g, w ← w - rate·v.
 *
 * @throws ValueError for a rate or a momentum out of range
 * @example new SGD({ rate: 0.1 }).update(model, gradients)
 */
export class SGD {
  /** The learning rate; may be changed between updates. */
  rate: number
  readonly momentum: number
  readonly #velocity = new WeakMap<Parameter, Variable>()

  constructor(options: SGDOptions) {
    const { rate, momentum = 0 } = options ?? {}
    checkedRate(rate)
    if (!(typeof momentum === 'number' && momentum >= 0 && momentum < 1)) {
      throw new ValueError(
        'SGD',
        `the momentum ${describeValue(momentum)} does not lie in [0, 1)`,
        'Give a number such as 0.9',
      )
    }
    this.rate = rate
    this.momentum = momentum
  }

  /**
   * Moves the parameters of a module down their gradients.
   *
   * @param gradients  by parameter path, as `valueAndGrad` gives them; parameters without one stay
   * @throws ValueError for a path that the module does not have; ShapeError for a gradient that is not its parameter's.
   *         Then nothing has moved
   */
  update(module: AnyModule, gradients: ByParameter): void {
    checkModule('SGD.update', module)
    checkedRate(this.rate)
    if (typeof gradients !== 'object' || gradients === null) {
      throw new ValueError(
        'SGD.update',
        `the gradients are ${describeValue(gradients)}`,
        'Give those of valueAndGrad(module, loss)',
      )
    }
    const parameters = module.parameters()
    const pairs = Object.entries(gradients).map(
      ([path, gradient]) => [checkPair(parameters, path, gradient), gradient] as const,
    )
    for (const [parameter, gradient] of pairs) {
      const rate = setting(() => checkedRate(this.rate), gradient.dtype)
      parameter.value = parameter.value.sub(this.#velocityOf(parameter, gradient).mul(rate))
    }
  }

  /** v ← momentum·v + g */
  #velocityOf(parameter: Parameter, gradient: Tensor): Tensor {
    if (this.momentum === 0) return gradient
    let velocity = this.#velocity.get(parameter)
    if (velocity === undefined) {
      velocity = new Variable(outsideCapture(() => zerosLike(parameter.value)))
      this.#velocity.set(parameter, velocity)
    }
    velocity.value = velocity.value.mul(this.momentum).add(gradient)
    return velocity.value
  }
}

/**
 * The learning rate, where it is one.
 *
 * @throws ValueError when it is no finite number, zero or more
 */
function checkedRate(rate: unknown): number {
  if (typeof rate === 'number' && rate >= 0 && rate < Number.POSITIVE_INFINITY) return rate
  throw new ValueError(
    'SGD',
    `the rate ${describeValue(rate)} is not ≥ 0 and finite`,
    'Give a positive number such as 0.1',
  )
}

/** @throws ValueError for a path that is no parameter's; ShapeError when the gradient is not shaped and typed like it */
function checkPair(parameters: Map<string, Parameter>, path: string, gradient: Tensor): Parameter {
  const parameter = parameterAt('SGD', parameters, path)
  if (String(gradient) !== String(parameter.value)) {
    throw new ShapeError(
      'SGD',
      `the gradient of ${path} is ${gradient}, but the parameter is ${parameter.value}`,
      'A gradient has the shape and type of its parameter',
    )
  }
  return parameter
}
