/** A ledger of several who move the same weights, and of trainings that never wait. */
import { fc, test as property } from '@fast-check/vitest'
import { wasm } from '@sensigrad/backend-wasm'
import { Ledger, Snapshots } from '@sensigrad/inspect'
import { activations, capture, cpu, Dense, key, normal, SAL, SGD, useBackend, valueAndGrad } from 'sensigrad'
import { beforeEach, describe, expect, test } from 'vitest'
import { partIn } from './support/ledger.ts'

beforeEach(() => useBackend(cpu()))

/** A layer, and steps that move it towards small outputs and small weights, each by an optimiser of its own. */
function twoTasks(momenta: readonly [number, number]) {
  const layer = new Dense(3, 2, { key: key(1), dtype: 'float64', activation: activations.tanh })
  const x = normal(key(2), [5, 3], { dtype: 'float64' })
  const [first, second] = momenta.map(momentum => new SGD({ rate: 0.05, momentum }))
  const losses = [() => layer.call(x).square().mean(), () => layer.weight.value.square().sum()]
  const steps = [first!, second!].map((optimiser, i) => () => {
    const [, gradients] = valueAndGrad(layer, losses[i]!)
    optimiser.update(layer, gradients)
  })
  return { layer, optimisers: [first!, second!] as const, steps }
}

describe('two optimisers of one kind that move the same weights', () => {
  const momenta = fc.tuple(fc.constantFrom(0, 0.5, 0.9), fc.constantFrom(0.5, 0.9))
  property.prop([momenta, fc.array(fc.nat(1), { minLength: 2, maxLength: 8 }), fc.boolean()], {
    numRuns: 15,
  })(
    'have a memory each: nothing of what momentum holds comes from before the ledger',
    async (momenta, order, isCaptured) => {
      const { layer, optimisers, steps } = twoTasks(momenta)
      const ledger = new Ledger()
      ledger.attach(layer, ...optimisers)
      const runs = isCaptured ? steps.map(step => capture(step)) : steps
      for (const which of order) runs[which]!()
      await ledger.flush()
      for (const { parameters } of ledger.data.steps) {
        for (const one of parameters) {
          const scale = Math.max(one.norm, partIn(one, 'gradient')!.norm)
          expect(partIn(one, 'earlier')?.norm ?? 0).toBeLessThanOrEqual(1e-12 * scale)
        }
      }
    },
  )
})

test('what an optimiser or SAL does to another model is no part of the ledger', async () => {
  const [own, other] = [1, 2].map(seed => new Dense(2, 2, { key: key(seed), dtype: 'float64' }))
  const optimiser = new SGD({ rate: 0.1 })
  const sal = new SAL({ rate: 0.01, decay: 0.9 }).attach(own!).attach(other!)
  const ledger = new Ledger()
  ledger.attach(own!, optimiser, sal)
  const x = normal(key(3), [4, 2], { dtype: 'float64' })
  for (let i = 0; i < 3; i++) {
    for (const layer of [own!, other!]) {
      const [, gradients] = valueAndGrad(layer, () => layer.call(x).square().sum())
      optimiser.update(layer, gradients)
    }
    sal.adjust()
  }
  await ledger.flush()
  const { steps } = ledger.data
  expect(steps).toHaveLength(3)
  for (const { parameters, layers } of steps) {
    expect(layers).toHaveLength(1)
    for (const one of parameters) expect(partIn(one, 'elsewhere')).toBeUndefined()
  }
})

test('a step that is done again gives the gradients of the model, not those of another of the same name', async () => {
  const [own, other] = [1, 2].map(seed => new Dense(2, 2, { key: key(seed), dtype: 'float64' }))
  const [optimiser, another] = [new SGD({ rate: 0.1 }), new SGD({ rate: 0.1 })]
  const ledger = new Ledger()
  ledger.attach(own!, optimiser)
  const x = normal(key(3), [4, 2], { dtype: 'float64' })
  const gradientsOf = (layer: Dense) => valueAndGrad(layer, () => layer.call(x).square().sum())[1]
  const train = () => {
    optimiser.update(own!, gradientsOf(own!))
    another.update(other!, gradientsOf(other!))
  }
  const past = new Snapshots(ledger, { own: own!, other: other!, optimiser, another }, { every: 1 })
  const expected = await gradientsOf(own!).weight!.data()
  past.before(1)
  train()
  await ledger.flush()
  const { gradients, from } = await past.replayTo(1, train)
  expect(from).toBe('replayed-equal')
  expect(await gradients.weight!.data()).toEqual(expected)
})

test('a captured training that never waits takes no more memory with a ledger', async () => {
  const backend = await wasm()
  useBackend(backend)
  const layer = new Dense(3, 2, { key: key(1) })
  const x = normal(key(2), [5, 3])
  const optimiser = new SGD({ rate: 0.1, momentum: 0.9 })
  const ledger = new Ledger({ keep: 1 })
  ledger.attach(layer, optimiser)
  const step = capture(() => {
    const [, gradients] = valueAndGrad(layer, () => layer.call(x).square().mean())
    optimiser.update(layer, gradients)
  })
  for (let i = 0; i < 3; i++) step()
  const before = { ...backend.memory() }
  for (let i = 0; i < 50; i++) step()
  expect(backend.memory()).toEqual(before)
})
