/** A ledger changes no bit of a training on the GPU backend either, eager or captured. */
import { gpujs } from '@sensigrad/backend-gpujs'
import { hashOf, Ledger } from '@sensigrad/inspect'
import { Adam, initialise, RNN, SAL } from '@sensigrad/nn'
import { capture, currentBackend, key, normal, scope, useBackend, valueAndGrad } from 'sensigrad'
import { expect, test } from 'vitest'

async function train(isCaptured: boolean, isWatched: boolean): Promise<string[]> {
  const before = currentBackend()
  const backend = await gpujs({ mode: 'webasm' })
  useBackend(backend)
  try {
    const rnn = new RNN(3, 6, { key: key(1), recurrentWeight: initialise.gaussian(0.8) })
    const optimizer = new Adam({ rate: 1e-2, clip: { globalNorm: 0.5 } })
    const sal = new SAL({ rate: 1e-3 }).attach(rnn)
    const [xs, wanted] = [normal(key(2), [4, 5, 3]), normal(key(3), [4, 5, 6])]
    const step = () => {
      const [, gradients] = valueAndGrad(rnn, () => {
        const { outputs } = rnn.call(xs)
        return outputs.sub(wanted).square().mean()
      })
      optimizer.update(rnn, gradients)
      sal.adjust()
    }
    const run = isCaptured ? capture(step) : step
    const ledger = isWatched ? new Ledger() : undefined
    ledger?.attach(rnn, optimizer, sal)
    for (let i = 0; i < 10; i++) {
      scope(() => run())
      await ledger?.flush()
    }
    if (ledger) expect(ledger.data.steps).toHaveLength(10)
    return await Promise.all([...rnn.parameters()].map(async ([, { value }]) => hashOf(await value.data())))
  } finally {
    useBackend(before)
    await backend.stop()
  }
}

test.each([
  ['eager', false],
  ['captured', true],
] as const)('%s, the parameters have the same bits with a ledger and without', async (_, isCaptured) => {
  expect(await train(isCaptured, true)).toEqual(await train(isCaptured, false))
})
