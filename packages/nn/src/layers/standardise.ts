/**
 * What the normalisations have in common: a tensor of mean 0 and variance 1 over some axes, in two passes. Nothing
 * overflows, whatever the size of the numbers, and equal ones give exactly 0.
 */

import { describeValue, largest, type Range, type Tensor, ValueError, type Variable } from '@sensigrad/core'
import type { Parameter } from '../parameter.ts'

/** From here on squares are in danger; far below, scaling would only cost digits. */
const safe = { float32: 2 ** 48, float64: 2 ** 480 } as const
/** The least ε: the root of less has derivatives that overflow. */
const least = { float32: 1e-12, float64: 1e-100 } as const

type Float = keyof typeof least

/** @throws ValueError unless ε is a number that keeps roots and their derivatives finite */
export function checkEpsilon(layer: string, epsilon: unknown, dtype: Float): asserts epsilon is number {
  if (typeof epsilon === 'number' && epsilon >= least[dtype] && epsilon < Number.POSITIVE_INFINITY) return
  throw new ValueError(layer, `eps is ${describeValue(epsilon)}`, `Give a number of ${least[dtype]} or more`)
}

/** A tensor divided by what makes it safe to square, and ε for the squares: 1 for all but enormous numbers. */
function tamed(x: Tensor, axes: readonly number[], epsilon: number) {
  const dtype = x.dtype as Float
  // Normalised numbers do not depend on the scale, so that it is held fixed.
  const size = x.stopGradient().abs().max(axes, { keepDims: true })
  const scale = size.div(safe[dtype]).maximum(1)
  return { small: x.div(scale), scale, floor: scale.reciprocal().square().mul(epsilon).maximum(least[dtype]) }
}

/** (x - x̄)/√(σ² + ε) over axes, and the x̄ and σ² that went into it, of kept axes. */
export function standardise(x: Tensor, axes: readonly number[], epsilon: number) {
  const { small, scale, floor } = tamed(x, axes, epsilon)
  // Differences from any one of equal elements are exactly 0, those from a rounded mean are not.
  const pivot = small
    .stopGradient()
    .slice(...x.shape.map((_, at): Range => (axes.includes(at) ? [0, 1] : null)))
  const shifted = small.sub(pivot)
  const shift = shifted.mean(axes, { keepDims: true })
  const deviations = shifted.sub(shift)
  const variance = deviations.square().mean(axes, { keepDims: true })
  return {
    standard: deviations.mul(variance.add(floor).rsqrt()),
    mean: () => bounded(shift.add(pivot).mul(scale)),
    variance: (correction = 1) => bounded(variance.mul(correction).mul(scale).mul(scale)),
  }
}

/** x/√(mean(x²) + ε) over axes. */
export function rootMeanSquared(x: Tensor, axes: readonly number[], epsilon: number): Tensor {
  const { small, floor } = tamed(x, axes, epsilon)
  return small.mul(small.square().mean(axes, { keepDims: true }).add(floor).rsqrt())
}

/** Within what the type holds: the mean of its largest numbers may round to more. */
function bounded(x: Tensor): Tensor {
  const most = largest(x.dtype as Float)
  return x.clip(-most, most)
}

/** x·weight + bias, where the layer has them; `shape` lays them along the axes of x. */
export function scaled(
  x: Tensor,
  weight: Parameter | undefined,
  bias: Parameter | undefined,
  shape?: readonly number[],
): Tensor {
  const along = ({ value }: Variable) => (shape === undefined ? value : value.reshape(shape))
  const stretched = weight === undefined ? x : x.mul(along(weight))
  return bias === undefined ? stretched : stretched.add(along(bias))
}
