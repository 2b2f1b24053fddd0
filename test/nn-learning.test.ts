/** Losses are what their formulas say, gradient descent is what textbooks say, and together they learn. */
import { fc, test } from '@fast-check/vitest'
import {
  activations,
  crossEntropy,
  Dense,
  initialise,
  Module,
  meanSquaredError,
  RNN,
  SGD,
  valueAndGrad,
  valuesOf,
} from '@sensigrad/nn'
import { grad, key, type ScanOptions, scan, type Tensor, tensor, zeros } from 'sensigrad'
import { describe, expect } from 'vitest'
import { bits, f64, gap, values } from './support/neurons.ts'

const int32 = (labels: readonly number[]) => tensor(Int32Array.from(labels))
const number = fc.integer({ min: -300, max: 300 }).map(n => n / 100)
const pairs = fc.array(fc.tuple(number, number), { minLength: 1, maxLength: 8 })

describe('the mean squared error', () => {
  const of = (pairs: readonly (readonly [number, number])[]) =>
    [f64(pairs.map(([output]) => output)), f64(pairs.map(([, target]) => target))] as const

  test.prop([pairs])('is the mean of squared differences', pairs => {
    const expected = pairs.reduce((sum, [output, target]) => sum + (output - target) ** 2, 0) / pairs.length
    expect(gap(values(meanSquaredError(...of(pairs))), [expected])).toBeLessThan(1e-15)
  })

  test.prop([pairs])('has the gradient 2(o - t)/n', pairs => {
    const [output, target] = of(pairs)
    const gradient = grad((output: Tensor) => meanSquaredError(output, target))(output)
    const expected = pairs.map(([o, t]) => (2 * (o - t)) / pairs.length)
    expect(gap(values(gradient), expected)).toBeLessThan(1e-15)
  })

  test('does not broadcast: [3, 1] and [3] are no pair', () => {
    expect(() => meanSquaredError(zeros([3, 1]), zeros([3]))).toThrow(
      /^meanSquaredError: output float32\[3, 1\] and target float32\[3\] differ\. Give them one shape$/,
    )
  })
})

describe('the cross entropy', () => {
  const tasks = fc.integer({ min: 1, max: 4 }).chain(classes =>
    fc.array(
      fc.record({
        logits: fc.array(number, { minLength: classes, maxLength: classes }),
        label: fc.integer({ min: 0, max: classes - 1 }),
      }),
      { minLength: 1, maxLength: 5 },
    ),
  )
  type Task = readonly { readonly logits: readonly number[]; readonly label: number }[]
  const of = (task: Task) =>
    [
      f64(
        task.flatMap(({ logits }) => logits),
        [task.length, task[0]!.logits.length],
      ),
      int32(task.map(({ label }) => label)),
    ] as const
  const softmax = (logits: readonly number[]) => {
    const sum = logits.reduce((sum, logit) => sum + Math.exp(logit), 0)
    return logits.map(logit => Math.exp(logit) / sum)
  }

  test.prop([tasks])('is the mean of -log softmax at the label', task => {
    const expected =
      task.reduce((sum, { logits, label }) => sum - Math.log(softmax(logits)[label]!), 0) / task.length
    expect(gap(values(crossEntropy(...of(task))), [expected])).toBeLessThan(1e-14)
  })

  test.prop([tasks])('has the gradient (softmax - one hot)/samples', task => {
    const [logits, labels] = of(task)
    const gradient = grad((logits: Tensor) => crossEntropy(logits, labels))(logits)
    const expected = task.flatMap(({ logits, label }) =>
      softmax(logits).map((p, k) => (p - Number(k === label)) / task.length),
    )
    expect(gap(values(gradient), expected)).toBeLessThan(1e-14)
  })

  test('of extreme logits is finite: a mistake by 20,000 costs 20,000', () => {
    expect(values(crossEntropy(tensor([[-1e4, 1e4]]), int32([0])))).toEqual([2e4])
  })

  test('of extreme logits has a finite gradient', () => {
    const gradient = grad((logits: Tensor) => crossEntropy(logits, int32([0])))(tensor([[-1e4, 1e4]]))
    expect(values(gradient)).toEqual([-1, 1])
  })

  test('of logits without any hope, -∞, has a finite gradient where the label is another', () => {
    const logits = f64([Number.NEGATIVE_INFINITY, 0, 0], [1, 3])
    const gradient = grad((logits: Tensor) => crossEntropy(logits, int32([1])))(logits)
    expect(gap(values(gradient), [0, -0.5, 0.5])).toBeLessThan(1e-15)
  })

  test('takes labels of any shape', () => {
    const logits = f64([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8], [2, 2, 2])
    const flat = crossEntropy(logits.reshape([4, 2]), int32([0, 1, 1, 0]))
    expect(bits(crossEntropy(logits, int32([0, 1, 1, 0]).reshape([2, 2])))).toBe(bits(flat))
  })

  test.each([7, -1, 2])('refuses the label %i of 2 classes', label => {
    expect(() => crossEntropy(zeros([2, 2]), int32([0, label]))).toThrow(
      `crossEntropy: the label ${label} is none of 2 classes. Count them from 0 to 1`,
    )
  })

  test('needs whole numbers as labels', () => {
    expect(() => crossEntropy(zeros([2, 3]), zeros([2]))).toThrow(
      "crossEntropy: the labels are float32[2]. Give class numbers: tensor(labels, { dtype: 'int32' })",
    )
  })

  test('needs a label for each sample', () => {
    expect(() => crossEntropy(zeros([2, 3]), int32([0]))).toThrow(
      /^crossEntropy: logits float32\[2, 3\] and labels int32\[1\] do not fit\. Logits have the shape of the labels/,
    )
  })
})

describe('gradient descent', () => {
  /** A layer of one neuron with one weight. */
  const layerOf = (w: number) =>
    new Dense(1, 1, {
      key: key(0),
      dtype: 'float64',
      weight: initialise.constant(w),
      bias: initialise.constant(1),
    })
  const weights = (gradients: readonly number[], sgd: SGD) => {
    const layer = layerOf(1)
    return gradients.map(gradient => {
      sgd.update(layer, { weight: f64([gradient], [1, 1]) })
      return values(layer.weight.value)[0]!
    })
  }

  test('goes down by rate times gradient', () => {
    expect(gap(weights([1, -2], new SGD({ rate: 0.25 })), [0.75, 1.25])).toBe(0)
  })

  test('with momentum takes a share of the last step again', () => {
    // v: 1, 0.5 + 2 = 2.5, 1.25 - 1 = 0.25; w: 1 - v/4, and so on
    expect(gap(weights([1, 2, -1], new SGD({ rate: 0.25, momentum: 0.5 })), [0.75, 0.125, 0.0625])).toBe(0)
  })

  test('keeps the momentum of each parameter apart', () => {
    const sgd = new SGD({ rate: 1, momentum: 0.5 })
    const [one, other] = [layerOf(0), layerOf(0)]
    sgd.update(one, { weight: f64([1], [1, 1]) })
    sgd.update(other, { weight: f64([1], [1, 1]) })
    expect(values(other.weight.value)).toEqual([-1])
  })

  test('follows a rate that is changed on the way', () => {
    const [sgd, layer] = [new SGD({ rate: 1 }), layerOf(1)]
    sgd.rate = 0.5
    sgd.update(layer, { weight: f64([1], [1, 1]) })
    expect(values(layer.weight.value)).toEqual([0.5])
  })

  test('leaves parameters without a gradient where they are', () => {
    const layer = layerOf(1)
    const before = layer.bias.value
    new SGD({ rate: 1 }).update(layer, { weight: f64([1], [1, 1]) })
    expect(layer.bias.value).toBe(before)
  })

  test('keeps float32', () => {
    const layer = new Dense(2, 1, { key: key(0) })
    new SGD({ rate: 0.1, momentum: 0.9 }).update(layer, { weight: zeros([1, 2]) })
    expect(layer.weight.value.dtype).toBe('float32')
  })

  // biome-ignore format: a table
  const refused: readonly [what: string, call: () => unknown, message: RegExp][] = [
    ['a negative rate', () => new SGD({ rate: -1 }), /^SGD: the rate -1 is not ≥ 0 and finite\. Give a positive number such as 0\.1$/],
    ['a rate of NaN', () => new SGD({ rate: Number.NaN }), /^SGD: the rate NaN/],
    ['the momentum 1', () => new SGD({ rate: 1, momentum: 1 }), /^SGD: the momentum 1 does not lie in \[0, 1\)\. Give a number such as 0\.9$/],
    ['a path that is not there', () => new SGD({ rate: 1 }).update(layerOf(1), { weigth: f64([1]) }), /^SGD: the module has no parameter weigth\. It has weight, bias$/],
    ['a gradient of another shape, even one that would broadcast', () => new SGD({ rate: 1 }).update(layerOf(1), { weight: f64([1]) }), /^SGD: the gradient of weight is float64\[1\], but the parameter is float64\[1, 1\]\. A gradient has/],
    ['a gradient of another type', () => new SGD({ rate: 1 }).update(layerOf(1), { bias: zeros([1]) }), /^SGD: the gradient of bias is float32\[1\], but the parameter is float64\[1\]/],
  ]
  test.each(refused)('refuses %s', (_, call, message) => {
    expect(call).toThrow(message)
  })

  test('moves nothing when one gradient is refused', () => {
    const layer = layerOf(1)
    const before = Object.values(valuesOf(layer))
    expect(() =>
      new SGD({ rate: 1 }).update(layer, { weight: f64([1], [1, 1]), bias: f64([1, 2]) }),
    ).toThrow()
    expect(Object.values(valuesOf(layer)).every((value, i) => value === before[i])).toBe(true)
  })
})

describe('a net of two layers', () => {
  class Net extends Module {
    readonly hidden: Dense
    readonly output: Dense
    constructor(seed: number) {
      super()
      this.hidden = new Dense(2, 8, { key: key(2 * seed), activation: activations.tanh })
      this.output = new Dense(8, 2, { key: key(2 * seed + 1) })
    }
    forward(x: Tensor): Tensor {
      return this.output.call(this.hidden.call(x))
    }
  }
  const inputs = tensor([
    [-1, -1],
    [-1, 1],
    [1, -1],
    [1, 1],
  ])
  const labels = int32([0, 1, 1, 0])

  test.each([1, 2, 3, 4, 5, 6, 7, 8])('learns XOR from key %i', seed => {
    const net = new Net(seed)
    const optimiser = new SGD({ rate: 0.3, momentum: 0.9 })
    let loss = Number.POSITIVE_INFINITY
    for (let step = 0; step < 100; step++) {
      const [value, gradients] = valueAndGrad(net, () => crossEntropy(net.call(inputs), labels))
      optimiser.update(net, gradients)
      loss = values(value)[0]!
    }
    expect(loss).toBeLessThan(0.05)
  })
})

test('a module that is computed again in the reverse sweep has its gradients', () => {
  const rnn = new RNN(2, 3, { key: key(6), dtype: 'float64' })
  const xs = f64([1, 2, 3, 4, 5, 6, 7, 8], [4, 2])
  const lossOf = (options: ScanOptions) => () => {
    const step = (h: Tensor, x: Tensor) => {
      const next = rnn.step(h, x)
      return [next, next] as const
    }
    return scan(step, f64([0, 0, 0]), xs, options)[1]
      .square()
      .mean()
  }
  const [, kept] = valueAndGrad(rnn, lossOf({}))
  const [, again] = valueAndGrad(rnn, lossOf({ checkpointEvery: 2 }))
  for (const path of Object.keys(kept)) {
    expect(values(kept[path]!).some(value => value !== 0)).toBe(true)
    expect(gap(values(again[path]!), values(kept[path]!))).toBeLessThan(1e-14)
  }
})

test('a loss can hand on what it was computed from, of a module and of a function', () => {
  const layer = new Dense(2, 1, { key: key(5), dtype: 'float64' })
  const x = f64([1, 2], [1, 2])
  const lossOf = () => {
    const predicted = layer.call(x)
    return [predicted.square().sum(), { predicted }] as const
  }
  const [loss, gradients, { predicted }] = valueAndGrad(layer, lossOf, { aux: true })
  expect(values(predicted)).toEqual(values(layer.call(x)))
  expect(predicted.entry).toBeUndefined()
  expect(values(loss)[0]).toBeCloseTo(values(predicted)[0]! ** 2, 14)
  expect(values(gradients.bias!)[0]).toBeCloseTo(2 * values(predicted)[0]!, 14)
  const [value, slope, twice] = valueAndGrad((x: Tensor) => [x.square().sum(), x.mul(2)] as const, {
    aux: true,
  })(f64([3]))
  expect([value, slope, twice].flatMap(each => [...values(each)])).toEqual([9, 6, 6])
})
