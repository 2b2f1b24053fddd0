/** What a step of the ledger is, and that nothing which moves a parameter is hidden from it. */
import { fc, test } from '@fast-check/vitest'
import { Ledger } from '@sensigrad/inspect'
import { Adam, Dense, Isometry, type Optimiser, SGD, valueAndGrad } from '@sensigrad/nn'
import { capture, key, normal, tensor } from 'sensigrad'
import { describe, expect } from 'vitest'
import { kept, namesIn, partIn, plain, trainingOf } from './support/ledger.ts'
import { layerOf } from './support/optimisers.ts'

describe('a step', () => {
  test.each(['SAL first', 'SAL last'] as const)('holds one update and one adjustment, %s', async order => {
    const { steps } = await kept({ ...plain, order }, 4)
    expect(steps.map(({ step, layers }) => [step, layers.length])).toEqual(
      [1, 2, 3, 4].map(step => [step, 1]),
    )
    for (const step of steps) expect(namesIn(step)).toContain('SAL')
  })

  test('ends where it is said to, and then may hold several updates', async () => {
    const { layer, moving, step } = trainingOf({ ...plain, order: 'no SAL' })
    const ledger = new Ledger()
    ledger.attach(layer, moving)
    step()
    ledger.step({ loss: 0.5 })
    ledger.step() // nothing has happened: no step
    step()
    await ledger.flush()
    expect(ledger.data.steps.map(({ step, loss }) => [step, loss])).toEqual([
      [1, 0.5],
      [2, undefined],
    ])
  })

  test('of several adjustments before one update holds them all', async () => {
    const { layer, moving, sal, step } = trainingOf({ ...plain, order: 'SAL first' })
    const ledger = new Ledger()
    ledger.attach(layer, moving, sal)
    const x = normal(key(9), [2, 3], { dtype: 'float64' })
    for (let t = 0; t < 3; t++) {
      layer.call(x)
      sal.adjust()
      step()
    }
    await ledger.flush()
    expect(ledger.data.steps.map(({ layers }) => layers.length)).toEqual([2, 2, 2])
  })

  test('of SAL alone is an adjustment, and Isometry has a name of its own', async () => {
    const layer = layerOf(1)
    const isometry = new Isometry({ rate: 0.05 }).attach(layer)
    const ledger = new Ledger()
    ledger.attach(layer, isometry)
    for (let t = 0; t < 3; t++) {
      layer.call(normal(key(t), [4, 3], { dtype: 'float64' }))
      isometry.adjust()
    }
    await ledger.flush()
    expect(ledger.data.steps.map(namesIn)).toEqual(Array(3).fill(['isometry', 'rounding']))
    expect(ledger.data.header.movers).toEqual(['isometry'])
  })

  test('counts on from where an optimiser stands', async () => {
    const { layer, moving, step } = trainingOf({ ...plain, order: 'no SAL' })
    for (let t = 0; t < 7; t++) step()
    const ledger = new Ledger()
    ledger.attach(layer, moving)
    step()
    await ledger.flush()
    expect(ledger.data.steps.map(({ step }) => step)).toEqual([8])
    expect(partIn(ledger.data.steps[0]!.parameters[0]!, 'earlier')!.norm).toBeGreaterThan(1e-4)
  })

  test('is one for each of several updates in one captured step', async () => {
    const [one, other] = [
      trainingOf({ ...plain, order: 'no SAL' }),
      trainingOf({ ...plain, order: 'no SAL' }),
    ]
    const ledgers = [one, other].map(({ layer, moving }) => {
      const ledger = new Ledger()
      ledger.attach(layer, moving)
      return ledger
    })
    const thrice = capture(() => {
      for (let t = 0; t < 3; t++) one.step()
    })
    for (let t = 0; t < 2; t++) thrice()
    for (let t = 0; t < 6; t++) other.step()
    const [captured, eager] = await Promise.all(
      ledgers.map(async ledger => {
        await ledger.flush()
        return ledger.data.steps
      }),
    )
    expect(captured).toHaveLength(6)
    for (const [t, { parameters }] of eager!.entries()) {
      for (const [i, { parts }] of parameters.entries()) {
        const found = captured![t]!.parameters[i]!
        for (const { name, along } of parts) expect(partIn(found, name)!.along).toBeCloseTo(along, 12)
        expect(partIn(found, 'earlier')!.norm).toBeLessThan(1e-12)
      }
    }
  })
})

describe('nothing is hidden', () => {
  test.prop([fc.boolean(), fc.integer({ min: 0, max: 2 })], { numRuns: 12 })(
    'what somebody else assigned is a part of its own',
    async (isCaptured, when) => {
      const { layer, moving, step } = trainingOf({ ...plain, order: 'no SAL' })
      const ledger = new Ledger({ level: 'elements' })
      ledger.attach(layer, moving)
      const run = isCaptured ? capture(step) : step
      for (let t = 0; t < 4; t++) {
        run()
        if (t === when) layer.bias.value = layer.bias.value.add(tensor([0.5, -0.25], { dtype: 'float64' }))
      }
      await ledger.flush()
      const found = ledger.data.steps.flatMap(({ step, parameters }) =>
        parameters.flatMap(({ path, elements }) =>
          elements!.parts
            .filter(({ name }) => name === 'elsewhere')
            .map(({ change }) => ({ step, path, change })),
        ),
      )
      expect(found).toHaveLength(1)
      const [{ path, change }] = found as [(typeof found)[0]]
      expect(path).toBe('bias')
      expect(change[0]).toBeCloseTo(0.5, 12)
      expect(change[1]).toBeCloseTo(-0.25, 12)
    },
  )

  test('after the last step, too, when it is flushed', async () => {
    const { layer, moving, step } = trainingOf({ ...plain, order: 'no SAL' })
    const ledger = new Ledger()
    ledger.attach(layer, moving)
    step()
    layer.bias.value = layer.bias.value.add(1)
    await ledger.flush()
    expect(
      partIn(ledger.data.steps.at(-1)!.parameters.find(({ path }) => path === 'bias')!, 'elsewhere')!.norm,
    ).toBeCloseTo(Math.SQRT2, 10)
  })

  test('an optimiser that was put back has momentum from before the ledger', async () => {
    const { layer, moving, step } = trainingOf({ ...plain, order: 'no SAL' })
    const ledger = new Ledger()
    ledger.attach(layer, moving)
    for (let t = 0; t < 5; t++) step()
    const state = moving.state()
    for (let t = 0; t < 5; t++) step()
    moving.restore(state)
    step()
    await ledger.flush()
    const earlier = ledger.data.steps.map(({ parameters }) => partIn(parameters[0]!, 'earlier')!.norm)
    expect(Math.max(...earlier.slice(0, 10))).toBeLessThan(1e-12)
    expect(earlier[10]).toBeGreaterThan(1e-6)
  })

  test('an update that a captured step refuses has moved nothing', async () => {
    const { layer } = trainingOf(plain)
    const moving = new Adam({ rate: 0.1, clip: { globalNorm: 1 } }) as unknown as Optimiser<never>
    const ledger = new Ledger()
    ledger.attach(layer, moving)
    const step = capture((scale: ReturnType<typeof tensor>) => {
      const [, gradients] = valueAndGrad(layer, () =>
        layer.call(scale.expandDims(0).broadcastTo([2, 3])).mean(),
      )
      moving.update(layer, gradients)
    })
    for (const scale of [1, Number.POSITIVE_INFINITY, 1])
      step(tensor([scale, scale, scale], { dtype: 'float64' }))
    await ledger.flush()
    const norms = ledger.data.steps.map(({ parameters }) => parameters.map(({ norm }) => norm > 0))
    expect(norms).toEqual([
      [true, true],
      [false, false],
      [true, true],
    ])
    for (const { parts } of ledger.data.steps[2]!.parameters) {
      expect(parts.find(({ name }) => name === 'earlier')!.norm).toBeLessThan(1e-12) // all momentum has its makers
    }
  })

  test('what is not kept any more is said', async () => {
    const { ledger } = await kept(plain, 8, { keep: 3 })
    expect(ledger.data.steps.map(({ step }) => step)).toEqual([6, 7, 8])
    expect(ledger.data.notes).toEqual(['without 5 earlier steps, not kept: the first that is here is 6'])
  })
})

test('without clipping, gradient descent would have gone as far as the clipping took', async () => {
  const { layer, step: _, ...rest } = trainingOf(plain)
  const moving = new SGD({ rate: 0.1, clip: { globalNorm: 0.01 } })
  const ledger = new Ledger({ without: ['clip', 'nesterov'] })
  ledger.attach(layer, moving)
  const x = normal(key(1), [4, 3], { dtype: 'float64' })
  for (let t = 0; t < 3; t++) {
    rest.sal.paused(() => {
      const [, gradients] = valueAndGrad(layer, () => layer.call(x).square().mean())
      moving.update(layer, gradients)
    })
  }
  await ledger.flush()
  for (const { parts, without } of ledger.data.steps.flatMap(({ parameters }) => parameters)) {
    expect(without.map(({ name }) => name)).toEqual(['clip'])
    expect(without[0]!.along).toBeCloseTo(parts.find(({ name }) => name === 'clipGlobalNorm')!.along, 12)
  }
  expect(ledger.data.notes).toEqual(['SGD has no stage nesterov for some parameters, to be tried without'])
})

test('one ledger after another hears the same captured step, and each alone', async () => {
  const { layer, moving, sal, step } = trainingOf(plain)
  const run = capture(step)
  const counts: number[] = []
  for (let t = 0; t < 3; t++) {
    const ledger = new Ledger()
    const detach = ledger.attach(layer, moving, sal)
    for (let u = 0; u <= t; u++) run()
    await ledger.flush()
    detach()
    counts.push(ledger.data.steps.length)
  }
  run()
  expect(counts).toEqual([1, 2, 3])
  expect(run.captures).toBe(4)
})

describe('what makes no sense is refused', () => {
  const layer = new Dense(2, 2, { key: key(1) })
  const moving = new SGD({ rate: 1 })
  const attached = () => {
    const ledger = new Ledger()
    ledger.attach(layer, moving)
    return ledger
  }
  test.each<[string, () => unknown]>([
    [
      'Ledger: there is no option levl. There is level, net, keep, without, parameters, title, stream',
      () => new Ledger({ levl: 1 } as never),
    ],
    [
      "Ledger: there is no level 'all'. Give one of norms, neurons, elements",
      () => new Ledger({ level: 'all' as never }),
    ],
    ['Ledger: 0 is no number of steps. Give a whole number, 1 or more', () => new Ledger({ keep: 0 })],
    [
      "Ledger: without is no list of stages. Give names of stages: ['clip', 'decay']",
      () => new Ledger({ without: [''] }),
    ],
    ['Ledger: the stream is 7. Give a function of a line', () => new Ledger({ stream: 7 as never })],
    ['Ledger: net is 1. Give true or false', () => new Ledger({ net: 1 as never })],
    ['Ledger.attach: the model is an object. Give a module', () => new Ledger().attach({} as never)],
    [
      'Ledger.attach: nobody is named who moves parameters. Give optimisers, SAL, Isometry: ledger.attach(model, optimizer, sal)',
      () => new Ledger().attach(layer),
    ],
    ['Ledger.attach: a Dense moves no parameters.', () => new Ledger().attach(layer, layer as never)],
    [
      'Ledger.attach: this ledger has been attached. Make a ledger for each training',
      () => attached().attach(layer, moving),
    ],
    [
      'Ledger.data: the ledger is not attached. Call ledger.attach(model, optimizer) before',
      () => new Ledger().data,
    ],
    [
      "Ledger.step: the loss is 'low'. Give a number: await loss.item()",
      () => attached().step({ loss: 'low' as never }),
    ],
    ['Ledger.step: the options are null. Give an object with loss', () => attached().step(null as never)],
  ])('%s', (message, body) => {
    expect(body).toThrow(message)
  })

  test('and one that is detached hears no more', async () => {
    const { layer, moving, step } = trainingOf({ ...plain, order: 'no SAL' })
    const ledger = new Ledger()
    const detach = ledger.attach(layer, moving)
    step()
    detach()
    step()
    await ledger.flush()
    expect(ledger.data.steps).toHaveLength(1)
  })
})
