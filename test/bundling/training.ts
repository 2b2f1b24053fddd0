/** A short training, the same for the bundled app and for the test that knows what must come of it. */
import {
  Adam,
  activations,
  capture,
  Dense,
  key,
  meanSquaredError,
  normal,
  type Tensor,
  valueAndGrad,
} from 'sensigrad'

/** The losses of a layer that learns with Adam on the backend in use, in a captured step. */
export async function losses(steps: number): Promise<number[]> {
  const model = new Dense(3, 2, { key: key(1), activation: activations.tanh })
  const optimiser = new Adam({ rate: 0.05 })
  const step = capture((x: Tensor, y: Tensor) => {
    const [loss, gradients] = valueAndGrad(model, () => meanSquaredError(model.call(x), y))
    optimiser.update(model, gradients)
    return loss
  })
  const [x, y] = [normal(key(2), [8, 3]), normal(key(3), [8, 2])]
  const found: number[] = []
  for (let i = 0; i < steps; i++) found.push(await step(x, y).item())
  return found
}
