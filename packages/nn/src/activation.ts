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
  type MapAttributes,
  outsideCapture,
  record,
  type Tensor,
  ValueError,
  zeros,
} from '@sensigrad/core'
import { checkFunction } from './check.ts'

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
  if (typeof label !== 'string' || label === '') {
    throw new ValueError('activation', `the name is ${describeValue(label)}`, "Give a text such as 'cubic'")
  }
  checkFunction(
    'activation',
    `${label}`,
    build,
    'Give a function that builds it: (e, u) => e.mul(u, e.square(u))',
  )
  const expression = build(e, input(0))
  const isIdentity = expression === input(0)
  const f = isIdentity ? (u: Tensor) => u : elementwise(label, (_, _u: Expression) => expression)
  return Object.assign((potential: Tensor) => f(potential), {
    label,
    slope: derivative(label, expression, 1),
    curvature: derivative(label, expression, 2),
  })
}

/** The kernel of a derivative, over the potential and the output. */
function derivative(label: string, expression: Expression, order: number) {
  return elementwise(`${label}${"'".repeat(order)}`, (_, _u: Expression, _o: Expression) =>
    derivativeInTermsOfOutput(expression, order),
  )
}

/**
 * The activation that a function of core is which is one kernel. Its expression is read off a recording once it is
 * needed, since that takes a backend.
 */
function ofKernel(label: string, f: (potential: Tensor) => Tensor): Activation {
  const kernels = new Map<number, ReturnType<typeof derivative>>()
  const kernel = (order: number) => (potential: Tensor, output: Tensor) => {
    const known = kernels.get(order)
    if (known !== undefined) return known(potential, output)
    const { entry } = outsideCapture(() => record(f, zeros([1]))).output
    const made = derivative(label, (entry!.attributes as MapAttributes).expression, order)
    kernels.set(order, made)
    return made(potential, output)
  }
  return Object.assign((potential: Tensor) => f(potential), {
    label,
    slope: kernel(1),
    curvature: kernel(2),
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
export const silu: Activation = ofKernel('silu', core.silu)
/** f(u) = sin u. It is not monotone. */
export const sin: Activation = activation('sin', (e, u) => e.sin(u))
/** f(u) = u·Φ(u), Φ being the normal distribution function (Hendrycks and Gimpel, 2016). It is not monotone. */
export const gelu: Activation = activation('gelu', (e, u) => {
  const shown = e.mul(e.mul(u, 0.5), e.erfc(e.mul(u, -Math.SQRT1_2)))
  return e.where(e.less(e.abs(u), 64), shown, e.relu(u)) // beyond, Φ is 0 or 1, and 0·u² would not be
})
/** As gelu, by tanh as GPT-2 has it: f(u) = u/2·(1 + tanh √(2/π)(u + 0.044715u³)). */
export const geluTanh: Activation = ofKernel('geluTanh', u => core.gelu(u, { approximate: 'tanh' }))
/** f(u) = u·tanh log(1 + eᵘ) (Misra, 2019). It is not monotone. */
export const mish: Activation = ofKernel('mish', core.mish)
/** f(u) = -log(1 + e⁻ᵘ) */
export const logSigmoid: Activation = ofKernel('logSigmoid', core.logSigmoid)

/** The activations that ship with sensigrad, by name: smooth ones and relu. Others with kinks stand in `piecewise`. */
export const activations = {
  identity,
  tanh,
  sigmoid,
  relu,
  softplus,
  silu,
  sin,
  gelu,
  geluTanh,
  mish,
  logSigmoid,
} as const

/**
 * f(u) = u above 0, and slope·u below.
 *
 * @throws ValueError when the slope is not finite
 */
function leakyRelu(slope = 0.01): Activation {
  checkFinite('leakyRelu', 'slope', slope)
  return activation(labelOf('leakyRelu', slope, 0.01), (e, u) => e.where(e.less(0, u), u, e.mul(slope, u)))
}

/**
 * f(u) = u above 0, and alpha·(eᵘ - 1) below (Clevert et al., ICLR 2016).
 *
 * @throws ValueError when alpha is not finite
 */
function elu(alpha = 1): Activation {
  checkFinite('elu', 'alpha', alpha)
  return activation(labelOf('elu', alpha, 1), (e, u) => e.where(e.less(0, u), u, e.mul(alpha, e.expm1(u))))
}

/**
 * f(u) = u above 0, and alpha·(e^{u/alpha} - 1) below, so that the slope at 0 is 1 (Barron, 2017).
 *
 * @throws ValueError unless alpha is positive
 */
function celu(alpha = 1): Activation {
  checkFinite('celu', 'alpha', alpha, alpha > 0)
  return activation(labelOf('celu', alpha, 1), (e, u) =>
    e.where(e.less(0, u), u, e.mul(alpha, e.expm1(e.div(u, alpha)))),
  )
}

/**
 * f(u) = u between two bounds, which it does not leave.
 *
 * @throws ValueError unless the bounds are in order
 */
function hardtanh(low = -1, high = 1): Activation {
  checkFinite('hardtanh', 'lower bound', low)
  checkFinite('hardtanh', 'upper bound', high, low < high)
  return activation(low === -1 && high === 1 ? 'hardtanh' : `hardtanh(${low}, ${high})`, (e, u) =>
    e.where(e.less(high, u), high, e.where(e.less(u, low), low, u)),
  )
}

/** 0 below -3, something from there to 3, and something else above. */
const ramp = (e: ExpressionBuilder, u: Expression, between: Expression, above: Expression | number) =>
  e.where(e.less(u, -3), 0, e.where(e.less(3, u), above, between))

/** f(u) = u/6 + ½ between 0 and 1, which it does not leave. */
const hardsigmoid = activation('hardsigmoid', (e, u) => ramp(e, u, e.add(e.div(u, 6), 0.5), 1))
/** f(u) = u·(u/6 + ½) from -3 to 3, 0 below and u above (Howard et al., ICCV 2019). */
const hardswish = activation('hardswish', (e, u) => ramp(e, u, e.mul(u, e.add(e.div(u, 6), 0.5)), u))
/** f(u) = 1.0507u above 0, and 1.7581(eᵘ - 1) below: mean 0 and variance 1 stay (Klambauer et al., NIPS 2017). */
const selu = ofKernel('selu', core.selu)
/** f(u) = u/(1 + |u|); its curvature jumps at 0. */
const softsign = ofKernel('softsign', core.softsign)

/**
 * Activations made of pieces: where these meet, the slope or the curvature jumps, and what is taken for it is that of one
 * piece. Those with a parameter are functions of it.
 *
 * @example new Dense(64, 10, { key: key(7), activation: piecewise.leakyRelu(0.2) })
 */
export const piecewise = { leakyRelu, elu, celu, selu, softsign, hardtanh, hardsigmoid, hardswish } as const

function labelOf(name: string, parameter: number, usual: number): string {
  return parameter === usual ? name : `${name}(${parameter})`
}

/** @throws ValueError unless a parameter is a finite number that fits */
function checkFinite(name: string, what: string, value: unknown, fits = true): void {
  if (typeof value === 'number' && Number.isFinite(value) && fits) return
  throw new ValueError(
    name,
    `the ${what} is ${describeValue(value)}`,
    'Give a finite number within its limits',
  )
}

const ofCore = new Map<unknown, Activation>([
  [core.tanh, tanh],
  [core.sigmoid, sigmoid],
  [core.relu, relu],
  [core.softplus, softplus],
  [core.silu, silu],
  [core.sin, sin],
  [core.gelu, gelu],
  [core.mish, mish],
  [core.logSigmoid, logSigmoid],
  [core.leakyRelu, leakyRelu()],
  [core.elu, elu()],
  [core.selu, selu],
  [core.softsign, softsign],
  [core.hardtanh, hardtanh()],
])
