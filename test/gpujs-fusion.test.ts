/** Captured steps on the GPU backend run fewer kernels: chains of elementwise operations become one. Counted, not timed. */
import { gpujs } from '@sensigrad/backend-gpujs'
import { capture, key, normal, scope, type Tensor, useBackend } from '@sensigrad/core'
import { Adam, activations, Dense, meanSquaredError, valueAndGrad } from '@sensigrad/nn'
import { describe, expect, test } from 'vitest'

const backend = await gpujs({ mode: 'webasm' })
useBackend(backend)

/** So many kernels run in one turn, once everything is compiled. */
function kernelsOf(turn: () => void): number {
  scope(turn)
  scope(turn)
  const before = backend.counts()
  scope(turn)
  const { launched, compiled } = backend.counts()
  expect(compiled).toBe(before.compiled)
  return launched - before.launched
}

/** Twenty elementwise operations, one after the other. */
function chain(x: Tensor): Tensor {
  let y = x
  for (let i = 0; i < 10; i++) y = y.mul(0.9).tanh()
  return y
}

describe('a chain of twenty elementwise operations', () => {
  const x = normal(key(1), [64])

  test('is one kernel in a captured step, and one more that hands the result over', () => {
    const step = capture(chain)
    const lending = capture(chain, { reuseResults: true })
    expect(kernelsOf(() => void step(x))).toBe(2)
    expect(kernelsOf(() => void lending(x))).toBe(1)
    expect(kernelsOf(() => void chain(x))).toBeGreaterThanOrEqual(20)
  })

  test('gives the same numbers as one', async () => {
    const [found, wanted] = [await capture(chain)(x).data(), await chain(x).data()]
    for (const [i, value] of found.entries()) expect(value).toBeCloseTo(wanted[i]!, 6)
  })
})

test('a captured step of a training runs fewer kernels than an eager one', () => {
  const model = new Dense(4, 3, { key: key(2), activation: activations.tanh })
  const optimiser = new Adam({ rate: 0.01 })
  const train = (x: Tensor, y: Tensor) => {
    const [loss, gradients] = valueAndGrad(model, () => meanSquaredError(model.call(x), y))
    optimiser.update(model, gradients)
    return loss
  }
  const captured = capture(train)
  const [x, y] = [normal(key(3), [8, 4]), normal(key(4), [8, 3])]
  const eagerly = kernelsOf(() => void train(x, y))
  expect(kernelsOf(() => void captured(x, y))).toBeLessThan(eagerly)
})
