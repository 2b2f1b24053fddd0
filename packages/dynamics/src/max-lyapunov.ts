/**
 * The largest Lyapunov exponent, from one tangent that the orbit carries along (Benettin, Galgani, Giorgilli and
 * Strelcyn, "Lyapunov characteristic exponents for smooth dynamical systems", Meccanica 15:9-20, 1980).
 */

import { type Key, ShapeError, stopGradient, type Tensor, ValueError } from '@sensigrad/core'
import { drawFrame, measure, moveTangents } from './directions.ts'
import { type Companion, Orbit, type OrbitOptions } from './orbit.ts'
import type { Step } from './step.ts'

/** Options of `maxLyapunov`. */
export interface MaxLyapunovOptions extends OrbitOptions {
  /**
   * Steps from one renormalisation to the next; 10 unless said. Over so many, the tangent must neither overflow
   * nor underflow: in float64, it may grow or shrink by 300 orders of magnitude.
   */
  readonly interval?: number
  /** Draws the first tangent; `key(0)` unless said. */
  readonly key?: Key
  /** The first tangent, of any length, instead of a drawn one. */
  readonly tangent?: Tensor
}

/** What `maxLyapunov` found, and where it ended. */
export interface MaxLyapunovResult {
  /** λ, in nats per unit of time (per step unless `dt` says otherwise). */
  readonly exponent: number
  /** The last state; to go on from there, give it and the tangent with a transient of 0. */
  readonly state: Tensor
  /** The last tangent, at length one (zero where the exponent is -Infinity). */
  readonly tangent: Tensor
}

/**
 * The largest Lyapunov exponent of an orbit: the mean rate at which a small difference from it grows,
 * λ = lim 1/t · ln(‖δ(t)‖ / ‖δ(0)‖).
 *
 * It is -Infinity where the tangent becomes exactly zero: on superstable orbits, or when it shrinks below the least
 * number of its type within one interval. On an orbit that is superstable but for rounding it is near ln ε, -36.
 *
 * @param step     the map, or one step of an integrator
 * @param state    where to begin; float64 unless you have a reason
 * @param options  over which steps, from which tangent
 * @returns the exponent in nats per unit of time, the last state and tangent
 * @throws  ShapeError, DTypeError or ValueError for a step that changes the state's shape or type or is
 *          asynchronous, and for options out of range; NonFiniteError when the state or the tangent leaves the
 *          finite range; GradientError inside of what is differentiated
 * @example const { exponent } = await maxLyapunov(x => weights.matmul(x).tanh(), x, { steps: 1000 })
 */
export async function maxLyapunov(
  step: Step,
  state: Tensor,
  options: MaxLyapunovOptions = {},
): Promise<MaxLyapunovResult> {
  const orbit = new Orbit('maxLyapunov', step, state, options, ['key', 'tangent'], 10)
  const tangent = new Tangent(orbit.operation, await firstTangent(orbit, options))
  const last = await orbit.follow(tangent)
  return { exponent: tangent.growth / orbit.duration, state: last, tangent: tangent.direction }
}

async function firstTangent(
  { operation, start }: Orbit,
  { tangent, key }: MaxLyapunovOptions,
): Promise<Tensor> {
  if (tangent === undefined) return drawFrame(operation, start, 1, key)[0]!
  if (String(tangent) !== String(start)) {
    throw new ShapeError(
      operation,
      `the tangent is ${tangent}, but the state is ${start}`,
      'A tangent has the shape and type of its state',
    )
  }
  const { length, unit } = await measure(operation, stopGradient(tangent))
  if (length > 0) return unit
  throw new ValueError(
    operation,
    'the tangent is zero, which is no direction',
    'Give another, or leave it out',
  )
}

/** A tangent of the orbit, and the logarithm of what it has grown by. */
class Tangent implements Companion {
  readonly #operation: string
  readonly #first: Tensor
  travelling: readonly Tensor[]
  growth = 0

  constructor(operation: string, first: Tensor) {
    this.#operation = operation
    this.#first = first
    this.travelling = [first]
  }

  get direction(): Tensor {
    return this.travelling[0]!
  }

  move(state: Tensor, tangents: readonly Tensor[], step: Step): readonly [Tensor, readonly Tensor[]] {
    return moveTangents(state, tangents, step)
  }

  async renormalise(_: Tensor, isMeasured: boolean): Promise<void> {
    // A tangent that dies before the measurement says nothing about the orbit that is measured.
    const otherwise = isMeasured ? undefined : this.#first
    const { length, unit } = await measure(this.#operation, this.direction, otherwise)
    this.travelling = [unit]
    if (isMeasured) this.growth += Math.log(length)
  }
}
