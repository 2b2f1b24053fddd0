/** Modules are plain data: their parameters have paths, and what they compute says where it was computed. */
import { test } from '@fast-check/vitest'
import {
  Dense,
  initialise,
  Module,
  meanSquaredError,
  observe,
  Parameter,
  parameter,
  RNN,
  valueAndGrad,
  valuesOf,
  withParameters,
} from '@sensigrad/nn'
import { currentScope, key, record, type Tensor, tensor, zeros } from 'sensigrad'
import { describe, expect } from 'vitest'
import { bits, f64, values } from './support/neurons.ts'

const dense = (inputs: number, outputs: number, seed = 1) =>
  new Dense(inputs, outputs, { key: key(seed), dtype: 'float64' })

/** Layers in a list, one in an object, and one that belongs to a module below. */
class Model extends Module {
  readonly scale: Parameter = new Parameter(f64([1, 1]))
  readonly layers: Dense[] = [dense(2, 3), dense(3, 2)]
  readonly heads: { readonly left: Dense } = { left: dense(2, 2) }
  readonly block: Block = new Block()
  readonly name: string = 'no parameter'

  forward(x: Tensor): Tensor {
    const hidden = this.layers.reduce((h, layer) => layer.call(h), x).mul(this.scale.value)
    return this.block.call(this.heads.left.call(hidden))
  }
}

class Block extends Module {
  readonly inner: Dense = dense(2, 2)
  forward(x: Tensor): Tensor {
    return this.inner.call(x)
  }
}

const paths = [
  'scale',
  'layers.0.weight',
  'layers.0.bias',
  'layers.1.weight',
  'layers.1.bias',
  'heads.left.weight',
  'heads.left.bias',
  'block.inner.weight',
  'block.inner.bias',
]

describe('paths', () => {
  test('of parameters say how to reach them', () => {
    expect([...new Model().parameters().keys()]).toEqual(paths)
  })

  test('lead to the very parameter', () => {
    const model = new Model()
    expect(model.parameters().get('layers.1.weight')).toBe(model.layers[1]!.weight)
  })

  test('of modules begin at the model itself', () => {
    const found = ['', 'layers.0', 'layers.1', 'heads.left', 'block', 'block.inner']
    expect([...new Model().modules().keys()]).toEqual(found)
  })

  test('of children go one module down', () => {
    expect([...new Model().children().keys()]).toEqual(['layers.0', 'layers.1', 'heads.left', 'block'])
  })

  test('of a recurrent layer without inputs do not name input weights', () => {
    expect([...new RNN(0, 3, { key: key(1) }).parameters().keys()]).toEqual(['recurrentWeight', 'bias'])
  })

  test('name a shared layer once, where it stands first', () => {
    const shared = dense(2, 2)
    class Twice extends Module {
      readonly first = shared
      readonly second = shared
      forward(x: Tensor): Tensor {
        return this.second.call(this.first.call(x))
      }
    }
    expect([...new Twice().parameters().keys()]).toEqual(['first.weight', 'first.bias'])
  })

  test('name a shared parameter once, where it stands first', () => {
    const tied = new Parameter(zeros([2]))
    class Tied extends Module {
      readonly first = tied
      readonly list = [tied, new Parameter(zeros([1]))]
      forward(x: Tensor): Tensor {
        return x
      }
    }
    expect([...new Tied().parameters().keys()]).toEqual(['first', 'list.1'])
  })

  test('are finite where modules know each other', () => {
    class Knot extends Module {
      readonly block = new Block()
      other: Module | undefined
      forward(x: Tensor): Tensor {
        return x
      }
    }
    const knot = new Knot()
    knot.other = knot
    expect([...knot.parameters().keys()]).toEqual(['block.inner.weight', 'block.inner.bias'])
  })

  test('are finite where a field leads back to itself', () => {
    const options: { self?: object } = {}
    options.self = options
    const knot = Object.assign(new Block(), { options })
    expect([...knot.parameters().keys()]).toEqual(['inner.weight', 'inner.bias'])
  })
})

describe('scopes', () => {
  const x = f64([0.3, -0.2])

  test('stand on the tape beside what a layer computed', () => {
    const model = new Model()
    const scopes = record(x => model.call(x), x).entries.map(({ scope }) => scope)
    expect([...new Set(scopes)]).toEqual(['', 'layers.0', 'layers.1', 'heads.left', 'block.inner'])
  })

  test('name the layer that refuses', () => {
    const model = new Model()
    model.layers[1] = dense(4, 2)
    expect(() => model.call(x)).toThrow(
      'Dense in layers.1: the input is float64[3], but the layer takes 4 on the last axis. Check the sizes that the layer was made with',
    )
  })

  test('name the layer in which an operation refuses', () => {
    const model = new Model()
    model.block.inner.bias.value = f64([0, 0])
    expect(() => model.call(tensor([0.3, -0.2]))).toThrow(/^matmul in layers\.0: .*float32\[2\]/)
  })

  test('of methods beside forward are opened too', () => {
    class Reservoir extends Module {
      readonly rnn = new RNN(0, 3, { key: key(1) })
      forward(x: Tensor): Tensor {
        return this.rnn.step(x)
      }
    }
    expect(() => new Reservoir().call(zeros([4]))).toThrow(/^RNN in rnn: the state is float32\[4\]/)
  })

  test('are left again when a layer throws', () => {
    const model = new Model()
    expect(() => model.call(f64([1]))).toThrow()
    expect(currentScope()).toBe('')
  })
})

describe('observing', () => {
  const x = f64([0.3, -0.2])

  test('names the layers that fired, in their order', () => {
    const model = new Model()
    const { firings } = observe(model, () => model.call(x))
    expect(firings.map(({ path }) => path)).toEqual(['layers.0', 'layers.1', 'heads.left', 'block.inner'])
  })

  test('returns what the computation returned', () => {
    const model = new Model()
    expect(bits(observe(model, () => model.call(x)).result)).toBe(bits(model.call(x)))
  })

  test('ends with the computation', () => {
    const model = new Model()
    const { firings } = observe(model, () => model.call(x))
    model.call(x)
    expect(firings).toHaveLength(4)
  })

  test('ends when the computation throws', () => {
    const layer = dense(2, 1)
    const heard: unknown[] = []
    layer.onFiring(firing => heard.push(firing))
    expect(() =>
      observe(layer, () => {
        throw new Error('stop')
      }),
    ).toThrow('stop')
    layer.call(x)
    expect(heard).toHaveLength(1)
  })
})

describe('other values in the parameters', () => {
  const layer = () => new Dense(2, 1, { key: key(1), dtype: 'float64', weight: initialise.constant(1) })

  test('count while the body runs', () => {
    const one = layer()
    const sum = withParameters(one, { weight: f64([2, 3], [1, 2]), bias: f64([1]) }, () =>
      one.call(f64([1, 1])),
    )
    expect(values(sum)).toEqual([6])
  })

  test('may be given for some parameters only', () => {
    const one = layer()
    const held = values(one.bias.value)[0]!
    const sum = withParameters(one, { weight: f64([2, 3], [1, 2]) }, () => one.call(f64([1, 1])))
    expect(values(sum)).toEqual([5 + held])
  })

  test('make place for the old ones afterwards', () => {
    const one = layer()
    const before = one.weight.value
    withParameters(one, { weight: f64([2, 3], [1, 2]) }, () => one.call(f64([1, 1])))
    expect(one.weight.value).toBe(before)
  })

  test('make place for the old ones when the body throws', () => {
    const one = layer()
    const before = one.weight.value
    const fail = () => {
      throw new Error('stop')
    }
    expect(() => withParameters(one, { weight: f64([2, 3], [1, 2]) }, fail)).toThrow('stop')
    expect(one.weight.value).toBe(before)
  })

  test('are all put back when one of them does not fit', () => {
    const one = layer()
    const before = Object.values(valuesOf(one))
    const given = { weight: f64([2, 3], [1, 2]), bias: f64([1, 2]) }
    expect(() => withParameters(one, given, () => 0)).toThrow(
      /^parameter: float64\[2\] cannot replace float64\[1\]\. Assign a tensor of the same shape$/,
    )
    expect(Object.values(valuesOf(one))).toEqual(before)
  })

  test('for a path that is not there are refused, and the paths that are there named', () => {
    expect(() => withParameters(layer(), { weigth: zeros([1]) }, () => 0)).toThrow(
      /^withParameters: the module has no parameter weigth\. It has weight, bias$/,
    )
  })
})

describe('a parameter', () => {
  const held = new Parameter(zeros([2]))
  // biome-ignore format: a table
  const cases: readonly [what: string, value: unknown, message: RegExp][] = [
    ['another shape', zeros([3]), /^parameter: float32\[3\] cannot replace float32\[2\]\. Assign a tensor of the same shape$/],
    ['another type', zeros([2], { dtype: 'float64' }), /^parameter: float64\[2\] cannot replace float32\[2\]\. Cast it: \.cast\('float32'\)$/],
    ['what is no tensor', [0, 0], /^parameter: an array is no tensor\. Assign a tensor, tensor\(…\) makes one$/],
  ]
  test.each(cases)('refuses %s', (_, value, message) => {
    expect(() => {
      held.value = value as Tensor
    }).toThrow(message)
  })

  test('is float32 unless said', () => {
    expect(parameter(initialise.constant(1), [2], key(1)).value.dtype).toBe('float32')
  })
})

describe('gradients of a module', () => {
  const loss = (model: Model) => () => meanSquaredError(model.call(f64([0.3, -0.2])), f64([1, 0]))

  test('have the paths of its parameters', () => {
    const model = new Model()
    expect(Object.keys(valueAndGrad(model, loss(model))[1])).toEqual(paths)
  })

  test('have the shapes and types of its parameters', () => {
    const model = new Model()
    expect(Object.values(valueAndGrad(model, loss(model))[1]).map(String)).toEqual(
      Object.values(valuesOf(model)).map(String),
    )
  })

  test('come with the loss', () => {
    const model = new Model()
    expect(bits(valueAndGrad(model, loss(model))[0])).toBe(bits(loss(model)()))
  })

  test('leave the parameters as they are', () => {
    const model = new Model()
    const before = Object.values(valuesOf(model))
    valueAndGrad(model, loss(model))
    expect(Object.values(valuesOf(model))).toEqual(before)
  })

  test('leave the parameters as they are when the loss throws', () => {
    const model = new Model()
    const before = Object.values(valuesOf(model))
    const fail = () => {
      throw new Error('stop')
    }
    expect(() => valueAndGrad(model, fail)).toThrow('stop')
    expect(Object.values(valuesOf(model)).every((value, i) => value === before[i])).toBe(true)
  })

  test('add up over both uses of a shared layer', () => {
    const [shared, first, second] = [dense(2, 2), dense(2, 2), dense(2, 2)]
    class Chain extends Module {
      readonly layers: readonly [Dense, Dense]
      constructor(...layers: [Dense, Dense]) {
        super()
        this.layers = layers
      }
      forward(x: Tensor): Tensor {
        return this.layers[1].call(this.layers[0].call(x).tanh())
      }
    }
    const gradientsOf = (chain: Chain) => valueAndGrad(chain, () => chain.call(f64([0.3, -0.2])).sum())[1]
    const tied = gradientsOf(new Chain(shared, shared))
    const apart = gradientsOf(new Chain(first, second))
    const sum = apart['layers.0.weight']!.add(apart['layers.1.weight']!)
    expect(bits(tied['layers.0.weight']!)).toBe(bits(sum))
  })

  test('are zeros for parameters that the loss does not see', () => {
    const model = new Model()
    const [, gradients] = valueAndGrad(model, () => model.layers[0]!.call(f64([0.3, -0.2])).sum())
    expect(values(gradients['layers.1.bias']!)).toEqual([0, 0])
  })

  test('need a loss of one number', () => {
    const model = new Model()
    expect(() => valueAndGrad(model, () => model.call(f64([0.3, -0.2])))).toThrow(
      /a gradient is that of one number/,
    )
  })
})
