/** Weights go to PyTorch and come from it: under its names, packed as it packs them, and they compute the same. */
import { fc, test as property } from '@fast-check/vitest'
import {
  type AnyModule,
  BatchNorm,
  Bidirectional,
  Conv1d,
  Conv2d,
  ConvTranspose2d,
  Dense,
  Dropout,
  Embedding,
  Flatten,
  fromPyTorch,
  GRU,
  GRUCell,
  GroupNorm,
  LayerNorm,
  LSTM,
  Module,
  MultiHeadAttention,
  Parameter,
  RecurrentStack,
  RMSNorm,
  RNN,
  Sequential,
  stacked,
  TransformerEncoder,
  TransformerEncoderLayer,
  toPyTorch,
} from '@sensigrad/nn'
import { foldIn, key, normal, ones, relu, scope, type Tensor, tanh, tensor, Variable, zeros } from 'sensigrad'
import { describe, expect, test } from 'vitest'
import { gap, numbers } from './support/backend.ts'
import { read64, reference, type Written } from './support/reference.ts'

interface Case {
  readonly state: Readonly<Record<string, Written>>
  readonly x: Written
  readonly y: Written
}
const { cases } = reference<{ cases: Readonly<Record<string, Case>> }>('transfer')

const dtype = 'float64'
const k = { key: key(1), dtype } as const

class Recogniser extends Module {
  readonly embed = new Embedding(5, 4, k)
  readonly blocks = [new Dense(4, 4, k), new LayerNorm(4, { dtype })]
  readonly gain = new Parameter(ones([4], { dtype }))
  forward(x: Tensor): Tensor {
    return this.blocks.reduce((x, block) => block.call(x), this.embed.call(x)).mul(this.gain.value)
  }
}

class Attend extends Module {
  readonly heard: MultiHeadAttention
  constructor(options: { readonly kdim?: number; readonly vdim?: number; readonly bias?: boolean } = {}) {
    super()
    this.heard = new MultiHeadAttention(4, 2, { ...k, ...options })
  }
  forward(x: Tensor): Tensor {
    const upTo = (size: number) => x.slice(null, null, [0, size])
    return this.heard.call(x, upTo(this.heard.key.inputs), upTo(this.heard.value.inputs))
  }
}

/** A module like that of a case, and its output. */
const modules: Readonly<Record<string, () => readonly [AnyModule, (x: Tensor) => Tensor]>> = {
  Sequential: () => simple(new Sequential(new Dense(3, 4, k), tanh, new Sequential(new Dense(4, 2, k)))),
  containers: () => simple(new Recogniser()),
  'convolutions with BatchNorm': () =>
    simple(
      new Sequential(
        new Conv2d(2, 4, 3, { ...k, padding: 1, groups: 2 }),
        new BatchNorm(4, { dtype }),
        relu,
        new ConvTranspose2d(4, 2, 2, { ...k, stride: 2 }),
        new GroupNorm(1, 2, { dtype }),
        new Flatten(),
      ),
    ),
  Conv1d: () => simple(new Sequential(new Conv1d(2, 3, 2, k), new BatchNorm(3, { dtype, affine: false }))),
  RNN: () => running(new RNN(2, 3, k)),
  GRU: () => running(new GRU(2, 3, k)),
  GRUCell: () => {
    const cell = new GRUCell(2, 3, k)
    return [cell, x => cell.call(x, zeros([2, 3], { dtype }))]
  },
  'GRU of two layers': () => running(stacked(GRU, 2, 3, { ...k, layers: 2 })),
  'LSTM in both directions': () => running(new Bidirectional(new LSTM(2, 3, k), new LSTM(2, 3, k))),
  'LSTM of two layers in both directions': () =>
    running(
      stacked(LSTM, 2, 3, {
        ...k,
        layers: 2,
        bidirectional: true,
        between: new Dropout(0.5, { key: key(3) }),
      }),
    ),
  attention: () => simple(new Attend()),
  'attention to other sizes': () => simple(new Attend({ kdim: 3, vdim: 2 })),
  'attention without biases': () => simple(new Attend({ bias: false })),
  TransformerEncoderLayer: () => simple(new TransformerEncoderLayer(4, 2, { ...k, feedForward: 6 })),
  TransformerEncoder: () =>
    simple(new TransformerEncoder(4, 2, { ...k, feedForward: 6, layers: 2, norm: true })),
}

function simple(module: Module): readonly [AnyModule, (x: Tensor) => Tensor] {
  return [module.eval(), x => module.call(x)]
}

function running(
  layer: Module<[sequence: Tensor], { readonly outputs: Tensor }>,
): readonly [AnyModule, (x: Tensor) => Tensor] {
  return [layer.eval(), x => layer.call(x).outputs]
}

const isCounter = (name: string) => name.endsWith('num_batches_tracked')
const stateOf = (name: string) =>
  Object.fromEntries(
    Object.entries(cases[name]!.state).map(([path, written]) => [
      path,
      isCounter(path)
        ? tensor([...written.values], { dtype: 'int32', shape: written.shape })
        : read64(written),
    ]),
  )
const inputOf = (name: string) => {
  const { values, shape } = cases[name]!.x
  return name === 'containers' ? tensor([...values], { dtype: 'int32', shape }) : read64(cases[name]!.x)
}
const bits = (state: Readonly<Record<string, unknown>>) =>
  Object.entries(state).map(([path, value]) => [
    path,
    typeof value === 'object' ? numbers(value as Tensor) : value,
  ])

test('every kind of layer is compared', () => {
  expect(Object.keys(modules)).toEqual(Object.keys(cases))
})

describe.each(Object.keys(cases))('%s', name => {
  test('computes what PyTorch does with the same state_dict', () => {
    const [module, run] = modules[name]!()
    fromPyTorch(module, stateOf(name))
    expect(gap(numbers(run(inputOf(name))), cases[name]!.y.values)).toBeLessThan(1e-12)
  })

  test('comes back under the same names, of the same shapes', () => {
    const written = Object.entries(cases[name]!.state).filter(([path]) => !isCounter(path))
    const back = toPyTorch(modules[name]!()[0])
    const shapes = (entries: readonly (readonly [string, { shape: readonly number[] }])[]) =>
      Object.fromEntries(entries.map(([path, { shape }]) => [path, [...shape]]))
    expect(shapes(Object.entries(back))).toEqual(shapes(written))
  })

  property.prop([fc.integer({ min: 0, max: 2 ** 31 - 1 })], { numRuns: 5 })(
    'comes back as it went, up to the sum of two biases',
    seed => {
      const [module] = modules[name]!()
      const given = Object.fromEntries(
        Object.entries(toPyTorch(module)).map(([path, { shape }], i) => [
          path,
          normal(foldIn(key(seed), i), shape, { dtype }),
        ]),
      )
      fromPyTorch(module, given)
      const back = toPyTorch(module)
      const bias = /bias_(ih|hh)/
      for (const path of Object.keys(given)) {
        if (!bias.test(path)) expect(numbers(back[path]!)).toEqual(numbers(given[path]!))
        const twin = path.replace('bias_ih', 'bias_hh')
        if (twin === path) continue
        const isGRU = given[twin]!.shape[0] === 9
        const sum = (state: typeof back) => numbers(state[path]!.add(state[twin]!))
        if (!isGRU) expect(numbers(back[twin]!)).toEqual(numbers(zeros(back[twin]!.shape, { dtype })))
        expect(gap(sum(back), sum(given))).toBeLessThan(1e-15)
        if (isGRU) expect(numbers(back[twin]!).slice(6)).toEqual(numbers(given[twin]!).slice(6))
      }
    },
  )

  test('goes from one of ours to another without loss', () => {
    const [[from], [to]] = [modules[name]!(), modules[name]!()]
    fromPyTorch(from, stateOf(name))
    fromPyTorch(to, toPyTorch(from))
    expect(bits(to.state())).toEqual(bits(from.state()))
  })
})

class Own extends Module {
  readonly scale = new Parameter(ones([2]))
  readonly seen = new Variable(zeros([]))
  readonly parts = { inner: new RMSNorm(2) }
  forward(x: Tensor): Tensor {
    return this.parts.inner.call(x).mul(this.scale.value)
  }
}

describe('what PyTorch has not keeps its path:', () => {
  test('parameters and buffers of a class of one’s own', () => {
    expect(Object.keys(toPyTorch(new Own()))).toEqual(['scale', 'seen', 'parts.inner.weight'])
  })

  test('what a class of one’s own adds to a layer', () => {
    class Tuned extends LSTM {
      readonly gain = new Parameter(ones([3]))
    }
    const [ours, plain] = [toPyTorch(new Tuned(2, 3, k)), toPyTorch(new LSTM(2, 3, k))]
    expect(Object.keys(ours).sort()).toEqual(['gain', ...Object.keys(plain)].sort())
  })

  test('a stack with layers that are not PyTorch’s', () => {
    const nested = new RecurrentStack([stacked(GRU, 2, 2, k), stacked(GRU, 2, 2, k)])
    const names = Object.keys(toPyTorch(nested)).filter(name => name.includes('bias_hh'))
    expect(names).toEqual(['layers.0.bias_hh_l0', 'layers.1.bias_hh_l0'])
  })
})

test('a module that leads back up is walked once', () => {
  class Above extends Module {
    readonly scale = new Parameter(ones([2]))
    readonly below = new Below(this)
    forward = (x: Tensor) => x.mul(this.scale.value)
  }
  class Below extends Module {
    readonly layer = new Dense(2, 2, k)
    readonly above: Module
    constructor(above: Module) {
      super()
      this.above = above
    }
    forward = (x: Tensor) => this.layer.call(x)
  }
  expect(Object.keys(toPyTorch(new Above()))).toEqual(['scale', 'below.layer.weight', 'below.layer.bias'])
})

test('a layer that stands twice has both names, as in a state_dict', () => {
  const layer = new Dense(2, 2, k)
  const twice = new Sequential(layer, layer)
  expect(Object.keys(toPyTorch(twice))).toEqual(['0.weight', '0.bias', '1.weight', '1.bias'])
  fromPyTorch(twice, { ...toPyTorch(twice), '1.bias': tensor([3, 4], { dtype }) })
  expect(numbers(layer.bias.value)).toEqual([3, 4])
})

test('what is written stays while the module goes on, and what is read is left to its owner', () => {
  const layer = new Dense(2, 2, k)
  const learn = () =>
    scope(() => {
      layer.bias.value = layer.bias.value.add(1) // held by the parameter alone, and free when that is given another
    })
  learn()
  const written = toPyTorch(layer)
  const before = bits(written)
  learn()
  fromPyTorch(layer, written)
  learn()
  expect(Object.values(written).map(({ released }) => released)).toEqual([false, false])
  expect(bits(written)).toEqual(before)
})

describe('tensors are refused, and nothing has changed, where', () => {
  const made = () => new Sequential(new Dense(2, 3, k), new BatchNorm(3, { dtype }), new Dense(3, 1, k))
  const good = toPyTorch(made())
  const { '0.bias': _, ...lacking } = good
  const released = () => {
    let escaped: Tensor | undefined
    scope(() => {
      escaped = zeros([3], { dtype }).add(1)
    })
    return escaped!
  }
  // biome-ignore format: a table
  const wrong: readonly [what: string, tensors: () => unknown, message: RegExp][] = [
    ['they are none', () => undefined, /^fromPyTorch: the tensors are undefined\. Give them by name/],
    ['they were not waited for', () => Promise.resolve({}), /^fromPyTorch: the tensors are /],
    ['they are one', () => ones([2]), /^fromPyTorch: the tensors are /],
    ['a name is missing', () => lacking, /^fromPyTorch: the state_dict lacks 0\.bias\. Give that of a module/],
    ['a name is unknown', () => ({ ...good, more: ones([1]) }), /^fromPyTorch: the state_dict has more, which the module has not\./],
    ['a shape is another', () => ({ ...good, '2.weight': zeros([3, 1], { dtype }) }), /^fromPyTorch: the state_dict differs where 2\.weight is float64\[3, 1\] and not float64\[1, 3\]\./],
    ['a type is another', () => ({ ...good, '2.bias': zeros([1]) }), /differs where 2\.bias is float32\[1\] and not float64\[1\]/],
    ['a value is no tensor', () => ({ ...good, '2.bias': 'float64[1]' }), /differs where 2\.bias is 'float64\[1\]' and not float64\[1\]/],
    ['all of it is wrong', () => ({ ...lacking, more: 1, '2.bias': [1], '1.weight': ones([3]) }), /^fromPyTorch: the state_dict lacks 0\.bias and has more, which the module has not and differs where 1\.weight is float32\[3\] and not float64\[3\], 2\.bias is an array/],
    ['a value was released', () => ({ ...good, '1.running_var': released() }), /^fromPyTorch: 1\.running_var was released/],
  ]
  test.each(wrong)('%s', (_, tensors, message) => {
    const module = made()
    module.parameters().get('layers.0.weight')!.value = ones([3, 2], { dtype })
    const before = bits(module.state())
    expect(() => fromPyTorch(module, tensors() as never)).toThrow(message)
    expect(bits(module.state())).toEqual(before)
  })

  test('the module is none', () => {
    expect(() => toPyTorch({} as never)).toThrow(/^toPyTorch: an object is no module/)
    expect(() => fromPyTorch({} as never, {})).toThrow(/^fromPyTorch: an object is no module/)
  })
})
