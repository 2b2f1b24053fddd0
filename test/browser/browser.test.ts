/** The whole of it in a real browser: every kernel, the gradient of a gradient norm, SAL, exponents, the same random bits. */
import { cpu } from '@sensigrad/backend-cpu'
import { maxLyapunov } from '@sensigrad/dynamics'
import { initialise, RNN, SAL } from '@sensigrad/nn'
import { conformance } from '@sensigrad/testing'
import { grad, key, normal, sensitivity, type Tensor, tensor } from 'sensigrad'
import { describe, expect, test } from 'vitest'

const float64 = { dtype: 'float64' } as const

describe('in a browser', () => {
  for (const { name, holds } of conformance(cpu())) test(name, holds)

  test('the gradient of a sensitivity has its known value', async () => {
    const [x, theta] = [tensor([0.5, -0.25], float64), tensor(0.1, float64)]
    const s = (w: Tensor) => sensitivity(x => w.dot(x).add(theta).tanh(), x)
    const slope = await grad(s)(tensor([0.6, 0.8], float64)).data()
    expect(slope[0]).toBeCloseTo(0.38693962, 8)
    expect(slope[1]).toBeCloseTo(0.86367747, 8)
  })

  test('random bits are those of every other machine', async () => {
    const [first] = await normal(key(7), [1], float64).data()
    expect(first).toBe(-0.7646499591828242)
  })

  test('SAL raises the sensitivities of a network, and its exponent with them', async () => {
    const network = new RNN(0, 30, {
      key: key(1),
      ...float64,
      recurrentWeight: initialise.gaussian(0.5),
      bias: initialise.constant(0),
    })
    const sal = new SAL({ rate: 1e-3 }).attach(network)
    let state = normal(key(2), [30], float64)
    const exponent = () => maxLyapunov(x => network.step(x), state, { transient: 100, steps: 200 })
    const before = await sal.paused(exponent)
    sal.forget()
    for (let step = 0; step < 200; step++) {
      state = network.step(state)
      sal.adjust()
    }
    expect((await exponent()).exponent).toBeGreaterThan(before.exponent + 0.2)
  })
})
