/** What SAL and neuron() refuse: every option wrong once, and units that break the rule of samples. */
import { test } from '@fast-check/vitest'
import { neuron, Parameter, type Units } from '@sensigrad/nn'
import type { Tensor } from 'sensigrad'
import { describe, expect } from 'vitest'
import { f64 } from './support/neurons.ts'
import { layerOf, pairOf, quietly, signals } from './support/sal.ts'

describe('A wrong argument of SAL or neuron() gets one clear line', () => {
  const w = new Parameter(signals(1, 3))
  const product = (x: Tensor) => x.mul(w.value).sum(-1)
  const wrong = (value: unknown) => value as never
  const adjusting =
    (make: () => unknown, ...inputs: unknown[]) =>
    () => {
      const unit = make() as Units<unknown[], unknown>
      const sal = quietly({ rate: 0.01 }).attach(unit)
      unit.call(...inputs)
      sal.adjust()
    }
  const dense = layerOf(3, 2, 1)
  const x = signals(2, 5, 3)
  const mixing = neuron((x: Tensor) => x.mul(w.value).cumsum(0), { parameters: [w] })
  // biome-ignore format: a table
  const cases: readonly [what: string, call: () => unknown, message: RegExp][] = [
    ['what computes nothing', () => neuron(wrong(1), { parameters: [w] }), /^neuron: the units are 1\. Give a module, or a function of tensors$/],
    ['no options', () => neuron(product, wrong(null)), /^neuron: the options are null/],
    ['a strange option', () => neuron(product, wrong({ parameter: w })), /^neuron: there is no option parameter\. There is parameters, inputs, axes, of$/],
    ['no parameters', () => neuron(product, {}), /^neuron: there is nothing that SAL could move\. Give \{ parameters/],
    ['a tensor for a parameter', () => neuron(product, { parameters: wrong([w.value]) }), /^neuron: a Tensor is no parameter\. Give/],
    ['no module', () => neuron(product, { of: wrong({}) }), /^neuron: an object is no module\. Give/],
    ['units that are no function', () => neuron(dense, { units: wrong(1) }), /^neuron: units is 1\. Give a function/],
    ['an unknown axis', () => neuron(dense, { axes: wrong(['time']) }), /^neuron: the axes are 'time'\. Name the last axes of the output, of unit, component, position/],
    ['two axes of units', () => neuron(dense, { axes: ['unit', 'unit'] }), /^neuron: two axes are named unit\./],
    ['inputs by no place', () => neuron(dense, { inputs: wrong([1.5]) }), /^neuron: the inputs are 1\.5\. Give their places in the call: \[0\], \['1\.hidden'\]$/],
    ['no inputs', () => neuron(dense, { inputs: [] }), /^neuron: the inputs are none\./],
    ['an input that is not there', adjusting(() => neuron(dense, { inputs: [1] }), x), /^SAL\.adjust: there is no tensor at 1 of the inputs\. Name inputs .* There is 0, float64\[5, 3\]$/],
    ['an output that is no tensor', adjusting(() => neuron(wrong((x: Tensor) => [x.mul(w.value)]), { parameters: [w] }), x), /^neuron: the units' output is an array\. Say which tensor/],
    ['too many names', adjusting(() => neuron(product, { parameters: [w], axes: ['unit', 'component'] }), x), /^SAL\.adjust: the output of the units is float64\[5\], and 2 of its axes are named/],
    ['samples that mix', adjusting(() => mixing, x), /^SAL\.adjust: the units give one sample alone another output than beside others\. Samples must not mix/],
    ['an input without the samples', adjusting(() => neuron((x: Tensor, y: Tensor) => x.mul(w.value).mul(y), { parameters: [w] }), x, signals(3, 3)), /^SAL\.adjust: the input at 1 is float64\[3\], and the samples of the output are \[5\]/],
    ['a unit that is not there', () => { const sal = quietly({ rate: 1 }).attach(neuron(dense), { neurons: [2] }); dense.call(x); sal.adjust() }, /^SAL\.attach: there is no neuron 2 in Units with 2 neurons/],
    ['what selects nothing', () => quietly({ rate: 1 }).attach(pairOf(1), { select: 'encoder' }), /^SAL\.attach: nothing was selected\. There is layers\.0, layers\.1$/],
    ['a selector that is none', () => quietly({ rate: 1 }).attach(pairOf(1), { select: wrong(1) }), /^SAL\.attach: 1 selects nothing/],
    ['a strange option of attach', () => quietly({ rate: 1 }).attach(dense, wrong({ neuron: [1] })), /^SAL\.attach: there is no option neuron\. There is neurons, counted, select, target$/],
    ['a target of 0', () => quietly({ rate: 1 }).attach(dense, { target: 0 }), /^SAL: the target 0 is not positive and finite/],
    ['a schedule of NaN', () => quietly({ rate: () => Number.NaN }), /^SAL: the rate NaN is not positive and finite/],
    ['a strange option of SAL', () => quietly(wrong({ rate: 1, beta: 0.9 })), /^SAL: there is no option beta\. There is rate, target, decay, mode, warn$/],
    ['a signal that is not finite', () => quietly({ rate: 1 }).adjust({ signal: Number.NaN }), /^SAL\.adjust: the signal is NaN\. Give a finite number/],
    ['a signal for what is not attached', () => quietly({ rate: 1 }).attach(dense).adjust({ signal: { a: 1 } }), /^SAL\.adjust: there is a signal for a, which is not attached\. Attached is Dense$/],
    ['a signal of another size', () => { const sal = quietly({ rate: 1 }).attach(dense); dense.call(x); sal.adjust({ signal: f64([1, 2, 3]) }) }, /^SAL\.adjust: the signal for Dense is float64\[3\], and it has 2 units/],
    ['a strange option of adjust', () => quietly({ rate: 1 }).adjust(wrong({ gate: 1 })), /^SAL\.adjust: there is no option gate\. There is signal$/],
  ]
  test.each(cases)('%s', (_, call, message) => {
    expect(call).toThrow(message)
  })
})
