/** What a newcomer types wrong first in nn, and the one line that answers. Types would refuse it; programs do not check them. */
import { initialise, RNN, SAL, SGD, valueAndGrad } from '@sensigrad/nn'
import { activations, Dense, key, SensigradError, tensor, zeros } from 'sensigrad'
import { describe, expect, test } from 'vitest'

/** Hands over what the types would refuse. */
const wrong = <Value>(value: unknown) => value as Value

const dense = () => new Dense(2, 3, { key: key(1), activation: activations.tanh })
const x = tensor([0.5, -0.25])

/** SAL that has heard a pass, and whose options were then changed. */
function adjustWith(change: Partial<Record<'rate' | 'target', number>>) {
  const layer = dense()
  const sal = new SAL({ rate: 1e-3 }).attach(layer)
  layer.call(x)
  Object.assign(sal, change)
  sal.adjust()
}

const cases: [what: string, call: () => unknown, message: RegExp][] = [
  ['no key', () => new Dense(2, 3, wrong(undefined)), /^Dense: there is no key .*\{ key: key\(7\) \}$/],
  ['a seed for a key', () => new Dense(2, 3, wrong({ key: 7 })), /^Dense: the key is 7\. Give one/],
  ['half a neuron', () => new Dense(2, 0.5, { key: key(1) }), /^Dense: 0\.5 is no number of neurons/],
  [
    'whole weights',
    () => new RNN(0, 2, wrong({ key: key(1), dtype: 'int32' })),
    /^RNN: weights of 'int32' cannot/,
  ],
  [
    'a name',
    () => new Dense(2, 3, wrong({ key: key(1), activation: 'tanh' })),
    /^activation: 'tanh' is no function/,
  ],
  [
    'values',
    () => new Dense(2, 3, wrong({ key: key(1), weight: zeros([3, 2]) })),
    /is no initialiser\. Give one such/,
  ],
  ['an array', () => dense().call(wrong([0.5, 1])), /^Dense: the input is an array\. Make it a tensor/],
  ['a list', () => new RNN(2, 3, { key: key(1) }).call(wrong([[1, 2]])), /^RNN: the sequence is an array/],
  ['no options', () => new SGD(wrong(undefined)), /^SGD: the rate undefined is not ≥ 0 and finite/],
  ['a rate as text', () => new SGD({ rate: wrong('0.1') }), /^SGD: the rate '0\.1' is not ≥ 0/],
  [
    'no gradients',
    () => new SGD({ rate: 1 }).update(dense(), wrong(undefined)),
    /^SGD\.update: the gradients are undef/,
  ],
  ['no module', () => new SGD({ rate: 1 }).update(wrong({}), {}), /^SGD\.update: an object is no module/],
  [
    'no loss',
    () => valueAndGrad(dense(), wrong(undefined)),
    /^valueAndGrad: the loss is undefined\. Give a function/,
  ],
  ['null', () => new SAL(wrong(null)), /^SAL: the options are null\. Give at least a rate/],
  ['a rate as text', () => new SAL({ rate: wrong('0.1') }), /^SAL: the rate '0\.1' is not positive/],
  [
    'one index',
    () => new SAL({ rate: 1e-3 }).attach(dense(), { neurons: wrong(1) }),
    /: the neurons are 1\. Give a list/,
  ],
  [
    'a function',
    () => new SAL({ rate: 1e-3 }).attach(wrong(() => x)),
    /^SAL\.attach: a function is no module/,
  ],
  [
    'a word',
    () => new SAL({ rate: 1e-3 }).attach(dense(), { counted: wrong('some') }),
    /: there is no counted: 'some'/,
  ],
  [
    'a rate gone wrong',
    () => adjustWith({ rate: Number.NaN }),
    /^SAL: the rate NaN is not positive and finite/,
  ],
  ['a target gone wrong', () => adjustWith({ target: -1 }), /^SAL: the target -1 is not positive and finite/],
  ['a negative gain', () => initialise.gaussian(-1), /^gaussian: the gain -1 is not ≥ 0 and finite/],
]

describe('A wrong argument gets one clear line', () => {
  test.each(cases)('%s', (_, call, message) => {
    expect(call).toThrow(SensigradError)
    expect(call).toThrow(message)
  })

  test('so do weights that change between two passes of one adjustment', () => {
    const layer = dense()
    const sal = new SAL({ rate: 1e-3 }).attach(layer)
    layer.call(x)
    layer.weight.value = layer.weight.value.mul(3)
    layer.call(x)
    expect(() => sal.adjust()).toThrow(/the weights changed between two forward passes .* in paused\(\)$/)
  })
})
