/** Rules that are right are never accused, and one that is wrong always is: at the entry, in the mode, at the element. */
import { fc, test as prop } from '@fast-check/vitest'
import { type Check, checkEntry } from '@sensigrad/inspect'
import { arbitraries } from '@sensigrad/testing'
import {
  type Backend,
  BackendError,
  cpu,
  custom,
  type Entry,
  grad,
  record,
  relu,
  type Tape,
  type Tensor,
  tanh,
  tensor,
} from 'sensigrad'
import { describe, expect, test } from 'vitest'

const double = { dtype: 'float64' } as const
const values = (size: number, of = (i: number) => Math.sin(1 + 3 * i)) =>
  Array.from({ length: size }, (_, i) => of(i))
const last = (tape: Tape): Entry => tape.entries.at(-1)!
const lastChecked = (f: (...inputs: Tensor[]) => Tensor, ...inputs: Tensor[]): Promise<Check> => {
  const tape = record(f, ...inputs)
  return checkEntry(tape, last(tape))
}

/** The reference, as if it had no float64. */
const single: Backend = {
  ...cpu(),
  name: 'single',
  capabilities: { dtypes: ['float32', 'int32', 'bool'], synchronousRead: true },
}

describe('a rule that is right', () => {
  prop.prop([arbitraries.programs({ maxSteps: 12 })], { numRuns: 40 })(
    'is never called wrong, in a program of any operations',
    async ({ run, inputs }) => {
      const tape = record(run, ...inputs)
      for (const entry of tape.entries) {
        const { verdict } = await checkEntry(tape, entry)
        expect([tape.describe(entry), verdict]).not.toEqual([tape.describe(entry), 'wrong'])
      }
    },
  )

  prop.prop([arbitraries.programs({ maxSteps: 12 })], { numRuns: 30 })(
    'nor on a backend without float64, where differences are coarse',
    async ({ run, inputs }) => {
      const singles = await Promise.all(
        inputs.map(async x => tensor(await x.data(), { dtype: 'float32', shape: x.shape, backend: single })),
      )
      let tape: Tape
      try {
        tape = record(run, ...singles)
      } catch (error) {
        if (error instanceof BackendError) return // a constant of the program lives on the backend in use
        throw error
      }
      for (const entry of tape.entries) {
        const { verdict, dtype } = await checkEntry(tape, entry)
        expect([tape.describe(entry), verdict]).not.toEqual([tape.describe(entry), 'wrong'])
        if (verdict === 'right') expect(dtype).toBe('float32')
      }
    },
  )

  prop.prop([arbitraries.programs({ maxSteps: 6, shapes: [[2, 3]] })], { numRuns: 10 })(
    'nor in the gradient of one, which is a tape of its own',
    async ({ run, inputs }) => {
      const tape = record(x => grad((x: Tensor) => run(x).sum())(x), inputs[0]!)
      for (const entry of tape.entries) expect((await checkEntry(tape, entry)).verdict).not.toBe('wrong')
    },
  )

  test.each<[string, (x: Tensor) => Tensor, number[]]>([
    ['near a singularity', x => x.log(), [1e-10, 1e-3, 1]],
    ['at numbers of all sizes', x => x.sqrt(), [1e-12, 1, 1e12]],
    ['that bends sharply', x => x.mul(1000).sin(), [0.1, 0.2]],
    ['of numbers of a size', x => x.exp(), [1e-10, -1e-3]],
    ['of a large number', x => x.square(), [1e8, -3e7]],
    ['that has gone flat', x => x.tanh(), [30, -40, 0]],
    ['close to a kink', x => relu(x), [1e-5, -1e-7, 2]],
    ['close to a tie', x => x.max(), [1, 1 + 1e-6, 0]],
  ])('is found right %s', async (_, f, elements) => {
    expect((await lastChecked(f, tensor(elements, double))).verdict).toBe('right')
  })

  test('of float32 is checked in float64, which sees far more than float32 could', async () => {
    const { verdict, dtype, reverse } = await lastChecked(x => x.tanh(), tensor(values(20)))
    expect({ verdict, dtype }).toEqual({ verdict: 'right', dtype: 'float64' })
    expect(reverse.error).toBeLessThan(1e-10)
  })

  test('may end in a cast, which is no step when it is taken in float64', async () => {
    const { verdict } = await lastChecked(x => x.cast('float32'), tensor(values(5), double))
    expect(verdict).toBe('right')
  })

  test('is looked at in each element of a map', async () => {
    const { reverse, forward, everyElement } = await lastChecked(
      (x, z) => x.mul(z),
      tensor(values(6)),
      tensor(values(6)),
    )
    expect(everyElement).toBe(true)
    expect([reverse.counts.right, forward.counts.right]).toEqual([12, 12])
  })
})

describe('where there is no derivative, or none to be seen', () => {
  test.each<[string, (x: Tensor) => Tensor, number[]]>([
    ['a kink', x => relu(x), [0]],
    ['a kink whose two slopes have the mean that the rule gives', x => x.abs(), [0]],
    ['a step', x => x.floor(), [2]],
    ['a tie', x => x.max(), [1, 1, 0]],
    ['the edge of a domain', x => x.sqrt(), [0]],
  ])('%s is no error', async (_, f, elements) => {
    expect((await lastChecked(f, tensor(elements, double))).verdict).toBe('not-differentiable')
  })

  test('differences that are all rounding decide nothing', async () => {
    expect((await lastChecked(x => x.square(), tensor([1e-26], double))).verdict).toBe('noise')
  })

  test('the other elements are still proved', async () => {
    const { verdict, reverse } = await lastChecked(x => relu(x), tensor([0, 1, -1], double))
    expect(verdict).toBe('right')
    expect(reverse.counts).toMatchObject({ right: 2, 'not-differentiable': 1 })
  })
})

/** tanh with the derivative 1 - y in place of 1 - y², in one mode. */
const brokenTanh = (mode: 'reverse' | 'forward', slopeOf: (y: Tensor) => Tensor = y => y.neg().add(1)) =>
  custom({
    name: 'brokenTanh',
    forward: (x: Tensor) => tanh(x),
    vjp: ({ g, output: y }) => [g.mul(mode === 'reverse' ? slopeOf(y) : y.square().neg().add(1))],
    jvp: ({ d, output: y }) => d[0]!.mul(mode === 'forward' ? slopeOf(y) : y.square().neg().add(1)),
  })

describe('a rule that is wrong', () => {
  prop.prop([
    fc.double({ min: -2, max: 2, noNaN: true }).filter(x => Math.abs(x) > 0.01),
    fc.constantFrom('reverse', 'forward'),
  ])('is called so in the mode that is wrong, and in no other', async (x, mode) => {
    const check = await lastChecked(brokenTanh(mode), tensor(x, double))
    expect(check.verdict).toBe('wrong')
    expect(check[mode].verdict).toBe('wrong')
    expect(check[mode === 'reverse' ? 'forward' : 'reverse'].verdict).toBe('right')
  })

  prop.prop([fc.integer({ min: -7, max: 2 }), fc.nat(9)])(
    'however small the error, and in however few elements',
    async (size, place) => {
      const error = tensor(
        values(10, i => (i === place ? 10 ** size : 0)),
        double,
      )
      const wrong = brokenTanh('reverse', y => y.square().neg().add(1).add(error))
      const { verdict, reverse } = await lastChecked(wrong, tensor(values(10), double))
      expect(verdict).toBe('wrong')
      expect(reverse.worst?.moved).toEqual({ input: 0, place })
    },
  )

  test('says by how much', async () => {
    const { reverse } = await lastChecked(brokenTanh('reverse'), tensor(0.2, double))
    const y = Math.tanh(0.2)
    expect(reverse.worst!.analytic).toBeCloseTo(1 - y, 12)
    expect(reverse.worst!.difference).toBeCloseTo(1 - y * y, 9)
    expect(reverse.worst!.change).toBeLessThan(1e-9) // so it is no noise
  })

  test('is found among many entries that lead through it', async () => {
    const wrong = brokenTanh('reverse')
    const tape = record((x: Tensor) => wrong(x.mul(2).sin()).exp().sum(), tensor(values(7), double))
    const verdicts = new Map<string, string>()
    for (const entry of tape.entries) verdicts.set(entry.op.name, (await checkEntry(tape, entry)).verdict)
    expect([...verdicts].filter(([, verdict]) => verdict === 'wrong')).toEqual([['brokenTanh', 'wrong']])
  })

  test('is found in float32 alone, where an operation needs that', async () => {
    const ones = tensor([1, 1, 1])
    const wrong = custom({
      name: 'pinned',
      forward: (x: Tensor) => x.mul(ones).square(),
      vjp: ({ g, inputs: [x] }) => [g.mul(x!).mul(3)],
    })
    const { verdict, dtype, reason } = await lastChecked(wrong, tensor([0.5, 1, 2]))
    expect({ verdict, dtype }).toEqual({ verdict: 'wrong', dtype: 'float32' })
    expect(reason).toMatch(/^not in float64 on cpu: mul: float64\[3\] and float32\[3\] are mixed/)
  })

  test('which gives NaN where there is a derivative is wrong', async () => {
    const { verdict } = await lastChecked(
      brokenTanh('reverse', y => y.sub(y).div(y.sub(y))),
      tensor([0.3], double),
    )
    expect(verdict).toBe('wrong')
  })

  test('is found in an operation that only moves elements', async () => {
    const mirrored = custom({
      name: 'mirrored',
      forward: (x: Tensor) => x.flip(),
      vjp: ({ g }) => [g], // not mirrored back
      jvp: ({ d }) => d[0]!.flip(),
    })
    const check = await lastChecked(mirrored, tensor(values(4), double))
    expect([check.reverse.verdict, check.forward.verdict]).toEqual(['wrong', 'right'])
  })
})

describe('checkEntry', () => {
  test('says why an entry cannot be checked', async () => {
    const tape = record((x: Tensor) => x.exp(), tensor([1]))
    expect(await checkEntry(tape, tape.entries[0]!)).toMatchObject({
      verdict: 'not-checked',
      reason: 'an input has no rule',
    })
  })

  test('refuses what is no tape, and an entry of another', async () => {
    const [tape, other] = [
      record((x: Tensor) => x.exp(), tensor([1])),
      record((x: Tensor) => x.exp(), tensor([1])),
    ]
    await expect(checkEntry('tape' as unknown as Tape, last(tape))).rejects.toThrow(
      "checkEntry: the tape is 'tape'",
    )
    await expect(checkEntry(tape, last(other))).rejects.toThrow('checkEntry: the entry is none of this tape')
  })
})
