/**
 * Following an orbit: the loop that all measurements share. It settles the state, goes on step by step, sees that
 * the state stays finite, and lets what travels beside the state (a tangent, a frame, a neighbour) be measured.
 */

import {
  DTypeError,
  describeValue,
  formatShape,
  GradientError,
  isFloat,
  isRecorded,
  NonFiniteError,
  type Shape,
  ShapeError,
  stopGradient,
  type Tensor,
  ValueError,
} from '@sensigrad/core'
import { advance, checkSystem, type Step } from './step.ts'

/** Over which steps a measurement goes. */
export interface OrbitOptions {
  /** Steps before the measurement, in which the state reaches its attractor and tangents turn; 500 unless said. */
  readonly transient?: number
  /** Steps of the measurement; 1000 unless said. */
  readonly steps?: number
  /** Steps from one renormalisation, and reading of values, to the next. */
  readonly interval?: number
  /** The time that a step takes: the integrator's, for flows; 1 unless said. Exponents are per unit of time. */
  readonly dt?: number
  /**
   * Called after each step of the measurement with the states before and after it and its number, from 1; awaited
   * if it returns a promise. Accumulate along the orbit here, show progress, or throw to end the measurement.
   */
  readonly onStep?: (state: Tensor, next: Tensor, number: number) => void | Promise<void>
}

/** What travels beside the state. */
export interface Companion {
  /** The next state, by one call of `step`; moves the companion along. */
  move(state: Tensor, step: Step): Tensor
  /** Ends an interval: measures how the companion has stretched, and brings it back to its size. */
  renormalise(state: Tensor, isMeasured: boolean): Promise<void>
}

/** An orbit that is about to be followed, its options checked. */
export class Orbit {
  readonly operation: string
  readonly start: Tensor
  readonly transient: number
  readonly steps: number
  readonly interval: number
  /** The time that the measurement takes. */
  readonly duration: number
  readonly #step: Step
  readonly #onStep: OrbitOptions['onStep']

  /** @throws ValueError, DTypeError, ShapeError or GradientError for a state or an option that will not do */
  constructor(operation: string, step: Step, state: Tensor, options: OrbitOptions, usualInterval = 1) {
    checkSystem(operation, step, state)
    checkState(operation, state)
    if (typeof options !== 'object' || options === null) {
      throw new ValueError(
        operation,
        `the options are ${describeValue(options)}`,
        'Give an object such as { steps: 1000 }',
      )
    }
    const { transient = 500, steps = 1000, interval = usualInterval, dt = 1, onStep } = options
    checkWhole(operation, 'transient', transient, 0)
    checkWhole(operation, 'steps', steps, 1)
    checkWhole(operation, 'interval', interval, 1)
    if (!(dt > 0 && Number.isFinite(dt))) {
      throw new ValueError(operation, `dt is ${dt}, the time that a step takes`, 'Give a number above 0')
    }
    this.operation = operation
    this.start = stopGradient(state)
    this.transient = transient
    this.steps = steps
    this.interval = interval
    this.duration = steps * dt
    this.#step = step
    this.#onStep = onStep
  }

  /**
   * Takes the state and its companion through the transient and the measurement.
   *
   * @returns the last state
   * @throws  NonFiniteError when the state leaves the finite range, and what `advance` throws
   */
  async follow(companion: Companion): Promise<Tensor> {
    let state = this.start
    let unseen = [state] // states whose values nobody has looked at yet
    for (let number = 1 - this.transient; number <= this.steps; number++) {
      const taken = this.transient + number
      const next = companion.move(state, x => advance(this.operation, this.#step, x, taken))
      unseen.push(next)
      if (number > 0 && this.#onStep) await this.#onStep(state, next, number)
      state = next
      if (number % this.interval !== 0 && number !== this.steps) continue
      await this.#checkFinite(unseen, taken - unseen.length + 1)
      unseen = []
      await companion.renormalise(state, number > 0)
    }
    return state
  }

  async #checkFinite(states: readonly Tensor[], firstNumber: number): Promise<void> {
    const read = await Promise.all(states.map(state => state.data()))
    for (const [i, values] of read.entries()) {
      const at = values.findIndex(value => !Number.isFinite(value))
      if (at < 0) continue
      const number = firstNumber + i
      throw new NonFiniteError(
        this.operation,
        `${number === 0 ? 'the initial state' : `the state after step ${number}`} is ${values[at]} at ${formatShape(
          positionOf(at, this.start.shape),
        )}, and only bounded orbits have exponents`,
        'Start elsewhere, or make the steps shorter',
      )
    }
  }
}

function checkState(operation: string, state: Tensor): void {
  if (!isFloat(state.dtype)) {
    throw new DTypeError(
      operation,
      `the state is ${state}, and only float states have tangents`,
      "Cast it: .cast('float64')",
    )
  }
  if (state.size === 0) {
    throw new ShapeError(operation, `the state ${state} has no elements`, 'Give at least one')
  }
  if (isRecorded(state)) {
    throw new GradientError(
      operation,
      `the state ${state} is being differentiated, and ${operation} has no gradient`,
      'Call it outside of what is differentiated',
    )
  }
}

/** @throws ValueError unless `value` is a whole number from `least` to `most` */
export function checkWhole(
  operation: string,
  name: string,
  value: number,
  least: number,
  most = Number.MAX_SAFE_INTEGER,
): void {
  if (Number.isInteger(value) && value >= least && value <= most) return
  const upTo = most === Number.MAX_SAFE_INTEGER ? 'up' : `to ${most}`
  throw new ValueError(
    operation,
    `${name} is ${describeValue(value)}`,
    `Give a whole number from ${least} ${upTo}`,
  )
}

function positionOf(index: number, shape: Shape): number[] {
  const position: number[] = []
  for (const length of [...shape].reverse()) {
    position.unshift(index % length)
    index = Math.floor(index / length)
  }
  return position
}
