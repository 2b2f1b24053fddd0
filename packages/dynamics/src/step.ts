/** A step of a dynamical system, and the refusal of what is none. */

import { DTypeError, describeValue, ShapeError, Tensor, ValueError } from '@sensigrad/core'

/**
 * One step of a dynamical system: a map, or a flow over a short time (one step of an integrator). It returns the
 * next state, of the same shape and type, and runs at once.
 *
 * @example const henon: Step = x => stack([x.slice(0).square().mul(-1.4).add(1).add(x.slice(1)), x.slice(0).mul(0.3)])
 */
export type Step = (state: Tensor) => Tensor

/** @throws ValueError when the step is no function or the state no tensor */
export function checkSystem(operation: string, step: unknown, state: unknown): void {
  if (typeof step !== 'function') {
    throw new ValueError(
      operation,
      `the step is ${describeValue(step)}`,
      'Give a function from a state to the next one',
    )
  }
  if (!(state instanceof Tensor)) {
    throw new ValueError(
      operation,
      `the state is ${describeValue(state)}`,
      'Give a tensor; tensor(…) makes one',
    )
  }
}

/**
 * The state one step later.
 *
 * @param number  which step of the run this is, for messages
 * @throws ShapeError or DTypeError when `step` changes the shape or type; ValueError when it returns no tensor
 */
export function advance(operation: string, step: Step, state: Tensor, number: number): Tensor {
  const next: unknown = step(state)
  if (next instanceof Promise) {
    next.catch(() => {}) // whatever became of it, this is the error to be seen
    throw new ValueError(
      operation,
      'the step is asynchronous',
      'Read values (await) before, and close over them',
    )
  }
  if (!(next instanceof Tensor)) {
    throw new ValueError(
      operation,
      `step ${number} returned ${describeValue(next)}`,
      'Return the next state, a tensor',
    )
  }
  if (String(next) === String(state)) return next
  const changed = next.dtype === state.dtype ? ShapeError : DTypeError
  throw new changed(
    operation,
    `step ${number} made ${next} of the state ${state}`,
    'A step returns the next state, of the same shape and type',
  )
}
