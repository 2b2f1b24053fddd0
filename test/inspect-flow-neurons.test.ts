/** What is said of neurons: sensitivities and saturation are those of the neurons, and looking changes no bit of a training. */
import { fc, test } from '@fast-check/vitest'
import { wasm } from '@sensigrad/backend-wasm'
import {
  flatRules,
  formatSaturation,
  formatSensitivities,
  Saturation,
  SensitivityMap,
  type SensitivityMapOptions,
} from '@sensigrad/inspect'
import {
  activations,
  Dense,
  initialise,
  logSensitivity,
  meanSquaredError,
  observe,
  RNN,
  Sequential,
  SGD,
  sensitivities,
  valueAndGrad,
  valuesOf,
} from '@sensigrad/nn'
import { type Backend, capture, cpu, key, normal, type Tensor, useBackend, zeros } from 'sensigrad'
import { afterEach, describe, expect } from 'vitest'
import { f64, gap, numbers } from './support/backend.ts'
import { layerOf, pairOf, signals } from './support/sal.ts'

const { relu, tanh, sigmoid } = activations

afterEach(() => useBackend(cpu()))

/** Values of parameters, bit for bit. */
async function bitsOf(model: Sequential): Promise<string[]> {
  const all = await Promise.all(Object.values(valuesOf(model)).map(value => value.data()))
  return all.map(({ buffer, byteOffset, byteLength }) =>
    Buffer.from(buffer, byteOffset, byteLength).toString('hex'),
  )
}

/** A training of a few steps, which `watch` may look at. */
async function trained(
  backend: Backend,
  isCaptured: boolean,
  watch: (model: Sequential) => void,
  dtype: 'float32' | 'float64' = 'float32',
): Promise<string[]> {
  useBackend(backend)
  const layer = (seed: number) =>
    new Dense(3, 3, { key: key(seed), dtype, activation: seed === 2 ? relu : tanh })
  const model = new Sequential(layer(1), layer(2), layer(3))
  const [x, y] = [normal(key(8), [5, 3], { dtype }), normal(key(9), [5, 3], { dtype })]
  const optimizer = new SGD({ rate: 0.1, momentum: 0.9 })
  const body = () => {
    const [loss, gradients] = valueAndGrad(model, () => meanSquaredError(model.call(x), y))
    optimizer.update(model, gradients)
    return loss
  }
  const step = isCaptured ? capture(body) : body
  step()
  watch(model)
  for (let i = 0; i < 6; i++) step()
  return bitsOf(model)
}

describe('looking', () => {
  const backends = [
    ['cpu', async () => cpu()],
    ['wasm', () => wasm()],
  ] as const
  for (const [name, make] of backends) {
    for (const isCaptured of [false, true]) {
      test(`changes no bit of a training on ${name}, ${isCaptured ? 'captured' : 'eager'}, and hears every step`, async () => {
        const backend: Backend = await make()
        const bare = await trained(backend, isCaptured, () => {})
        let map: SensitivityMap | undefined
        let saturation: Saturation | undefined
        const watched = await trained(backend, isCaptured, model => {
          map = new SensitivityMap(model)
          saturation = new Saturation(model)
        })
        expect(watched).toEqual(bare)
        const { layers } = await map!.read()
        expect(layers.map(({ columns }) => columns.length)).toEqual([6, 6, 6])
        expect((await saturation!.report()).layers.map(({ firings }) => firings)).toEqual([6, 6, 6])
      })
    }
  }

  test('sees in a captured step what it sees eagerly', async () => {
    const seen = await Promise.all(
      [false, true].map(async isCaptured => {
        let map: SensitivityMap | undefined
        await trained(
          cpu(),
          isCaptured,
          model => {
            map = new SensitivityMap(model)
          },
          'float64',
        )
        const { layers } = await map!.read()
        return layers.map(({ columns }) =>
          columns.map(({ at, logS, dead }) => ({ at, logS: [...logS], dead })),
        )
      }),
    )
    expect(seen[1]).toEqual(seen[0])
  })

  test('ends when it is stopped', async () => {
    const model = pairOf(1)
    const [map, saturation] = [new SensitivityMap(model), new Saturation(model)]
    model.call(signals(1, 2, 3))
    map.stop()
    saturation.stop()
    model.call(signals(1, 2, 3))
    expect((await map.read()).layers[0]!.columns).toHaveLength(1)
    expect((await saturation.report()).layers[0]!.firings).toBe(1)
    expect(model.layers[0].isHeard).toBe(false)
  })

  test('waits for backends that cannot be read at once, in the order in which all came', async () => {
    const delays = [30, 10, 20, 0]
    const slow: Backend = {
      ...cpu(),
      name: 'slow',
      capabilities: { ...cpu().capabilities, synchronousRead: false },
      read: async view => {
        const values = cpu().readSync(view)
        await new Promise(done => setTimeout(done, delays.shift() ?? 0))
        return values
      },
    }
    const seen: number[][] = []
    for (const backend of [cpu(), slow]) {
      useBackend(backend)
      const layer = layerOf(3, 4, 7)
      const map = new SensitivityMap(layer)
      for (let i = 0; i < 4; i++) layer.call(signals(i, 2, 3))
      seen.push((await map.read()).layers[0]!.columns.flatMap(({ logS }) => [...logS]))
    }
    expect(seen[1]).toEqual(seen[0])
  })
})

describe('sensitivities', () => {
  test.prop([fc.integer({ min: 0, max: 999 }), fc.integer({ min: 1, max: 6 })])(
    'of a firing are the means over its samples, and S is the log-sensitivity of the layer',
    async (seed, batch) => {
      const layer = layerOf(3, 4, seed)
      const map = new SensitivityMap(layer)
      const { firings } = observe(layer, () => layer.call(signals(seed, batch, 3)))
      const s = sensitivities(firings[0]!.firing).mean(0)
      const [column] = (await map.read()).layers[0]!.columns
      expect(gap([...column!.logS], numbers(s.log()))).toBeLessThan(1e-12)
      expect(column!.logSensitivity).toBeCloseTo(numbers(logSensitivity(s))[0]!, 12)
    },
  )

  test('of a recurrent layer are kept by firing, or by step of its sequences', async () => {
    const rnn = new RNN(2, 3, { key: key(1), dtype: 'float64' })
    const [whole, steps] = [new SensitivityMap(rnn), new SensitivityMap(rnn, { sequences: true })]
    const sequence = signals(1, 5, 2, 2)
    rnn.call(sequence)
    const byStep = (await steps.read()).layers[0]!.columns
    expect((await whole.read()).layers[0]!.columns).toHaveLength(1)
    expect(byStep.map(({ at }) => at)).toEqual([0, 1, 2, 3, 4])
    let state = zeros([2, 3], { dtype: 'float64' })
    for (const [t, { logS }] of byStep.entries()) {
      const { result, firings } = observe(rnn, () => rnn.step(state, sequence.slice(t)))
      state = result
      expect(gap([...logS], numbers(sensitivities(firings[0]!.firing).mean(0).log()))).toBeLessThan(1e-12)
    }
  })

  test.prop([
    fc.integer({ min: 1, max: 5 }),
    fc.integer({ min: 0, max: 12 }),
    fc.integer({ min: 1, max: 3 }),
  ])('are kept for the last firings only, and what is not is counted', async (keep, passes, every) => {
    const layer = layerOf(2, 2, 1)
    const map = new SensitivityMap(layer, { keep, every })
    for (let i = 0; i < passes; i++) layer.call(signals(i, 1, 2))
    const { columns, dropped } = (await map.read()).layers[0]!
    const looked = Array.from({ length: passes }, (_, i) => i).filter(i => i % every === 0)
    expect(columns.map(({ at }) => at)).toEqual(looked.slice(-keep))
    expect(dropped).toBe(Math.max(looked.length - keep, 0))
  })

  test('of 0 are -∞ and dead, and of no samples there are none', async () => {
    const layer = new Dense(2, 3, { key: key(1), activation: relu, bias: initialise.constant(-99) })
    const map = new SensitivityMap(layer)
    layer.call(normal(key(1), [4, 2]))
    layer.call(zeros([0, 2]))
    const { columns } = (await map.read()).layers[0]!
    expect(columns).toHaveLength(1)
    expect([...columns[0]!.logS]).toEqual(Array(3).fill(Number.NEGATIVE_INFINITY))
    expect(columns[0]).toMatchObject({ dead: 3, logSensitivity: Number.NEGATIVE_INFINITY, from: 'recorded' })
    expect(formatSensitivities(await map.read())).toMatch(/Dense +1 +-inf +0 +0 +0 +0 +0 +3 of 3/)
  })
})

describe('saturation', () => {
  const layers = { relu, tanh, sigmoid } as const
  const isFlat = {
    relu: (y: number) => y === 0,
    tanh: (y: number) => Math.abs(y) > 0.99,
    sigmoid: (y: number) => y < 0.01 || y > 0.99,
  } as const

  test.prop([
    fc.constantFrom('relu', 'tanh', 'sigmoid'),
    fc.integer({ min: 0, max: 999 }),
    fc.integer({ min: 1, max: 4 }),
  ])(
    'is the share of outputs that have gone flat, and the dead are flat at every sample since',
    async (name, seed, passes) => {
      const layer = new Dense(2, 6, {
        key: key(seed),
        dtype: 'float64',
        activation: layers[name],
        weight: initialise.gaussian(4),
        bias: initialise.gaussianOf(2),
      })
      const saturation = new Saturation(layer)
      const outputs = Array.from({ length: passes }, (_, i) => {
        const y = numbers(layer.call(signals(seed + i, 2, 2)))
        return [y.slice(0, 6), y.slice(6)].map(sample => sample.map(isFlat[name]))
      })
      const { neurons, dead, samples } = (await saturation.report()).layers[0]!
      expect(samples).toBe(2 * passes)
      for (let i = 0; i < 6; i++) {
        const share = outputs.flat().filter(sample => sample[i]).length / (2 * passes)
        expect(neurons[i]).toBeCloseTo(share, 12)
        const alive = outputs.findLastIndex(samples => samples.some(sample => !sample[i]))
        const found = dead.find(({ neuron }) => neuron === i)
        expect(found?.since).toBe(alive === passes - 1 ? undefined : alive + 1)
      }
    },
  )

  test('says by how much a dead neuron would have to move', async () => {
    const layer = new Dense(1, 1, {
      key: key(1),
      dtype: 'float64',
      activation: relu,
      weight: initialise.constant(1),
      bias: initialise.constant(-3),
    })
    const saturation = new Saturation(layer)
    layer.call(f64([[1], [2.5]]))
    expect((await saturation.report()).layers[0]!.dead).toEqual([{ neuron: 0, since: 0, margin: 0.5 }])
    expect(formatSaturation(await saturation.report())).toContain(
      'dead are 0 (from the start, U 0.500 beyond)',
    )
    layer.call(f64([[4]]))
    layer.call(f64([[1]]))
    expect((await saturation.report()).layers[0]!.dead).toEqual([{ neuron: 0, since: 2, margin: 2 }])
  })

  test('has no rule for activations that never go flat, but for one that is given', async () => {
    const layer = new Dense(2, 2, {
      key: key(1),
      activation: activations.gelu,
      bias: initialise.constant(-99),
    })
    const [bare, ruled] = [
      new Saturation(layer),
      new Saturation(layer, { rules: { gelu: { text: 'U < -4', margin: u => u.neg().sub(4) } } }),
    ]
    layer.call(normal(key(1), [3, 2]))
    expect((await bare.report()).layers[0]).toMatchObject({ activation: 'gelu', firings: 1, dead: [] })
    expect(formatSaturation(await bare.report())).toMatch(/gelu +no rule/)
    expect((await ruled.report()).layers[0]).toMatchObject({
      rule: 'U < -4',
      flat: 1,
      dead: [{ neuron: 0 }, { neuron: 1 }],
    })
  })

  test.each(Object.entries(flatRules))(
    'of %s begins where its margin is 0: the slope is small beyond, and larger within',
    (name, { margin }) => {
      const f = { ...activations, hardtanh: undefined }[name as 'tanh'] as typeof tanh | undefined
      const u = f64([-200, -0.3, 0.3, 200])
      const beyond = numbers(margin(u)).map(value => value >= 0)
      expect(beyond[3]! || beyond[0]!).toBe(true)
      expect(beyond[2]).toBe(false)
      if (f === undefined) return
      const slopes = numbers(f.slope(u, f(u)))
      expect(slopes.filter((_, i) => beyond[i]).every(slope => Math.abs(slope) < 0.02)).toBe(true)
    },
  )
})

describe('what cannot be watched is refused', () => {
  test.each([
    ['no module', () => new SensitivityMap(7 as never), 'SensitivityMap: 7 is no module'],
    [
      'no neurons',
      () => new Saturation(new Sequential((x: Tensor) => x)),
      'Saturation: Sequential has no neuron layers',
    ],
    ['nothing kept', () => new SensitivityMap(pairOf(1), { keep: 0 }), 'SensitivityMap: keep is 0'],
    ['no interval', () => new SensitivityMap(pairOf(1), { every: 1.5 }), 'SensitivityMap: every is 1.5'],
    [
      'no counted',
      () => new SensitivityMap(pairOf(1), { counted: 'none' } as never as SensitivityMapOptions),
      "there is no counted: 'none'",
    ],
    [
      'no rule',
      () => new Saturation(pairOf(1), { rules: { tanh: {} as never } }),
      'Saturation: the rule of tanh is none',
    ],
  ] as const)('%s', (_, attempt, message) => {
    expect(attempt).toThrow(message)
  })
})
