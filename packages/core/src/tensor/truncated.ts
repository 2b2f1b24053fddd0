/**
 * The truncated normal distribution on the host: its inverse distribution function, with the relative accuracy of
 * tails kept however far out they lie, and bounds that rounding does not leave.
 */

import { erf, erfc } from '../expression/special.ts'

/** From here on the tail comes from a continued fraction, which converges, not from erfc, which will underflow. */
const far = 5

/**
 * Mills' ratio Q(z)/φ(z) of the tail Q to the density φ, for z ≥ `far`: 1/(z + 1/(z + 2/(z + 3/(z + …))))
 * (Laplace, 1805). So many terms give all digits there, and more than all beyond.
 */
function farRatio(z: number): number {
  let below = z
  for (let k = 30; k > 0; k--) below = z + k / below
  return 1 / below
}

/** Q(z)/φ(z), for z ≥ 0. */
function millsRatio(z: number): number {
  if (z >= far) return farRatio(z)
  return Math.sqrt(Math.PI / 2) * Math.exp((z * z) / 2) * erfc(z / Math.SQRT2)
}

/** log Q(z) up to a constant, for z ≥ 0. */
function logTail(z: number): number {
  return z < far
    ? Math.log(Math.sqrt(Math.PI / 2) * erfc(z / Math.SQRT2))
    : Math.log(farRatio(z)) - (z * z) / 2
}

/** log(Q(a + t)/Q(a)), for a, t ≥ 0. Far out z² would swallow t, so the difference of squares is taken apart. */
function logRatio(a: number, t: number): number {
  if (t === Number.POSITIVE_INFINITY) return Number.NEGATIVE_INFINITY
  if (a < far) return logTail(a + t) - logTail(a)
  return Math.log(farRatio(a + t) / farRatio(a)) - t * (a + t / 2)
}

/**
 * The t for which log(Q(a + t)/Q(a)) is `wanted`, in [0, reach], by Newton's method. The logarithm of the tail is
 * concave and falls, so from the second step on t falls towards the answer and cannot overshoot it.
 */
function distanceInto(a: number, reach: number, wanted: number): number {
  let t = 0
  for (let step = 0; step < 60; step++) {
    const next = Math.min(Math.max(t + millsRatio(a + t) * (logRatio(a, t) - wanted), 0), reach)
    const change = Math.abs(next - t)
    t = next
    if (change <= 1e-9 * t) break // convergence is quadratic: what remains is below the last digit
  }
  return t
}

/** The point of [a, b], 0 ≤ a < b, below which the share `u` of its probability lies. */
function oneSided(a: number, b: number): (u: number) => number {
  const mass = Math.expm1(logRatio(a, b - a)) // -(Q(a) - Q(b))/Q(a)
  return u => Math.min(a + distanceInto(a, b - a, Math.log1p(u * mass)), b)
}

/**
 * The inverse distribution function of the standard normal distribution on the condition that it lies in [low, high].
 *
 * @returns  a function of u in (0, 1): the z in [low, high] below which the share u of the probability lies
 * @example truncatedQuantile(-2, 2)(0.5) // 0
 */
export function truncatedQuantile(low: number, high: number): (u: number) => number {
  if (low >= 0) return oneSided(low, high)
  if (high <= 0) {
    const mirrored = oneSided(-high, -low)
    return u => -mirrored(1 - u)
  }
  const [below, above] = [oneSided(0, -low), oneSided(0, high)]
  const [left, right] = [erf(-low / Math.SQRT2), erf(high / Math.SQRT2)] // twice the probability of each side
  const last = 1 - 2 ** -53 // what rounds to 1 would be infinite where the bound is
  return u => {
    const signed = u * (left + right) - left
    return signed < 0 ? -below(Math.min(-signed / left, last)) : above(Math.min(signed / right, last))
  }
}

/** The lowest and the highest number of the type in [low, high]; the first is the larger one when there is none. */
export function innerBounds(low: number, high: number, dtype: 'float32' | 'float64'): [number, number] {
  if (dtype === 'float64') return [low, high]
  const [lowest, highest] = [Math.fround(low), Math.fround(high)]
  return [lowest < low ? nextFloat32(lowest, 1) : lowest, highest > high ? nextFloat32(highest, -1) : highest]
}

/** The float32 next to a float32, upwards (1) or downwards (-1). */
function nextFloat32(value: number, direction: 1 | -1): number {
  if (value === 0) return direction * 2 ** -149
  const float = Float32Array.of(value)
  const bits = new Int32Array(float.buffer) // sign and magnitude: the magnitudes lie in order
  bits[0]! += value > 0 === direction > 0 ? 1 : -1
  return float[0]!
}
