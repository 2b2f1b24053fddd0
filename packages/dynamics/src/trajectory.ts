/** Where a state goes: the states of an orbit, side by side. */

import { stack, type Tensor } from '@sensigrad/core'
import { checkWhole } from './orbit.ts'
import { advance, checkSystem, type Step } from './step.ts'

/**
 * The first states of an orbit. It is made of the step's operations, so gradients flow through it.
 *
 * @param step   the map, or one step of an integrator
 * @param state  x₀
 * @param steps  how many steps to take, zero or more
 * @returns x₀, x₁, …, along a new first axis: `[steps + 1, …]`
 * @throws  ShapeError, DTypeError or ValueError for a step that changes the state's shape or type or is
 *          asynchronous, or a number of steps that is none
 * @example trajectory(x => x.mul(x.neg().add(1)).mul(4), tensor([0.3]), 100) // the logistic map: [101, 1]
 */
export function trajectory(step: Step, state: Tensor, steps: number): Tensor {
  checkSystem('trajectory', step, state)
  checkWhole('trajectory', 'steps', steps, 0)
  const states = [state]
  for (let number = 1; number <= steps; number++) {
    states.push(advance('trajectory', step, states.at(-1)!, number))
  }
  return stack(states)
}
