/** A captured step gives what the step itself gives, for whatever it computes, takes and returns; or it says why not. */
import { fc, test as property } from '@fast-check/vitest'
import { cpu } from '@sensigrad/backend-cpu'
import { wasm } from '@sensigrad/backend-wasm'
import {
  argMax,
  argSort,
  capture,
  concat,
  grad,
  hvp,
  jvp,
  type Tensor,
  type TensorTree,
  tensor,
  valueAndGrad,
  where,
  zeros,
} from '@sensigrad/core'
import { arbitraries } from '@sensigrad/testing'
import { useBackend } from 'sensigrad'
import { beforeEach, describe, expect, test } from 'vitest'
import { numbers } from './support/backend.ts'
import { capturedPartings, nudged, partings } from './support/capture.ts'

const patience = 60_000
const backends = [cpu(), await wasm()].map(backend => [backend.name, backend] as const)

describe.each(backends)('on %s a captured function', (_, backend) => {
  beforeEach(() => {
    useBackend(backend)
  })
  const programs = arbitraries.programs({ maxSteps: 12 })
  const times = [0, 1, 2]

  property.prop([programs], { numRuns: 150 })(
    'gives the values of the function, call after call',
    ({ run, inputs }) => {
      expect(
        capturedPartings(
          run,
          times.map(n => nudged(inputs, n)),
        ),
      ).toEqual([])
    },
    patience,
  )

  property.prop([programs], { numRuns: 75 })(
    'gives them in float32, too',
    ({ run, inputs }) => {
      const narrow = inputs.map(x => x.cast('float32'))
      expect(capturedPartings(run, [narrow, nudged(narrow, 1)])).toEqual([])
    },
    patience,
  )

  property.prop([arbitraries.programs({ maxSteps: 8 })], { numRuns: 100 })(
    'gives the derivatives that are taken inside of it, in all modes',
    ({ run, inputs }) => {
      const f = (...xs: Tensor[]) => ({
        gradient: valueAndGrad((xs: Tensor[]) => run(...xs).sum())(xs),
        tangent: jvp(
          run,
          xs,
          xs.map(x => x.cos()),
        )[1],
        curvature: hvp((x: Tensor) =>
          run(x, ...xs.slice(1))
            .square()
            .sum(),
        )(xs[0]!, xs[0]!.sin()),
      })
      expect(capturedPartings(f, [[...inputs], nudged(inputs, 1)])).toEqual([])
    },
    patience,
  )

  const layouts: Readonly<Record<string, (x: Tensor) => Tensor>> = {
    flipped: x => (x.rank === 0 ? x : x.slice([-1, undefined, -1])),
    transposed: x =>
      concat([x.transpose().flatten()])
        .reshape([...x.shape].reverse())
        .transpose(),
    'spread out': x => concat([x.expandDims(-1), x.expandDims(-1)], -1).slice(...x.shape.map(() => null), 0),
    'one element everywhere': x => x.mean().broadcastTo(x.shape),
  }
  property.prop([programs, fc.constantFrom(...Object.keys(layouts))], { numRuns: 75 })(
    'does not notice how its arguments lie in memory',
    ({ run, inputs }, layout) => {
      const fast = capture(run)
      for (const call of times) {
        const plain = nudged(inputs, call)
        const laid = plain.map(call === 1 ? layouts[layout]! : x => x)
        expect(partings(fast(...laid), run(...laid))).toEqual([])
      }
      expect(fast.captures).toBe(1)
    },
    patience,
  )

  const whole = tensor([3, -1, 2], { dtype: 'int32', backend })
  // biome-ignore format: a table
  const outputs: readonly [what: string, f: (x: Tensor) => TensorTree | undefined][] = [
    ['a transposed view of what it computes', x => x.sin().transpose()],
    ['parts of what it computes', x => [x.sin().slice(1), x.sin().slice([0, 1])]],
    ['a broadcast view', x => x.sin().sum().broadcastTo([2, 2])],
    ['its argument', x => x],
    ['a view of its argument', x => x.transpose()],
    ['a constant that it closes over', () => whole],
    ['a view of a constant', () => whole.slice([-1, undefined, -1])],
    ['numbers that it makes', () => [zeros([2, 2]), tensor([1, 2, 3])]],
    ['one tensor twice', x => { const y = x.exp(); return { y, again: [y, y.transpose()] } }],
    ['nothing', () => undefined],
    ['a tree without tensors', () => []],
    ['bools', x => ({ positive: x.greater(0), both: x.greater(0).and(x.less(1)) })],
    ['whole numbers', x => [argMax(x, 1), argSort(x, 0), argMax(x, 1).add(1), x.cast('int32')]],
    ['several types', x => [x.greater(0), x.greater(0).cast('float32'), x.cast('bool').cast('int32')]],
    ['what has no elements', x => [x.slice([1, 1]), x.slice([1, 1]).sum(0), x.slice([1, 1]).exp()]],
    ['a constant expression', () => whole.cast('float64').exp().sum()],
  ]
  test.each(outputs)('may return %s', (_, f) => {
    const x = tensor(
      [
        [0.5, -2, 1.5],
        [3, 0.25, -0.75],
      ],
      { dtype: 'float64', backend },
    )
    expect(capturedPartings(f, [[x], [x.mul(-1)], [x.add(0.5)]])).toEqual([])
  })

  const empty: readonly [what: string, f: (x: Tensor) => TensorTree][] = [
    ['sums', x => [x.sum(), x.sum(0), x.sum(1)]],
    ['products', x => [x.matmul(x.transpose()), x.transpose().matmul(x)]],
    ['maps and joins', x => [x.exp().mul(2), concat([x, x.cos()], 1)]],
    ['gradients', x => grad((x: Tensor) => x.square().sum())(x)],
  ]
  test.each(empty)('may take what has no elements: %s', (_, f) => {
    const x = zeros([0, 3], { dtype: 'float64', backend })
    expect(capturedPartings(f, [[x], [x]])).toEqual([])
  })

  test('may take whole numbers and bools', () => {
    const f = (x: Tensor, at: Tensor, chosen: Tensor) => where(chosen, x.gather(at), x.gather(at).neg())
    const x = tensor([1, 2, 3, 4], { dtype: 'float64', backend })
    const [a, b] = [
      [3, 0],
      [1, 1],
    ].map(at => tensor(at, { dtype: 'int32', backend }))
    const [c, d] = [
      [true, false],
      [false, true],
    ].map(chosen => tensor(chosen, { backend }))
    expect(
      capturedPartings(f, [
        [x, a!, c!],
        [x, b!, d!],
      ]),
    ).toEqual([])
  })

  test('may take trees, with settings beside them', () => {
    const f = ({ a, b }: { a: Tensor; b: Tensor[] }, twice: boolean, power: number) => {
      const sum = b.reduce((sum, next) => sum.add(next), a)
      return [twice ? sum.mul(2) : sum, sum.pow(power)]
    }
    const of = (value: number) => tensor([value, 2 * value], { dtype: 'float64', backend })
    const tree = (value: number) => ({ a: of(value), b: [of(value + 1), of(value + 2)] })
    expect(
      capturedPartings(f, [
        [tree(1), true, 2],
        [tree(2), true, 2],
        [tree(2), false, 2],
        [tree(2), false, 3],
      ]),
    ).toEqual([])
  })

  test('gives tensors of their own, which later calls leave alone', () => {
    const fast = capture((x: Tensor) => [x, x.mul(2), x.mul(2).transpose(), whole])
    const first = fast(tensor([[1, 2]], { backend }))
    const before = numbers(...first)
    fast(tensor([[7, 8]], { backend }))
    expect(numbers(...first)).toEqual(before)
  })
})
