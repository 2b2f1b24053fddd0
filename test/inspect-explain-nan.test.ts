/** A number that is not finite is traced to the arithmetic that made it, and a gradient of exactly 0 to what rounded it. */
import { formatNanReport, nanReport } from '@sensigrad/inspect'
import { record, stopGradient, type Tape, type Tensor, tensor, where, withScope } from 'sensigrad'
import { describe, expect, test } from 'vitest'

const single = (values: number[]) => tensor(values)
const double = (values: number[]) => tensor(values, { dtype: 'float64' })
const causeOf = async (f: (x: Tensor) => Tensor, x: Tensor) => {
  const { origin } = await nanReport(record(f, x))
  return [origin?.direction, origin?.cause, ...(origin?.steps ?? [])]
}

describe('the cause of a number that is not finite', () => {
  test.each<[string, (x: Tensor) => Tensor, Tensor, unknown[]]>([
    ['an exponential too large', x => x.exp(), single([1, 104.2]), ['forward', 'overflow', 'exp(104.2) = ∞']],
    [
      'a product too large',
      x => x.mul(x),
      double([1e200]),
      ['forward', 'overflow', '1.000e+200 * 1.000e+200 = ∞'],
    ],
    ['log 0', x => x.log(), single([0]), ['forward', 'pole', 'log(0) = -∞']],
    ['1/0', x => x.reciprocal(), single([0]), ['forward', 'pole', 'reciprocal(0) = ∞']],
    ['0/0', x => x.div(x), single([2, 0]), ['forward', 'zero-by-zero', '0 / 0 = NaN']],
    [
      'the root of a negative number',
      x => x.sqrt(),
      single([-4]),
      ['forward', 'outside-domain', 'sqrt(-4) = NaN'],
    ],
    [
      'a sum too large',
      x => x.sum(),
      single([3e38, 3e38]),
      ['forward', 'overflow', 'sum goes beyond the largest number'],
    ],
    [
      'what was given',
      x => x.mul(2),
      single([Number.NaN]),
      ['forward', 'given', 'it was there from the beginning'],
    ],
    ['a slope without bound', x => x.sqrt(), single([0]), ['reverse', 'pole', '0.5 / 0 = ∞']],
  ])('%s', async (_, f, x, expected) => {
    expect(await causeOf(f, x)).toEqual(expected)
  })

  test('∞ · 0 in a gradient, with both steps', async () => {
    const steps = await causeOf(x => x.sqrt().mul(0), single([0]))
    expect(steps).toEqual(['reverse', 'pole', '0.5 / 0 = ∞', '0 * ∞ = NaN'])
  })

  test('∞ - ∞ within one expression', async () => {
    const both = await nanReport(record(x => x.exp().sub(x.exp()), single([100])))
    expect(both.origin).toMatchObject({ cause: 'overflow', id: 1 })
    const { origin } = await nanReport(record(x => x.sub(tensor([Number.POSITIVE_INFINITY])), single([1])))
    expect(origin).toMatchObject({ cause: 'given', text: 'the constant float32[1]' })
  })

  test('parts of a cotangent that are finite and whose sum is not', async () => {
    const huge = tensor([2e38])
    const tape = record(
      x => {
        const y = x.mul(1)
        return y.mul(huge).add(y.mul(huge)).mul(0.5)
      },
      single([1e-3]),
    )
    const { origin } = await nanReport(tape, { cotangents: tensor([2]) })
    expect(origin).toMatchObject({ direction: 'reverse', cause: 'overflow' })
  })

  test('inside of a rule that is made of several operations', async () => {
    const tape = record(x => x.max(), single([Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]))
    const { origin } = await nanReport(tape, { infinities: false })
    expect(origin).toBeUndefined() // two that tie share the gradient, whatever they are
  })
})

describe('the way it took', () => {
  const tape = (): Tape =>
    record(
      (x: Tensor, w: Tensor) => {
        const scores = withScope('attention', () => x.mul(w).exp())
        return scores.div(scores.sum()).mul(x).sum()
      },
      single([1, 100]),
      single([1, 2]),
    )

  test('leads from entry to entry to an output', async () => {
    const { origin } = await nanReport(tape())
    expect(origin).toMatchObject({ id: 3, scope: 'attention', at: [1], value: Number.POSITIVE_INFINITY })
    expect(origin!.path[0]).toBe(3)
    expect(origin!.path.at(-1)).toBe(8)
    expect(origin!.carriers).toBe(6)
  })

  test('leads in reverse to the inputs whose gradients it spoils', async () => {
    const { origin } = await nanReport(
      record((x: Tensor, w: Tensor) => x.mul(w).sqrt().sum().add(x.sum()), single([0, 1]), single([1, 1])),
    )
    expect(origin).toMatchObject({ direction: 'reverse', at: [0], reached: [0, 1] })
    expect(origin!.path).toEqual([3, 2, 0])
  })

  test('passes by those that make a number of it again', async () => {
    const f = (x: Tensor) => {
      const y = x.exp()
      return y.reciprocal().add(y.mul(0.5))
    }
    const { origin } = await nanReport(record(f, single([200])))
    expect(origin).toMatchObject({ id: 1, path: [1, 4, 5], carriers: 3 })
  })

  test('is written down', async () => {
    expect(formatNanReport(await nanReport(tape()))).toBe(
      [
        'first number that is not finite: value %3 = exp(%2)  attention',
        '  ∞ at [1]: overflow',
        '  because  exp(200) = ∞',
        '  path     %3 → %6 → %7 → %8, 6 entries carry it',
      ].join('\n'),
    )
  })
})

describe('a gradient of exactly 0', () => {
  const small = (count: number) => (x: Tensor) => {
    let y = x
    for (let i = 0; i < count; i++) y = y.mul(1e-10)
    return y
  }

  test('is found where it fell below the smallest number', async () => {
    const { origin, vanished } = await nanReport(record(small(5), single([1])))
    expect(origin).toBeUndefined()
    expect(vanished).toMatchObject([{ cause: 'underflow', step: '1.000e-40 * 1.000e-10 = 0' }])
  })

  test('which float64 can hold is none', async () => {
    expect(await nanReport(record(small(5), double([1])))).toEqual({ vanished: [] })
  })

  test('is found where a matrix is too small for it', async () => {
    const w = tensor([[1e-30]])
    const { vanished } = await nanReport(record(x => x.mul(1).matmul(w).matmul(w), tensor([[1]])))
    expect(vanished).toMatchObject([{ cause: 'underflow', step: '1.000e-30 * 1.000e-30 = 0' }])
  })

  test('is told from one of a unit that has saturated', async () => {
    const { vanished } = await nanReport(record(x => x.tanh(), single([20, -30])))
    expect(vanished).toMatchObject([{ cause: 'saturation', step: '1 - 1 = 0' }])
  })

  test('is none where the function is flat: a relu that is off, a choice, a product with 0', async () => {
    const report = (f: (x: Tensor) => Tensor) => nanReport(record(f, single([-1, -2])))
    expect((await report(x => x.relu())).vanished).toEqual([])
    expect((await report(x => where(x.less(0), x.mul(0), x))).vanished).toEqual([])
    expect((await report(x => x.add(stopGradient(x)).mul(0))).vanished).toEqual([])
  })

  test('is written down', async () => {
    expect(formatNanReport(await nanReport(record(x => x.tanh(), single([20]))), { ascii: true })).toBe(
      [
        'all numbers are finite, and so are their gradients',
        '1 gradient became exactly 0:',
        '  %1 = tanh(%0): saturation, 1 - 1 = 0 (up to 1.0e+00 arrived)',
      ].join('\n'),
    )
  })
})

test('what is no tape is refused', async () => {
  await expect(nanReport([] as unknown as Tape)).rejects.toThrow(
    'nanReport: the tape is an array. Give one of record(f, x) or recordOf(tape)',
  )
})
