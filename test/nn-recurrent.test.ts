/** Gated layers, both directions and stacks: PyTorch's numbers, the laws of time, and captured loops. */
import { fc, test } from '@fast-check/vitest'
import { capture, concat, flip, key, leavesOf, normal, type Tensor, zeros } from '@sensigrad/core'
import {
  Bidirectional,
  type BothWays,
  Dropout,
  GRU,
  GRUCell,
  initialise,
  LSTM,
  LSTMCell,
  type LSTMState,
  meanSquaredError,
  observe,
  type RecurrentLayer,
  RecurrentStack,
  RNN,
  SAL,
  SGD,
  stacked,
  valueAndGrad,
  valuesOf,
} from '@sensigrad/nn'
import { describe, expect } from 'vitest'
import { gap, numbers } from './support/backend.ts'
import { partings } from './support/capture.ts'
import { bits } from './support/neurons.ts'
import { read64, reference, type Written } from './support/reference.ts'

const draw = (seed: number, ...shape: number[]) => normal(key(seed), shape, { dtype: 'float64' })
const options = { key: key(7), dtype: 'float64' } as const
const layersOf = { RNN, GRU, LSTM } as const
type Kind = keyof typeof layersOf
const kinds = Object.keys(layersOf) as Kind[]
/** A layer of any kind: what its state is made of does not matter here. */
const make = (kind: Kind, inputs: number, neurons: number, seed = 7) =>
  new layersOf[kind](inputs, neurons, { key: key(seed), dtype: 'float64' }) as RecurrentLayer<Tensor>
const stack = (
  kind: Kind,
  inputs: number,
  neurons: number,
  of: { layers?: number; bidirectional?: boolean },
) =>
  stacked(layersOf[kind] as typeof GRU, inputs, neurons, {
    ...options,
    ...of,
  } as never) as unknown as RecurrentLayer<readonly Tensor[]>
const leaves = (tree: unknown) => leavesOf('test', tree as Tensor).map(({ tensor }) => tensor)

/** In which order PyTorch stacks the gates of a layer. */
const gates: Readonly<Record<Kind, readonly string[]>> = {
  RNN: [''],
  GRU: ['reset', 'update', 'candidate'],
  LSTM: ['input', 'forget', 'candidate', 'output'],
}

interface Case {
  readonly kind: Kind
  readonly bidirectional: boolean
  readonly parameters: Readonly<Record<string, Written>>
  readonly gradients: Readonly<Record<string, Written>>
  readonly sequence: Written
  readonly sequenceGradient: Written
  /** Of each part of the state, [layers and directions, batch, neurons]. */
  readonly initial: readonly Written[]
  readonly initialGradient: readonly Written[]
  readonly last: readonly Written[]
  readonly outputs: Written
  /** The weights of outputs and last states in the sum that is differentiated. */
  readonly pull: readonly Written[]
}
const { cases, ...size } = reference<{ layers: number; inputs: number; neurons: number; cases: Case[] }>(
  'recurrent',
)

/** What PyTorch says about the parameter at a path: a gate's share of a stack; a bias of ours is the sum of two. */
function ofTorch(kind: Kind, path: string, named: Readonly<Record<string, Written>>, isSum: boolean): Tensor {
  const [, layer, direction] = /layers\.(\d)\.(forwards|backwards)?/.exec(path)!
  const suffix = `l${layer}${direction === 'backwards' ? '_reverse' : ''}`
  const parts = path.split('.')
  const gate = Math.max(gates[kind].indexOf(parts.at(-2)!), 0)
  const share = (name: string) => {
    const whole = read64(named[`${name}_${suffix}`]!)
    const size = whole.shape[0]! / gates[kind].length
    return whole.slice([gate * size, (gate + 1) * size])
  }
  switch (parts.at(-1)) {
    case 'recurrentWeight':
      return share('weight_hh')
    case 'inputWeight':
      return share('weight_ih')
    case 'recurrentBias':
      return share('bias_hh')
    case 'inputBias':
      return share('bias_ih')
    default:
      return isSum ? share('bias_ih').add(share('bias_hh')) : share('bias_ih')
  }
}

/** Tensors of PyTorch, one a layer and direction along the first axis, as a state of ours. */
function stateOf(kind: Kind, isBoth: boolean, parts: readonly Tensor[]): unknown[] {
  const one = (i: number) => {
    const [hidden, cell] = parts.map(part => part.slice(i))
    return kind === 'LSTM' ? { hidden, cell } : hidden
  }
  return Array.from({ length: size.layers }, (_, layer) =>
    isBoth ? { forwards: one(2 * layer), backwards: one(2 * layer + 1) } : one(layer),
  )
}

describe.each(cases)('PyTorch computes the same: $kind, both directions: $bidirectional', torch => {
  const { kind, bidirectional } = torch
  const layer = stack(kind, size.inputs, size.neurons, { bidirectional, layers: size.layers })
  for (const [path, parameter] of layer.parameters()) {
    parameter.value = ofTorch(kind, path, torch.parameters, true)
  }
  const state = (written: readonly Written[]) =>
    stateOf(kind, bidirectional, written.map(read64)) as readonly Tensor[]
  const [sequence, initial] = [read64(torch.sequence), state(torch.initial)]
  const [pull, ...statePulls] = torch.pull.map(read64)
  const pulls = leaves(stateOf(kind, bidirectional, statePulls))
  const loss = (given: { sequence: Tensor; initial: readonly Tensor[] }) => {
    const run = layer.call(given.sequence, given.initial)
    return leaves(run.state).reduce(
      (sum, part, i) => sum.add(part.mul(pulls[i]!).sum()),
      run.outputs.mul(pull!).sum(),
    )
  }

  test('outputs and last states', () => {
    const run = layer.call(sequence, initial)
    expect(gap(numbers(run.outputs), torch.outputs.values)).toBeLessThan(1e-14)
    expect(gap(numbers(...leaves(run.state)), numbers(...leaves(state(torch.last))))).toBeLessThan(1e-14)
  })

  test('gradients by all weights', () => {
    const [, gradients] = valueAndGrad(layer, () => loss({ sequence, initial }))
    const wanted = Object.keys(gradients).map(path => ofTorch(kind, path, torch.gradients, false))
    expect(gap(numbers(...Object.values(gradients)), numbers(...wanted))).toBeLessThan(1e-13)
  })

  test('gradients by the sequence and the first states', () => {
    const [, found] = valueAndGrad(loss)({ sequence, initial })
    const wanted = [read64(torch.sequenceGradient), ...leaves(state(torch.initialGradient))]
    expect(gap(numbers(...leaves(found)), numbers(...wanted))).toBeLessThan(1e-13)
  })
})

const sizes = fc.record({
  kind: fc.constantFrom(...kinds),
  time: fc.integer({ min: 1, max: 4 }),
  batch: fc.integer({ min: 1, max: 3 }),
  inputs: fc.integer({ min: 1, max: 3 }),
  neurons: fc.integer({ min: 1, max: 3 }),
  seed: fc.nat(1000),
})
const settings = { numRuns: 25 }

describe('for layers of any kind and size', () => {
  test.prop([sizes], settings)('a batch is its sequences one by one', given => {
    const { kind, time, batch, inputs, neurons, seed } = given
    const layer = stack(kind, inputs, neurons, { layers: 2, bidirectional: true })
    const x = draw(seed, time, batch, inputs)
    const whole = layer.call(x).outputs
    const alone = Array.from({ length: batch }, (_, b) => numbers(layer.call(x.slice(null, b)).outputs))
    const parts = Array.from({ length: batch }, (_, b) => numbers(whole.slice(null, b)))
    expect(gap(alone.flat(), parts.flat())).toBeLessThan(1e-14)
  })

  test.prop([sizes], settings)('a sequence goes on from the state of its first part', given => {
    const { kind, time, inputs, neurons, seed } = given
    const layer = make(kind, inputs, neurons, seed)
    const x = draw(seed, time + 1, 2, inputs)
    const first = layer.call(x.slice([0, time]))
    const second = layer.call(x.slice([time, time + 1]), first.state)
    expect(bits(concat([first.outputs, second.outputs]))).toBe(bits(layer.call(x).outputs))
  })

  test.prop([sizes], settings)('turning time around exchanges the two directions', given => {
    const { kind, time, batch, inputs, neurons, seed } = given
    const [one, other] = [make(kind, inputs, neurons, seed), make(kind, inputs, neurons, seed + 1)]
    const x = draw(seed, time, batch, inputs)
    const there = new Bidirectional(one, other).call(x)
    const back = new Bidirectional(other, one).call(flip(x, 0))
    const [forwards, backwards] = [
      [0, neurons],
      [neurons, 2 * neurons],
    ].map(half => there.outputs.slice(null, null, half as [number, number]))
    expect(bits(flip(back.outputs, 0))).toBe(bits(concat([backwards!, forwards!], -1)))
    expect(leaves(back.state).map(bits)).toEqual(
      leaves({ forwards: there.state.backwards, backwards: there.state.forwards } as BothWays<Tensor>).map(
        bits,
      ),
    )
  })
})

describe('a captured step', () => {
  const trained = (kind: Kind) => {
    const layer = stack(kind, 2, 3, { layers: 2, bidirectional: true })
    const optimiser = new SGD({ rate: 0.1 })
    const step = (x: Tensor, y: Tensor) => {
      const [loss, gradients] = valueAndGrad(layer, () => meanSquaredError(layer.call(x).outputs, y))
      optimiser.update(layer, gradients)
      return loss
    }
    return { layer, step }
  }
  test.each(kinds)('trains a stack of %s as an eager one does', kind => {
    const [eager, captured] = [trained(kind), trained(kind)]
    const fast = capture(captured.step)
    const losses = [1, 2, 3, 4].map(call => {
      const [x, y] = [draw(call, 5, 3, 2), draw(call + 10, 5, 3, 6)]
      return gap(numbers(fast(x, y)), numbers(eager.step(x, y)))
    })
    expect(Math.max(...losses)).toBeLessThan(1e-12)
    expect(partings(valuesOf(captured.layer), valuesOf(eager.layer))).toEqual([])
    expect(fast.captures).toBe(1)
  })

  test('is no longer for more steps of time: the loop is one', () => {
    const lengths = [4, 40].map(time => {
      const lstm = new LSTM(2, 3, options)
      const fast = capture((x: Tensor) => lstm.call(x).outputs)
      fast(draw(1, time, 2))
      return String(fast).split('\n').length
    })
    expect(lengths[0]).toBe(lengths[1])
  })

  test('hears the gates that are listened to at each step of time', () => {
    const [eager, captured] = [0, 1].map(() => {
      const lstm = new LSTM(2, 3, options)
      const sal = new SAL({ rate: 1e-3, decay: 0.9 }).attach(lstm.forget)
      return {
        lstm,
        step: (x: Tensor) => {
          lstm.call(x)
          sal.adjust()
        },
      }
    })
    const fast = capture(captured!.step)
    for (let call = 0; call < 3; call++) {
      const x = draw(call, 4, 2, 2)
      eager!.step(x)
      fast(x)
    }
    expect(partings(valuesOf(captured!.lstm), valuesOf(eager!.lstm))).toEqual([])
    expect(bits(eager!.lstm.forget.bias.value)).not.toBe(bits(new LSTM(2, 3, options).forget.bias.value))
  })
})

test('each gate of an LSTM fires at each step of time', () => {
  const lstm = new LSTM(2, 3, options)
  const { firings } = observe(lstm, () => lstm.call(draw(1, 2, 5, 2)))
  const gates = ['cell.input', 'cell.candidate', 'cell.forget', 'cell.output']
  expect(firings.map(({ path }) => path)).toEqual([...gates, ...gates])
})

test('a forget gate with the bias 1 begins with it, and no other gate does', () => {
  const lstm = new LSTM(2, 3, { ...options, forgetBias: initialise.constant(1) })
  expect(numbers(lstm.forget.bias.value)).toEqual([1, 1, 1])
  expect(numbers(lstm.input.bias.value)).toEqual(numbers(new LSTM(2, 3, options).input.bias.value))
})

test('one state begins a whole batch', () => {
  const [gru, h] = [new GRU(2, 3, options), draw(2, 3)]
  const x = draw(1, 4, 5, 2)
  expect(bits(gru.call(x, h).outputs)).toBe(bits(gru.call(x, h.broadcastTo([5, 3])).outputs))
})

test('what lies between layers is passed by the outputs of all but the last', () => {
  const dropout = new Dropout(1, { key: key(3) })
  const [x, below] = [draw(1, 4, 2), new GRU(2, 3, options)]
  const above = new LSTM(3, 2, options)
  const two = new RecurrentStack<Tensor | LSTMState>([below, above] as never, { between: dropout })
  expect(bits(two.call(x).outputs)).toBe(bits(above.call(zeros([4, 3], { dtype: 'float64' })).outputs))
  dropout.eval()
  expect(bits(two.call(x).outputs)).toBe(bits(above.call(below.call(x).outputs).outputs))
})

/** Hands over what the types would refuse. */
const wrong = <Value>(value: unknown) => value as Value
const lstm = new LSTM(2, 3, options)
// biome-ignore format: a table
const refused: readonly [what: string, call: () => unknown, message: RegExp][] = [
  ['a tensor for the state of an LSTM', () => lstm.call(draw(1, 4, 2), wrong(draw(1, 3))), /^LSTM: the state is .*\. Give \{ hidden, cell \}/],
  ['a state without a memory', () => lstm.call(draw(1, 4, 2), wrong({ hidden: draw(1, 3), cell: 1 })), /^LSTM: the cell state is 1/],
  ['a state of another size', () => lstm.call(draw(1, 4, 2), { hidden: draw(1, 3), cell: draw(1, 4) }), /^LSTM: the cell state is float64\[4\], but the layer takes 3/],
  ['no state for a cell', () => new LSTMCell(2, 3, options).call(draw(1, 2), wrong(undefined)), /^LSTM: the state is undefined/],
  ['a sequence of another size', () => new GRU(2, 3, options).call(draw(1, 4, 3)), /^GRU: the sequence is float64\[4, 3\], but the layer takes 2/],
  ['one element for a sequence', () => new GRU(2, 3, options).call(draw(1, 2)), /^GRU: the sequence float64\[2\] has no steps/],
  ['a layer without inputs', () => new GRUCell(0, 3, options), /^GRU: it has no inputs/],
  ['a misspelt option', () => new GRU(2, 3, wrong({ ...options, forgetBias: 1 })), /^GRU: there is no option forgetBias/],
  ['no options', () => new LSTM(2, 3, wrong(undefined)), /^LSTM: there is no key/],
  ['half a layer', () => stacked(GRU, 2, 3, { ...options, layers: 1.5 }), /^stacked: the number of layers is 1\.5/],
  ['a direction', () => stacked(GRU, 2, 3, wrong({ ...options, bidirectional: 'both' })), /^stacked: bidirectional is 'both'/],
  ['a stack without a key', () => stacked(GRU, 2, 3, wrong(undefined)), /^stacked: the key is undefined/],
  ['an empty stack', () => new RecurrentStack([]), /^RecurrentStack: the list of layers is empty/],
  ['a state too few', () => stacked(GRU, 2, 3, { ...options, layers: 2 }).call(draw(1, 4, 2), [draw(1, 3)]), /^RecurrentStack: the state is a list of 1\. Give a list of 2/],
  ['one layer for two directions', () => new Bidirectional(lstm, wrong(undefined)), /^Bidirectional: undefined is no module/],
]
test.each(refused)('%s is refused', (_, call, message) => {
  expect(call).toThrow(message)
})
