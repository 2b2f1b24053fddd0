/** Convolutional layers: PyTorch's numbers, the laws of convolutions, and channels as neurons that SAL can hear. */
import { fc, test } from '@fast-check/vitest'
import { capture, grad, key, type Tensor, zeros } from '@sensigrad/core'
import {
  activations,
  Conv1d,
  Conv2d,
  ConvTranspose1d,
  ConvTranspose2d,
  type Firing,
  initialise,
  meanSquaredError,
  observe,
  SGD,
  sensitivities,
  valueAndGrad,
} from '@sensigrad/nn'
import { describe, expect, vi } from 'vitest'
import { draw, gap, numbers, read } from './support/backend.ts'
import { inOrder, read64, reference, type Written, withWritten } from './support/reference.ts'
import { bitsOf, only, quietly } from './support/sal.ts'

const layers = { Conv1d, Conv2d, ConvTranspose1d, ConvTranspose2d }
const options = { key: key(7), dtype: 'float64' } as const
const inner = (a: Tensor, b: Tensor) => a.mul(b).sum()

describe('PyTorch computes the same, and the same gradients', () => {
  interface Case {
    readonly layer: keyof typeof layers
    readonly channels: readonly [number, number]
    readonly size: number | number[]
    readonly options: object
    readonly parameters: Readonly<Record<string, Written>>
    readonly input: Written
    readonly output: Written
    readonly cotangent: Written
    readonly gradients: Readonly<Record<string, Written>>
  }
  const { cases } = reference<{ cases: Case[] }>('convolution')
  const titled = cases.map(given => [`${given.layer}(${given.size}) ${JSON.stringify(given.options)}`, given])

  test.each(titled as [string, Case][])('of %s', (_, given) => {
    const made = new layers[given.layer](...given.channels, given.size, { ...options, ...given.options })
    const layer = withWritten(made, given.parameters)
    const [x, cotangent] = [read64(given.input), read64(given.cotangent)]
    const [, gradients] = valueAndGrad(layer, () => inner(layer.call(x), cotangent))
    const all = { ...gradients, input: grad((x: Tensor) => inner(layer.call(x), cotangent))(x) }
    expect(layer.call(x).shape).toEqual(given.output.shape)
    expect(gap(read(layer.call(x)), given.output.values)).toBeLessThan(1e-12)
    const expected = Object.values(given.gradients).flatMap(({ values }) => values)
    expect(gap(numbers(...inOrder(all, given.gradients)), expected)).toBeLessThan(1e-12)
  })
})

/** A kernel along one axis or two, without zeros around the input, and an input into which it fits. */
const kernels = fc.record({
  rank: fc.constantFrom(1 as const, 2 as const),
  size: fc.integer({ min: 1, max: 3 }),
  stride: fc.integer({ min: 1, max: 2 }),
  dilation: fc.integer({ min: 1, max: 2 }),
  groups: fc.constantFrom(1, 2),
  beyond: fc.integer({ min: 0, max: 3 }),
  seed: fc.nat(1000),
})
type Drawn = typeof kernels extends fc.Arbitrary<infer Value> ? Value : never
const quickly = { numRuns: 40 }

function layerOf({ rank, size, seed, ...drawn }: Drawn, more: object = {}) {
  const { stride, dilation, groups } = drawn
  const kind = rank === 1 ? Conv1d : Conv2d
  return new kind(2, 4, size, { ...options, key: key(seed), stride, dilation, groups, ...more })
}

const inputOf = ({ rank, size, dilation, beyond, seed }: Drawn, ...lead: number[]) =>
  draw(seed, [...lead, 2, ...Array<number>(rank).fill(dilation * (size - 1) + 1 + beyond)])

describe('a convolutional layer', () => {
  test.prop([kernels], quickly)('is linear but for its biases', drawn => {
    const layer = layerOf(drawn)
    const [x, y] = [inputOf(drawn, 2), inputOf({ ...drawn, seed: drawn.seed + 1 }, 2)]
    const rest = layer.call(zeros(x.shape, { dtype: 'float64' }))
    const linear = (x: Tensor) => layer.call(x).sub(rest)
    const expected = linear(x).mul(3).sub(linear(y))
    expect(gap(read(linear(x.mul(3).sub(y))), read(expected))).toBeLessThan(1e-12)
  })

  test.prop([kernels.filter(({ beyond, stride }) => beyond >= stride)], quickly)(
    'moves its output by one place where its input moves by a stride',
    drawn => {
      const layer = layerOf(drawn)
      const x = inputOf(drawn, 2)
      const [moved, later] = [layer.call(x.slice(null, null, [drawn.stride])), layer.call(x)]
      expect(gap(read(moved), read(later.slice(null, null, [1])))).toBeLessThan(1e-13)
    },
  )

  test.prop([kernels], quickly)('computes each sample of a batch as if it were alone', drawn => {
    const layer = layerOf(drawn, { padding: 1 })
    const x = inputOf(drawn, 3)
    expect(gap(read(layer.call(x).slice(1)), read(layer.call(x.slice(1))))).toBeLessThan(1e-13)
  })

  test.each([
    ['Conv1d', () => new Conv1d(16, 64, 4, { key: key(1), groups: 2 }), 1 / Math.sqrt(8 * 4)],
    ['Conv2d', () => new Conv2d(8, 64, [2, 3], { key: key(1) }), 1 / Math.sqrt(8 * 6)],
    ['ConvTranspose1d', () => new ConvTranspose1d(64, 50, 4, { key: key(1), groups: 2 }), 0.1],
    ['ConvTranspose2d', () => new ConvTranspose2d(64, 25, 2, { key: key(1) }), 0.1],
  ] as const)('%s begins within the limits of PyTorch, weights and biases alike', (_, make, limit) => {
    const { weight, bias } = make()
    for (const { value } of [weight, bias]) {
      const most = only(value.abs().max())
      expect(most > 0.85 * limit && most <= Math.fround(limit)).toBe(true)
    }
    expect(Math.abs(only(weight.value.abs().max()) / limit - 1)).toBeLessThan(0.01)
  })

  test('learns in captured steps as in eager ones, to rounding, while SAL acts on it', () => {
    const [captured, eager] = [1, 2].map(() => {
      const layer = new Conv2d(2, 3, 3, { ...options, padding: 'same', activation: activations.tanh })
      const optimiser = new SGD({ rate: 0.1 })
      const sal = quietly({ rate: 0.01, decay: 0.9 }).attach(layer)
      const step = (x: Tensor, y: Tensor) => {
        const [loss, gradients] = valueAndGrad(layer, () => meanSquaredError(layer.call(x), y))
        sal.adjust()
        optimiser.update(layer, gradients)
        return loss
      }
      return { layer, step }
    })
    const fast = capture(captured!.step)
    for (let call = 0; call < 5; call++) {
      const [x, y] = [draw(call, [2, 2, 4, 5]), draw(call + 50, [2, 3, 4, 5])]
      expect(gap(read(fast(x, y)), read(eager!.step(x, y)))).toBeLessThan(1e-13)
    }
    expect(gap(numbers(captured!.layer.weight.value), numbers(eager!.layer.weight.value))).toBeLessThan(1e-13)
  })
})

test.prop([kernels], quickly)('a transposed layer is the adjoint of the layer with its weights', drawn => {
  const bias = initialise.constant(0)
  const layer = layerOf(drawn, { bias })
  const { rank, size, stride, dilation, groups } = drawn
  const x = inputOf(drawn, 2)
  const y = draw(drawn.seed + 1, layer.call(x).shape)
  const kind = rank === 1 ? ConvTranspose1d : ConvTranspose2d
  const outputPadding = x.shape.at(-1)! - (dilation * (size - 1) + 1) - (y.shape.at(-1)! - 1) * stride
  const adjoint = new kind(4, 2, size, { ...options, stride, dilation, groups, bias, outputPadding })
  adjoint.weight.value = layer.weight.value
  const [there, back] = [inner(layer.call(x), y), inner(x, adjoint.call(y))]
  expect(gap(read(there), read(back))).toBeLessThan(1e-12)
})

describe('to a listener, a channel is a neuron, and a place a sample', () => {
  const heardBy = (layer: Conv1d | Conv2d, x: Tensor) =>
    observe(layer, () => layer.call(x)).firings[0]!.firing

  const widths = fc.integer({ min: 0, max: 2 })
  test.prop([kernels, fc.tuple(widths, widths)], quickly)(
    'that sees a patch: w·patch + θ is its potential',
    (drawn, around) => {
      const padding = Array(drawn.rank).fill(around)
      const layer = layerOf({ ...drawn, groups: 1 }, { padding, activation: activations.tanh })
      const { synapses, potential, output } = heardBy(layer, inputOf(drawn, 2))
      const [{ weights, inputs }] = synapses as [(typeof synapses)[number]]
      expect(weights.shape).toEqual([4, 2 * drawn.size ** drawn.rank])
      const expected = inputs.matmul(weights.transpose()).add(layer.bias.value)
      expect(gap(read(potential), read(expected))).toBeLessThan(1e-13)
      expect(gap(read(output), read(expected.tanh()))).toBeLessThan(1e-13)
    },
  )

  test.prop([kernels], { numRuns: 20 })(
    'whose sensitivity in closed form is ‖∂o/∂x‖ by the tape, in groups, too',
    drawn => {
      const layer = layerOf(drawn, { activation: activations.tanh })
      const x = inputOf(drawn)
      const closed = sensitivities(heardBy(layer, x))
      const places = closed.shape.slice(0, -1)
      const last = places.map(length => length - 1)
      const taped = [0, 1, 2, 3].map(channel => {
        const output = (x: Tensor) => layer.call(x).slice(channel, ...last)
        return only(grad(output)(x).norm())
      })
      expect(gap(read(closed.slice(...last)), taped)).toBeLessThan(1e-12)
    },
  )

  test('and where nobody listens, nothing is announced, for which patches would have to be made', () => {
    const [layer, x] = [new Conv1d(2, 4, 3, options), draw(1, [2, 5])]
    const announced = vi.spyOn(layer as unknown as { fire(firing: Firing): Tensor }, 'fire')
    layer.call(x)
    expect(announced).toHaveBeenCalledTimes(0)
    heardBy(layer, x)
    expect(announced).toHaveBeenCalledTimes(1)
  })

  test.each([
    [
      'Conv1d',
      () => new Conv1d(2, 3, 3, { ...options, padding: 'same', activation: activations.tanh }),
      [4, 2, 6],
    ],
    ['Conv2d', () => new Conv2d(2, 3, [2, 3], { ...options, activation: activations.tanh }), [2, 5, 5]],
  ] as const)('SAL raises the sensitivities of %s', (_, make, shape) => {
    const [layer, x] = [make(), draw(3, shape)]
    const sal = quietly({ rate: 0.01 }).attach(layer)
    const adjust = () => {
      layer.call(x)
      sal.adjust()
      return [...read(sal.of(layer)!.sensitivity)]
    }
    const first = adjust()
    for (let i = 0; i < 40; i++) adjust()
    expect(adjust().every((s, channel) => s > first[channel]! + 0.05)).toBe(true)
  })

  test('SAL is refused where channels in groups see different inputs, and nothing changes', () => {
    const layer = new Conv1d(2, 4, 3, { ...options, groups: 2 })
    const before = bitsOf(layer)
    quietly({ rate: 0.1 }).attach(layer)
    expect(() => layer.call(draw(1, [2, 5]))).toThrow(
      /^Firing: neurons of a convolution in groups do not see/,
    )
    expect(bitsOf(layer)).toEqual(before)
  })
})

const wrong = <Value>(value: unknown) => value as Value
// biome-ignore format: a table
const refused: readonly [what: string, call: () => unknown, message: RegExp][] = [
  ['no key', () => new Conv1d(2, 3, 3, wrong({})), /^Conv1d: there is no key/],
  ['no channels', () => new Conv2d(2, 0, 3, options), /^Conv2d: 0 is no number of output channels/],
  ['a misspelt option', () => new Conv1d(2, 3, 3, { ...options, ...{ strides: 2 } }), /^Conv1d: there is no option strides\. There is key,/],
  ['an empty kernel', () => new Conv1d(2, 3, 0, options), /^Conv1d: the size is 0\. Give a whole number, 1 or more$/],
  ['a kernel of three axes', () => new Conv2d(2, 3, [1, 2, 3], options), /^Conv2d: the size is \[1, 2, 3\]\. Give a whole number, 1 or more, or 2 of them$/],
  ['half a stride', () => new Conv2d(2, 3, 3, { ...options, stride: [1, 0.5] }), /^Conv2d: the stride is \[1, 0\.5\]/],
  ['no dilation', () => new Conv1d(2, 3, 3, { ...options, dilation: 0 }), /^Conv1d: the dilation is 0/],
  ['negative padding', () => new Conv1d(2, 3, 3, { ...options, padding: -1 }), /^Conv1d: the padding is -1\. Give a whole number, 0 or more, or/],
  ['padding in thirds', () => new Conv1d(2, 3, 3, { ...options, padding: wrong([[1, 2, 3]]) }), /^Conv1d: the padding is \[\[1, 2, 3\]\]/],
  ['padding of no name', () => new Conv1d(2, 3, 3, { ...options, padding: wrong('full') }), /^Conv1d: the padding is 'full'/],
  ["padding 'same' with a stride", () => new Conv1d(2, 3, 3, { ...options, padding: 'same', stride: 2 }), /^Conv1d: the padding is 'same', but the stride 2/],
  ["padding 'same' of a transpose", () => new ConvTranspose1d(2, 3, 3, { ...options, padding: wrong('same') }), /^ConvTranspose1d: the padding is 'same'/],
  ['groups that do not divide the inputs', () => new Conv1d(3, 4, 3, { ...options, groups: 2 }), /^Conv1d: 2 groups do not divide 3 inputs/],
  ['groups that do not divide the outputs', () => new ConvTranspose1d(4, 3, 3, { ...options, groups: 2 }), /^ConvTranspose1d: 2 groups do not divide 3 outputs/],
  ['a longer end than a stride leaves open', () => new ConvTranspose1d(1, 1, 3, { ...options, outputPadding: -1 }), /^ConvTranspose1d: the outputPadding is -1/],
  ['other channels', () => new Conv1d(2, 3, 3, options).call(draw(1, [1, 3, 5])), /^conv1d: the input has 3 channels, but the weight takes 2/],
  ['a number for a tensor', () => new Conv1d(2, 3, 3, options).call(wrong(5)), /^conv1d: the input is 5/],
]
test.each(refused)('%s is refused', (_, call, message) => {
  expect(call).toThrow(message)
})
