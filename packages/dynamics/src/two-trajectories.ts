/**
 * The largest Lyapunov exponent without any derivative, from two orbits side by side (Benettin, Galgani and
 * Strelcyn, "Kolmogorov entropy and numerical experiments", Phys. Rev. A 14:2338-2345, 1976). A cross-check of
 * `maxLyapunov`, and of the derivatives that this takes.
 */

import {
  add,
  describeValue,
  epsilon,
  type Key,
  mul,
  norm,
  sub,
  type Tensor,
  ValueError,
} from '@sensigrad/core'
import { drawFrame, measure } from './directions.ts'
import { type Companion, Orbit, type OrbitOptions } from './orbit.ts'
import type { Step } from './step.ts'

/** Options of `twoTrajectories`. */
export interface TwoTrajectoriesOptions extends OrbitOptions {
  /**
   * Steps from one renormalisation to the next; 1 unless said. Over so many, the distance must stay small beside
   * the attractor.
   */
  readonly interval?: number
  /** The distance to which the orbits are brought back; √ε of the state's type unless said (1.5e-8 in float64). */
  readonly separation?: number
  /** Draws the direction from one orbit to the other; `key(0)` unless said. */
  readonly key?: Key
}

/** What `twoTrajectories` found, and where it ended. */
export interface TwoTrajectoriesResult {
  /** λ, in nats per unit of time (per step unless `dt` says otherwise). */
  readonly exponent: number
  /** The last state of the orbit that began at the given state. */
  readonly state: Tensor
}

/**
 * The largest Lyapunov exponent of an orbit, from the distance to a second one that starts beside it. It is less
 * accurate than `maxLyapunov`: rounding and curvature each cost some parts in 10⁸.
 *
 * It is -Infinity where the orbits meet exactly. Contraction by more than the separation itself within one interval
 * (17 nats, unless said otherwise) it does not see.
 *
 * @param step     the map, or one step of an integrator
 * @param state    where to begin; float64 unless you have a reason
 * @param options  over which steps, from which distance
 * @returns the exponent in nats per unit of time, and the last state
 * @throws  ShapeError, DTypeError or ValueError for a step that changes the state's shape or type or is
 *          asynchronous, and for options out of range; NonFiniteError when an orbit leaves the finite range;
 *          GradientError inside of what is differentiated
 * @example const { exponent } = await twoTrajectories(step, x)
 */
export async function twoTrajectories(
  step: Step,
  state: Tensor,
  options: TwoTrajectoriesOptions = {},
): Promise<TwoTrajectoriesResult> {
  const orbit = new Orbit('twoTrajectories', step, state, options, ['separation', 'key'])
  const { operation, start } = orbit
  const { separation = Math.sqrt(epsilon(start.dtype as 'float32' | 'float64')) } = options
  if (!(separation > 0 && Number.isFinite(separation))) {
    throw new ValueError(
      operation,
      `the separation is ${describeValue(separation)}`,
      'Give a distance above 0',
    )
  }
  const neighbour = new Neighbour(
    operation,
    start,
    separation,
    drawFrame(operation, start, 1, options.key)[0]!,
  )
  const length = await norm(sub(neighbour.state, start)).item()
  if (Math.abs(length - separation) > separation / 2) {
    throw new ValueError(
      operation,
      `the separation ${separation} is lost in the rounding of the state (${length} is left)`,
      'Give a larger one',
    )
  }
  const last = await orbit.follow(neighbour)
  return { exponent: neighbour.growth / orbit.duration, state: last }
}

/** A second orbit close to the first, and the logarithm of what their distance has grown by. */
class Neighbour implements Companion {
  readonly #operation: string
  readonly #separation: number
  readonly #direction: Tensor
  travelling: readonly Tensor[]
  growth = 0

  constructor(operation: string, start: Tensor, separation: number, direction: Tensor) {
    this.#operation = operation
    this.#separation = separation
    this.#direction = direction
    this.travelling = [add(start, mul(direction, separation))]
  }

  get state(): Tensor {
    return this.travelling[0]!
  }

  move(state: Tensor, [neighbour]: readonly Tensor[], step: Step): readonly [Tensor, readonly Tensor[]] {
    const moved = step(neighbour!)
    return [step(state), [moved]]
  }

  async renormalise(state: Tensor, isMeasured: boolean): Promise<void> {
    const otherwise = isMeasured ? undefined : this.#direction
    const { length, unit } = await measure(this.#operation, sub(this.state, state), otherwise)
    this.travelling = [add(state, mul(unit, this.#separation))]
    if (isMeasured) this.growth += Math.log(length / this.#separation)
  }
}
