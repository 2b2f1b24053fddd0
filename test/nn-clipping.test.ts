/** Limits of gradients hold, leave alone what is within them, and let nothing through that is not finite. */
import { fc, test } from '@fast-check/vitest'
import { type ByParameter, clipByGlobalNorm, type Optimiser, SGD } from '@sensigrad/nn'
import { capture, NonFiniteError, type Tensor, tensor, Variable, zeros } from 'sensigrad'
import { describe, expect } from 'vitest'
import { f64, gap, values } from './support/neurons.ts'
import { layerOf, optimisers } from './support/optimisers.ts'
import { bitsOf } from './support/sal.ts'

const all = (gradients: ByParameter) => Object.values(gradients).flatMap(values)
const length = (numbers: readonly number[]) => Math.hypot(...numbers)
const lists = fc.array(fc.array(fc.integer({ min: -999, max: 999 }), { minLength: 1, maxLength: 5 }), {
  minLength: 1,
  maxLength: 4,
})
const limits = fc.integer({ min: 1, max: 5000 })
const named = (lists: readonly (readonly number[])[]) =>
  Object.fromEntries(lists.map((list, i) => [`w${i}`, f64(list)]))

describe('clipping by the global norm', () => {
  test.prop([lists, limits])(
    'gives the norm, and gradients of that norm or of the limit, in one direction',
    (lists, max) => {
      const { gradients, norm } = clipByGlobalNorm(named(lists), max)
      const before = length(lists.flat())
      expect(gap(values(norm), [before])).toBeLessThan(1e-14)
      expect(gap([length(all(gradients))], [Math.min(before, max)])).toBeLessThan(1e-14)
      const expected = lists.flat().map(g => g * Math.min(1, max / (before || 1)))
      expect(gap(all(gradients), expected)).toBeLessThan(1e-14)
    },
  )

  test.prop([lists])('changes no bit of gradients within the limit', lists => {
    expect(all(clipByGlobalNorm(named(lists), 1e9).gradients)).toEqual(lists.flat())
  })

  test('neither overflows nor vanishes in float32, and counts both types', () => {
    const { gradients, norm } = clipByGlobalNorm({ w: tensor([3e30, 4e30]) }, 5)
    expect(gap(values(norm.div(1e30)), [5])).toBeLessThan(1e-6)
    expect(gap(values(gradients.w!), [3, 4])).toBeLessThan(1e-6)
    expect(gap(values(clipByGlobalNorm({ w: tensor([3e-30, 4e-30]) }, 1).norm.mul(1e30)), [5])).toBeLessThan(
      1e-6,
    )
    const mixed = clipByGlobalNorm({ a: tensor([3, 0]), b: f64([4]) }, 1)
    expect([mixed.norm.dtype, mixed.gradients.a!.dtype, mixed.gradients.b!.dtype]).toEqual([
      'float64',
      'float32',
      'float64',
    ])
    expect(gap([...values(mixed.norm), ...all(mixed.gradients)], [5, 0.6, 0, 0.8])).toBeLessThan(1e-7)
  })

  test('leaves zeros zero, and nothing nothing', () => {
    expect(all(clipByGlobalNorm({ w: zeros([3]) }, 1).gradients)).toEqual([0, 0, 0])
    expect(values(clipByGlobalNorm({}, 1).norm)).toEqual([0])
  })

  test.each([Number.NaN, Number.POSITIVE_INFINITY])('names a gradient of %d', bad => {
    const gradients = { good: f64([1]), bad: f64([1, bad]) }
    expect(() => clipByGlobalNorm(gradients, 1)).toThrow(NonFiniteError)
    expect(() => clipByGlobalNorm(gradients, 1)).toThrow(
      /^clipByGlobalNorm: the gradient of bad is not finite: its norm is/,
    )
    const held = [0, 1].map(() => new Variable(f64([0])))
    const fast = capture((x: Tensor) => {
      const { gradients, norm } = clipByGlobalNorm({ good: f64([1]), x }, 1)
      held[0]!.value = gradients.good!
      return norm
    })
    expect(Number.isFinite(values(fast(f64([bad])))[0])).toBe(false)
    expect(values(held[0]!.value)).toEqual([Number.NaN]) // and not quietly 0
  })

  test.each([0, -1, '1', undefined])('refuses the limit %s', max => {
    expect(() => clipByGlobalNorm({}, max as never)).toThrow(
      /^clipByGlobalNorm: the limit .* is not positive\. Give one such as 1$/,
    )
  })

  test('refuses what are no gradients', () => {
    expect(() => clipByGlobalNorm(undefined as never, 1)).toThrow(
      /^clipByGlobalNorm: the gradients are undefined/,
    )
    expect(() => clipByGlobalNorm({ w: 3 as never }, 1)).toThrow(
      /^clipByGlobalNorm: the gradient of w is 3\. Give tensors/,
    )
  })
})

describe('an optimiser with limits', () => {
  /** How far a layer moves, weight and bias, with a rate of one. */
  const moved = (clip: object, weight: readonly number[], bias: readonly number[]) => {
    const layer = layerOf()
    const before = [...values(layer.weight.value), ...values(layer.bias.value)]
    new SGD({ rate: 1, clip }).update(layer, { weight: f64(weight, [2, 3]), bias: f64(bias) })
    return [...values(layer.weight.value), ...values(layer.bias.value)].map((w, i) => before[i]! - w)
  }
  const six = fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 6, maxLength: 6 })
  const two = fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 2, maxLength: 2 })

  test.prop([six, two, limits], { numRuns: 30 })('keeps each of them', (weight, bias, hundredths) => {
    const max = hundredths / 100
    expect(Math.max(...moved({ value: max }, weight, bias).map(Math.abs))).toBeLessThanOrEqual(max + 1e-12)
    const each = moved({ norm: max }, weight, bias)
    expect(
      gap(
        [length(each.slice(0, 6)), length(each.slice(6))],
        [weight, bias].map(g => Math.min(max, length(g))),
      ),
    ).toBeLessThan(1e-12)
    const expected = Math.min(max, length([...weight, ...bias]))
    expect(gap([length(moved({ globalNorm: max }, weight, bias))], [expected])).toBeLessThan(1e-12)
  })

  const bads = [Number.NaN, Number.POSITIVE_INFINITY]
  describe.each(optimisers)('%s', (_, make) => {
    const step = (optimiser: Optimiser<never>, layer: ReturnType<typeof layerOf>) => (weight: Tensor) =>
      optimiser.update(layer, { bias: f64([1, 1]), weight })
    const good = f64([1, 2, 3, 4, 5, 6], [2, 3])

    test.each(bads)('refuses %d by name, and nothing has moved', bad => {
      const [layer, optimiser] = [layerOf(), make({ rate: 0.1, guard: true })]
      const update = step(optimiser, layer)
      update(good)
      const [before, state] = [bitsOf(layer), JSON.stringify(plain(optimiser))]
      expect(() => update(good.mul(bad))).toThrow(
        /\.update: the gradient of weight is not finite: its norm is .*Nothing was changed\. Find/,
      )
      expect(bitsOf(layer)).toEqual(before)
      expect(JSON.stringify(plain(optimiser))).toBe(state)
    })

    test.each(bads)('leaves all as it is at %d in a captured step, counts that, and goes on', bad => {
      const [layer, optimiser] = [layerOf(), make({ rate: 0.1, clip: { globalNorm: 1 } })]
      const [other, same] = [layerOf(), make({ rate: 0.1, clip: { globalNorm: 1 } })]
      const fast = capture(step(optimiser, layer))
      for (const scale of [1, bad, 2, bad, 0.5]) fast(good.mul(scale))
      for (const scale of [1, 2, 0.5]) step(same, other)(good.mul(scale))
      expect(bitsOf(layer)).toEqual(bitsOf(other))
      expect(values(optimiser.refused!)).toEqual([2])
    })
  })

  /** The state as numbers. */
  function plain(optimiser: Optimiser<never>) {
    return Object.entries(optimiser.state()).map(([name, part]) => [
      name,
      typeof part === 'object' ? values(part) : part,
    ])
  }

  // biome-ignore format: a table
  const refused: readonly [what: string, options: object, message: RegExp][] = [
    ['an unknown limit', { clip: { max: 1 } }, /^SGD\.clip: there is no option max\. There is value, norm, globalNorm$/],
    ['a limit of nothing', { clip: { norm: 0 } }, /^SGD: the limit norm of clip, 0, is not positive and finite/],
    ['a number', { clip: 1 }, /^SGD\.clip: the options are 1\. Give an object with/],
    ['a guard of another kind', { guard: 1 }, /^SGD: guard is 1\. Give true or false$/],
  ]
  test.each(refused)('refuses %s', (_, options, message) => {
    expect(() => new SGD({ rate: 1, ...options } as never)).toThrow(message)
  })
})
