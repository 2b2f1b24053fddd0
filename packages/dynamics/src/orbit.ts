/**
 * Following an orbit: the loop that all measurements share. It settles the state, goes on step by step, sees that
 * the state stays finite, and lets what travels beside the state (a tangent, a frame, a neighbour) be measured.
 */

import {
  arange,
  capture,
  DTypeError,
  describeValue,
  formatShape,
  GradientError,
  isFloat,
  isRecorded,
  NonFiniteError,
  type Shape,
  ShapeError,
  scan,
  stopGradient,
  type Tensor,
  unstack,
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
  /**
   * Whether the steps of an interval, tangents included, are captured once and replayed, as `capture` does: faster for
   * all but the shortest measurements. The step must then be one that can be captured; variables that it reads, such as
   * parameters, are read anew at each interval, and `onStep` is called when an interval has passed. Off unless said.
   */
  readonly captured?: boolean
}

/** What travels beside the state. */
export interface Companion {
  /** Tangents, or a neighbouring state. */
  travelling: readonly Tensor[]
  /** The next state by `step`, and what travels beside it, moved along. */
  move(state: Tensor, travelling: readonly Tensor[], step: Step): readonly [Tensor, readonly Tensor[]]
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
  readonly #captured: boolean

  /** @throws ValueError, DTypeError, ShapeError or GradientError for a state or an option that will not do */
  constructor(
    operation: string,
    step: Step,
    state: Tensor,
    options: OrbitOptions,
    alsoKnown: readonly string[],
    usualInterval = 1,
  ) {
    checkSystem(operation, step, state)
    checkState(operation, state)
    if (typeof options !== 'object' || options === null) {
      throw new ValueError(
        operation,
        `the options are ${describeValue(options)}`,
        'Give an object such as { steps: 1000 }',
      )
    }
    const known = ['transient', 'steps', 'interval', 'dt', 'onStep', 'captured', ...alsoKnown]
    const strange = Object.keys(options).find(name => !known.includes(name))
    if (strange !== undefined) {
      throw new ValueError(operation, `there is no option ${strange}`, `There is ${known.join(', ')}`)
    }
    const {
      transient = 500,
      steps = 1000,
      interval = usualInterval,
      dt = 1,
      onStep,
      captured = false,
    } = options
    checkWhole(operation, 'transient', transient, 0)
    checkWhole(operation, 'steps', steps, 1)
    checkWhole(operation, 'interval', interval, 1)
    if (!(dt > 0 && Number.isFinite(dt))) {
      throw new ValueError(operation, `dt is ${dt}, the time that a step takes`, 'Give a number above 0')
    }
    if (typeof captured !== 'boolean') {
      throw new ValueError(operation, `captured is ${describeValue(captured)}`, 'Give true or false')
    }
    if (onStep !== undefined && typeof onStep !== 'function') {
      throw new ValueError(operation, `onStep is ${describeValue(onStep)}`, 'Give a function')
    }
    this.operation = operation
    this.start = stopGradient(state)
    this.transient = transient
    this.steps = steps
    this.interval = interval
    this.duration = steps * dt
    this.#step = step
    this.#onStep = onStep
    this.#captured = captured
  }

  /**
   * Takes the state and its companion through the transient and the measurement.
   *
   * @returns the last state
   * @throws  NonFiniteError when the state leaves the finite range, and what `advance` throws
   */
  async follow(companion: Companion): Promise<Tensor> {
    const advanceAll = this.#captured ? capture(this.#advanceAll(companion)) : undefined
    let state = this.start
    let unseen = [state] // states whose values nobody has looked at yet
    for (let number = -this.transient; number < this.steps; ) {
      const until = Math.min((Math.floor(number / this.interval) + 1) * this.interval, this.steps)
      if (advanceAll !== undefined) {
        const [passed, travelling] = advanceAll(state, companion.travelling, arange(until - number))
        companion.travelling = travelling
        for (const next of unstack(passed)) {
          unseen.push(next)
          await this.#report(state, next, ++number)
          state = next
        }
      }
      while (number < until) {
        const taken = this.transient + number + 1
        const step = (x: Tensor) => advance(this.operation, this.#step, x, taken)
        const [next, travelling] = companion.move(state, companion.travelling, step)
        companion.travelling = travelling
        unseen.push(next)
        await this.#report(state, next, ++number)
        state = next
      }
      await this.#checkFinite(unseen, this.transient + number - unseen.length + 1)
      unseen = []
      await companion.renormalise(state, number > 0)
    }
    advanceAll?.release()
    return state
  }

  /** The steps of an interval, as many as the clock has: all states that are passed, and what travels, at the end. */
  #advanceAll(companion: Companion) {
    const step = (x: Tensor) => advance(this.operation, this.#step, x, 1)
    return (state: Tensor, travelling: readonly Tensor[], clock: Tensor): [Tensor, readonly Tensor[]] => {
      const move = ([x, beside]: readonly [Tensor, readonly Tensor[]]) => {
        const moved = companion.move(x, beside, step)
        return [moved, moved[0]] as const
      }
      const [[, last], states] = scan(move, [state, travelling] as const, clock)
      return [states, last]
    }
  }

  async #report(state: Tensor, next: Tensor, number: number): Promise<void> {
    if (number > 0 && this.#onStep) await this.#onStep(state, next, number)
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
