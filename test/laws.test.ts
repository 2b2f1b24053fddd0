/** The laws of calculus, which hold for every program: linearity, the chain rule, symmetry, and both modes alike. */
import { fc, test } from '@fast-check/vitest'
import * as core from '@sensigrad/core'
import {
  broadcastTo,
  type Expression,
  elementwise,
  expressions,
  grad,
  jvp,
  mul,
  record,
  type ScalarFunction,
  sum,
  sumTo,
  type Tensor,
  vjp,
} from '@sensigrad/core'
import { arbitraries, gradcheck } from '@sensigrad/testing'
import { describe, expect } from 'vitest'
import { draw, f64, gap, numbers } from './support/backend.ts'
import { complexStep } from './support/complex.ts'
import { evaluateComplex } from './support/complex-expression.ts'

const { scalarRules } = expressions
const { broadcastableShapes, programs, smoothExpressions, tensors } = arbitraries
const settings = { numRuns: 100 }
/** Milliseconds that a test may take while other programs keep the machine busy. */
const patience = 60_000
const like = (x: Tensor, lot: number) => draw(lot, x.shape, [-1, 1])

describe('of a random program', () => {
  test.prop([programs()], { numRuns: 60 })(
    'pullback, pushforward and finite differences agree to order 2, in all mixtures of modes',
    ({ run, inputs }) => {
      gradcheck(run, inputs)
    },
    patience,
  )

  test.prop([programs({ maxSteps: 8 })], { numRuns: 15 })(
    'they agree to order 3',
    ({ run, inputs }) => {
      gradcheck(run, inputs, { order: 3 })
    },
    patience,
  )

  test.prop([programs(), fc.double({ min: -3, max: 3, noNaN: true })], settings)(
    'the pullback is linear in the cotangent',
    ({ run, inputs }, scale) => {
      const [y, pull] = vjp(run, ...inputs)
      const [u, v] = [like(y, 1), like(y, 2)]
      const [pulledU, pulledV] = [pull(u), pull(v)]
      const expected = pulledU.map((x, i) => x.mul(scale).add(pulledV[i]!))
      expect(gap(numbers(...pull(u.mul(scale).add(v))), numbers(...expected))).toBeLessThan(1e-12)
    },
  )

  test.prop([programs(), fc.double({ min: -3, max: 3, noNaN: true })], settings)(
    'the pushforward is linear in the tangents',
    ({ run, inputs }, scale) => {
      const push = (tangents: Tensor[]) => jvp(run, [...inputs], tangents)[1]
      const [u, v] = [inputs.map((x, i) => like(x, i)), inputs.map((x, i) => like(x, 10 + i))]
      const expected = push(u).mul(scale).add(push(v))
      const actual = push(u.map((each, i) => each.mul(scale).add(v[i]!)))
      expect(gap(numbers(actual), numbers(expected))).toBeLessThan(1e-12)
    },
  )

  test.prop([programs()], settings)('second derivatives are symmetric', ({ run, inputs }) => {
    const y = run(...inputs)
    const gradient = (...xs: Tensor[]) => vjp(run, ...xs)[1](like(y, 3))
    const curvature = (u: Tensor[], v: Tensor[]) =>
      v
        .map((each, i) => {
          const [, moved] = jvp((...xs: Tensor[]) => gradient(...xs)[i]!, [...inputs], u)
          return numbers(sum(mul(moved, each)))[0]!
        })
        .reduce((a, b) => a + b)
    const [u, v] = [inputs.map((x, i) => like(x, i)), inputs.map((x, i) => like(x, 10 + i))]
    expect(gap([curvature(u, v)], [curvature(v, u)])).toBeLessThan(1e-11)
  })

  test.prop([programs({ minSteps: 2, maxSteps: 6 })], settings)(
    'values and derivatives are the same when it runs inside other transforms',
    ({ run, inputs }) => {
      const plain = run(...inputs)
      const inside = grad((unrelated: Tensor) => {
        const [y, pull] = vjp(run, ...inputs)
        expect(numbers(y, ...pull(like(y, 1)))).toEqual(
          numbers(plain, ...vjp(run, ...inputs)[1](like(plain, 1))),
        )
        return unrelated.square()
      })(f64(3))
      expect(numbers(inside)).toEqual([6])
    },
  )
})

describe('the chain rule', () => {
  const second = programs({ maxSteps: 6, shapes: [[2, 3]] })
  /** A program whose output is brought to [2, 3]. */
  const first = programs({ maxSteps: 6 }).map(({ run, inputs }) => ({
    inputs,
    run: (...xs: Tensor[]) =>
      run(...xs)
        .mean()
        .mul(draw(5, [2, 3]))
        .sin(),
  }))

  test.prop([first, second], settings)(
    'in reverse: the pullback of g ∘ f is that of f after that of g',
    (f, g) => {
      const [z, whole] = vjp((...xs: Tensor[]) => g.run(f.run(...xs)), ...f.inputs)
      const [y, pullF] = vjp(f.run, ...f.inputs)
      const [, pullG] = vjp(g.run, y)
      const z̄ = like(z, 1)
      expect(gap(numbers(...whole(z̄)), numbers(...pullF(pullG(z̄)[0]!)))).toBeLessThan(1e-13)
    },
  )

  test.prop([first, second], settings)(
    'forwards: the tangent of g ∘ f is that of g along that of f',
    (f, g) => {
      const ẋ = f.inputs.map((x, i) => like(x, i))
      const [, whole] = jvp((...xs: Tensor[]) => g.run(f.run(...xs)), [...f.inputs], ẋ)
      const [y, ẏ] = jvp(f.run, [...f.inputs], ẋ)
      expect(gap(numbers(whole), numbers(jvp(g.run, [y], [ẏ])[1]))).toBeLessThan(1e-13)
    },
  )
})

describe('broadcasting', () => {
  const pairs = broadcastableShapes().chain(({ a, b, joint }) =>
    fc.record({ x: tensors(a), y: tensors(b), joint: fc.constant(joint) }),
  )

  /** Every function of two numbers, so that none need be named here. */
  const binary = (Object.keys(scalarRules) as ScalarFunction[]).filter(
    name => scalarRules[name].arity === 2 && scalarRules[name].takes !== 'booleans',
  )
  const functions: Readonly<Record<string, unknown>> = core
  const called = (name: ScalarFunction) => functions[name] as (a: Tensor, b: Tensor) => Tensor

  test.prop([pairs], { numRuns: 30 })('is broadcastTo, left out', ({ x, y, joint }) => {
    for (const name of binary) {
      const implicit = called(name)(x, y)
      expect(implicit.shape).toEqual(joint)
      expect(numbers(implicit)).toEqual(numbers(called(name)(broadcastTo(x, joint), broadcastTo(y, joint))))
    }
  })

  test.prop([pairs], { numRuns: 30 })('has the gradients of broadcastTo, left out', ({ x, y, joint }) => {
    const cotangent = draw(1, joint)
    for (const name of binary.filter(name => scalarRules[name].gives === 'number')) {
      const f = called(name)
      const implicit = vjp(f, x, y)[1](cotangent)
      const explicit = vjp((x, y) => f(broadcastTo(x, joint), broadcastTo(y, joint)), x, y)[1](cotangent)
      expect(numbers(...implicit)).toEqual(numbers(...explicit))
      expect(implicit.map(String)).toEqual([x, y].map(String))
    }
  })

  test.prop([pairs])(
    'is undone by a sum: the pullback of broadcastTo adds up what it repeated',
    ({ x, joint }) => {
      const cotangent = draw(1, joint)
      const [pulled] = vjp(x => broadcastTo(x, joint), x)[1](cotangent)
      const added = joint.length - x.rank
      const stretched = joint.flatMap((length, axis) =>
        axis < added || x.shape[axis - added] !== length ? [axis] : [],
      )
      expect(numbers(pulled)).toEqual(numbers(cotangent.sum(stretched).reshape(x.shape)))
    },
  )

  test.prop([pairs])('and sumTo are adjoint: ⟨broadcastTo(x), y⟩ = ⟨x, sumTo(y)⟩', ({ x, joint }) => {
    const y = draw(2, joint)
    const [left] = numbers(sum(mul(broadcastTo(x, joint), y)))
    const [right] = numbers(sum(mul(x, sumTo(y, x.shape))))
    expect(gap([left!], [right!])).toBeLessThan(1e-13)
  })
})

describe('derivatives of high order', () => {
  const nth = (f: (x: Tensor) => Tensor, order: number): ((x: Tensor) => Tensor) =>
    order === 0 ? f : nth(x => grad((x: Tensor) => f(x).sum())(x), order - 1)
  const nthForward = (f: (x: Tensor) => Tensor, order: number): ((x: Tensor) => Tensor) =>
    order === 0 ? f : nthForward(x => jvp(f, [x], [f64([1, 1])])[1], order - 1)
  const x = f64([0.3, -0.8])
  const orders = [1, 2, 3, 4, 5, 6]

  test.each(orders)('of sin turn it by a quarter, order %i', order => {
    const expected = [0.3, -0.8].map(at => Math.sin(at + (order * Math.PI) / 2))
    expect(gap(numbers(nth(x => x.sin(), order)(x)), expected)).toBeLessThan(1e-14)
    expect(gap(numbers(nthForward(x => x.sin(), order)(x)), expected)).toBeLessThan(1e-14)
  })

  test.each(orders)('of exp leave it as it is, order %i', order => {
    expect(numbers(nth(x => x.exp(), order)(x))).toEqual(numbers(x.exp()))
  })

  test.each(orders)('of 1/x are (-1)ⁿ n!/xⁿ⁺¹, order %i', order => {
    const factorial = [1, 1, 2, 6, 24, 120, 720][order]!
    const expected = [0.3, -0.8].map(at => ((-1) ** order * factorial) / at ** (order + 1))
    expect(gap(numbers(nth(x => x.reciprocal(), order)(x)), expected)).toBeLessThan(1e-13)
    expect(gap(numbers(nthForward(x => f64(1).div(x), order)(x)), expected)).toBeLessThan(1e-13)
  })

  test.each(orders)('of tanh are polynomials in it, order %i', order => {
    // Pₙ₊₁(y) = Pₙ'(y)·(1 - y²), from P₀ = y
    let polynomial = [0, 1]
    for (let n = 0; n < order; n++) {
      const slope = polynomial.slice(1).map((c, k) => c * (k + 1))
      polynomial = [...slope, 0, 0].map((c, k) => c - (slope[k - 2] ?? 0))
    }
    const expected = [0.3, -0.8].map(at => polynomial.reduce((sum, c, k) => sum + c * Math.tanh(at) ** k, 0))
    expect(gap(numbers(nth(x => x.tanh(), order)(x)), expected)).toBeLessThan(1e-13)
    expect(gap(numbers(nthForward(x => x.tanh(), order)(x)), expected)).toBeLessThan(1e-13)
  })
})

describe('a fused expression', () => {
  const swish = elementwise('swish', (e, x: Expression, b: Expression) => e.mul(x, e.sigmoid(e.mul(b, x))))

  test.prop([tensors([2, 3]), tensors([3])], settings)('has the derivatives of its parts', (x, b) => {
    const parts = (x: Tensor, b: Tensor) => x.mul(x.mul(b).sigmoid())
    const both = [swish, parts].map(f => {
      const [y, pull] = vjp(f, x, b)
      const curvature = grad(([x, b]: [Tensor, Tensor]) => {
        const [dx, db] = vjp(f, x, b)[1](like(y, 1))
        return dx
          .mul(like(x, 2))
          .sum()
          .add(db.mul(like(b, 3)).sum())
      })([x, b])
      return numbers(y, ...pull(like(y, 1)), ...curvature)
    })
    expect(gap(both[0]!, both[1]!)).toBeLessThan(1e-13)
  })

  test.prop([smoothExpressions(), tensors([2]), tensors([2])], { numRuns: 100 })(
    'drawn at random has right derivatives of order 1 and 2 in both modes',
    (expression, x, y) => {
      gradcheck(
        elementwise('random', (_, _a: Expression, _b: Expression) => expression),
        [x, y],
      )
    },
    patience,
  )

  test.prop([smoothExpressions(), tensors([1]), tensors([1])], { numRuns: 300 })(
    'drawn at random has the gradient of the complex step to the last digits',
    (expression, x, y) => {
      const f = elementwise('random', (_, _a: Expression, _b: Expression) => expression)
      const slopes = grad(([x, y]: [Tensor, Tensor]) => f(x, y).sum())([x, y])
      const stepped = complexStep(z => evaluateComplex(expression, z), numbers(x, y))
      expect(gap(numbers(...slopes), stepped)).toBeLessThan(1e-12)
    },
  )

  test('is one entry of the tape', () => {
    const tape = record(swish, f64([1, 2]), f64([3, 4]))
    expect(tape.entries.map(({ op }) => op.name)).toEqual(['alias', 'alias', 'map'])
  })

  test('that leaves an argument out is differentiated like the same one that has no other', () => {
    const alone = elementwise('alone', (e, x: Expression) => e.exp(x))
    const beside = elementwise('beside', (e, x: Expression, _: Expression) => e.exp(x))
    const x = f64([0.5, 1])
    grad((x: Tensor) => alone(x).sum())(x)
    expect(numbers(grad((x: Tensor) => beside(x, 7).sum())(x))).toEqual(numbers(x.exp()))
    expect(numbers(jvp((x: Tensor) => beside(x, 7), [x], [f64([1, 1])])[1])).toEqual(numbers(x.exp()))
  })

  test('that mixes numbers and booleans is refused by its name', () => {
    expect(() => elementwise('odd', (e, x: Expression) => e.not(e.exp(x)))).toThrow(
      'odd: exp gives a number where a boolean is needed. Numbers and booleans do not mix',
    )
  })

  test('takes the arguments that it has, no more and no fewer', () => {
    const given = swish as unknown as (...args: unknown[]) => Tensor
    expect(() => given(f64(1))).toThrow('swish: 1 arguments were given. It takes 2')
    expect(() => given(f64(1), 2, 3)).toThrow('swish: 3 arguments were given. It takes 2')
  })
})
