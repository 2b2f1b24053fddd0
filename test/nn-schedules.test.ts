/** Schedules are PyTorch's where it has them, join without gaps, and an optimiser counts for them, captured or not. */
import { readFileSync } from 'node:fs'
import { fc, test } from '@fast-check/vitest'
import { AdamW, type Optimiser, SGD, schedules } from '@sensigrad/nn'
import { capture, type Tensor, tensor } from 'sensigrad'
import { describe, expect } from 'vitest'
import { f64, gap, values } from './support/neurons.ts'
import { batch, layerOf, stepOf } from './support/optimisers.ts'

type Schedule = schedules.Schedule
const { constant, cosine, exponential, inverseSquareRoot, linear, oneCycle, sequence, stairs } = schedules
const reference: Readonly<Record<string, readonly number[]>> = JSON.parse(
  readFileSync(new URL('reference/optimisers.json', import.meta.url), 'utf8'),
).schedules

const first = (schedule: Schedule, count: number) =>
  Array.from({ length: count }, (_, step) => schedule(step))

describe('schedules', () => {
  test.each(
    Object.entries<Schedule>({
      linear: linear(0.025, 0.1, 8),
      cosine: cosine(0.1, 20, 0.01),
      stairs: stairs(0.1, { every: 6, factor: 0.5 }),
      exponential: exponential(0.1, 0.9),
      oneCycle: oneCycle(0.4, 21),
    }),
  )('%s is that of PyTorch', (name, schedule) => {
    const expected = [...reference[name]!]
    expect(gap(first(schedule, expected.length), expected)).toBeLessThan(1e-12)
  })

  test('the inverse square root rises to its rate, and halves over four times as many steps', () => {
    const schedule = inverseSquareRoot(0.1, 10)
    expect(gap([0, 4, 9, 39, 159].map(schedule), [0.01, 0.05, 0.1, 0.05, 0.025])).toBeLessThan(1e-15)
  })

  test.each(
    Object.entries<[Schedule, end: number]>({
      linear: [linear(0.3, 0.1, 7), 0.1],
      cosine: [cosine(0.3, 7), 0],
      oneCycle: [oneCycle(1, 10), 4e-6],
      constant: [constant(0.2), 0.2],
    }),
  )('%s stays where it has come to', (_, [schedule, end]) => {
    expect([10, 11, 1e9].map(schedule)).toEqual([end, end, end])
  })

  const lengths = fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 4 })
  test.prop([lengths])('a sequence is its parts, one after the other', lengths => {
    const count = (i: number) => (step: number) => i * 100 + step
    const joined = sequence(...lengths.map((steps, i) => [count(i), steps] as const), count(lengths.length))
    const parts = lengths.flatMap((steps, i) => first(count(i), steps))
    const expected = [...parts, ...first(count(lengths.length), 5)]
    expect(first(joined, expected.length)).toEqual(expected)
  })

  // biome-ignore format: a table
  const refused: readonly [what: string, call: () => unknown, message: RegExp][] = [
    ['a negative rate', () => constant(-1), /^constant: rate is -1, not ≥ 0 and finite\. Give a number/],
    ['no steps', () => cosine(0.1, undefined as never), /^cosine: undefined is no number of steps\. Give a whole number, 1 or more$/],
    ['half a step', () => linear(0, 1, 0.5), /^linear: 0\.5 is no number of steps/],
    ['a cycle without room', () => oneCycle(1, 2), /^oneCycle: the highest rate of 2 steps would be at step -0\.4/],
    ['a sequence of numbers', () => sequence(0.1 as never), /^sequence: 0\.1 is no schedule\. Give pairs/],
    ['a sequence without an end', () => sequence([constant(1), 3] as never), /^sequence: an array is no schedule/],
  ]
  test.each(refused)('refuse %s', (_, call, message) => {
    expect(call).toThrow(message)
  })
})

describe('an optimiser counts its updates', () => {
  /** How far each of some updates goes, with a gradient of one. */
  const strides = (sgd: SGD, update: (run: () => Tensor) => () => unknown, count: number) => {
    const layer = layerOf()
    const run = update(() => {
      sgd.update(layer, { bias: f64([1, 1]) })
      return layer.bias.value
    })
    return Array.from({ length: count }, () => {
      const before = values(layer.bias.value)[0]!
      run()
      return before - values(layer.bias.value)[0]!
    })
  }
  const halving = (step: number) => 2 ** -step

  test.each(
    Object.entries({ eager: (run: () => Tensor) => run, captured: (run: () => Tensor) => capture(run) }),
  )('and asks its schedule for each, %s', (_, how) => {
    const sgd = new SGD({ rate: halving })
    expect(gap(strides(sgd, how, 6), first(halving, 6))).toBeLessThan(1e-15)
    expect(sgd.steps).toBe(6)
    sgd.rate = 0.25
    expect(gap(strides(sgd, how, 2), [0.25, 0.25])).toBeLessThan(1e-15)
    expect(sgd.steps).toBe(8)
  })

  test('whichever way the rate is changed between calls of one captured step', () => {
    const [layer, sgd] = [layerOf(), new SGD({ rate: 1 })]
    const fast = capture(() => sgd.update(layer, { bias: f64([1, 1]) }))
    const rates = [1, halving, 0.5, halving, (step: number) => step / 4] as const
    const moved = rates.map(rate => {
      sgd.rate = rate
      const before = values(layer.bias.value)[0]!
      fast()
      return before - values(layer.bias.value)[0]!
    })
    expect(gap(moved, [1, 0.5, 0.5, 0.125, 1])).toBeLessThan(1e-15)
    expect(fast.captures).toBe(2)
  })

  test('once for each call that is checked, too', () => {
    const [layer, optimiser] = [
      layerOf(),
      new AdamW({ rate: cosine(0.1, 30) }) as unknown as Optimiser<never>,
    ]
    const fast = capture(stepOf(layer, optimiser), { check: 2 })
    for (let call = 0; call < 5; call++) fast(...batch(call))
    expect(optimiser.steps).toBe(5)
  })

  test('and refuses what its schedule gives when that is no rate, before anything moves', () => {
    const [layer, sgd] = [layerOf(), new SGD({ rate: step => (step < 2 ? 1 : Number.NaN) })]
    const fast = capture(() => sgd.update(layer, { bias: tensor([1, 1], { dtype: 'float64' }) }))
    fast()
    fast()
    const before = values(layer.bias.value)
    expect(fast).toThrow('SGD: the rate NaN that the schedule gives at step 2 is not ≥ 0 and finite')
    expect(() => sgd.update(layer, { bias: f64([1, 1]) })).toThrow('at step 2')
    expect(values(layer.bias.value)).toEqual(before)
    expect(sgd.steps).toBe(2)
  })
})
