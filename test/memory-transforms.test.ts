/** Checkpoints, loops and rules of one's own: other ways to the same derivatives. */
import { test } from '@fast-check/vitest'
import {
  checkpoint,
  custom,
  grad,
  jvp,
  record,
  scan,
  stack,
  type Tensor,
  tensor,
  vjp,
  withScope,
} from '@sensigrad/core'
import { arbitraries, gradcheck } from '@sensigrad/testing'
import { describe, expect, vi } from 'vitest'
import { draw, f64, gap, numbers } from './support/backend.ts'

const patience = 60_000
const like = (x: Tensor, lot: number) => draw(lot, x.shape, [-1, 1])

describe('a checkpoint', () => {
  test.prop([arbitraries.programs({ maxSteps: 8 })], { numRuns: 40 })(
    'changes no value and no derivative of any order or mode',
    ({ run, inputs }) => {
      const kept = checkpoint(run)
      const [plain, pulled] = [run, kept].map(f => {
        const [y, pull] = vjp(f, ...inputs)
        const [, tangent] = jvp(f, [...inputs], inputs.map(like))
        return numbers(y, ...pull(like(y, 3)), tangent)
      })
      expect(pulled).toEqual(plain)
      gradcheck(kept, inputs)
    },
    patience,
  )

  test.prop([arbitraries.programs({ maxSteps: 6 })], { numRuns: 30 })(
    'sends gradients to what it closes over',
    ({ run, inputs }) => {
      const [first, ...others] = inputs
      const f =
        (wrap: typeof checkpoint) =>
        (...xs: Tensor[]) =>
          wrap((x: Tensor) => run(x, ...xs.slice(1)).mul(xs[1]!.mean()))(xs[0]!)
      const plain = ((f: unknown) => f) as typeof checkpoint
      const expected = vjp(f(plain), first!, ...others)
      const found = vjp(f(checkpoint), first!, ...others)
      const g = like(expected[0], 4)
      expect(gap(numbers(...found[1](g)), numbers(...expected[1](g)))).toBeLessThan(1e-13)
      gradcheck(f(checkpoint), inputs, { order: 2 })
    },
    patience,
  )

  test('stands as one entry on the tape, with what it closes over among its operands', () => {
    const w = f64(3)
    const tape = record((x, w) => checkpoint((x: Tensor) => x.mul(w).sin().exp())(x).mul(2), f64(1), w)
    expect(String(tape).split('\n')[2]).toMatch(/^%2 {2}checkpoint\(%0, %1\) {2}float64\[\]$/)
  })

  test('runs once forwards and once more for each sweep', () => {
    const f = vi.fn((x: Tensor) => x.sin().mul(x))
    const [, pull] = vjp(checkpoint(f), f64(2))
    expect(f).toHaveBeenCalledTimes(1)
    pull(f64(1))
    pull(f64(1))
    expect(f).toHaveBeenCalledTimes(3)
  })

  test('runs plainly where nothing is recorded', () => {
    const f = vi.fn((x: Tensor) => x.sin())
    expect(numbers(checkpoint(f)(f64(0)))).toEqual([0])
    expect(f).toHaveBeenCalledTimes(1)
  })

  test('goes from trees to trees, integers among them', () => {
    const picks = tensor([1], { dtype: 'int32' })
    const f = checkpoint(({ x, at }: { x: Tensor; at: Tensor }) => ({
      y: x.gather(at).square(),
      all: [x.sum()],
    }))
    const g = grad((x: Tensor) => {
      const { y, all } = f({ x, at: picks })
      return y.sum().add(all[0]!.mul(10))
    })
    expect(numbers(g(f64([1, 2])))).toEqual([10, 14])
  })

  test('keeps its gradients when checkpoints are nested, and when another transform has run in between', () => {
    const inner = checkpoint((x: Tensor) => x.sin())
    const f = (w: Tensor) => {
      const first = checkpoint((x: Tensor) => inner(x.mul(w)).mul(w))
      const second = checkpoint((x: Tensor) => grad((z: Tensor) => z.mul(w).sin().sum())(x).mul(w))
      return second(first(w)).sum()
    }
    const g = (x: number) => {
      const inside = Math.sin(x * x) * x // first(w)
      const slope = 2 * x * Math.cos(x * x) * x + Math.sin(x * x)
      // w² cos(first·w)
      return 2 * x * Math.cos(inside * x) - x * x * Math.sin(inside * x) * (slope * x + inside)
    }
    expect(numbers(grad(f)(f64(0.7)))[0]).toBeCloseTo(g(0.7), 13)
    gradcheck((w: Tensor) => f(w), [f64(0.7)])
  })

  test('keeps the gradients of what it closes over when a rule that runs before its own records the same tensor', () => {
    const square = custom({
      name: 'square',
      forward: x => x.square(),
      jvp: ({ d: [d], inputs: [x] }) => d?.mul(x!).mul(2),
    })
    const f = (w: Tensor) => {
      const h = w.sin()
      return checkpoint((z: Tensor) => z.mul(h))(w).add(square(h))
    }
    const [s, c] = [Math.sin(0.7), Math.cos(0.7)]
    expect(numbers(grad(f)(f64(0.7)))[0]).toBeCloseTo(s + 0.7 * c + 2 * s * c, 14)
  })

  test('refuses to compute something else the second time', () => {
    const held = { w: f64(1) }
    const f = (w: Tensor) => {
      held.w = w
      const y = checkpoint((x: Tensor) => x.mul(held.w).sin())(f64(2))
      held.w = f64(1)
      return y
    }
    expect(() => grad(f)(f64(3))).toThrow(
      'checkpoint: when it was run again, the function did not read float64[], which it closed over the first time',
    )
  })

  test('refuses what is no tensor, also where nothing is recorded', () => {
    expect(() => checkpoint((x: Tensor) => x)(3 as never)).toThrow('checkpoint: the argument at 0 is 3')
  })

  test('refuses what is no function, and what waits', () => {
    expect(() => checkpoint(3 as never)).toThrow('checkpoint: the function is 3')
    const waits = checkpoint((async (x: Tensor) => x) as never as (x: Tensor) => Tensor)
    expect(() => grad((x: Tensor) => waits(x))(f64(1))).toThrow('checkpoint: the function is asynchronous')
  })
})

describe('a scan', () => {
  const xs = draw(1, [7, 3])
  const start = draw(2, [3])
  const weight = draw(3, [3, 3])
  const cell = (w: Tensor) => (h: Tensor, x: Tensor) => {
    const next = w.matmul(h).add(x).tanh()
    return [next, { twice: next.mul(2) }] as const
  }
  const byHand = (w: Tensor, start: Tensor, xs: Tensor) => {
    let h = start
    const hs: Tensor[] = []
    for (let t = 0; t < 7; t++) {
      h = w.matmul(h).add(xs.slice(t)).tanh()
      hs.push(h)
    }
    return [h, stack(hs).mul(2)]
  }
  const options = [undefined, 1, 2, 3, 7, 100, 'sqrt'] as const

  test.each(options)('is the loop written out, with checkpointEvery %s', checkpointEvery => {
    const scanned = (w: Tensor, start: Tensor, xs: Tensor) => {
      const [h, { twice }] = scan(cell(w), start, xs, checkpointEvery ? { checkpointEvery } : {})
      return [h, twice]
    }
    const [expected, found] = [byHand, scanned].map(f => {
      const [y, pull] = vjp(f, weight, start, xs)
      const [, tangent] = jvp(f, [weight, start, xs], [like(weight, 1), like(start, 2), like(xs, 3)])
      return numbers(...y, ...pull([like(start, 4), like(xs, 5)]), ...tangent)
    })
    expect(gap(found!, expected!)).toBeLessThan(1e-13)
  })

  test.each([undefined, 3])('has right second derivatives, with checkpointEvery %s', checkpointEvery => {
    const f = (w: Tensor, start: Tensor, xs: Tensor) => {
      const [h, { twice }] = scan(cell(w), start, xs, checkpointEvery ? { checkpointEvery } : {})
      return h.sum().mul(twice.mean())
    }
    gradcheck(f, [weight, start, xs.slice([0, 4])])
  })

  test.each([undefined, 'sqrt'] as const)(
    'goes through ten thousand steps, with checkpointEvery %s',
    checkpointEvery => {
      const steps = 10_000
      const last = (a: Tensor, xs: Tensor) =>
        scan(
          (h: Tensor, x) => [a.mul(h).add(x), []],
          f64(0),
          xs,
          checkpointEvery ? { checkpointEvery } : {},
        )[0]
      const [, pull] = vjp(last, f64(0.999), f64(new Float64Array(steps).fill(1)))
      const [da, dx] = pull(f64(1))
      // h = Σ aⁿ for n below the number of steps
      const powers = Array.from({ length: steps }, (_, n) => 0.999 ** n)
      expect(gap(numbers(dx), [...powers].reverse())).toBeLessThan(1e-12)
      const slope = powers.reduce((sum, _, n) => sum + n * 0.999 ** (n - 1), 0)
      expect(gap(numbers(da), [slope])).toBeLessThan(1e-10)
    },
    patience,
  )

  test('tells each step its number, and carries trees', () => {
    const step = (carry: { n: Tensor; s: readonly Tensor[] }, x: Tensor, t: number) =>
      [{ n: carry.n.add(t), s: [carry.s[0]!.add(x)] }, []] as const
    const [carry, ys] = scan(step, { n: f64(0), s: [f64(0)] }, f64([1, 2, 3, 4]), { checkpointEvery: 3 })
    expect(numbers(carry.n, carry.s[0]!)).toEqual([6, 10])
    expect(ys).toEqual([])
  })

  test('tells the tensors of carry and output apart by their names', () => {
    const step = (carry: { a: Tensor; b: Tensor }, x: Tensor, t: number) => {
      const next = { a: carry.a.add(x), b: carry.b.mul(2) }
      const [a, b] = [x, x.mul(10)]
      return t % 2 === 0
        ? ([next, { a, b }] as const)
        : ([
            { b: next.b, a: next.a },
            { b, a },
          ] as const)
    }
    const [carry, ys] = scan(step, { a: f64(0), b: f64(1) }, f64([1, 2, 3]))
    expect(numbers(carry.a, carry.b, ys.a, ys.b)).toEqual([6, 8, 1, 2, 3, 10, 20, 30])
  })

  test('runs over several sequences, integers among them', () => {
    const tokens = tensor([2, 0, 2], { dtype: 'int32' })
    const table = draw(4, [3, 2])
    const f = (table: Tensor) =>
      scan((h: Tensor, { token, x }) => [h.add(table.gather(token).mul(x)), []], f64([0, 0]), {
        token: tokens,
        x: f64([1, 10, 100]),
      })[0].sum()
    expect(numbers(grad(f)(table))).toEqual([10, 10, 0, 0, 101, 101])
  })

  test('refuses, naming the step', () => {
    const loose = scan as (...args: unknown[]) => unknown
    const keep = (h: Tensor) => [h, []]
    const cases: [() => unknown, string][] = [
      [() => loose(3, start, xs), 'scan: the function is 3'],
      [() => loose(keep, start, f64([], [0, 3])), 'scan: the sequence is empty. Give at least one step'],
      [() => loose(keep, start, f64(1)), 'scan: the sequence is float64[]. Its first axis must be time'],
      [() => loose(keep, start, []), 'scan: the sequence has no tensors. Give one, such as arange(steps)'],
      [() => loose(keep, start, [xs, start]), 'scan: the sequence at 1 has 3 steps, and another 7'],
      [() => loose((h: Tensor) => h, start, xs), 'scan: step 0 returned a Tensor. Return [carry, output]'],
      [
        () => loose((h: Tensor) => [h.slice([0, 2]), []], start, xs),
        'scan: the carry was float64[3] and is float64[2] after step 0. A carry keeps its shapes and types',
      ],
      [
        () => loose((h: Tensor, _: Tensor, t: number) => [h, t === 2 ? h.sum() : h], start, xs),
        'scan: the output was float64[3] and is float64[] after step 2. All steps give outputs of one shape and type',
      ],
      [
        () => loose((h: Tensor) => [h.add(f64([1, 2])), []], start, xs),
        'add in steps.0: shapes do not broadcast',
      ],
      [
        () => loose(keep, start, xs, { checkpointevery: 2 }),
        'scan: there is no option checkpointevery. There is checkpointEvery',
      ],
      [
        () => loose((h: Tensor) => [{ h }, []], start, xs),
        'scan: the carry of step 0 is a tree. Give one tensor',
      ],
      [
        () => loose(keep, start, xs, { checkpointEvery: 0 }),
        'scan: checkpointEvery is 0. Give a whole number',
      ],
      [() => loose(async () => [start, []], start, xs), 'scan: the function is asynchronous'],
    ]
    for (const [call, message] of cases) expect(call).toThrow(message)
  })
})

describe('a custom function', () => {
  const value = (x: Tensor) => x.square().add(1).log()
  const reverse = custom({
    name: 'softLog',
    forward: value,
    vjp: ({ g, inputs: [x] }) => [g.mul(x!.mul(2)).div(x!.square().add(1))],
  })
  const forward = custom({
    name: 'softLog',
    forward: value,
    jvp: ({ d: [d], inputs: [x] }) => d?.mul(x!.mul(2)).div(x!.square().add(1)),
  })

  test('with one rule has right derivatives in both modes and of second order', () => {
    for (const f of [reverse, forward]) gradcheck(f, [draw(1, [2, 3])])
  })

  test('of several inputs has each of its derivatives alone', () => {
    const product = custom<[Tensor, Tensor]>({
      name: 'product',
      forward: (a, b) => a.matmul(b),
      jvp: ({ d: [da, db], inputs: [a, b] }) => {
        const left = da?.matmul(b!)
        const right = db && a!.matmul(db)
        return left && right ? left.add(right) : (left ?? right)
      },
    })
    const [a, b] = [draw(1, [2, 3]), draw(2, [3, 2])]
    gradcheck(product, [a, b])
    gradcheck(x => product(x!, b), [a])
    gradcheck(x => product(a, x!), [b])
  })

  test('has the derivative that it says, not the one of its value', () => {
    const clipped = custom({ name: 'clipGradient', forward: x => x, vjp: ({ g }) => [g.minimum(1)] })
    expect(numbers(grad((x: Tensor) => clipped(x).mul(5).sum())(f64([1, 2])))).toEqual([1, 1])
    expect(numbers(clipped(f64([3])))).toEqual([3])
  })

  test('does not spoil its argument, which it may return as it is', () => {
    const identity = custom({ name: 'identity', forward: x => x, vjp: ({ g }) => [g.mul(2)] })
    expect(numbers(grad((x: Tensor) => identity(x).add(x).sum())(f64(1)))).toEqual([3])
  })

  test('whose rule is not linear has no rule for the other mode', () => {
    const x = f64([0.5, 2])
    const rules: Record<string, (g: Tensor) => Tensor> = {
      clip: g => g.clip(-1, 1),
      unit: g => g.div(g.norm()),
      sign: g => g.sign(),
      square: g => g.square(),
    }
    for (const [name, rule] of Object.entries(rules)) {
      const reverse = custom({ name, forward: x => x, vjp: ({ g }) => [rule(g)] })
      expect(() => jvp((x: Tensor) => reverse(x), [x], [x])).toThrow(
        `${name}: the reverse rule is not linear in the cotangent, so that the rule of the other mode does not follow`,
      )
      const forward = custom({ name, forward: x => x, jvp: ({ d: [d] }) => d && rule(d) })
      expect(() => grad((x: Tensor) => forward(x).sum())(x)).toThrow('Give vjp as well')
    }
    const both = custom({
      name: 'both',
      forward: x => x,
      vjp: ({ g }) => [g.clip(-1, 1)],
      jvp: ({ d: [d] }) => d!.clip(-1, 1),
    })
    expect(numbers(jvp((x: Tensor) => both(x), [x], [x])[1])).toEqual([0.5, 1])
    const none = custom({ name: 'none', forward: x => x, vjp: () => [undefined] })
    expect(numbers(jvp((x: Tensor) => none(x), [x], [x])[1])).toEqual([0, 0])
  })

  test('takes what it closes over for a constant', () => {
    const f = (w: Tensor) =>
      custom({ name: 'scaled', forward: x => x.mul(w), vjp: ({ g }) => [g.mul(w)] })(f64(2))
    expect(numbers(grad((w: Tensor) => f(w))(f64(3)))).toEqual([0])
  })

  test('stands on the tape by its name', () => {
    expect(String(record(reverse, f64(1)))).toContain('softLog(%0)')
  })

  test('refuses what has no rule, wrong arguments, and rules that do not fit, and says where', () => {
    const loose = custom as unknown as (definition: unknown) => (...args: unknown[]) => Tensor
    expect(() => loose(3)).toThrow('custom: the definition is 3')
    expect(() => loose({ forward: value, vjp: () => [] })).toThrow('custom: the name is undefined')
    expect(() => loose({ name: 'f', forward: value })).toThrow('custom: f has no rule. Give vjp or jvp')
    expect(() => reverse(3 as never)).toThrow('softLog: argument 0 is 3')
    const returnsNumber = loose({ name: 'f', forward: () => 3, vjp: () => [] })
    expect(() => withScope('layers.2', () => returnsNumber(f64(1)))).toThrow(
      'f in layers.2: the function returned 3. Return one tensor',
    )
    const unlisted = loose({ name: 'f', forward: (x: Tensor) => x, vjp: ({ g }: { g: Tensor }) => g })
    const said = 'f in enc: the reverse rule gave a Tensor for 1 inputs. Mend the rule'
    expect(() => grad((x: Tensor) => withScope('enc', () => unlisted(x)))(f64(1))).toThrow(said)
    expect(() => jvp((x: Tensor) => unlisted(x), [f64(1)], [f64(1)])).toThrow(
      'f: the reverse rule gave a Tensor',
    )
    const number = loose({ name: 'f', forward: (x: Tensor) => x, jvp: () => 2 })
    expect(() => grad((x: Tensor) => number(x))(f64(1))).toThrow(
      'f: the forward rule gave 2 where float64[] is needed',
    )
    const zero = loose({ name: 'f', forward: (x: Tensor) => x, vjp: () => [0] })
    expect(() => grad((x: Tensor) => zero(x))(f64(1))).toThrow(
      'f: the reverse rule gave 0 where float64[] is needed',
    )
    expect(() => loose({ name: 'f', forward: value, vjp: () => [], jvp: 3 })).toThrow('custom: jvp of f is 3')
    const wrong = loose({ name: 'f', forward: (x: Tensor) => x, vjp: () => [f64([1, 2])] })
    expect(() => grad((x: Tensor) => wrong(x))(f64(1))).toThrow(
      'f: the reverse rule gave float64[2] where float64[]',
    )
  })
})
