/** Dynamical systems whose Lyapunov exponents are known. */
import { foldIn, type Key, normal, stack, type Tensor, uniform } from '@sensigrad/core'
import type { Step } from '@sensigrad/dynamics'
import { f64 } from './backend.ts'

/** x ← r x (1 - x), on any number of states. */
export const logistic =
  (r: number): Step =>
  x =>
    x.mul(x.neg().add(1)).mul(r)

/** Hénon's map with a = 1.4, b = 0.3, of a state [x, y]. */
export const henon: Step = state => {
  const [x, y] = [state.slice(0), state.slice(1)]
  return stack([x.square().mul(-1.4).add(1).add(y), x.mul(0.3)])
}

/** Lorenz's flow with σ = 10, ρ = 28, β = 8/3: the velocity at a state [x, y, z]. */
export const lorenz: Step = state => {
  const [sigma, rho, beta] = [10, 28, 8 / 3]
  // biome-ignore format: matrices
  const linear = f64([[-sigma, sigma, 0], [rho, -1, 0], [0, 0, -beta]])
  // biome-ignore format: matrices
  const twist = f64([[0, 0, 0], [0, 0, -1], [0, 1, 0]])
  return linear.matmul(state).add(twist.matmul(state).mul(state.slice([0, 1])))
}

/** One step of the classical Runge-Kutta method. */
export function rungeKutta(velocity: Step, dt: number): Step {
  return x => {
    const k1 = velocity(x)
    const k2 = velocity(x.add(k1.mul(dt / 2)))
    const k3 = velocity(x.add(k2.mul(dt / 2)))
    const k4 = velocity(x.add(k3.mul(dt)))
    return x.add(
      k1
        .add(k2.mul(2))
        .add(k3.mul(2))
        .add(k4)
        .mul(dt / 6),
    )
  }
}

/** x ← A x. Its tangents do not depend on x, so that at x = 0 nothing over- or underflows. */
export function linear(rows: readonly (readonly number[])[]): { step: Step; origin: Tensor } {
  const matrix = f64(rows)
  return { step: x => matrix.matmul(x), origin: f64(rows.map(() => 0)) }
}

/** A network of tanh neurons without input, x ← tanh(W x) with W ~ N(0, gain²/size), and where it begins. */
export function network(from: Key, gain: number, size = 100): { step: Step; state: Tensor; weights: Tensor } {
  const weights = normal(foldIn(from, 0), [size, size], {
    dtype: 'float64',
    deviation: gain / Math.sqrt(size),
  })
  const state = uniform(foldIn(from, 1), [size], { dtype: 'float64', low: -1 })
  return { step: x => weights.matmul(x).tanh(), state, weights }
}
