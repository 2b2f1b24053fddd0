/** What a newcomer gives wrongly to layers, losses, optimisers, data and files, and the one line that answers. */
import { decodeNpy, encodeCheckpoint, encodeSafetensors, readCsv } from '@sensigrad/io'
import * as nn from '@sensigrad/nn'
import { key, normal, ones, SensigradError, type Stateful, scope, type Tensor, tanh, zeros } from 'sensigrad'
import { describe, expect, test } from 'vitest'

/** Hands over what the types would refuse. */
const wrong = <Value>(value: unknown) => value as Value

const seeded = { key: key(1) }
const dense = () => new nn.Dense(3, 2, seeded)
const rows = ones([4, 3])
const sequence = ones([5, 4, 3])
const promise = Promise.resolve({})

type Case = readonly [call: () => unknown, message: RegExp]
const refused = (name: string, cases: readonly Case[]) =>
  describe(name, () => {
    test.each(cases)('%s', (call, message) => {
      expect(call).toThrow(SensigradError)
      expect(call).toThrow(message)
      expect(call).toThrow(/^[\w.]+( in [\w.]+)?: [^\n]+\. [^\n]+$/)
    })
  })

refused('A layer refuses', [
  [
    () => new nn.Dense(3, 2, wrong({ ...seeded, activaton: tanh })),
    /^Dense: there is no option activaton\. There is key/,
  ],
  [() => new nn.RNN(3, 2, wrong({ ...seeded, layers: 2 })), /^RNN: there is no option layers\. There is key/],
  [() => new nn.Gate(3, 2, wrong({ ...seeded, gain: 2 })), /^Gate: there is no option gain\./],
  [() => new nn.LSTM(3, 2, wrong({ ...seeded, forgetBias: Number.NaN })), /NaN is no initialiser\. Give/],
  [
    () => new nn.TransformerEncoder(16, 2, wrong(2)),
    /^TransformerEncoder: the options are 2\. Give at least a key/,
  ],
  [
    () => new nn.Embedding(5, 2, { ...seeded, weight: wrong(zeros([5, 2])) }),
    /^Embedding: the weight is a Tensor\. Give an initialiser/,
  ],
  [
    () => new nn.Dropout(wrong(null), seeded),
    /^Dropout: the probability is null\. Give a number from 0 to 1$/,
  ],
  [
    () => new nn.MultiHeadAttention(4, 2, { ...seeded, dropout: wrong(null) }),
    /^Dropout: the probability is null\./,
  ],
  [() => new nn.MaxPool1d(0), /^MaxPool1d: the size is 0\. Give a whole number, 1 or more$/],
  [() => new nn.MaxPool2d(2, { stride: -1 }), /^MaxPool2d: the stride is -1\./],
  [() => new nn.MaxPool2d(2, { dilation: [1, 0.5] }), /^MaxPool2d: the dilation is \[1, 0\.5\]\./],
  [() => new nn.AveragePool2d(2, wrong(null)), /^AveragePool2d: the options are null\./],
  [() => new nn.AveragePool1d(2, { padding: wrong('same') }), /^AveragePool1d: the padding is 'same'\./],
  [
    () => new nn.AveragePool1d(2, { countPadding: wrong(0) }),
    /^AveragePool1d: countPadding is 0\. Give true or false$/,
  ],
  [
    () => new nn.Sequential(wrong([dense()])),
    /^Sequential: the parts are in a list\. .*new Sequential\(\.\.\.parts\)$/,
  ],
  [
    () => nn.stacked(wrong<typeof nn.LSTM>('LSTM'), 3, 2, seeded),
    /^stacked: the kind of layer is 'LSTM'\. Give a class/,
  ],
  [
    () =>
      nn.stacked(
        wrong<typeof nn.LSTM>(() => rows),
        3,
        2,
        seeded,
      ),
    /^stacked: the kind of layer is a function\. Give a class/,
  ],
  [
    () => nn.stacked(nn.LSTM, 3, 2, { ...seeded, between: wrong(null) }),
    /^RecurrentStack: null is no module\./,
  ],
  [
    () => nn.sinusoidalPositions(4, 4, { backend: wrong('wasm') }),
    /^tensor: 'wasm' is no backend\. Give one/,
  ],
  [() => nn.initialise.constant(wrong('1')), /^constant: the value is '1'\. Give a finite number$/],
  [() => nn.initialise.gaussian(wrong(true)), /^gaussian: the gain true is not ≥ 0 and finite\./],
  [() => nn.initialise.xavier(wrong(3n)), /^xavier: the gain 3n is not ≥ 0/],
  [() => nn.activation('cubic', wrong(undefined)), /^activation: cubic is undefined\. Give a function/],
  [
    () =>
      nn.activation(
        wrong((u: Tensor) => u),
        wrong(tanh),
      ),
    /^activation: the name is a function\. Give a text/,
  ],
])

refused('A call of a layer refuses', [
  [() => new nn.Sequential(dense()).call(wrong([1, 2, 3])), /^Dense in layers\.0: the input is an array\./],
  [
    () => new nn.LSTM(3, 2, seeded).call(sequence, wrong({})),
    /^LSTM: the state has no hidden\. Give \{ hidden, cell \}/,
  ],
  [
    () => new nn.LSTM(3, 2, seeded).call(sequence, wrong({ hidden: ones([4, 2]) })),
    /^LSTM: the state has no cell\./,
  ],
  [() => new nn.LSTM(3, 2, seeded).call(sequence, wrong(promise)), /^LSTM: the state is a Promise\./],
  [
    () => {
      const lstm = new nn.LSTM(3, 2, seeded)
      lstm.call(sequence, wrong(lstm.call(sequence))) // the run, not its state
    },
    /^LSTM: the state has no hidden\./,
  ],
  [
    () => new nn.Bidirectional(new nn.GRU(3, 2, seeded), new nn.GRU(3, 2, seeded)).call(sequence, wrong({})),
    /^Bidirectional: the state has no forwards\. Give \{ forwards, backwards \}/,
  ],
  [
    () => nn.withParameters(dense(), wrong(promise), () => rows),
    /^withParameters: the values are a Promise\./,
  ],
  [
    () => nn.withParameters(dense(), {}, wrong(rows)),
    /^withParameters: the body is a Tensor\. Give a function/,
  ],
  [() => nn.observe(dense(), wrong(undefined)), /^observe: the body is undefined\. Give a function/],
  [() => dense().onCall(wrong(null)), /^Dense\.onCall: the listener is null\. Give a function of a call$/],
  [
    () => dense().onFiring(wrong('fire')),
    /^Dense\.onFiring: the listener is 'fire'\. Give a function of a firing$/,
  ],
  [
    () => {
      dense().weight.isFrozen = wrong('yes')
    },
    /^Parameter: isFrozen is 'yes'\. Give true or false$/,
  ],
])

refused('Learning refuses', [
  [
    () => new nn.SGD({ rate: 1 }).update(dense(), wrong(promise)),
    /^SGD\.update: the gradients are a Promise\./,
  ],
  [
    () => new nn.SGD({ rate: 1 }).update(dense(), wrong([rows])),
    /^SGD\.update: the gradients are an array\./,
  ],
  [() => new nn.Adam(wrong(promise)), /^Adam: the options are a Promise\./],
  [
    () => nn.schedules.stairs(1, wrong(undefined)),
    /^stairs: the options are undefined\. Give an object with every, factor/,
  ],
  [
    () => nn.schedules.stairs(1, wrong({ every: 2, factor: 0.5, gamma: 1 })),
    /^stairs: there is no option gamma\./,
  ],
  [() => nn.schedules.oneCycle(1, 50, wrong({ pctStart: 0.3 })), /^oneCycle: there is no option pctStart\./],
  [() => nn.stages.clipNorm(wrong(undefined)), /^clipNorm: the max undefined is not ≥ 0 and finite\./],
  [() => nn.stages.decay(-1), /^decay: the weightDecay -1 is not ≥ 0/],
  [() => nn.stages.moments(wrong(0.9), 1e-8), /^moments: the betas are 0\.9\. Give two numbers in \[0, 1\)/],
  [() => nn.stages.orthogonalise(0), /^orthogonalise: 0 is no number of iterations\./],
  [
    () => nn.binaryCrossEntropy(rows, rows, { positiveWeight: Number.POSITIVE_INFINITY }),
    /^binaryCrossEntropy: the positiveWeight is Infinity\. Give a finite number/,
  ],
  [() => new nn.WeightAverage(dense()).with(wrong(rows)), /^withParameters: the body is a Tensor\./],
  [() => nn.matches('a', wrong(0), dense()), /^select: the path is 0\. Give one such as/],
])

refused('Sensitivity refuses', [
  [() => nn.sensitivities(wrong(rows)), /^sensitivities: a Tensor is no firing\. Give what observe/],
  [() => nn.sensitivities(firing(), wrong('outer')), /^sensitivities: there is no counted: 'outer'\./],
  [() => nn.sensitivityGradient([]), /^sensitivityGradient: there are no firings\./],
  [() => nn.sensitivityGradient(wrong(firing())), /^sensitivityGradient: an object is no firing|no firing/],
  [() => nn.logSensitivity(wrong([1, 2])), /^logSensitivity: .* is 1\. /],
  [() => nn.loopLogSensitivity([]), /^loopLogSensitivity: the list of layers is empty\./],
  [() => nn.loopLogSensitivity(wrong(rows)), /^loopLogSensitivity: the list of layers is a Tensor\./],
  [() => new nn.SAL({ rate: 1e-4 }).of(wrong('layer')), /^SAL\.of: 'layer' is no module\./],
  [() => new nn.SAL({ rate: 1e-4 }).paused(wrong(rows)), /^SAL\.paused: the body is a Tensor\./],
  [() => new nn.SAL({ rate: 1e-4 }).attach(dense(), { neurons: [] }), /^SAL\.attach: the neurons are none\./],
  [
    () => new nn.SAL({ rate: 1e-4 }).adjust({ signal: wrong(promise) }),
    /^SAL\.adjust: the signal is a Promise\./,
  ],
  [() => new nn.SAL({ rate: 1e-4 }).adjust({ signal: wrong([1]) }), /^SAL\.adjust: the signal is an array\./],
  [() => new nn.SAL({ rate: 1e-4, mode: wrong(Symbol('up')) }), /^SAL: there is no mode Symbol\(up\)\./],
])

refused('A file refuses', [
  [() => readCsv('a\n1\n', wrong(promise)), /^readCsv: the options are a Promise\./],
  [() => decodeNpy(wrong([1, 2])), /^decodeNpy: the bytes are an array\. Give a Uint8Array/],
])

describe('What is refused as a promise', () => {
  test.each([
    [
      'metadata to wait for',
      () => encodeSafetensors({ rows }, wrong(promise)),
      /: the metadata is a Promise\./,
    ],
    ['parts to wait for', () => encodeCheckpoint(wrong(promise)), /^encodeCheckpoint: .* a Promise\./],
  ])('%s', async (_, call, message) => {
    await expect(call()).rejects.toThrow(SensigradError)
    await expect(call()).rejects.toThrow(message)
  })
})

/** What a layer did. */
function firing() {
  const layer = dense()
  return nn.observe(layer, () => layer.call(rows)).firings[0]!.firing
}

describe('A refusal changes nothing', () => {
  const attempts: [what: string, attempt: (model: nn.Dense, optimiser: nn.SGD, sal: nn.SAL) => unknown][] = [
    [
      'an update with one gradient that does not fit',
      (m, o) => o.update(m, { weight: ones([2, 3]), bias: ones([3]) }),
    ],
    [
      'an update with a path that is not there',
      (m, o) => o.update(m, { weight: ones([2, 3]), gain: ones([3]) }),
    ],
    [
      'an update with a released gradient',
      (m, o) => o.update(m, { bias: ones([2]), weight: released([2, 3]) }),
    ],
    ['a state without a bias', m => m.restore({ weight: ones([2, 3]) })],
    ['a state of other sizes', m => m.restore({ weight: ones([2, 3]), bias: ones([3]) })],
    ['a state of an optimiser for a module', (m, o) => m.restore(o.state())],
    ['a state of a module for an optimiser', (m, o) => o.restore(m.state())],
    [
      'other values, one of which does not fit',
      m => nn.withParameters(m, { weight: ones([2, 3]), bias: ones([5]) }, () => 1),
    ],
    ['a body that throws', m => nn.withParameters(m, { weight: zeros([2, 3]) }, () => m.call(wrong(null)))],
    ['an adjustment by a signal for nothing', (_m, _o, sal) => sal.adjust({ signal: { decoder: 1 } })],
    ['a state of SAL that lacks a layer', (_m, _o, sal) => sal.restore({ adjustments: 5 })],
  ]

  test.each(attempts)('%s', async (_, attempt) => {
    const [model, optimiser] = [dense(), new nn.SGD({ rate: 0.1, momentum: 0.9 })]
    const sal = new nn.SAL({ rate: 1e-4 }).attach(model)
    model.call(rows)
    sal.adjust()
    optimiser.update(model, { weight: ones([2, 3]), bias: ones([2]) })
    model.call(rows)
    const before = await all(model, optimiser, sal)
    expect(() => attempt(model, optimiser, sal)).toThrow(SensigradError)
    expect(await all(model, optimiser, sal)).toEqual(before)
  })
})

/** A tensor whose scope has ended. */
function released(shape: number[]): Tensor {
  const kept: Tensor[] = []
  scope(() => {
    kept.push(normal(key(2), shape))
  })
  return kept[0]!
}

/** All numbers of some states. */
async function all(...parts: readonly Stateful[]): Promise<unknown[]> {
  const values = parts.flatMap(part => Object.entries(part.state()))
  return Promise.all(
    values.map(async ([name, value]) => [name, typeof value === 'object' ? await value.toArray() : value]),
  )
}
