/** What was is still there: any step can be done again from a snapshot, and values that come later come in order. */
import { fc, test } from '@fast-check/vitest'
import { Ledger, Snapshots } from '@sensigrad/inspect'
import {
  Adam,
  Dense,
  Dropout,
  type KeyStream,
  meanSquaredError,
  Sequential,
  valueAndGrad,
} from '@sensigrad/nn'
import { type Backend, capture, cpu, key, normal, type Tensor, tensor, useBackend } from 'sensigrad'
import { afterEach, describe, expect } from 'vitest'
import { kept, plain, plans, trainingOf } from './support/ledger.ts'
import { values } from './support/neurons.ts'
import { bitsOf, quietly } from './support/sal.ts'

/** A training with noise, SAL and batches of its own for each step. */
function noisyTraining(isCaptured: boolean) {
  const model = new Sequential(
    new Dense(3, 5, { key: key(1) }),
    new Dropout(0.3, { key: key(2) }),
    new Dense(5, 2, { key: key(3) }),
  )
  const optimizer = new Adam({ rate: 0.02, clip: { globalNorm: 0.2 } })
  const sal = quietly({ rate: 0.01, decay: 0.9 }).attach(model)
  const seen: Record<string, number[]>[] = []
  const step = (x: Tensor, y: Tensor) => {
    const [, gradients] = valueAndGrad(model, () => meanSquaredError(model.call(x) as Tensor, y))
    optimizer.update(model, gradients)
    sal.adjust()
    return gradients
  }
  const run = isCaptured ? capture(step) : step
  const train = (n: number) => run(normal(key(50 + n), [4, 3]), normal(key(90 + n), [4, 2]))
  return { model, optimizer, sal, seen, train }
}

describe.each([false, true])('captured: %s', isCaptured => {
  test.prop([fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 9 })], { numRuns: 6 })(
    'a step that is done again has its gradients, to the last bit, and all is as it was',
    async (step, every) => {
      const { model, optimizer, sal, train } = noisyTraining(isCaptured)
      const ledger = new Ledger()
      ledger.attach(model, optimizer, sal)
      const past = new Snapshots(ledger, { model, optimizer, sal }, { every, keep: 30 })
      const gradients: Record<string, number[]>[] = []
      for (let n = 1; n <= 20; n++) {
        past.before(n)
        gradients.push(Object.fromEntries(Object.entries(train(n)).map(([path, x]) => [path, values(x)])))
      }
      await ledger.flush()
      const before = { bits: bitsOf(model as never), steps: optimizer.steps, ledger: ledger.data }
      const again = await past.replayTo(step, train)
      expect(again.from).toBe('replayed-equal')
      expect(again.step - again.snapshot).toBe((step - 1) % every)
      const found = Object.entries(again.gradients).map(([path, x]) => [path, values(x)])
      expect(Object.fromEntries(found)).toEqual(gradients[step - 1])
      expect({ bits: bitsOf(model as never), steps: optimizer.steps, ledger: ledger.data }).toEqual(before)
      train(21)
      await ledger.flush()
      expect(ledger.data.steps.at(-1)!.parameters[0]!.parts.map(({ name }) => name)).toContain('gradient')
    },
  )
})

test('a step that is done otherwise is said to differ, and one that the ledger has dropped is not compared', async () => {
  const { model, optimizer, sal, train } = noisyTraining(false)
  const ledger = new Ledger({ keep: 3 })
  ledger.attach(model, optimizer, sal)
  const past = new Snapshots(ledger, { model, optimizer, sal }, { every: 2, keep: 4 })
  for (let n = 1; n <= 9; n++) {
    past.before(n)
    train(n)
  }
  await ledger.flush()
  expect(past.steps).toEqual([3, 5, 7, 9])
  expect((await past.replayTo(8, n => train(n + 100))).from).toBe('replayed-differs')
  expect((await past.replayTo(8, train)).from).toBe('replayed-equal')
  expect((await past.replayTo(4, train)).from).toBe('not-kept')
  await expect(past.replayTo(2, train)).rejects.toThrow(
    'Snapshots.replayTo: step 2 cannot be done again. Give a whole number from 3 to 9',
  )
  await expect(past.replayTo(10, train)).rejects.toThrow('step 10 cannot be done again')
  await expect(past.replayTo(Symbol('now') as never, train)).rejects.toThrow('cannot be done again')
  const state = bitsOf(model as never)
  await expect(
    past.replayTo(5, () => {
      train(5)
      throw new Error('no')
    }),
  ).rejects.toThrow('no')
  expect(bitsOf(model as never)).toEqual(state)
})

test('what cannot be written down is no part of a snapshot', () => {
  const { model, optimizer } = noisyTraining(false)
  const ledger = new Ledger()
  ledger.attach(model, optimizer)
  expect(() => new Snapshots(ledger, { model, keys: {} as KeyStream }, { every: 5 })).toThrow(
    'Snapshots: keys is an object. Give parts with state() and restore()',
  )
  const past = new Snapshots(ledger, { model }, { every: 5 })
  past.before(3)
  expect(() => past.before(3)).toThrow(
    'Snapshots.before: 3 is no step after 3. Give the number of each step before it is made',
  )
  expect(() => new Snapshots(ledger, { model }, { every: 0 })).toThrow(
    'Snapshots: every is 0. Give a whole number, 1 or more',
  )
})

/** The reference backend, as if it could be read only later, and the later the earlier it was asked. */
function slow(): Backend {
  const quick = cpu()
  let asked = 0
  return {
    ...quick,
    name: 'slow',
    capabilities: { ...quick.capabilities, synchronousRead: false },
    async read(view) {
      const values = quick.readSync(view).slice()
      for (let turns = 20 - (asked++ % 20); turns > 0; turns--) await Promise.resolve()
      return values
    },
  } as Backend
}

describe('where reading means waiting', () => {
  afterEach(() => useBackend(cpu()))

  test.prop([plans], { numRuns: 8 })('the numbers are the same, in order', async plan => {
    const there = (await kept(plan, 4)).ledger.data
    useBackend(slow())
    const here = (await kept(plan, 4)).ledger.data
    useBackend(cpu())
    expect(here.steps).toEqual(there.steps)
  })

  test('what goes wrong on the way comes out of flush, once', async () => {
    useBackend(slow())
    const { layer, moving, step } = trainingOf({ ...plain, order: 'no SAL' })
    const ledger = new Ledger({
      stream: line => {
        if (line.includes('"step":2')) throw new Error('the disk is full')
      },
    })
    ledger.attach(layer, moving)
    for (let t = 0; t < 4; t++) step()
    await expect(ledger.flush()).rejects.toThrow('the disk is full')
    await ledger.flush()
    expect(ledger.data.steps.map(({ step }) => step)).toContain(2)
    expect(values(tensor([1], { backend: cpu() }))).toEqual([1])
  })
})
