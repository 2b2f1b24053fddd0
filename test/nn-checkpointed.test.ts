/** Modules inside of a checkpoint do what they do without it: what is computed again in the sweep is the same, and counts once. */
import {
  BatchNorm,
  Dense,
  Dropout,
  type Module,
  Parameter,
  SAL,
  Sequential,
  valueAndGrad,
} from '@sensigrad/nn'
import { capture, checkpoint, fresh, key, normal, scan, type Tensor, tanh, Variable, zeros } from 'sensigrad'
import { describe, expect, test } from 'vitest'
import { bits, values } from './support/neurons.ts'

const draws = (seed: number, ...shape: number[]) => normal(key(seed), shape, { dtype: 'float64' })
const dense = (inputs: number, outputs: number) =>
  new Dense(inputs, outputs, { key: key(3), dtype: 'float64', activation: tanh })
const plain = ((f: unknown) => f) as typeof checkpoint
const x = draws(1, 6, 3)

const between: Record<string, () => Module> = {
  dropout: () => new Dropout(0.5, { key: key(9) }),
  'batch norm': () => new BatchNorm(3, { dtype: 'float64' }),
}

/** Loss and gradients of a few steps, and where the model stands after them. */
function course(middle: () => Module, wrap: typeof checkpoint, isCaptured: boolean) {
  const model = new Sequential(dense(3, 3), middle(), dense(3, 2))
  const step = (x: Tensor) => {
    const block = wrap((x: Tensor) => model.call(x))
    const inner = wrap((x: Tensor) => block(x).square())
    return valueAndGrad(model, () => inner(x).mean())
  }
  const run = isCaptured ? capture(step) : step
  const steps = Array.from({ length: 3 }, (_, i) => run(draws(i, 6, 3)))
  const found = steps.flatMap(([loss, gradients]) => [loss, ...Object.values(gradients)].map(bits))
  const state = Object.values(model.state()).map(part => (typeof part === 'object' ? bits(part) : part))
  return { found, state }
}

describe.each(Object.keys(between))('%s', name => {
  test.each([false, true])('is the same inside of checkpoints, in a captured step: %s', isCaptured => {
    const expected = course(between[name]!, plain, isCaptured)
    expect(course(between[name]!, checkpoint, isCaptured)).toEqual(expected)
  })
})

test('each stretch of a checkpointed scan has its own dropouts back', () => {
  const gradientsWith = (options: { checkpointEvery?: number }) => {
    const model = new Sequential(dense(3, 3), new Dropout(0.5, { key: key(9) }))
    const step = (h: Tensor, x: Tensor): [Tensor, Tensor] => {
      const next = model.call(h.add(x))
      return [next, next]
    }
    const loss = () =>
      scan(step, zeros([3], { dtype: 'float64' }), x, options)[1]
        .square()
        .sum()
    return Object.values(valueAndGrad(model, loss)[1]).flatMap(values)
  }
  const expected = gradientsWith({})
  for (const [i, value] of gradientsWith({ checkpointEvery: 2 }).entries()) {
    expect(value).toBeCloseTo(expected[i]!, 12)
  }
})

test('SAL hears a pass once, though the sweep computes it again', () => {
  const adjustedWith = (wrap: typeof checkpoint) => {
    const layer = dense(3, 3)
    const sal = new SAL({ rate: 1e-3 }).attach(layer)
    const first = wrap((x: Tensor) => layer.call(x))
    valueAndGrad(layer, () => layer.call(first(x)).square().mean())
    sal.adjust()
    return [...values(sal.of(layer)!.average), ...values(layer.weight.value)]
  }
  expect(adjustedWith(checkpoint)).toEqual(adjustedWith(plain))
})

test('a variable that the function reads and writes is read as it was, and written once', () => {
  const scale = new Parameter(draws(4, 3))
  const count = new Variable(draws(5, 3))
  const holder = new (class extends Sequential {
    readonly scale = scale
  })()
  const slopeWith = (wrap: typeof checkpoint) => {
    count.value = draws(5, 3)
    const f = wrap((x: Tensor) => {
      count.value = count.value.mul(2)
      const noise = fresh(() => draws(6, 3))
      return x.mul(scale.value).mul(count.value).add(noise).sin()
    })
    const [, { scale: slope }] = valueAndGrad(holder, () => f(f(x)).sum())
    return [...values(slope!), ...values(count.value)]
  }
  expect(slopeWith(checkpoint)).toEqual(slopeWith(plain))
  expect(values(count.value)).toEqual(values(draws(5, 3).mul(4)))
})
