/** Captured measurements of dynamics give what the steps taken one by one give. */

import { cpu } from '@sensigrad/backend-cpu'
import { wasm } from '@sensigrad/backend-wasm'
import { arange, key, normal, stack, type Tensor, tensor, useBackend, Variable } from '@sensigrad/core'
import { lyapunovSpectrum, maxLyapunov, type Step, twoTrajectories } from '@sensigrad/dynamics'
import { afterAll, describe, expect, test } from 'vitest'

const henon: Step = x => {
  const [a, b] = [x.slice(0), x.slice(1)]
  return stack([a.square().mul(-1.4).add(1).add(b), a.mul(0.3)])
}

const weights = () => normal(key(1), [12, 12], { dtype: 'float64', deviation: 1.8 / Math.sqrt(12) })

afterAll(() => useBackend(cpu()))

describe.each([cpu(), await wasm()])('on $name, captured', backend => {
  const systems: Record<string, () => { step: Step; start: Tensor }> = {
    'the Hénon map': () => ({ step: henon, start: tensor([0.1, 0.1], { dtype: 'float64' }) }),
    'a network': () => {
      const w = weights()
      return { step: x => w.matmul(x).tanh(), start: normal(key(2), [12], { dtype: 'float64' }) }
    },
  }
  const measurements = {
    maxLyapunov: async (step: Step, start: Tensor, captured: boolean) =>
      (await maxLyapunov(step, start, { transient: 25, steps: 83, interval: 7, captured })).exponent,
    lyapunovSpectrum: async (step: Step, start: Tensor, captured: boolean) =>
      (await lyapunovSpectrum(step, start, { transient: 25, steps: 40, interval: 3, captured })).exponents,
    twoTrajectories: async (step: Step, start: Tensor, captured: boolean) =>
      (await twoTrajectories(step, start, { transient: 5, steps: 12, interval: 4, captured })).exponent,
  }

  for (const [what, measure] of Object.entries(measurements)) {
    test.each(Object.keys(systems))(`${what} is the same, of %s`, async name => {
      useBackend(backend)
      const { step, start } = systems[name]!()
      const [plain, captured] = [
        [await measure(step, start, false)].flat(),
        [await measure(step, start, true)].flat(),
      ]
      expect(captured.length).toBe(plain.length)
      // Chaos magnifies the last bits, which fused multiply-add rounds otherwise.
      for (const [i, exponent] of plain.entries()) expect(captured[i]).toBeCloseTo(exponent, 5)
    })
  }

  test('onStep sees every state in turn, and variables are read anew at each interval', async () => {
    useBackend(backend)
    const rate = new Variable(tensor(3.9, { dtype: 'float64' }))
    const logistic: Step = x => x.mul(x.neg().add(1)).mul(rate.value)
    const seen = async (captured: boolean) => {
      rate.value = tensor(3.9, { dtype: 'float64' })
      const states: number[] = []
      await maxLyapunov(logistic, tensor([0.3], { dtype: 'float64' }), {
        transient: 0,
        steps: 10,
        interval: 5,
        captured,
        async onStep(state, next, number) {
          states.push(number, await state.item(), await next.item())
          if (number === 5) rate.value = tensor(3.5, { dtype: 'float64' })
        },
      })
      return states
    }
    expect(await seen(true)).toEqual(await seen(false))
  })
})

test('a captured measurement refuses a step that draws at each call', async () => {
  useBackend(cpu())
  const start = arange(12).cast('float64')
  await expect(
    maxLyapunov(x => weights().matmul(x).tanh(), start, { steps: 10, captured: true }),
  ).rejects.toThrow(/^normal/)
})

test.each([
  [{ captured: 'yes' }, /^maxLyapunov: captured is 'yes'\. Give true or false/],
  [{ capture: true }, /^maxLyapunov: there is no option capture\. There is transient, steps, interval/],
  [{ onStep: 5 }, /^maxLyapunov: onStep is 5/],
])('a measurement refuses %o', async (options, message) => {
  useBackend(cpu())
  await expect(maxLyapunov(henon, tensor([0.1, 0.1]), options as never)).rejects.toThrow(message)
})
