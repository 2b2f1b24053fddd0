/**
 * The Lyapunov spectrum, from a frame of tangents that is made orthonormal again and again (Shimada and Nagashima,
 * "A numerical approach to ergodic problem of dissipative dynamical systems", Prog. Theor. Phys. 61:1605-1616, 1979;
 * Benettin et al., Meccanica 15:9-20, 1980).
 */

import { flatten, type Key, stack, type Tensor } from '@sensigrad/core'
import { qrOf } from '@sensigrad/linalg'
import { columnsOf, drawFrame, moveTangents, tooFar } from './directions.ts'
import { type Companion, checkWhole, Orbit, type OrbitOptions } from './orbit.ts'
import type { Step } from './step.ts'

/** Options of `lyapunovSpectrum`. */
export interface LyapunovSpectrumOptions extends OrbitOptions {
  /** How many, counted from the largest; all of them unless said, as many as the state has elements. */
  readonly exponents?: number
  /**
   * Steps from one orthonormalisation to the next; 1 unless said. More is faster, but all tangents turn to the
   * fastest direction meanwhile: `interval · dt · (λ₁ - λₖ)` must stay well below 36, or λₖ drowns in rounding.
   */
  readonly interval?: number
  /** Draws the first frame; `key(0)` unless said. */
  readonly key?: Key
}

/** What `lyapunovSpectrum` found, and where it ended. */
export interface LyapunovSpectrumResult {
  /** λ₁ ≥ λ₂ ≥ …, in nats per unit of time (per step unless `dt` says otherwise). */
  readonly exponents: readonly number[]
  /** The last state. */
  readonly state: Tensor
}

/**
 * The Lyapunov exponents of an orbit, largest first: the sum of the first k is the mean rate at which k-dimensional
 * volumes grow. Each step costs one recording and, for each exponent, one push forward.
 *
 * An exponent is -Infinity where the step's derivative takes a direction to exactly zero.
 *
 * @param step     the map, or one step of an integrator
 * @param state    where to begin; float64 unless you have a reason
 * @param options  how many exponents, over which steps
 * @returns the exponents in nats per unit of time, and the last state
 * @throws  ShapeError, DTypeError or ValueError for a step that changes the state's shape or type or is
 *          asynchronous, and for options out of range; NonFiniteError when the state or a tangent leaves the finite
 *          range; GradientError inside of what is differentiated
 * @example const { exponents } = await lyapunovSpectrum(rungeKutta(lorenz, 0.01), x, { steps: 20_000, dt: 0.01 })
 */
export async function lyapunovSpectrum(
  step: Step,
  state: Tensor,
  options: LyapunovSpectrumOptions = {},
): Promise<LyapunovSpectrumResult> {
  const orbit = new Orbit('lyapunovSpectrum', step, state, options, ['exponents', 'key'])
  const { exponents: count = state.size } = options
  checkWhole(orbit.operation, 'exponents', count, 1, state.size)
  const frame = new Frame(orbit.operation, drawFrame(orbit.operation, orbit.start, count, options.key))
  const last = await orbit.follow(frame)
  const exponents = Array.from(frame.growth, growth => growth / orbit.duration).sort((a, b) => b - a)
  return { exponents, state: last }
}

/** Tangents of the orbit, and for each the logarithm of what it has grown by across those before it. */
class Frame implements Companion {
  readonly #operation: string
  travelling: readonly Tensor[]
  readonly growth: Float64Array

  constructor(operation: string, tangents: readonly Tensor[]) {
    this.#operation = operation
    this.travelling = tangents
    this.growth = new Float64Array(tangents.length)
  }

  move(state: Tensor, tangents: readonly Tensor[], step: Step): readonly [Tensor, readonly Tensor[]] {
    return moveTangents(state, tangents, step)
  }

  async renormalise(state: Tensor, isMeasured: boolean): Promise<void> {
    const count = this.travelling.length
    const values = await stack(this.travelling.map(flatten), 1).data()
    if (!values.every(Number.isFinite)) throw tooFar(this.#operation)
    const { q, r } = qrOf(values, state.size, count)
    this.travelling = columnsOf(q, count, state)
    if (isMeasured) for (let k = 0; k < count; k++) this.growth[k]! += Math.log(r[k * count + k]!)
  }
}
