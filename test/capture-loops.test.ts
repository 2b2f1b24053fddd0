/** A captured loop computes what the loop written out computes: values, gradients, tangents, for any step. */

import { cpu } from '@sensigrad/backend-cpu'
import { wasm } from '@sensigrad/backend-wasm'
import {
  type Backend,
  capture,
  cumsum,
  grad,
  hvp,
  isSynchronous,
  jvp,
  key,
  leavesOf,
  linearize,
  normal,
  pullback,
  record,
  scan,
  stack,
  type Tensor,
  type TensorTree,
  tensor,
  useBackend,
  Variable,
  valueAndGrad,
  zeros,
} from '@sensigrad/core'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'

const backends: readonly Backend[] = [cpu(), await wasm({ relaxed: false })]
afterAll(() => useBackend(cpu()))

const draw = (seed: number, ...shape: number[]) =>
  normal(key(seed), shape, { dtype: 'float64', deviation: 0.7 })

function read(tree: TensorTree): number[][] {
  return leavesOf('read', tree).map(({ tensor }) => {
    if (!isSynchronous(tensor.backend)) throw new Error('unreadable')
    return [...tensor.backend.readSync(tensor)]
  })
}

function expectSame(found: TensorTree, wanted: TensorTree): void {
  const [a, b] = [read(found), read(wanted)]
  expect(a.length).toBe(b.length)
  for (const [i, values] of b.entries()) {
    expect(a[i]!.length).toBe(values.length)
    const size = Math.max(1, ...values.map(Math.abs))
    for (const [k, value] of values.entries()) expect(Math.abs(a[i]![k]! - value) / size).toBeLessThan(1e-12)
  }
}

type Weights = { w: Tensor; v: Tensor; b: Tensor }
type Step = (p: Weights, h: Tensor, x: Tensor) => readonly [Tensor, TensorTree]

/** Steps of [batch, n] states and [batch, m] inputs, of every kind that reads, writes and shares differently. */
const steps: Record<string, Step> = {
  recurrent: ({ w, v, b }, h, x) => {
    const next = h.matmul(w.transpose()).add(x.matmul(v.transpose())).add(b).tanh()
    return [next, next]
  },
  'without outputs': ({ w }, h, _x) => [h.matmul(w).tanh(), []],
  'that gives the carry of before': ({ w }, h, _x) => [h.matmul(w).sin(), h],
  'that keeps its carry': ({ v, b }, h, x) => [h, { y: x.matmul(v.transpose()).add(b).add(h) }],
  'that passes its input on': (_p, h, x) => [h, x],
  'with elementwise weights': ({ b }, h, x) => {
    const next = h
      .mul(b)
      .add(x.sum(1, { keepDims: true }))
      .tanh()
    return [next, next.square().sum()]
  },
  'that gives the same each time': ({ b }, h, _x) => [h.mul(0.5), b.exp()],
  'with views': ({ w }, h, x) => {
    const next = h.transpose().slice([0, h.shape[1]!]).transpose().matmul(w).tanh()
    return [next, [next.transpose(), x.transpose(), next.sum(0)]]
  },
  'with two products of one factor': ({ w }, h, x) => {
    const [a, b] = [h.matmul(w), h.add(x.sum()).matmul(w)]
    return [a.mul(b).tanh(), [a, b]]
  },
  'with a gradient inside': ({ w }, h, _x) => {
    const inner = grad((z: Tensor) => z.matmul(w).tanh().sum())(h)
    return [h.add(inner.mul(0.1)), inner]
  },
  'with comparisons': ({ w }, h, x) => {
    const next = h.matmul(w).tanh()
    return [next, [next.greater(0), next.argMax(1), x.less(0.1)]]
  },
  'with a sum along time inside of it': ({ w }, h, _x) => [cumsum(h.matmul(w).tanh(), 1).mul(0.3), []],
}

const sizes = fc.record({
  time: fc.integer({ min: 1, max: 5 }),
  batch: fc.integer({ min: 1, max: 3 }),
  n: fc.integer({ min: 1, max: 5 }),
  m: fc.integer({ min: 1, max: 3 }),
})
type Sizes = { time: number; batch: number; n: number; m: number }

function given({ time, batch, n, m }: Sizes, seed = 1) {
  return {
    p: { w: draw(seed, n, n), v: draw(seed + 1, n, m), b: draw(seed + 2, n) },
    h: draw(seed + 3, batch, n),
    xs: draw(seed + 4, time, batch, m),
    g: draw(seed + 5, batch, n),
  }
}
type Given = ReturnType<typeof given>

/** A number to which all that a loop gives contributes. */
function totalOf(tree: TensorTree): Tensor {
  return leavesOf('total', tree)
    .filter(({ tensor }) => tensor.dtype === 'float64')
    .map(({ tensor }, i) =>
      tensor
        .sin()
        .mul(i + 1)
        .sum(),
    )
    .reduce((a, b) => a.add(b))
}

const uses: Record<string, (step: Step, of: Given) => TensorTree> = {
  values: (step, { p, h, xs }) => scan((h: Tensor, x: Tensor) => step(p, h, x), h, xs),
  gradients: (step, of) =>
    valueAndGrad(({ p, h, xs }: { p: Weights; h: Tensor; xs: Tensor }) =>
      totalOf(scan((h: Tensor, x: Tensor) => step(p, h, x), h, xs)),
    )({ p: of.p, h: of.h, xs: of.xs }),
  tangents: (step, { p, h, xs, g }) =>
    jvp((h: Tensor) => totalOf(scan((h: Tensor, x: Tensor) => step(p, h, x), h, xs)), [h], [g]),
  'second derivatives': (step, { p, h, xs, g }) =>
    hvp((h: Tensor) => totalOf(scan((h: Tensor, x: Tensor) => step(p, h, x), h, xs)))(h, g),
}

for (const backend of backends) {
  for (const [use, compute] of Object.entries(uses)) {
    describe(`${use} of a captured loop on ${backend.name}`, () => {
      test.each(Object.keys(steps))('equal those of the loop, for a step %s', name => {
        useBackend(backend)
        const step = steps[name]!
        fc.assert(
          fc.property(sizes, of => {
            const fast = capture((all: Given) => compute(step, all))
            for (const seed of [1, 50]) {
              const all = given(of, seed)
              expectSame(fast(all), compute(step, all))
            }
          }),
          { numRuns: 12, seed: 7 },
        )
      })
    })
  }
}

describe('a captured loop', () => {
  test('is written down once, however many steps it has', () => {
    useBackend(cpu())
    const lines = [3, 300].map(time => {
      const of = given({ time, batch: 1, n: 4, m: 2 })
      const fast = capture((all: Given) => uses.gradients!(steps.recurrent!, all))
      fast(of)
      return String(fast).split('\n').length
    })
    expect(lines[0]).toBe(lines[1])
  })

  test('carries several tensors, exchanged at each step', () => {
    useBackend(cpu())
    const swap = (a: Tensor, b: Tensor, xs: Tensor) =>
      scan(
        ([a, b]: readonly [Tensor, Tensor], x: Tensor) => [[b, a.add(x)] as const, stack([a, b])],
        [a, b] as const,
        xs,
      )
    for (const time of [1, 2, 5]) {
      const of = [draw(1, 3), draw(2, 3), draw(3, time, 3)] as const
      expectSame(capture(swap)(...of), swap(...of))
      const loss = (...all: [Tensor, Tensor, Tensor]) => totalOf(swap(...all))
      const gradient = (...all: [Tensor, Tensor, Tensor]) => grad(loss)(...all)
      expectSame(capture(gradient)(...of), gradient(...of))
    }
  })

  test('counts, with an int32 among what it carries', () => {
    useBackend(cpu())
    const count = (xs: Tensor) =>
      scan(
        ({ n, h }: { n: Tensor; h: Tensor }, x: Tensor) => [{ n: n.add(1), h: h.add(x) }, n],
        { n: tensor(0, { dtype: 'int32' }), h: zeros([2], { dtype: 'float64' }) },
        xs,
      )
    const xs = draw(4, 6, 2)
    expectSame(capture(count)(xs), count(xs))
  })

  test('reads sequences that lie otherwise in memory: transposed, flipped, spread', () => {
    useBackend(cpu())
    const run = (xs: Tensor) => {
      const loss = (xs: Tensor) =>
        totalOf(
          scan((h: Tensor, x: Tensor) => [h.add(x).tanh(), h.mul(x)], zeros([3], { dtype: 'float64' }), xs),
        )
      return valueAndGrad(loss)(xs)
    }
    const base = draw(5, 3, 4)
    for (const xs of [
      base.transpose(),
      base.transpose().flip(0),
      draw(6, 3).broadcastTo([4, 3]),
      draw(7, 8, 3).slice([1, 8, 2]),
    ]) {
      expectSame(capture(run)(xs), run(xs))
      expectSame(capture((base: Tensor) => run(base.mul(2).transpose()))(base), run(base.mul(2).transpose()))
    }
  })

  test('stands inside of another one, and after another one that reads its outputs', () => {
    useBackend(cpu())
    const nested = (h: Tensor, xs: Tensor) =>
      scan(
        (h: Tensor, x: Tensor) => {
          const [inner, all] = scan((z: Tensor, y: Tensor) => [z.mul(0.5).add(y), z], h.sum(), x)
          return [h.add(inner).tanh(), all]
        },
        h,
        xs,
      )
    const stacked = (h: Tensor, xs: Tensor) => {
      const [, first] = scan((h: Tensor, x: Tensor) => [h.add(x).tanh(), h], h, xs)
      return scan((h: Tensor, y: Tensor) => [h.sub(y).sin(), h], h, first)
    }
    const of = [draw(1, 3), draw(2, 4, 3)] as const
    for (const f of [nested, stacked]) {
      expectSame(capture(f)(...of), f(...of))
      const gradient = (...all: [Tensor, Tensor]) =>
        grad((h: Tensor, xs: Tensor) => totalOf(f(h, xs)))(...all)
      expectSame(capture(gradient)(...of), gradient(...of))
    }
  })

  test('adds up a large gradient on the way, in the memory of one step', () => {
    useBackend(cpu())
    const weight = draw(1, 50, 50)
    const run = (w: Tensor, xs: Tensor) =>
      valueAndGrad((w: Tensor) => {
        const step = (h: Tensor, x: Tensor) => [h.add(w.mul(x).tanh().sum(1)).tanh(), []] as const
        return totalOf(scan(step, zeros([50], { dtype: 'float64' }), xs))
      })(w)
    for (const time of [1, 2, 7]) {
      const fast = capture(run)
      expectSame(fast(weight, draw(2, time)), run(weight, draw(2, time)))
      expect(String(fast)).not.toMatch(/reduce.*float64\[2500\]/)
    }
  })

  test('knows the index of a step that asks for it, and is written out for that', () => {
    useBackend(cpu())
    const run = (xs: Tensor) =>
      scan((h: Tensor, x: Tensor, i: number) => [h.add(x.mul(i)), []], zeros([2], { dtype: 'float64' }), xs)
    const xs = draw(3, 4, 2)
    expectSame(capture(run)(xs), run(xs))
  })

  test('refuses a step that writes a variable, or whose tensors leave it otherwise than returned', () => {
    useBackend(cpu())
    const state = new Variable(zeros([2], { dtype: 'float64' }))
    let leaked: Tensor | undefined
    const writes = capture((xs: Tensor) => {
      const step = (h: Tensor, x: Tensor): [Tensor, []] => {
        state.value = x
        return [h, []]
      }
      return scan(step, xs.sum(0), xs)[0]
    })
    const leaks = capture((xs: Tensor) => {
      const step = (h: Tensor, x: Tensor): [Tensor, []] => {
        leaked = x.mul(2)
        return [h, []]
      }
      scan(step, xs.sum(0), xs)
      return leaked!.add(1)
    })
    expect(() => writes(draw(1, 3, 2))).toThrow(
      /^scan in steps: its step writes a variable|^scan: its step writes a variable/,
    )
    expect(() => leaks(draw(1, 3, 2))).toThrow(/^scan: a tensor of a step is used outside of that step/)
  })
})

describe('loops among other computations give what they give written out', () => {
  type F = (...all: Tensor[]) => TensorTree
  type Case = { f: F; shapes: number[][] }
  const cases: Record<string, Case> = {
    'the carry that they begin with is a result as well': {
      f: (x, xs) => {
        const a = x!.mul(2)
        return [scan((h: Tensor, x: Tensor) => [h.add(x), []], a, xs!)[0], a]
      },
      shapes: [[3], [5, 3]],
    },
    'carries change places': {
      f: (a, b, xs) => {
        const swap = ([a, b]: readonly [Tensor, Tensor], _: Tensor) => [[b, a] as const, []] as const
        return scan(swap, [a!, b!] as const, xs!)[0]
      },
      shapes: [[3], [3], [5, 3]],
    },
    'what is added up on the way is computed from a carry': {
      f: (w, xs) => {
        const [h, ys] = scan((h: Tensor, x: Tensor) => [h.add(x), h.mul(w!)], xs!.sum(0), xs!)
        return [ys.sum(0), h]
      },
      shapes: [
        [50, 50],
        [4, 50, 50],
      ],
    },
    'their outputs meet a product that stood before them': {
      f: (x, w, k, xs) => {
        const c = x!.matmul(w!).tanh()
        const [last, ys] = scan((_: Tensor, x: Tensor) => [x.sin(), x.cos()], k!, xs!)
        return [c, last, ys.slice([1, 2]).reshape([2, 3]).matmul(w!)]
      },
      shapes: [
        [2, 3],
        [3, 3],
        [2, 3],
        [5, 2, 3],
      ],
    },
    'a stack of products is summed in other pieces than steps': {
      f: (a, xs) => {
        const [, ys] = scan((h: Tensor, x: Tensor) => [h.add(x).tanh(), h.transpose().matmul(h)], a!, xs!)
        return ys.reshape([2, 6, 3]).sum(0)
      },
      shapes: [
        [2, 3],
        [4, 2, 3],
      ],
    },
    'a factor is shared by products before and after them': {
      f: (x, w, k, xs) => {
        const step = ([h]: readonly [Tensor, Tensor], x: Tensor) =>
          [[h.tanh(), x.sin()] as const, []] as const
        const [[h, q]] = scan(step, [x!.matmul(w!), k!] as const, xs!)
        return [h, q.matmul(w!)]
      },
      shapes: [
        [2, 3],
        [3, 3],
        [2, 3],
        [5, 2, 3],
      ],
    },
  }
  for (const backend of backends) {
    test.each(Object.keys(cases))(`where %s, on ${backend.name}`, name => {
      useBackend(backend)
      const { f, shapes } = cases[name]!
      const of = shapes.map((shape, i) => draw(i + 1, ...shape))
      expectSame(capture(f)(...of), f(...of))
    })
  }

  test('refuse derivatives of their derivatives, and derivatives inside of another loop, which would be wrong', () => {
    useBackend(cpu())
    const loop = (w: Tensor, xs: Tensor) => (h: Tensor) =>
      scan((h: Tensor, x: Tensor) => [h.mul(w).tanh().add(x), []], h, xs)[0]
    const twice = capture((h: Tensor, xs: Tensor, w: Tensor) => {
      const tape = record(loop(w, xs), h)
      return grad((g: Tensor) => pullback(tape, g)[0]!.square().sum())(w)
    })
    const inside = capture((h: Tensor, xs: Tensor, w: Tensor) => {
      const [, push] = linearize(loop(w, xs), h)
      return scan((v: Tensor, _: Tensor) => [push(v), v], w, xs)
    })
    for (const f of [twice, inside]) {
      expect(() => f(draw(1, 3), draw(2, 5, 3), draw(3, 3))).toThrow(/^scan.*unroll: true/)
    }
  })

  test('refuse a step that uses its index unseen', () => {
    useBackend(cpu())
    const run = (xs: Tensor) =>
      scan((h: Tensor, x: Tensor, t = 0) => [h.add(x.mul(t * 2)), []], xs.sum(0), xs)
    expect(() => capture(run)(draw(1, 3, 2))).toThrow(
      /^scan in steps: the step uses its index.*third parameter without a default/,
    )
  })
})
