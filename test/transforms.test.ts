/** Transforms nest in any mixture, and none mistakes another's variables for its own. */
import { test } from '@fast-check/vitest'
import {
  grad,
  isRecorded,
  jvp,
  pullback,
  record,
  stopGradient,
  type Tensor,
  valueAndGrad,
  vjp,
} from '@sensigrad/core'
import { arbitraries } from '@sensigrad/testing'
import { describe, expect } from 'vitest'
import { f64, gap, numbers } from './support/backend.ts'

const { tensors } = arbitraries

type Scalar = (x: Tensor) => Tensor

/** Ways to differentiate a function of one number. */
const derivatives: Record<string, (f: Scalar) => Scalar> = {
  grad: f => x => grad((x: Tensor) => f(x))(x),
  jvp: f => x => jvp(f, [x], [f64(1)])[1],
  vjp: f => x => vjp(f, x)[1](f64(1))[0],
  record: f => x => pullback(record(f, x), f64(1))[0]!,
}
const modes = Object.entries(derivatives)
const pairs = modes.flatMap(([outerName, outer]) =>
  modes.map(([innerName, inner]) => ({ mixture: `${outerName} of ${innerName}`, outer, inner })),
)

describe.each(pairs)('$mixture', ({ outer, inner }) => {
  const at = (f: Scalar, x: number) => numbers(outer(f)(f64(x)))[0]

  test('d/dx x·(d/dy (x + y)) = 1: the inner derivative is blind to the outer variable', () => {
    expect(at(x => x.mul(inner(y => x.add(y))(f64(3))), 2)).toBe(1)
  })

  test('d/dx x·(d/dy x·y) = 2x: but it depends on it', () => {
    expect(at(x => x.mul(inner(y => x.mul(y))(f64(3))), 5)).toBe(10)
  })

  test('d/dx (d/dy x²y³) = 6xy², where y stands still', () => {
    expect(at(x => inner(y => x.square().mul(y.pow(3)))(f64(2)), 5)).toBe(2 * 5 * 3 * 4)
  })

  test('d/dx (d/dy x²y³ at y = x) = 12x³: x enters in two ways', () => {
    expect(at(x => inner(y => x.square().mul(y.pow(3)))(x), 2)).toBe(3 * 4 * 2 ** 3) // d/dx 3x⁴
  })

  test('d/dx d/dx x³ = 6x: the same variable at both levels', () => {
    expect(at(x => inner(x => x.pow(3))(x), 2)).toBe(12)
  })

  test('the inner variable may be constant to the outer one and used beside it', () => {
    expect(at(x => inner(y => y.mul(y).mul(stopGradient(x)))(x), 3)).toBe(6) // d/dx 2x·[x]
  })

  test('an inner derivative of what does not depend on its variable is zero, and so is its slope', () => {
    expect(at(x => inner(_ => x.square())(f64(1)), 3)).toBe(0)
  })
})

const triples = modes.flatMap(([a, first]) =>
  modes.flatMap(([b, second]) =>
    modes.map(([c, third]) => ({ mixture: `${a} of ${b} of ${c}`, first, second, third })),
  ),
)

describe.each(triples)('$mixture', ({ first, second, third }) => {
  test('d/dx x·(d/dy y·(d/dz xyz²)) = 8xyz: three variables are kept apart', () => {
    const f: Scalar = x => x.mul(second(y => y.mul(third(z => x.mul(y).mul(z.square()))(f64(5))))(f64(3)))
    expect(numbers(first(f)(f64(2)))).toEqual([8 * 2 * 3 * 5])
  })
})

describe('a tensor that outlives its transform', () => {
  test('is a constant to the next', () => {
    let leaked = f64(0)
    grad((x: Tensor) => {
      leaked = x.square()
      return leaked
    })(f64(3))
    expect(numbers(grad((x: Tensor) => x.mul(leaked))(f64(2)))).toEqual([9])
  })

  test('is a constant to a transform in whose inner transform it was used first', () => {
    let leaked = f64(0)
    grad((x: Tensor) => {
      leaked = x.square()
      return leaked
    })(f64(3))
    const outer = grad((x: Tensor) => x.mul(grad((y: Tensor) => y.mul(leaked).mul(x))(f64(1))))
    expect(numbers(outer(f64(2)))).toEqual([2 * 9 * 2])
  })

  test('still depends on the variable of an outer transform that is running', () => {
    const slope = grad((x: Tensor) => {
      let leaked = x
      grad((y: Tensor) => {
        leaked = y.square() // y is x
        return leaked
      })(x)
      return leaked
    })
    expect(numbers(slope(f64(3)))).toEqual([6])
  })

  test('does not record what is computed from it outside of transforms', () => {
    let leaked = f64(0)
    grad((x: Tensor) => {
      leaked = x.square()
      return leaked
    })(f64(3))
    expect(isRecorded(leaked)).toBe(false)
    expect(leaked.mul(2).entry).toBeUndefined()
  })
})

describe('a pullback that is kept', () => {
  test('may be called any number of times', () => {
    const [, pull] = vjp((x: Tensor) => x.square(), f64([1, 2]))
    expect(numbers(pull(f64([1, 0]))[0], pull(f64([0, 1]))[0], pull(f64([1, 1]))[0])).toEqual([
      2, 0, 0, 4, 2, 4,
    ])
  })

  test('may be called inside of a later transform, and is linear there', () => {
    const [, pull] = vjp((x: Tensor) => x.square(), f64([1, 2]))
    expect(numbers(grad((c: Tensor) => pull(c)[0].square().sum())(f64([1, 1])))).toEqual([8, 32])
  })

  test('sees its own variables after they were used in another transform', () => {
    const x = f64([1, 2])
    const tape = record((x: Tensor) => x.square().sin(), x)
    const before = numbers(...pullback(tape, f64([1, 1])))
    grad((z: Tensor) => z.mul(tape.output).mul(tape.inputs[0]!).sum())(f64([1, 1]))
    expect(numbers(...pullback(tape, f64([1, 1])))).toEqual(before)
  })
})

describe('what a transform gives', () => {
  test('has no history outside of transforms', () => {
    const [value, gradient] = valueAndGrad((x: Tensor) => x.square().sum())(f64([1, 2]))
    const [y, [x̄]] = [vjp((x: Tensor) => x, f64([1]))[0], vjp((x: Tensor) => x, f64([1]))[1](f64([1]))]
    const [z, ż] = jvp((x: Tensor) => x, [f64([1])], [f64([1])])
    expect([value, gradient, y, x̄, z, ż].map(tensor => tensor.entry)).toEqual(Array(6).fill(undefined))
  })

  test('is shaped like the tree of its argument, whatever does not matter being zero', () => {
    const tree = { w: [f64([1, 2]), f64([[3]])], b: { c: f64(4) } }
    const gradient = grad(({ w, b }: typeof tree) => w[0]!.sum().mul(b.c))(tree)
    expect([gradient.w[0]!, gradient.w[1]!, gradient.b.c].map(x => [String(x), ...numbers(x)])).toEqual([
      ['float64[2]', 4, 4],
      ['float64[1, 1]', 0],
      ['float64[]', 3],
    ])
  })

  test('counts a tensor that stands twice in the tree as two variables', () => {
    const x = f64(3)
    expect(numbers(...grad(([a, b]: [Tensor, Tensor]) => a.square().mul(b))([x, x]))).toEqual([18, 9])
  })

  test('with respect to nothing is nothing', () => {
    expect(grad((_: Tensor[]) => f64(1))([])).toEqual([])
  })

  test('is handed the further arguments as they are', () => {
    const [value, gradient] = valueAndGrad((x: Tensor, scale: number, name: string) =>
      x.mul(scale * name.length),
    )(f64(2), 3, 'four')
    expect(numbers(value, gradient)).toEqual([24, 12])
  })

  test('is ready for the next after an error', () => {
    expect(() =>
      grad((_: Tensor): Tensor => {
        throw new RangeError('mine')
      })(f64(1)),
    ).toThrow('mine')
    expect(f64(1).mul(2).entry).toBeUndefined()
    expect(numbers(grad((x: Tensor) => x.square())(f64(2)))).toEqual([4])
  })
})

describe('outer variables', () => {
  test.prop([tensors([3]), tensors([3])])(
    'that a function closes over are constants to its gradient',
    (x, w) => {
      const slope = grad((x: Tensor) => x.mul(w).sum())
      expect(numbers(slope(x))).toEqual(numbers(w))
    },
  )

  test.prop([tensors([3]), tensors([3])])(
    'get their own gradient through the inner one: ∂/∂w |∂/∂x Σ tanh(w·x)|²',
    (x, w) => {
      const outer = grad((w: Tensor) =>
        grad((x: Tensor) => w.mul(x).tanh().sum())(x)
          .square()
          .sum(),
      )
      const expected = numbers(x).map((x, i) => {
        const weight = numbers(w)[i]!
        const y = Math.tanh(weight * x)
        const slope = 1 - y * y
        return 2 * weight * slope * (slope + weight * -2 * y * slope * x)
      })
      expect(gap(numbers(outer(w)), expected)).toBeLessThan(1e-13)
    },
  )

  test('of an update step: the gradient passes through a gradient descent step', () => {
    const loss = (w: Tensor) => w.square().sum()
    const after = (rate: Tensor) => {
      const w = f64([1, 2])
      return loss(w.sub(grad(loss)(w).mul(rate)))
    }
    expect(gap(numbers(grad(after)(f64(0.1))), [2 * 5 * (1 - 0.2) * -2])).toBeLessThan(1e-14)
  })
})
