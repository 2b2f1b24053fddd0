/** The layers without neurons give PyTorch's numbers and gradients, in training and in evaluation. */
import { readFileSync } from 'node:fs'
import {
  AveragePool1d,
  AveragePool2d,
  BatchNorm,
  Embedding,
  Flatten,
  GroupNorm,
  LayerNorm,
  MaxPool1d,
  MaxPool2d,
  type Module,
  valueAndGrad,
} from '@sensigrad/nn'
import { grad, key, type Tensor, tensor } from 'sensigrad'
import { describe, expect, test } from 'vitest'
import { f64, gap, values } from './support/neurons.ts'

interface Plain {
  readonly shape: readonly number[]
  readonly values: readonly number[]
}
interface Case {
  readonly parameters: Readonly<Record<string, Plain>>
  readonly x: Plain
  readonly passes: readonly {
    readonly mode: 'train' | 'eval'
    readonly y: Plain
    readonly cotangent: Plain
    readonly dx: Plain | null
    readonly gradients: Readonly<Record<string, Plain>>
    readonly buffers: Readonly<Record<string, Plain>>
  }[]
}
const { cases } = JSON.parse(readFileSync(new URL('./reference/layers.json', import.meta.url), 'utf8')) as {
  cases: Readonly<Record<string, Case>>
}

const dtype = 'float64'
const layers: Readonly<Record<string, () => Module>> = {
  BatchNorm: () => new BatchNorm(3, { dtype }),
  'BatchNorm over a length': () => new BatchNorm(2, { dtype }),
  'BatchNorm over an image': () => new BatchNorm(2, { dtype, eps: 1e-3, momentum: 0.3 }),
  LayerNorm: () => new LayerNorm(4, { dtype }),
  'LayerNorm over two axes': () => new LayerNorm([2, 3], { dtype, eps: 1e-2 }),
  GroupNorm: () => new GroupNorm(2, 4, { dtype }),
  'GroupNorm over channels': () => new GroupNorm(1, 3, { dtype }),
  Embedding: () => new Embedding(5, 3, { key: key(1), dtype }),
  'Embedding with padding': () => new Embedding(4, 2, { key: key(1), dtype, padding: 1 }),
  MaxPool1d: () => new MaxPool1d(2),
  MaxPool2d: () => new MaxPool2d(3, { stride: 2, padding: 1 }),
  AveragePool1d: () => new AveragePool1d(3, { stride: 1, padding: 1 }),
  AveragePool2d: () => new AveragePool2d(2, { padding: 1, countPadding: false }),
  Flatten: () => new Flatten(),
}
const buffers = { running_mean: 'runningMean', running_var: 'runningVariance' } as const

test('every layer is compared', () => {
  expect(Object.keys(layers)).toEqual(Object.keys(cases))
})

describe.each(Object.entries(layers))('%s', (name, make) => {
  const { parameters, x, passes } = cases[name]!
  const layer = make()
  for (const [path, { shape, values }] of Object.entries(parameters)) {
    layer.parameters().get(path)!.value = f64(values, shape)
  }
  const input = name.startsWith('Embedding')
    ? tensor([...x.values], { dtype: 'int32', shape: x.shape })
    : f64(x.values, x.shape)

  // One pass after another: each leaves its running averages to the next.
  const seen = passes.map(({ mode, cotangent }) => {
    layer[mode]()
    const along = f64(cotangent.values, cotangent.shape)
    const [, gradients, y] = valueAndGrad(
      layer,
      () => {
        const y = layer.call(input)
        return [y.mul(along).sum(), y]
      },
      { aux: true },
    )
    const held = Object.fromEntries([...layer.buffers()].map(([path, { value }]) => [path, value]))
    layer.eval() // the gradient by x, which leaves running averages alone in evaluation only
    const dx =
      mode === 'eval' && input.dtype === dtype
        ? grad((x: Tensor) => layer.call(x).mul(along).sum())(input)
        : undefined
    return { y, gradients, held, dx }
  })

  test('gives its outputs', () => {
    for (const [i, { y }] of passes.entries()) {
      expect(seen[i]!.y.shape).toEqual(y.shape)
      expect(gap(values(seen[i]!.y), y.values)).toBeLessThan(1e-12)
    }
  })

  test('gives its gradients by parameters', () => {
    for (const [i, { gradients }] of passes.entries()) {
      expect(Object.keys(seen[i]!.gradients)).toEqual(Object.keys(gradients))
      for (const [path, expected] of Object.entries(gradients)) {
        expect(gap(values(seen[i]!.gradients[path]!), expected.values)).toBeLessThan(1e-12)
      }
    }
  })

  test('keeps its running averages', () => {
    for (const [i, pass] of passes.entries()) {
      for (const [path, expected] of Object.entries(pass.buffers)) {
        const held = seen[i]!.held[buffers[path as keyof typeof buffers]]!
        expect(gap(values(held), expected.values)).toBeLessThan(1e-13)
      }
    }
  })

  test('gives its gradients by inputs', () => {
    for (const [i, { mode, dx, cotangent }] of passes.entries()) {
      if (dx === null) continue
      const along = f64(cotangent.values, cotangent.shape)
      const found = seen[i]!.dx ?? grad((x: Tensor) => layer[mode]().call(x).mul(along).sum())(input)
      expect(gap(values(found), dx.values)).toBeLessThan(1e-12)
    }
  })
})
