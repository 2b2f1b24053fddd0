/** Keeping gradients short: the norm of all of them together, and what it takes to bring that down to a limit. */

import {
  concat,
  describeValue,
  type Expression,
  elementwise,
  isFloat,
  isSynchronous,
  NonFiniteError,
  norm,
  stack,
  Tensor,
  ValueError,
  zeros,
} from '@sensigrad/core'
import { isRecord } from '../check.ts'
import type { ByParameter } from '../gradients.ts'

/**
 * Scales gradients down, all by one factor, where the norm of all of them together is above a limit (Pascanu, Mikolov
 * and Bengio 2013, algorithm 1). Gradients of zero stay what they are.
 *
 * In a captured step, and where reading means waiting, nothing can be looked at: a norm that is not finite then makes
 * every gradient NaN, and is itself what is returned. The option `clip` of an optimiser refuses such an update instead.
 *
 * @param gradients  by parameter path, as `valueAndGrad` gives them
 * @param max        the limit, above 0
 * @returns the gradients, and the norm that they had, without axes
 * @throws NonFiniteError when the norm is NaN or infinite, with the path where that began; ValueError for a limit that
 *         is none
 * @example const { gradients: clipped, norm } = clipByGlobalNorm(gradients, 1)
 */
export function clipByGlobalNorm(
  gradients: ByParameter,
  max: number,
): { gradients: ByParameter; norm: Tensor } {
  checkGradients('clipByGlobalNorm', gradients)
  if (!(typeof max === 'number' && max > 0)) {
    throw new ValueError(
      'clipByGlobalNorm',
      `the limit ${describeValue(max)} is not positive`,
      'Give one such as 1',
    )
  }
  const entries = Object.entries(gradients)
  if (entries.length === 0) return { gradients, norm: zeros([]) }
  const length = globalNorm(entries.map(([, gradient]) => gradient))
  checkNorm('clipByGlobalNorm', length, gradients)
  const clipped = entries.map(([path, gradient]) => [path, gradient.mul(scaleTo(length, max, gradient))])
  return { gradients: Object.fromEntries(clipped), norm: length }
}

/**
 * The Euclidean norm of all elements of all tensors, without axes; float64 if one of them is. It neither overflows nor
 * vanishes before its elements do.
 */
export function globalNorm(tensors: readonly Tensor[]): Tensor {
  const lengths = (['float64', 'float32'] as const).flatMap(type => {
    const alike = tensors.filter(({ dtype }) => dtype === type)
    return alike.length === 0 ? [] : [norm(concat(alike.map(x => x.flatten())))]
  })
  const [wide, narrow] = lengths
  return narrow === undefined ? wide! : norm(stack([wide!, narrow.cast('float64')]))
}

/** What a length is to be multiplied by so that it is `max` at most: NaN where it is not finite. Typed like `like`. */
export function scaleTo(length: Tensor, max: number, like: Tensor): Tensor {
  return scale(length, max).cast(like.dtype)
}

const scale = elementwise('clip', (e, length: Expression, max: Expression) =>
  e.where(e.lessEqual(length, max), 1, e.add(e.div(max, length), e.mul(length, 0))),
)

/**
 * Where values can be read, a norm that is not finite is named before it reaches a weight.
 *
 * @throws NonFiniteError with the path of the first gradient that is not finite
 */
export function checkNorm(operation: string, length: Tensor, gradients: ByParameter): void {
  const found = numberIn(length)
  if (found === undefined || Number.isFinite(found)) return
  const path = Object.keys(gradients).find(path => !Number.isFinite(numberIn(norm(gradients[path]!))))
  throw new NonFiniteError(
    operation,
    path === undefined
      ? `the norm of all gradients together is ${found}, though each is finite`
      : `the gradient of ${path} is not finite: its norm is ${numberIn(norm(gradients[path]!))}`,
    'Nothing was changed. Find where that began with traceNaN, or lower the rate',
  )
}

/** The number in a tensor of one element, where it can be read at once. */
function numberIn(x: Tensor): number | undefined {
  return isSynchronous(x.backend) ? x.backend.readSync(x)[0] : undefined
}

/** @throws ValueError unless these are tensors of a float type by path */
export function checkGradients(operation: string, gradients: unknown): asserts gradients is ByParameter {
  if (!isRecord(gradients)) {
    throw new ValueError(
      operation,
      `the gradients are ${describeValue(gradients)}`,
      'Give those of valueAndGrad(module, loss)',
    )
  }
  for (const [path, gradient] of Object.entries(gradients)) {
    if (gradient instanceof Tensor && isFloat(gradient.dtype)) continue
    throw new ValueError(
      operation,
      `the gradient of ${path} is ${gradient instanceof Tensor ? gradient : describeValue(gradient)}`,
      'Give tensors of a float type, as valueAndGrad does',
    )
  }
}
