/** What an explanation says is so: its formulas compute the gradients, and its parts add up. */
import { fc, test as prop } from '@fast-check/vitest'
import { explain, formatExplanation, fromJSON, recordOf, toJSON } from '@sensigrad/inspect'
import { arbitraries } from '@sensigrad/testing'
import {
  cotangentsOf,
  custom,
  elementwise,
  pullback,
  record,
  type Tape,
  type Tensor,
  tanh,
  tensor,
  withScope,
  withSources,
} from 'sensigrad'
import { describe, expect, test } from 'vitest'
import { numbersOf } from '../packages/inspect/src/explain/numbers.ts'
import { evaluateFormula } from './support/formulas.ts'

const double = { dtype: 'float64' } as const
const close = (found: number, wanted: number) =>
  Math.abs(found - wanted) <= 1e-12 * Math.max(1, Math.abs(wanted))

describe('the rule in numbers', () => {
  prop.prop([arbitraries.programs({ maxSteps: 10 })], { numRuns: 40 })(
    'of a map, worked out as it is printed, is the gradient that was sent',
    async ({ run, inputs }) => {
      const tape = record(run, ...inputs)
      const arrived = cotangentsOf(tape)
      for (const entry of tape.entries) {
        const g = arrived.get(entry.outputs[0]!)
        if (entry.op.name !== 'map' || g === undefined) continue
        const { outputs, attributes } = entry
        const needs = entry.inputs.map(input => tape.contains(input))
        const shares = entry.op.vjp({
          g,
          gs: [g],
          inputs: entry.inputs,
          output: outputs[0]!,
          outputs,
          attributes,
          needs,
        })
        for (const [i, share] of shares.entries()) {
          if (share === undefined || !needs[i]) continue
          const none = { at: undefined, check: undefined }
          for (const { text, value } of await numbersOf(entry, i, g, share, none, String)) {
            if (text !== undefined) expect([text, close(evaluateFormula(text), value)]).toEqual([text, true])
          }
        }
      }
    },
  )

  test.each([
    '1 - 2²',
    '(-3)² * 2',
    '2 * (1 - 0.5) / 4',
    '-(2 + 1)',
    'where(1 < 2, exp(0), 5)',
    '1 < 2 ∧ 0 = 1',
  ])('is worked out here as anyone would: %s', text => {
    const wanted: Record<string, number> = {
      '1 - 2²': -3,
      '(-3)² * 2': 18,
      '2 * (1 - 0.5) / 4': 0.25,
      '-(2 + 1)': -3,
      'where(1 < 2, exp(0), 5)': 1,
      '1 < 2 ∧ 0 = 1': 0,
    }
    expect(evaluateFormula(text)).toBe(wanted[text])
  })

  prop.prop([
    fc.constantFrom<[number[], number[]]>(
      [[4], [4]],
      [[3, 4], [4]],
      [[4], [4, 2]],
      [
        [3, 4],
        [4, 2],
      ],
      [
        [2, 3, 4],
        [2, 4, 2],
      ],
    ),
  ])('of a matrix product is a sum that comes to the gradient', async ([left, right]) => {
    const make = (shape: number[], start: number) =>
      tensor(
        Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(start + i)),
        { ...double, shape },
      )
    const tape = record((a: Tensor, b: Tensor) => a.matmul(b).square(), make(left, 1), make(right, 2))
    const product = (await explain(tape, { check: false })).find(({ op }) => op === 'matmul')!
    for (const { numbers } of product.sends) {
      expect(numbers.length).toBeGreaterThan(0)
      for (const { terms, value } of numbers) {
        const shown = terms!.largest.reduce((sum, term) => sum + term.value, 0)
        expect(close(shown + terms!.rest, value)).toBe(true)
      }
    }
  })
})

describe('the cotangent of an entry', () => {
  prop.prop([arbitraries.programs({ maxSteps: 12 })], { numRuns: 40 })(
    'is the sum of what its readers sent',
    async ({ run, inputs }) => {
      for (const { arrivals } of await explain(record(run, ...inputs), { check: false })) {
        for (const { gap } of arrivals) expect(gap).toBeLessThan(1e-12)
      }
    },
  )

  test('is itemised by reader', async () => {
    const tape = record((x: Tensor) => x.mul(2).add(x.square()), tensor(3, double))
    const [input] = await explain(tape, { entries: [0] })
    expect(input!.arrivals[0]).toMatchObject({
      name: '%0',
      total: { elements: [8] },
      parts: [
        { from: '%3', share: { elements: [6] } },
        { from: '%2', share: { elements: [2] } },
      ],
    })
  })

  test('may be given', async () => {
    const tape = record((x: Tensor) => x.mul(2), tensor([1, 2], double))
    const [double2] = await explain(tape, { cotangents: tensor([10, 20], double) })
    expect(double2!.sends[0]!.share!.elements).toEqual([20, 40])
  })

  test('of what no output depends on is nothing', async () => {
    const tape = record((x: Tensor) => x.split(2)[0]!, tensor([1, 2], double))
    const [split] = await explain(tape)
    expect(split!.arrivals.map(({ total }) => total?.elements)).toEqual([[1], undefined])
    expect(split!.sends[0]!.share!.elements).toEqual([1, 0])
  })
})

describe('an explanation', () => {
  const neuron = (f: (u: Tensor) => Tensor) =>
    record(
      (w: Tensor, theta: Tensor) =>
        withScope('neuron', () => f(w.dot(tensor([0.5, -0.25], double)).add(theta)))
          .sub(1)
          .square()
          .mul(0.5),
      tensor([0.6, 0.8], double),
      tensor(0.1, double),
    )

  test('of a neuron is what one would work out by hand', async () => {
    const [tanhEntry] = await explain(neuron(tanh), { entries: [5] })
    const y = Math.tanh(0.2)
    expect(tanhEntry).toMatchObject({ op: 'map', text: 'tanh(%4)', scope: 'neuron', formula: 'y = tanh(x)' })
    expect(tanhEntry!.sends[0]).toMatchObject({ to: '%4', formula: 'x̄ = ȳ * (1 - y²)', isDerived: true })
    expect(tanhEntry!.sends[0]!.share!.elements![0]).toBeCloseTo((y - 1) * (1 - y * y), 14)
    expect(formatExplanation(tanhEntry!).split('\n').slice(0, 6)).toEqual([
      '%5 = tanh(%4)  float64[]  neuron',
      '    value    y = tanh(x)  0.1974',
      '    arrives  ȳ = -0.8026 from %7',
      '    rule     x̄ = ȳ * (1 - y²)  (derived from y)',
      '    numbers  -0.8026 * (1 - 0.1974²) = -0.7714',
      '    sends    %4 -0.7714',
    ])
  })

  test('paints a rule red that was broken on purpose, with its size', async () => {
    const broken = custom({
      name: 'brokenTanh',
      forward: (x: Tensor) => tanh(x),
      vjp: ({ g, output: y }) => [g.mul(y.neg().add(1))],
      jvp: ({ d, output: y }) => d[0]!.mul(y.square().neg().add(1)),
    })
    const explanations = await explain(neuron(broken))
    const wrong = explanations.filter(({ check }) => check!.verdict === 'wrong')
    expect(wrong.map(({ op }) => op)).toEqual(['brokenTanh'])
    const text = formatExplanation(wrong[0]!, {
      paint: (each, tone) => (tone === 'bad' ? `<${each}>` : each),
    })
    expect(text).toContain(
      '<✗> <WRONG reverse rule: 0.8026 where finite differences say 0.961, off by -16.5%>\n             at the element of %4, 2 of 2 looked at are wrong\n             not noise:',
    )
    expect(text).toContain('suspect: the reverse rule of brokenTanh')
    expect(text).not.toContain('forward rule')
  })

  test('says where in the program an entry was made', async () => {
    const tape = withSources(() => neuron(tanh))
    const [entry] = await explain(tape, { entries: [5], check: false })
    expect(entry!.source).toMatch(/inspect-explain\.test\.ts:\d+:\d+$/)
  })

  test('of a large tensor shows one element: the one asked for, or the largest', async () => {
    const x = tensor(
      Array.from({ length: 60 }, (_, i) => i / 60),
      { ...double, shape: [4, 15] },
    )
    const tape = record((x: Tensor) => x.square(), x)
    const numbersAt = async (at?: number[]) => (await explain(tape, at ? { at } : {}))[0]!.sends[0]!.numbers
    expect(await numbersAt()).toMatchObject([{ at: [3, 14], value: 118 / 60 }])
    expect(await numbersAt([1, 2])).toMatchObject([{ at: [1, 2], value: 34 / 60 }])
  })

  test('of float32 says what rounding cost', async () => {
    const [entry] = await explain(record((x: Tensor) => x.tanh(), tensor([0.3, 1, 2])))
    const { rounding } = entry!.sends[0]!
    expect(rounding).toBeGreaterThan(0)
    expect(rounding).toBeLessThan(1e-6)
  })

  test('is in ASCII where a terminal needs that', async () => {
    for (const each of await explain(neuron(tanh))) {
      expect(formatExplanation(each, { ascii: true })).toMatch(/^[\x20-\x7e\n]*$/)
    }
  })

  test('escapes what a name could do to a terminal', async () => {
    const tape = record((x: Tensor) => withScope('\u001b[31mred', () => x.exp()), tensor([1]))
    expect(formatExplanation((await explain(tape))[0]!)).not.toContain('\u001b')
  })

  test('of a record that was read from a file is that of the tape', async () => {
    const swish = elementwise('swish', (e, x, b) => e.mul(x, e.sigmoid(e.mul(b, x))))
    const tape = record(
      (x: Tensor, b: Tensor) =>
        withScope('layer', () =>
          swish(x, b)
            .matmul(tensor([[1], [2]], double))
            .sum(),
        ),
      tensor([[0.5, -1]], double),
      tensor(2, double),
    )
    const file = toJSON(await recordOf(tape, { values: 'all' }))
    expect(await explain(fromJSON(file))).toEqual(await explain(tape))
  })

  test('of what is not there is refused', async () => {
    const tape = record((x: Tensor) => x.exp(), tensor([1]))
    await expect(explain(tape, { entries: [7] })).rejects.toThrow(
      'explain: there is no entry %7 that has a gradient. Give ids as the table prints them: 0, 1',
    )
    await expect(explain(3 as unknown as Tape)).rejects.toThrow('explain: the tape is 3')
  })

  test('changes nothing in the tape', async () => {
    const tape = neuron(tanh)
    const before = String(tape)
    const gradients = async () =>
      Promise.all(pullback(tape, tensor(1, double)).map(async g => [...(await g.data())]))
    const expected = await gradients()
    await explain(tape)
    expect([String(tape), await gradients()]).toEqual([before, expected])
  })
})
