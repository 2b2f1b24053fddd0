/** What swap-backends runs everywhere: it learns, and asks how a sensitivity can be changed. It knows no backend. */
import {
  Adam,
  activations,
  capture,
  Dense,
  key,
  meanSquaredError,
  norm,
  Sequential,
  scope,
  sensitivity,
  type Tensor,
  uniform,
  valueAndGrad,
} from 'sensigrad'

/** What came out, and how long it took. */
export interface Outcome {
  /** The error of the fit after the last step. */
  readonly loss: number
  /** s = ‖∂y/∂x‖ of the trained net at one point. */
  readonly sensitivity: number
  /** ‖∂s/∂w‖: how steeply that depends on all the weights together. */
  readonly slope: number
  /** The first step, in milliseconds: it records, and a GPU compiles. */
  readonly first: number
  /** Each step after that. */
  readonly step: number
}

export const steps = 60

const neurons = 64
const points = 256

/**
 * Fits sin(2a)·cos(3b) on the backend in use.
 *
 * @param told  called with the number of the step, from time to time
 */
export async function program(told: (step: number) => unknown = () => {}): Promise<Outcome> {
  const model = new Sequential(
    new Dense(2, neurons, { key: key(1), activation: activations.tanh }),
    new Dense(neurons, neurons, { key: key(2), activation: activations.tanh }),
    new Dense(neurons, 1, { key: key(3) }),
  )
  const optimiser = new Adam({ rate: 0.01 })
  const train = capture((x: Tensor, y: Tensor) => {
    const [loss, gradients] = valueAndGrad(model, () => meanSquaredError(model.call(x), y))
    optimiser.update(model, gradients)
    return loss
  })

  const x = uniform(key(4), [points, 2], { low: -1, high: 1 })
  const [a, b] = [x.slice(null, [0, 1]), x.slice(null, [1, 2])]
  const y = a.mul(2).sin().mul(b.mul(3).cos())

  const begin = performance.now()
  let loss = await train(x, y).item()
  const begun = performance.now()
  for (let step = 2; step <= steps; step++) {
    if (step % 10 !== 0) scope(() => void train(x, y))
    else {
      loss = await train(x, y).item()
      await told(step)
    }
  }
  const end = performance.now()

  const point = uniform(key(5), [2])
  const [s, slopes] = valueAndGrad(model, () => sensitivity((x: Tensor) => model.call(x).sum(), point))
  const squares = await Promise.all(Object.values(slopes).map(slope => norm(slope).square().item()))
  return {
    loss,
    sensitivity: await s.item(),
    slope: Math.sqrt(squares.reduce((sum, square) => sum + square, 0)),
    first: begun - begin,
    step: (end - begun) / (steps - 1),
  }
}
