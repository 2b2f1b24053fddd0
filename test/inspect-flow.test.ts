/** Gradient flow: each layer and each step of time has the gradient that it has, by another way of taking it. */
import { fc, test } from '@fast-check/vitest'
import { formatFlow, gradientFlow, jacobianCost, jacobianSpectrum, layerSpectrum } from '@sensigrad/inspect'
import { singularValues } from '@sensigrad/linalg'
import { activations, Dense, initialise, Module, meanSquaredError, RNN, Sequential } from '@sensigrad/nn'
import { concat, grad, key, normal, record, type Tensor, withScope, zeros } from 'sensigrad'
import { describe, expect } from 'vitest'
import { passagesOf } from '../packages/inspect/src/flow/passages.ts'
import { gap, numbers } from './support/backend.ts'
import { layerOf, pairOf, signals } from './support/sal.ts'

const { identity, relu } = activations
const square = (x: Tensor): Tensor => x.square().sum()
const rmsOf = (x: Tensor): number => Math.sqrt(numbers(x).reduce((sum, v) => sum + v * v, 0) / x.size)

const stacks = fc
  .tuple(
    fc.integer({ min: 0, max: 999 }),
    fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 2, maxLength: 5 }),
  )
  .map(([seed, sizes]) => sizes.slice(1).map((size, i) => layerOf(sizes[i]!, size, seed + i)))

/** RNNs step by step: in a loop of one's own, and by `scan`. */
class Looped extends Module {
  readonly rnn: RNN
  constructor(rnn: RNN) {
    super()
    this.rnn = rnn
  }
  forward(sequence: Tensor): Tensor {
    let state = zeros([sequence.shape[1]!, this.rnn.neurons], { dtype: 'float64' })
    for (let t = 0; t < sequence.shape[0]!; t++) state = this.rnn.step(state, sequence.slice(t))
    return state
  }
}
class Scanned extends Looped {
  override forward(sequence: Tensor): Tensor {
    return this.rnn.call(sequence).state
  }
}
const rnnOf = (seed: number): RNN =>
  new RNN(2, 3, { key: key(seed), dtype: 'float64', recurrentWeight: initialise.gaussian(0.9) })

describe('layers', () => {
  test.prop([stacks, fc.integer({ min: 1, max: 4 })], { numRuns: 40 })(
    'have the gradient that the layers after them pull back',
    async (layers, batch) => {
      const x = signals(1, batch, layers[0]!.inputs)
      const { rows } = await gradientFlow(record(x => square(new Sequential(...layers).call(x)), x))
      expect(rows.map(({ layer }) => layer)).toEqual(layers.map((_, i) => `layers.${i}`))
      let output = x
      for (const [i, row] of rows.entries()) {
        output = layers[i]!.call(output)
        const after = layers.slice(i + 1)
        const gradient = grad((h: Tensor) => square(after.reduce((h, layer) => layer.call(h), h)))(output)
        expect(gap([row.value.rms, row.gradient!.rms], [rmsOf(output), rmsOf(gradient)])).toBeLessThan(1e-12)
      }
    },
  )

  test.prop([stacks])('multiply: their gains add up to that of the whole', async layers => {
    const x = signals(1, 3, layers[0]!.inputs)
    const model = new Sequential(...layers)
    const { rows } = await gradientFlow(record(x => square(model.call(x)), x))
    const whole = Math.log10(
      rmsOf(grad((x: Tensor) => square(model.call(x)))(x)) / rows.at(-1)!.gradient!.rms,
    )
    expect(rows.reduce((sum, { gain }) => sum + gain!, 0)).toBeCloseTo(whole, 10)
  })

  test('are seen alike from the parameters of a module and from its input', async () => {
    const model = pairOf(7)
    const x = signals(1, 5, 3)
    const loss = (x: Tensor) => square(model.call(x))
    const [ofModule, ofInput] = [
      await gradientFlow(model, () => loss(x)),
      await gradientFlow(record(loss, x)),
    ]
    const seen = ({ rows }: typeof ofInput) => rows.map(({ value, gradient }) => [value, gradient])
    expect(seen(ofModule)).toEqual(seen(ofInput))
    expect(ofModule.rows[0]).not.toHaveProperty('gain') // nothing pulls back to x
    expect(ofModule.rows[1]!.gain).toBe(ofInput.rows[1]!.gain)
  })

  test('fold at a depth, an index with its name', async () => {
    const model = new Sequential(pairOf(1), layerOf(2, 2, 3))
    const tape = record(x => square(model.call(x)), signals(1, 2, 3))
    const at = async (depth?: number) =>
      (await gradientFlow(tape, depth === undefined ? {} : { depth })).rows.map(({ layer }) => layer)
    expect(await at()).toEqual(['layers.0.layers.0', 'layers.0.layers.1', 'layers.1'])
    expect(await at(1)).toEqual(['layers.0', 'layers.1'])
  })

  test('through which no gradient comes have a gain of -∞, and one that leads nowhere has no gradient', async () => {
    const dead = new Dense(3, 3, {
      key: key(1),
      dtype: 'float64',
      activation: relu,
      bias: initialise.constant(-99),
    })
    const x = signals(1, 4, 3)
    const f = (x: Tensor) => {
      const useless = withScope('useless', () => x.exp())
      return withScope('first', () => x.mul(2))
        .add(useless.stopGradient())
        .add(dead.call(x).mul(0))
        .sum()
    }
    const { rows } = await gradientFlow(record(f, x))
    expect(rows.map(({ layer }) => layer)).toEqual(['first'])
    const model = new Sequential(layerOf(3, 3, 1), dead, layerOf(3, 3, 2))
    const [, second] = (await gradientFlow(record(x => square(model.call(x)), x))).rows
    expect(second!.gain).toBe(Number.NEGATIVE_INFINITY)
    const vanished = (await gradientFlow(record(x => square(model.call(x)), x))).rows[0]!
    expect(vanished.gradient).toMatchObject({ rms: 0, zeros: 12 })
  })

  test.prop([fc.integer({ min: 0, max: 99 })], { numRuns: 20 })(
    'that are orthogonal stretch nothing, whatever the tangents',
    async seed => {
      const layer = new Dense(4, 4, {
        key: key(seed),
        dtype: 'float64',
        activation: identity,
        weight: initialise.orthogonal(),
      })
      const model = new Sequential(layer)
      const { rows } = await gradientFlow(
        record(x => square(model.call(x)), signals(2, 3, 4)),
        {
          tangents: { samples: 2, key: key(seed) },
        },
      )
      expect(rows[0]!.stretch).toBeCloseTo(0, 12)
      expect(rows[0]!.gain).toBeCloseTo(0, 12)
    },
  )

  test('stretch by the root of the mean square of their singular values', async () => {
    const model = new Sequential(layerOf(6, 5, 3))
    const tape = record(x => square(model.call(x)), signals(2, 1, 6))
    const { rows } = await gradientFlow(tape, { tangents: { samples: 1500, key: key(1) } })
    const { stretch } = await layerSpectrum(tape, 'layers.0')
    expect(Math.abs(10 ** rows[0]!.stretch! / stretch - 1)).toBeLessThan(0.05)
  })
})

describe('steps of time', () => {
  test.prop([fc.integer({ min: 0, max: 99 }), fc.integer({ min: 3, max: 7 })], { numRuns: 20 })(
    'are told apart in a loop of one’s own as by scan, with the gradients that they have',
    async (seed, length) => {
      const sequence = signals(seed, length, 2, 2)
      const rnn = rnnOf(seed)
      for (const model of [new Looped(rnn), new Scanned(rnn)]) {
        const { rows } = await gradientFlow(model, () => square(model.call(sequence)))
        expect(rows.map(({ layer, step }) => [layer, step])).toEqual(
          Array.from({ length }, (_, t) => ['rnn', t]),
        )
        let state = zeros([2, 3], { dtype: 'float64' })
        for (const [t, row] of rows.entries()) {
          state = rnn.step(state, sequence.slice(t))
          const rest = (h: Tensor) => {
            for (let later = t + 1; later < length; later++) h = rnn.step(h, sequence.slice(later))
            return square(h)
          }
          expect(gap([row.gradient!.rms], [rmsOf(grad(rest)(state))])).toBeLessThan(1e-12)
        }
      }
    },
  )

  test('are told apart where only the sequence is recorded, and the first step reads a constant state', async () => {
    const model = new Looped(rnnOf(3))
    const { rows } = await gradientFlow(record(x => square(model.call(x)), signals(1, 5, 2, 2)))
    expect(rows.map(({ step }) => step)).toEqual([0, 1, 2, 3, 4])
  })

  test('are no steps where a layer merely holds two sums', () => {
    const twice = (x: Tensor) => withScope('block', () => x.exp().add(x).sin().mul(x))
    expect(passagesOf(record(twice, signals(1, 2))).map(({ step }) => step)).toEqual([undefined])
  })
})

describe('singular values of Jacobians', () => {
  const matrices = fc.tuple(
    fc.integer({ min: 1, max: 5 }),
    fc.integer({ min: 1, max: 5 }),
    fc.integer({ min: 0, max: 99 }),
  )

  test.prop([matrices])(
    'of a linear map are those of its matrix, swept in whichever mode is shorter',
    async ([rows, columns, seed]) => {
      const w = signals(seed, rows, columns)
      const spectrum = await jacobianSpectrum(x => w.matmul(x), signals(1, columns))
      expect(gap(spectrum.singularValues, numbers(singularValues(w)))).toBeLessThan(1e-12)
      expect(spectrum).toMatchObject({ rows, columns, mode: columns < rows ? 'forward' : 'reverse' })
      expect(spectrum.sweeps).toBe(Math.min(rows, columns))
    },
  )

  test('of one layer of a tape are those of the layer where it is', async () => {
    const [first, second] = [layerOf(3, 4, 1), layerOf(4, 5, 2)]
    const x = signals(1, 1, 3)
    const tape = record(x => square(new Sequential(first, second).call(x)), x)
    const here = await layerSpectrum(tape, 'layers.1')
    const alone = await jacobianSpectrum(h => second.call(h), first.call(x))
    expect(gap(here.singularValues, alone.singularValues)).toBeLessThan(1e-12)
  })

  test('of one step of time, by its state and its input', async () => {
    const model = new Looped(rnnOf(5))
    const sequence = signals(1, 4, 1, 2)
    const step = await layerSpectrum(
      record(x => square(model.call(x)), sequence),
      'rnn',
      { step: 2 },
    )
    const before = model.call(sequence.slice([0, 2]))
    const both = concat([before, sequence.slice(2)], 1)
    const alone = (z: Tensor) => model.rnn.step(z.slice(null, [0, 3]), z.slice(null, [3, 5]))
    expect(gap(step.singularValues, (await jacobianSpectrum(alone, both)).singularValues)).toBeLessThan(1e-12)
  })

  test('are refused, with what they would take, beyond the limit', async () => {
    const x = zeros([40, 40])
    expect(jacobianCost(x => x.exp(), x)).toMatchObject({
      rows: 1600,
      columns: 1600,
      sweeps: 1600,
      bytes: 8 * 1600 ** 2,
    })
    await expect(jacobianSpectrum(x => x.exp(), x)).rejects.toThrow(
      'jacobianSpectrum: the Jacobian has 1,600 × 1,600, 20 MB, 1,600 reverse sweeps over 2 entries: more than 1,048,576 elements. Take fewer samples or fewer outputs, or say { limit: 2560000 }',
    )
  })
})

describe('text', () => {
  test('keeps to its width, escapes names, and says where the gradient vanished', async () => {
    const name = `a \u001b[31mred\u0007 name ${'x'.repeat(200)}`
    const dead = new Dense(3, 3, { key: key(1), activation: relu, bias: initialise.constant(-99) })
    const f = (x: Tensor) => withScope('last', () => dead.call(withScope(name, () => x.tanh()))).sum()
    const text = formatFlow(await gradientFlow(record(f, normal(key(1), [2, 3]))), { columns: 80 })
    expect([...text].filter(sign => sign < ' ' && sign !== '\n')).toEqual([])
    expect(text).toMatch(/^ {2}last +\[2, 3\] +0 +1\.0e\+00 +-∞ +0%$/m)
    expect(
      text
        .split('\n')
        .slice(0, 3)
        .every(line => line.length <= 80),
    ).toBe(true)
    expect(text).toContain('● the gradient is exactly 0: ')
  })

  test('shows a few of many steps, and how fast the gradient changes back in time', async () => {
    const model = new Scanned(rnnOf(1))
    const text = formatFlow(await gradientFlow(model, () => square(model.call(signals(1, 50, 1, 2)))))
    expect(text.match(/^ {2}rnn +\d+/gm)).toHaveLength(5)
    expect(text).toMatch(
      /● rnn: the gradient changes by -\d\.\d\d decades a step, back in time\n {2}● 45 rows not shown/,
    )
  })
})

describe('what is no flow is refused', () => {
  const x = signals(1, 2, 3)
  const layer = layerOf(3, 2, 1)
  const model = new Sequential(layer)
  const tape = record(x => square(model.call(x)), x)

  test.each([
    [
      'no module in it',
      () => gradientFlow(record(square, x)),
      'gradientFlow: no entry of the tape was made in a module',
    ],
    [
      'no tape',
      () => gradientFlow(7 as never),
      'gradientFlow: it was given 7, which is neither a tape nor a module',
    ],
    ['no loss', () => gradientFlow(layer, undefined as never), 'gradientFlow: the loss is undefined'],
    ['no depth', () => gradientFlow(tape, { depth: 0 }), 'gradientFlow: the depth is 0'],
    [
      'no tangents',
      () => gradientFlow(tape, { tangents: { samples: 0, key: key(1) } }),
      '0 is no number of tangents',
    ],
    [
      'no key',
      () => gradientFlow(tape, { tangents: { samples: 1, key: 7 as never } }),
      'the key of the tangents is 7',
    ],
    [
      'no such layer',
      () => layerSpectrum(tape, 'layers.7'),
      'layerSpectrum: the tape has no layer layers.7. It has layers.0',
    ],
    [
      'no such step',
      () => layerSpectrum(tape, 'layers.0', { step: 3 }),
      'layerSpectrum: layers.0 has no step 3',
    ],
    [
      'nothing that comes in',
      () =>
        layerSpectrum(
          record(
            (...w) => square(meanSquaredError(model.call(x), w[0]!)),
            zeros([2, 2], { dtype: 'float64' }),
          ),
          'layers.0',
        ),
      'no entry of the tape was made in a module',
    ],
  ] as const)('%s', async (_, attempt, message) => {
    await expect(attempt()).rejects.toThrow(message)
  })
})
