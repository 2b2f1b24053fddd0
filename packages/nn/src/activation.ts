/**
 * Activations: elementwise functions that know their slope f' and curvature f'', which SAL needs. Both follow
 * from the function's expression, or, for a function of your own, from the tape.
 */

import * as core from '@sensigrad/core'
import {
  describeValue,
  type Expression,
  type ExpressionBuilder,
  elementwise,
  expressions,
  grad,
  type Tensor,
  ValueError,
} from '@sensigrad/core'

const { derivativeInTermsOfOutput, e, input } = expressions

/** An elementwise function of a neuron's potential. */
export interface Activation {
  (potential: Tensor): Tensor
  readonly label: string
  /** f' at a potential whose output is at hand; same shape. */
  slope(potential: Tensor, output: Tensor): Tensor
  /** f'' at a potential whose output is at hand; same shape. */
  curvature(potential: Tensor, output: Tensor): Tensor
}

/**
 * An activation from an expression: f' and f'' are found by differentiating it, and each is one kernel.
 *
 * @example const cubic = activation('cubic', (e, u) => e.mul(u, e.square(u)))
 */
export function activation(
  label: string,
  build: (builder: ExpressionBuilder, u: Expression) => Expression,
): Activation {
  const expression = build(e, input(0))
  const isIdentity = expression === input(0)
  const f = isIdentity ? (u: Tensor) => u : elementwise(label, (_, _u: Expression) => expression)
  const derivative = (order: number) =>
    elementwise(`${label}${"'".repeat(order)}`, (_, _u: Expression, _o: Expression) =>
      derivativeInTermsOfOutput(expression, order),
    )
  return Object.assign((potential: Tensor) => f(potential), {
    label,
    slope: derivative(1),
    curvature: derivative(2),
  })
}

/**
 * An activation from any elementwise function of tensors: f' and f'' come from the tape. The functions of core
 * that stand in `activations` (`tanh`, `relu`, …) become those.
 */
export function activationOf(f: Activation | ((potential: Tensor) => Tensor)): Activation {
  if (isActivation(f)) return f
  const ours = ofCore.get(f)
  if (ours !== undefined) return ours
  if (typeof f !== 'function') {
    throw new ValueError(
      'activation',
      `${describeValue(f)} is no function`,
      'Give one such as activations.tanh, or a function of tensors',
    )
  }
  const slope = grad((u: Tensor) => f(u).sum())
  const curvature = grad((u: Tensor) => slope(u).sum())
  return Object.assign((potential: Tensor) => f(potential), { label: f.name || 'custom', slope, curvature })
}

function isActivation(f: Activation | ((potential: Tensor) => Tensor)): f is Activation {
  return typeof (f as Partial<Activation> | undefined)?.curvature === 'function'
}

/** f(u) = u */
export const identity: Activation = activation('identity', (_, u) => u)
/** f(u) = tanh u */
export const tanh: Activation = activation('tanh', (e, u) => e.tanh(u))
/** The logistic function, f(u) = 1/(1 + e⁻ᵘ). Its slope is at most 1/4, so a sensitivity of 1 needs ‖w‖ ≥ 4. */
export const sigmoid: Activation = activation('sigmoid', (e, u) => e.sigmoid(u))
/** f(u) = max(u, 0). Its curvature is 0, so SAL acts through the norm alone, and not at all on a dead unit. */
export const relu: Activation = activation('relu', (e, u) => e.relu(u))
/** f(u) = log(1 + eᵘ) */
export const softplus: Activation = activation('softplus', (e, u) => e.softplus(u))
/** f(u) = u/(1 + e⁻ᵘ), also called swish. It is not monotone. */
export const silu: Activation = activation('silu', (e, u) => e.mul(u, e.sigmoid(u)))
/** f(u) = sin u. It is not monotone. */
export const sin: Activation = activation('sin', (e, u) => e.sin(u))

/** The activations that ship with sensigrad, by name. */
export const activations = { identity, tanh, sigmoid, relu, softplus, silu, sin } as const

const ofCore = new Map<unknown, Activation>([
  [core.tanh, tanh],
  [core.sigmoid, sigmoid],
  [core.relu, relu],
  [core.softplus, softplus],
  [core.sin, sin],
])
