/** The laws of a ring: one layer is a recurrent layer, S adds up over the layers, and no neuron has a place of its own. */
import { fc, test as lawTest } from '@fast-check/vitest'
import { foldIn, gather, type Key, key, normal, splitKey, tensor, uniform } from '@sensigrad/core'
import { maxLyapunov } from '@sensigrad/dynamics'
import {
  type Dense,
  initialise,
  logSensitivity,
  observe,
  type Parameter,
  RNN,
  SAL,
  sensitivities,
} from '@sensigrad/nn'
import { expect, test, vi } from 'vitest'
import { runExperiment } from './experiment.ts'
import { measure } from './measure.ts'
import { dtype, Ring } from './ring.ts'
import { defaults, type Probe, type Settings } from './settings.ts'

vi.setConfig({ testTimeout: 30_000 }) // generous: a busy machine is no failure

const tiny = {
  ...defaults,
  size: 5,
  steps: 30,
  probeEvery: 30,
  rate: 5e-3,
  decay: 0.9,
  transient: 10,
  window: 25,
}

async function probes(changes: Partial<Settings>, seed = 1): Promise<Probe[]> {
  const events = { probe: () => {}, progress: () => {}, stopped: () => false }
  return (await runExperiment({ ...tiny, ...changes }, seed, events)).probes
}

/** ½ ln of the mean square of each layer's sensitivities. */
const layerLogs = (s: readonly number[], size = tiny.size): number[] =>
  Array.from({ length: s.length / size }, (_, layer) => {
    const squares = s.slice(layer * size, (layer + 1) * size).map(x => x * x)
    return Math.log(squares.reduce((sum, x) => sum + x) / size) / 2
  })

test('a ring of one layer is a recurrent layer, step by step', async () => {
  const { size, gain, rate, decay, noise, steps, transient, window } = tiny
  const [weightKey, stateKey, noiseKey, tangentKey] = splitKey(key(7), 4) as [Key, Key, Key, Key]
  const rnn = new RNN(0, size, {
    key: weightKey,
    dtype,
    recurrentWeight: initialise.gaussian(gain),
    bias: initialise.gaussianOf(0.1),
  })
  const sal = new SAL({ rate, decay }).attach(rnn)
  let state = uniform(stateKey, [size], { low: -1, high: 1, dtype })
  for (let step = 0; step < steps; step++) {
    state = rnn.step(state).add(normal(foldIn(noiseKey, step), [size], { deviation: noise, dtype }))
    sal.adjust()
  }
  const averages = [...(await sal.of(rnn)!.average.data())]
  sal.detach(rnn)
  const options = { transient, steps: window, key: tangentKey }
  const { exponent } = await maxLyapunov(x => rnn.step(x), state, options)
  for (let step = 0; step < transient; step++) state = rnn.step(state)
  const { firings } = observe(rnn, () => {
    for (let step = 0; step < window; step++) state = rnn.step(state)
  })
  const s = logSensitivity(firings.map(({ firing }) => sensitivities(firing)))

  const last = (await probes({ bias: 0.1 }, 7)).at(-1)!
  expect(last.averages).toEqual(averages)
  expect(last.lyapunov).toBe(exponent)
  expect(last.logSensitivity).toBeCloseTo(await s.item(), 12)
})

test('S of a ring is the sum of the log-sensitivities of its layers', async () => {
  for (const { logSensitivity, sensitivities } of await probes({ layers: 3 })) {
    const logs = layerLogs(sensitivities)
    expect(logs).toHaveLength(3)
    expect(logSensitivity).toBeCloseTo(
      logs.reduce((sum, log) => sum + log),
      12,
    )
  }
})

test('SAL raises every layer of a ring', async () => {
  const [first, last] = await probes({ layers: 3 })
  const [before, after] = [first!, last!].map(({ sensitivities }) => layerLogs(sensitivities))
  expect(first!.averages).toBeNull()
  expect(last!.averages).toHaveLength(3 * tiny.size)
  for (const [layer, log] of after!.entries()) expect(log).toBeGreaterThan(before![layer]! + 0.1)
})

test('while the state is small, λ is the logarithm of the spectral radius of a whole revolution', async () => {
  const small = {
    layers: 3,
    gain: 0.8,
    rate: 0,
    noise: 0,
    steps: 1,
    probeEvery: 1,
    transient: 100,
    window: 400,
  }
  for (const seed of [1, 2, 3]) {
    const { lyapunov, spectralRadius } = (await probes(small, seed))[0]!
    expect(Math.abs(lyapunov - Math.log(spectralRadius))).toBeLessThan(0.02)
  }
})

const orders = fc.shuffledSubarray([0, 1, 2, 3, 4], { minLength: 5 })
lawTest.prop([fc.nat(1000), fc.constantFrom(0, 1), orders], { numRuns: 8 })(
  'the order of the neurons in a layer changes nothing',
  async (seed, layer, order) => {
    const plain = new Ring({ ...tiny, layers: 3, bias: 0.1 }, key(seed))
    const shuffled = new Ring({ ...tiny, layers: 3, bias: 0.1 }, key(seed))
    const [sender, receiver] = shuffled.layers.slice(layer) as [Dense, Dense]
    reorder(sender.weight, order, 0)
    reorder(sender.bias, order, 0)
    reorder(receiver.weight, order, 1)

    const [before, after] = [await grown(plain), await grown(shuffled)]
    const placed = [...before.sensitivities]
    for (const [to, from] of order.entries()) {
      placed[layer * tiny.size + to] = before.sensitivities[layer * tiny.size + from]!
    }
    for (const [neuron, s] of placed.entries()) expect(after.sensitivities[neuron]).toBeCloseTo(s, 10)
    for (const name of ['lyapunov', 'logSensitivity', 'spectralRadius', 'meanAbsState'] as const) {
      expect(after[name]).toBeCloseTo(before[name], 8)
    }
  },
)

function reorder(parameter: Parameter, order: readonly number[], axis: number): void {
  parameter.value = gather(parameter.value, tensor([...order], { dtype: 'int32' }), axis)
}

/** What a ring measures once SAL has acted on it for a while. */
async function grown(ring: Ring) {
  const sal = new SAL({ rate: tiny.rate, decay: tiny.decay }).attach(ring)
  let state = normal(key(1), [tiny.size], { dtype })
  for (let step = 0; step < 20; step++) {
    state = ring.call(state)
    sal.adjust()
  }
  sal.detach(ring)
  return measure(ring, state, key(2), tiny)
}
