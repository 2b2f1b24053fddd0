/** SAL on units of any kind: what the tape finds is what the closed form, and a Jacobian by brute force, find. */
import { fc, test } from '@fast-check/vitest'
import {
  type Activation,
  activations,
  Conv1d,
  type Counted,
  Dense,
  Gate,
  GRU,
  GRUCell,
  initialise,
  LSTMCell,
  type Module,
  MultiHeadAttention,
  neuron,
  Parameter,
  RNN,
  SAL,
  type SALMode,
  type SALOptions,
  sensitivity,
  type UnitAxis,
  type Units,
} from '@sensigrad/nn'
import { capture, grad, jacobian, key, type Tensor } from 'sensigrad'
import { describe, expect } from 'vitest'
import { rowNorms } from '../packages/nn/src/sensitivity/row-norms.ts'
import { everyActivation, gap, values } from './support/neurons.ts'
import { quietly, signals } from './support/sal.ts'

const numbersOf = (module: Module<never, unknown>) =>
  [...module.parameters().values()].flatMap(({ value }) => values(value))

describe('the closed form and the tape', () => {
  interface Scene {
    readonly inputs: number
    readonly neurons: number
    readonly batch: number
    readonly steps: number
    readonly seed: number
    readonly f: Activation
    readonly counted: Counted
    readonly mode: SALMode
  }
  const scenes = fc.record({
    inputs: fc.integer({ min: 1, max: 4 }),
    neurons: fc.integer({ min: 1, max: 5 }),
    batch: fc.integer({ min: 1, max: 3 }),
    steps: fc.integer({ min: 1, max: 3 }),
    seed: fc.nat({ max: 9999 }),
    f: fc.constantFrom(...Object.values(everyActivation)),
    counted: fc.constantFrom<Counted>('recurrent', 'all'),
    mode: fc.constantFrom<SALMode>('raise', 'both', 'proportional', 'always'),
  })

  /** A layer, and how the same layer is heard on the tape and fed. */
  type Kind = (scene: Scene) => {
    readonly layer: Module<never, unknown>
    readonly run: (pass: number, unit?: Units<never, unknown>) => void
    readonly taped: Units<never, unknown>
  }
  const random = (scene: Scene) => {
    const { gaussian, gaussianOf } = initialise
    return {
      key: key(scene.seed),
      dtype: 'float64',
      activation: scene.f,
      bias: gaussianOf(0.3),
      weight: gaussian(),
    } as const
  }
  const ofState = (scene: Scene) => {
    const { weight, ...rest } = random(scene)
    return { ...rest, recurrentWeight: weight, inputWeight: weight }
  }
  const step = (layer: RNN | Gate, { counted }: Scene) => {
    const { recurrentWeight, inputWeight, bias } = layer
    const moving = counted === 'all' ? [recurrentWeight, inputWeight!, bias] : [recurrentWeight, bias]
    return neuron((h: Tensor, x: Tensor) => (layer instanceof RNN ? layer.step(h, x) : layer.call(h, x)), {
      of: layer,
      parameters: moving,
      ...(counted === 'recurrent' && { inputs: [0] }),
    })
  }
  const kinds: Readonly<Record<string, Kind>> = {
    'a dense layer': scene => {
      const layer = new Dense(scene.inputs, scene.neurons, random(scene))
      const run = (pass: number) => void layer.call(signals(pass, scene.batch, scene.inputs))
      return { layer, run, taped: neuron(layer) }
    },
    'a dense layer over sequences': scene => {
      const layer = new Dense(scene.inputs, scene.neurons, random(scene))
      const run = (pass: number) => void layer.call(signals(pass, scene.steps, scene.batch, scene.inputs))
      return { layer, run, taped: neuron(layer) }
    },
    'a recurrent layer, step by step': scene => {
      const layer = new RNN(scene.inputs, scene.neurons, ofState(scene))
      const taped = step(layer, scene)
      const run = (pass: number) => {
        let state = signals(pass + 1, scene.batch, scene.neurons)
        for (let t = 0; t < scene.steps; t++)
          state = taped.call(state, signals(pass + 2 + t, scene.batch, scene.inputs))
      }
      return { layer, run, taped }
    },
    'a gate': scene => {
      const layer = new Gate(scene.inputs, scene.neurons, ofState(scene))
      const taped = step(layer, scene)
      const run = (pass: number) =>
        void taped.call(
          signals(pass + 1, scene.batch, scene.neurons),
          signals(pass, scene.batch, scene.inputs),
        )
      return { layer, run, taped }
    },
  }

  test.prop([scenes, fc.constantFrom(...Object.keys(kinds))], { numRuns: 20 })(
    'move the same layer alike, step after step',
    (scene, kind) => {
      const [closed, taped] = [kinds[kind]!(scene), kinds[kind]!(scene)]
      const options: SALOptions = { rate: 0.02, decay: 0.9, mode: scene.mode }
      const sals = [
        quietly(options).attach(closed.layer, { counted: scene.counted }),
        quietly(options).attach(taped.taped),
      ]
      for (let pass = 0; pass < 3; pass++) {
        closed.run(10 * pass)
        taped.run(10 * pass)
        for (const sal of sals) sal.adjust()
      }
      expect(gap(numbersOf(taped.layer), numbersOf(closed.layer))).toBeLessThan(1e-10)
      const [one, other] = [sals[0]!.of(closed.layer)!, sals[1]!.of(taped.taped)!]
      expect(gap(values(other.average), values(one.average))).toBeLessThan(1e-10)
    },
  )
})

/** ‖∂o/∂x‖ of each unit by brute force, for one sample, x being all of some inputs. */
function bruteForce(
  f: (inputs: readonly Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  components = 1,
): number[] {
  const parts = jacobian(f as (x: readonly Tensor[]) => Tensor)(inputs) as unknown as readonly Tensor[]
  const units = f(inputs).size / components
  const squares = Array<number>(units).fill(0)
  for (const part of parts) {
    const all = values(part)
    all.forEach((value, i) => {
      squares[Math.floor((i * units) / all.length)]! += value ** 2
    })
  }
  return squares.map(sum => Math.sqrt(sum / components))
}

const float64 = 'float64'
const options = { key: key(3), dtype: float64 } as const
const gru = new GRUCell(2, 4, options)
const lstm = new LSTMCell(2, 4, options)
const attention = new MultiHeadAttention(6, 2, options)
const dense = new Dense(5, 5, { ...options, activation: activations.tanh })
const tall = new Dense(2, 30, { ...options, activation: activations.tanh })
const [x, h, c] = [signals(1, 2), signals(2, 4), signals(3, 4)]

interface Case {
  readonly unit: () => Units<never, unknown>
  readonly pass: (unit: Units<never, unknown>) => void
  readonly expected: () => number[]
}
const call = (unit: unknown, ...inputs: readonly unknown[]) =>
  (unit as { call(...inputs: readonly unknown[]): unknown }).call(...inputs)

const cases: Readonly<Record<string, Case>> = {
  'a GRU cell, by x and h': {
    unit: () => neuron(gru),
    pass: unit => call(unit, x, h),
    expected: () => bruteForce(([x, h]) => gru.call(x!, h!), [x, h]),
  },
  'a GRU cell, by h': {
    unit: () => neuron(gru, { inputs: [1] }),
    pass: unit => call(unit, x, h),
    expected: () => bruteForce(([h]) => gru.call(x, h!), [h]),
  },
  'the candidate of a GRU': {
    unit: () => neuron(gru.candidate, { inputs: [0, 1] }),
    pass: () => gru.call(x, h),
    expected: () => bruteForce(([h_, x_]) => gru.candidate.call(h_!, x_!, gru.reset.call(h, x)), [h, x]),
  },
  'the output of an LSTM cell, by all that goes round': {
    unit: () =>
      neuron(lstm, { units: (x, state) => lstm.call(x, state).hidden, inputs: ['1.hidden', '1.cell'] }),
    pass: () => lstm.call(x, { hidden: h, cell: c }),
    expected: () =>
      bruteForce(([hidden, cell]) => lstm.call(x, { hidden: hidden!, cell: cell! }).hidden, [h, c]),
  },
  'a residual block as one unit': {
    unit: () => neuron((x: Tensor) => x.add(dense.call(x)), { of: dense, axes: ['component'] }),
    pass: unit => call(unit, signals(4, 5)),
    expected: () => bruteForce(([x]) => x!.add(dense.call(x!)), [signals(4, 5)], 5),
  },
  'a tall layer, whose columns are fewer than its rows': {
    unit: () => neuron(tall),
    pass: () => tall.call(x),
    expected: () => bruteForce(([x]) => tall.call(x!), [x]),
  },
}

describe('the sensitivity is ‖∂o/∂x‖ by brute force of', () => {
  test.each(Object.entries(cases))('%s', (_, { unit, pass, expected }) => {
    const units = unit()
    const sal = quietly({ rate: Number.MIN_VALUE }).attach(units)
    pass(units)
    sal.adjust()
    expect(gap(values(sal.of(units)!.sensitivity), expected())).toBeLessThan(1e-12)
  })

  test('attention heads, whose positions see each other', () => {
    const sequence = signals(5, 3, 6)
    const heads = neuron(attention, {
      units: x => attention.heads(x),
      axes: ['position', 'unit', 'component'],
    })
    const sal = quietly({ rate: Number.MIN_VALUE }).attach(heads)
    attention.call(sequence)
    sal.adjust()
    const each = bruteForce(([x]) => attention.heads(x!), [sequence], 3) // [time, heads]
    const expected = [0, 1].map(head => (each[head]! + each[2 + head]! + each[4 + head]!) / 3)
    expect(gap(values(sal.of(heads)!.sensitivity), expected)).toBeLessThan(1e-12)
  })

  test('a unit of one number, as sensitivity() has it', () => {
    const w = new Parameter(signals(6, 4))
    const unit = neuron((x: Tensor) => x.sub(w.value).square().sum().neg().exp(), { parameters: [w] })
    const sal = quietly({ rate: Number.MIN_VALUE }).attach(unit)
    const point = signals(7, 4).mul(0.1)
    unit.call(point)
    sal.adjust()
    const expected = sensitivity((x: Tensor) => unit.call(x), point)
    expect(gap(values(sal.of(unit)!.sensitivity), values(expected))).toBeLessThan(1e-13)
  })
})

test('a captured adjustment from the tape is the eager one', () => {
  const [eager, captured] = [false, true].map(isCaptured => {
    const cell = new GRUCell(2, 4, options)
    const sal = quietly({ rate: 0.02, decay: 0.9, mode: 'both' }).attach(neuron(cell))
    const body = (x: Tensor, h: Tensor) => {
      cell.call(x, h)
      cell.call(x.neg(), h)
      sal.adjust()
    }
    const step = isCaptured ? capture(body) : body
    for (let pass = 0; pass < 5; pass++) step(signals(pass, 3, 2), signals(pass + 9, 3, 4))
    return numbersOf(cell)
  })
  expect(gap(captured!, eager!)).toBeLessThan(1e-13)
})

describe('units that are too many for one sweep are swept in parts, with the same numbers', () => {
  test.each([
    ['by rows', 5, 3],
    ['by columns', 3, 5],
  ])('%s', (_, inputs, outputs) => {
    const x = signals(11, 4, inputs)
    const layout = { samples: [4], named: [outputs], axes: ['unit'] } as const
    const [whole, parts] = [1e6, 1].map(most => {
      const norms = (w: Tensor) =>
        rowNorms(
          ([x]) => (x as Tensor).matmul(w).tanh(),
          [x],
          layout,
          () => true,
          most,
        )
      const w = signals(12, inputs, outputs)
      return [...values(norms(w)), ...values(grad((w: Tensor) => norms(w).sum())(w))]
    })
    expect(gap(parts!, whole!)).toBeLessThan(1e-14)
  })
})

describe('200 captured adjustments bring every average to 0.95 or more of', () => {
  const climbed = (heard: Module<never, unknown>, pass: () => unknown) => {
    const sal = new SAL({ rate: 0.1, decay: 0 }).attach(heard)
    const step = capture(() => {
      pass()
      sal.adjust()
    })
    for (let call = 0; call < 200; call++) step()
    return Math.min(...values(sal.of(heard)!.average))
  }
  const [xs, hs, cs] = [signals(8, 6, 2), signals(9, 6, 4).mul(0.3), signals(10, 6, 4).mul(0.3)]

  test('a GRU cell', () => {
    const cell = new GRUCell(2, 4, options)
    expect(climbed(neuron(cell), () => cell.call(xs, hs))).toBeGreaterThan(0.95)
  })

  test('the output of an LSTM cell', () => {
    const cell = new LSTMCell(2, 4, options)
    const hidden = neuron(cell, { units: (x, state) => cell.call(x, state).hidden })
    expect(climbed(hidden, () => cell.call(xs, { hidden: hs, cell: cs }))).toBeGreaterThan(0.95)
  })

  test('a GRU in a loop that is captured, by what goes round in its cell', () => {
    const layer = new GRU(2, 4, options)
    const sequence = signals(8, 4, 3, 2)
    expect(climbed(neuron(layer.cell, { inputs: [1] }), () => layer.call(sequence))).toBeGreaterThan(0.95)
  })

  test('attention heads', () => {
    const layer = new MultiHeadAttention(4, 2, options)
    const axes: UnitAxis[] = ['position', 'unit', 'component']
    const heads = neuron(layer, { units: x => layer.heads(x), axes })
    expect(climbed(heads, () => layer.call(hs))).toBeGreaterThan(0.95)
  })

  test('a block as one unit', () => {
    const layer = new Dense(4, 4, { ...options, activation: activations.tanh })
    expect(climbed(neuron(layer, { axes: ['component'] }), () => layer.call(hs))).toBeGreaterThan(0.95)
  })

  test('the channels of a convolution, in closed form', () => {
    const images = signals(4, 2, 2, 6).mul(0.3)
    const layer = new Conv1d(2, 3, 3, { ...options, activation: activations.tanh })
    expect(climbed(layer, () => layer.call(images))).toBeGreaterThan(0.95)
  })
})
