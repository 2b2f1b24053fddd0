/** Whole matrices of derivatives, products with them, and derivatives sample by sample, against each other and by hand. */
import { inspect } from 'node:util'
import { fc, test } from '@fast-check/vitest'
import {
  grad,
  hessian,
  hvp,
  jacobian,
  jvp,
  linearize,
  mapTrees,
  perSample,
  record,
  type Tensor,
  tensor,
  valueAndGrad,
  vjp,
} from '@sensigrad/core'
import { arbitraries } from '@sensigrad/testing'
import { describe, expect } from 'vitest'
import { draw, f64, gap, numbers } from './support/backend.ts'

const settings = { numRuns: 40 }
const patience = 60_000
const one = arbitraries.programs({ minSteps: 3, maxSteps: 8, shapes: [[2, 3]] })

describe('the Jacobian', () => {
  test('of x² is diagonal', () => {
    const J = jacobian((x: Tensor) => x.square())(f64([1, 2, 3]))
    expect(J.shape).toEqual([3, 3])
    expect(numbers(J)).toEqual([2, 0, 0, 0, 4, 0, 0, 0, 6])
  })

  test.prop([one], settings)(
    'is the same by rows and by columns',
    ({ run, inputs }) => {
      const [rows, columns] = (['reverse', 'forward'] as const).map(mode =>
        jacobian((x: Tensor) => run(x), { mode })(inputs[0]!),
      )
      expect(rows!.shape).toEqual([...run(...inputs).shape, 2, 3])
      expect(columns!.shape).toEqual(rows!.shape)
      expect(gap(numbers(columns!), numbers(rows!))).toBeLessThan(1e-12)
    },
    patience,
  )

  test.prop([one], settings)(
    'has the products of vjp and jvp',
    ({ run, inputs }) => {
      const x = inputs[0]!
      const [y, pull] = vjp((x: Tensor) => run(x), x)
      const J = jacobian((x: Tensor) => run(x))(x).reshape([y.size, x.size])
      const [u, v] = [draw(1, y.shape), draw(2, x.shape)]
      expect(gap(numbers(u.flatten().matmul(J)), numbers(pull(u)[0]))).toBeLessThan(1e-12)
      const [, moved] = jvp((x: Tensor) => run(x), [x], [v])
      expect(gap(numbers(J.matmul(v.flatten())), numbers(moved))).toBeLessThan(1e-12)
    },
    patience,
  )

  test('of a tree is a tree, whatever the mode', () => {
    const f = ({ w, b }: { w: Tensor; b: Tensor[] }) => w.matmul(f64([1, 2])).add(b[0]!)
    const at = { w: f64([[1, 2], [3, 4], [5, 6]]), b: [f64([1, 1, 1])] } // biome-ignore format: a matrix
    for (const mode of ['reverse', 'forward'] as const) {
      const J = jacobian(f, { mode })(at)
      expect(J.w.shape).toEqual([3, 3, 2])
      expect(numbers(J.w.slice(1))).toEqual([0, 0, 1, 2, 0, 0])
      expect(numbers(J.b[0]!)).toEqual([1, 0, 0, 0, 1, 0, 0, 0, 1])
    }
  })

  test('of nothing, and by nothing, is empty', () => {
    const empty = (x: Tensor) => x.slice([0, 0])
    expect(jacobian(empty, { mode: 'reverse' })(f64([1, 2])).shape).toEqual([0, 2])
    expect(jacobian(empty, { mode: 'forward' })(f64([1, 2])).shape).toEqual([0, 2])
    expect(jacobian((x: Tensor) => x.sum(), { mode: 'forward' })(f64([], [0])).shape).toEqual([0])
  })

  test('can itself be differentiated', () => {
    const trace = (x: Tensor) => jacobian((x: Tensor) => x.pow(3))(x).sum()
    expect(numbers(grad(trace)(f64([1, 2])))).toEqual([6, 12])
  })

  test('refuses another mode, several results, and integers', () => {
    const loose = jacobian as (f: unknown, options?: unknown) => (x: Tensor) => Tensor
    expect(() => loose((x: Tensor) => x, { mode: 'both' })).toThrow(
      "jacobian: the mode is 'both'. Give 'reverse'",
    )
    expect(() => loose((x: Tensor) => [x, x])(f64([1]))).toThrow('jacobian: the function returned an array')
    expect(() => loose((x: Tensor) => x.less(0))(f64([1]))).toThrow('jacobian: the function returned bool[1]')
    expect(() => loose((x: Tensor) => x)(tensor([1], { dtype: 'int32' }))).toThrow(
      'jacobian: the argument is int32[1]',
    )
    expect(() => loose(3)).toThrow('jacobian: the function is 3')
  })
})

describe('the Hessian', () => {
  test('of a quadratic form is twice its symmetric part', () => {
    const A = f64([[1, 2], [0, 3]]) // biome-ignore format: a matrix
    const H = hessian((x: Tensor) => x.matmul(A).matmul(x))(f64([5, 7]))
    expect(numbers(H)).toEqual([2, 2, 2, 6])
  })

  test.prop([one], settings)(
    'is symmetric, and its products are those of hvp',
    ({ run, inputs }) => {
      const f = (x: Tensor) => run(x).sin().sum()
      const H = hessian(f)(inputs[0]!)
      expect(H.shape).toEqual([2, 3, 2, 3])
      const flat = H.reshape([6, 6])
      expect(gap(numbers(flat.transpose()), numbers(flat))).toBeLessThan(1e-11)
      const v = draw(3, [2, 3])
      expect(gap(numbers(hvp(f)(inputs[0]!, v)), numbers(flat.matmul(v.flatten())))).toBeLessThan(1e-11)
    },
    patience,
  )

  test('of a tree is a tree of trees', () => {
    const f = ({ a, b }: { a: Tensor; b: Tensor }) => a.square().sum().mul(b.sum())
    const H = hessian(f)({ a: f64([1, 2]), b: f64([3]) })
    expect([H.a.a.shape, H.a.b.shape, H.b.a.shape, H.b.b.shape]).toEqual([[2, 2], [2, 1], [1, 2], [1, 1]]) // biome-ignore format: shapes
    expect(numbers(H.a.a, H.a.b, H.b.a, H.b.b)).toEqual([6, 0, 0, 6, 2, 4, 2, 4, 0])
  })

  test('and its products take further arguments', () => {
    const f = (x: Tensor, scale: number) => x.pow(3).sum().mul(scale)
    expect(numbers(hessian(f)(f64([2]), 10))).toEqual([120])
    expect(numbers(hvp(f)(f64([2]), f64([0.5]), 10))).toEqual([60])
    const ofTree = hvp(({ a }: { a: Tensor }) => a.square().sum())({ a: f64([1]) }, { a: f64([3]) })
    expect(numbers(ofTree.a)).toEqual([6])
  })

  test('refuses what has no gradient', () => {
    expect(() => hessian((x: Tensor) => x)(f64([1, 2]))).toThrow('grad: the function returned float64[2]')
    expect(() => hvp((x: Tensor) => x.sum())(f64([1, 2]), f64([1]))).toThrow(
      'hvp: the direction is float64[1], but it belongs to float64[2]',
    )
  })
})

describe('a linearised function', () => {
  test.prop([arbitraries.programs()], settings)(
    'gives the tangents of jvp for any direction',
    ({ run, inputs }) => {
      const [y, push] = linearize(run, ...inputs)
      for (const lot of [1, 2]) {
        const directions = inputs.map((x, i) => draw(10 * lot + i, x.shape))
        const [value, tangent] = jvp(run, [...inputs], directions)
        expect(numbers(y, push(...directions))).toEqual(numbers(value, tangent))
      }
    },
    patience,
  )

  test('goes from trees to trees', () => {
    const [y, push] = linearize(
      ({ a, b }: { a: Tensor; b: Tensor }) => ({ sum: a.add(b), parts: [a.mul(b)] }),
      {
        a: f64(2),
        b: f64(5),
      },
    )
    expect(numbers(y.sum, y.parts[0]!)).toEqual([7, 10])
    const moved = push({ a: f64(1), b: f64(10) })
    expect(numbers(moved.sum, moved.parts[0]!)).toEqual([11, 25])
  })
})

describe('vjp and jvp of trees', () => {
  const f = ({ w, b }: { w: Tensor; b: Tensor }, x: Tensor) =>
    [w.matmul(x).add(b), { norm: w.square().sum() }] as const
  const at = { w: f64([[1, 2], [3, 4]]), b: f64([1, 1]) } // biome-ignore format: a matrix
  const x = f64([1, -1])

  test('pull a cotangent shaped like the result back to the shape of the arguments', () => {
    const [[y, { norm }], pull] = vjp(f, at, x)
    expect(numbers(y, norm)).toEqual([0, 0, 30])
    const [{ w, b }, dx] = pull([f64([1, 0]), { norm: f64(0.5) }])
    expect(numbers(w, b, dx)).toEqual([2, 1, 3, 4, 1, 0, 1, 2])
  })

  test('push tangents shaped like the arguments to the shape of the result', () => {
    const [, [dy, { norm }]] = jvp(f, [at, x], [{ w: f64([[1, 0], [0, 0]]), b: f64([0, 3]) }, f64([0, 1])]) // biome-ignore format: a matrix
    expect(numbers(dy, norm)).toEqual([3, 7, 2])
  })

  test('tell tensors apart by their names, not by the order of keys', () => {
    const both = (x: Tensor) => ({ a: x, b: x.mul(10) })
    expect(numbers(...vjp(both, f64(1))[1]({ b: f64(0), a: f64(1) }))).toEqual([1])
    const product = ({ a, b }: { a: Tensor; b: Tensor }) => a.mul(b).mul(2)
    const [, moved] = jvp(product, [{ a: f64(1), b: f64(5) }], [{ b: f64(0), a: f64(1) }])
    expect(numbers(moved)).toEqual([10])
    const cubed = hvp(({ a, b }: { a: Tensor; b: Tensor }) => a.pow(3).add(b))
    const Hv = cubed({ a: f64(1), b: f64(5) }, { b: f64(0), a: f64(1) })
    expect(numbers(Hv.a, Hv.b)).toEqual([6, 0])
    const loose = vjp((x: Tensor) => [x, [x]], f64(1))[1] as (cotangent: unknown) => unknown
    expect(() => loose([[f64(1)], f64(0)])).toThrow(
      'vjp: the cotangent has a tensor at 0.0, a tensor at 1 but lacks',
    )
    expect(() => loose([f64(1), [f64(0), f64(0)]])).toThrow('has a tensor at 1.1 that belongs to nothing')
  })

  test('refuse directions of another shape, and name where', () => {
    const [, pull] = vjp(f, at, x)
    const loose = pull as (cotangent: unknown) => unknown
    expect(() => loose([f64([1, 0])])).toThrow(
      'vjp: the cotangent has a tensor at 0 but lacks a tensor at 1.norm. Give a tree of the same shape',
    )
    expect(() => loose([f64([1]), { norm: f64(1) }])).toThrow(
      'vjp: the cotangent is float64[1], but it belongs to float64[2]',
    )
    expect(() => loose([f64([1, 0]), { norm: 7 }])).toThrow('vjp: the cotangent at 1.norm is 7')
    expect(() => vjp(f, { w: at.w, b: tensor([1, 1], { dtype: 'int32' }) }, x)).toThrow(
      'vjp: argument 0 at b is int32[2], and only float tensors carry gradients. Cast it',
    )
  })
})

describe('per sample', () => {
  const loss = (w: Tensor, x: Tensor, y: Tensor) => w.dot(x).tanh().sub(y).square()
  const [w, xs, ys] = [draw(1, [3]), draw(2, [5, 3]), draw(3, [5])]

  test('gradients are those of each sample alone, and their mean that of the mean loss', () => {
    const gradients = perSample(grad(loss))(w, xs, ys)
    expect(gradients.shape).toEqual([5, 3])
    for (let i = 0; i < 5; i++) {
      expect(numbers(gradients.slice(i))).toEqual(numbers(grad(loss)(w, xs.slice(i), ys.slice(i))))
    }
    const mean = grad((w: Tensor) => perSample(loss)(w, xs, ys).mean())(w)
    expect(gap(numbers(gradients.mean(0)), numbers(mean))).toBeLessThan(1e-14)
  })

  test('trees come stacked, integers among them', () => {
    const labels = tensor([2, 0, 1, 1, 2], { dtype: 'int32' })
    const f = (w: Tensor, { x, label }: { x: Tensor; label: Tensor }) => ({ z: x.mul(w), label })
    const { z, label } = perSample(f)(w, { x: xs, label: labels })
    expect(numbers(z)).toEqual(numbers(xs.mul(w)))
    expect(numbers(label)).toEqual([2, 0, 1, 1, 2])
  })

  test('results are told apart by their names, and must all have the same', () => {
    let flip = false
    const f = (_: Tensor, x: Tensor) => {
      flip = !flip
      return flip ? { a: x, b: x.mul(10) } : { b: x.mul(10), a: x }
    }
    const { a, b } = perSample(f)(w, f64([1, 2]))
    expect(numbers(a, b)).toEqual([1, 2, 10, 20])
    let count = 0
    const growing = (_: Tensor, x: Tensor) => Array.from({ length: ++count }, () => x)
    expect(() => perSample(growing)(w, f64([1, 2]))).toThrow(
      'perSample: the result for sample 1 has a tensor at 1 that belongs to nothing',
    )
  })

  test('refuses batches that differ in length, and none', () => {
    expect(() => perSample(loss)(w, xs, ys.slice([0, 4]))).toThrow(
      'perSample: float64[4] and float64[5, 3] are no batches of one length',
    )
    expect(() => perSample(loss)(w, xs.slice([0, 0]), ys.slice([0, 0]))).toThrow('has no samples')
    expect(() => perSample((w: Tensor) => w)(w)).toThrow('perSample: there is no batch')
  })
})

describe('mapTrees', () => {
  const parameters = { w: f64([1, 2]), b: [f64(3)] }

  test('makes a tree of what stands at the same place in several', () => {
    const next = mapTrees((p, g) => p.sub(g.mul(0.5)), parameters, { b: [f64(2)], w: f64([2, 4]) })
    expect(numbers(next.w, next.b[0]!)).toEqual([0, 0, 2])
    const sums = mapTrees((a, b, c) => a.add(b).add(c), f64(1), f64(2), f64(3))
    expect(numbers(sums)).toEqual([6])
  })

  test('refuses trees of another shape', () => {
    expect(() => mapTrees((p, g) => p.sub(g), parameters, { w: f64(1) })).toThrow(
      'mapTrees: tree 1 has a tensor at w but lacks a tensor at b.0. Give a tree of the same shape',
    )
  })
})

test('a tape prints as what it is', () => {
  const tape = record(x => x.sin(), f64(1))
  expect(inspect(tape)).toBe(String(tape))
})

describe('an auxiliary value', () => {
  const f = (x: Tensor) => [x.square().sum(), { twice: x.mul(2), note: 'seen' }] as const

  test('is handed on beside the gradient', () => {
    const [gradient, { twice, note }] = grad(f, { aux: true })(f64([1, 2]))
    expect([...numbers(gradient, twice), note]).toEqual([2, 4, 2, 4, 'seen'])
    const [value, same, aux] = valueAndGrad(f, { aux: true })(f64([1, 2]))
    expect([...numbers(value, same, aux.twice), aux.note]).toEqual([5, 2, 4, 2, 4, 'seen'])
  })

  test('does not hold on to its tape outside, and is part of the computation inside another transform', () => {
    expect(grad(f, { aux: true })(f64([1]))[1].twice.entry).toBeUndefined()
    const outer = grad((x: Tensor) => grad(f, { aux: true })(x)[1].twice.square().sum())(f64([3]))
    expect(numbers(outer)).toEqual([24])
  })

  test('must be there when it is asked for', () => {
    const loose = grad as unknown as (f: unknown, options: unknown) => (x: Tensor) => unknown
    expect(() => loose((x: Tensor) => x.sum(), { aux: true })(f64([1]))).toThrow(
      'grad: with { aux: true } the function returned a Tensor. Return [number, auxiliary]',
    )
    expect(numbers(loose((x: Tensor) => x.sum(), { aux: false })(f64([1])) as Tensor)).toEqual([1])
    expect(() => loose(f, 'x')).toThrow("grad: the options are 'x'. Give an object: { aux: true }")
    expect(() => loose(f, undefined)(f64([1]))).toThrow(
      'grad: the function returned a list. Return one tensor, or give { aux: true }',
    )
  })
})

test.prop([fc.constant(0)], { numRuns: 1 })('integers are constants: closed over they cost nothing', () => {
  const picks = tensor([2, 0], { dtype: 'int32' })
  expect(numbers(grad((x: Tensor) => x.gather(picks).sum())(f64([1, 2, 3])))).toEqual([1, 0, 1])
})
