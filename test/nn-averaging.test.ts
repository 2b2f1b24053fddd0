/** Averages of weights are what their formulas say, in captured steps, too, and go on from where they were. */
import { fc, test } from '@fast-check/vitest'
import { WeightAverage } from '@sensigrad/nn'
import { capture } from 'sensigrad'
import { describe, expect } from 'vitest'
import { f64, gap, values } from './support/neurons.ts'
import { layerOf } from './support/optimisers.ts'
import { bitsOf } from './support/sal.ts'

const weights = fc.array(fc.tuple(fc.integer({ min: -99, max: 99 }), fc.integer({ min: -99, max: 99 })), {
  minLength: 1,
  maxLength: 8,
})
const decays = fc.integer({ min: 0, max: 99 }).map(n => n / 100)

/** The average of the bias over some values of it. */
const averaged = (path: readonly (readonly number[])[], decay?: number, isCaptured = false) => {
  const layer = layerOf()
  const average = new WeightAverage(layer, decay === undefined ? {} : { decay })
  const update = isCaptured ? capture(() => average.update()) : () => average.update()
  for (const value of path) {
    layer.bias.value = f64(value)
    update()
  }
  return { layer, average, bias: values(average.values().bias!) }
}
const mean = (path: readonly (readonly number[])[]) =>
  [0, 1].map(i => path.reduce((sum, value) => sum + value[i]!, 0) / path.length)

describe('the average of weights', () => {
  test.prop([weights])('is their mean', path => {
    expect(gap(averaged(path).bias, mean(path))).toBeLessThan(1e-13)
  })

  test.prop([weights, decays])('with a decay moves by 1 - β, beginning at the first', (path, decay) => {
    const expected = path.reduce(
      (a, w) => [0, 1].map(i => decay * a[i]! + (1 - decay) * w[i]!) as never,
      path[0]!,
    )
    expect(gap(averaged(path, decay).bias, [...expected])).toBeLessThan(1e-13)
  })

  test.prop([weights, fc.option(decays, { nil: undefined })], { numRuns: 20 })(
    'is the same in captured steps',
    (path, decay) => {
      expect(averaged(path, decay, true).bias).toEqual(averaged(path, decay).bias)
    },
  )

  test('stays finite where the distance between two weights is not', () => {
    const [layer, most] = [layerOf(), f64([Number.MAX_VALUE, -Number.MAX_VALUE])]
    const average = new WeightAverage(layer)
    for (const bias of [most, most.neg(), most.neg()]) {
      layer.bias.value = bias
      average.update()
    }
    const third = Number.MAX_VALUE / 3
    const found = values(average.values().bias!).map(value => value / third)
    for (const [i, sign] of [-1, 1].entries()) expect(found[i]).toBeCloseTo(sign, 10)
  })

  test('stands in for the parameters while a function runs, and only then', () => {
    const { layer, average } = averaged([
      [1, 2],
      [3, 6],
    ])
    const before = bitsOf(layer)
    expect(average.with(() => values(layer.bias.value))).toEqual([2, 4])
    expect(() =>
      average.with(() => {
        throw new Error('no')
      }),
    ).toThrow('no')
    expect(bitsOf(layer)).toEqual(before)
  })

  test('is what the parameters were before the first update', () => {
    const layer = layerOf()
    const [before, average] = [values(layer.bias.value), new WeightAverage(layer)]
    layer.bias.value = f64([7, 7])
    expect(values(average.values().bias!)).toEqual(before)
  })

  test.prop([weights, weights, fc.option(decays, { nil: undefined })], { numRuns: 20 })(
    'goes on from a state as if nothing had been between',
    (first, then, decay) => {
      const whole = averaged([...first, ...then], decay)
      const { average } = averaged(first, decay)
      const state = average.state()
      average.update()
      const layer = layerOf(2)
      const other = new WeightAverage(layer, decay === undefined ? {} : { decay })
      other.restore(state)
      for (const value of then) {
        layer.bias.value = f64(value)
        other.update()
      }
      expect(values(other.values().bias!)).toEqual(whole.bias)
    },
  )

  // biome-ignore format: a table
  const refused: readonly [what: string, call: () => unknown, message: RegExp][] = [
    ['no module', () => new WeightAverage({} as never), /^WeightAverage: an object is no module/],
    ['a decay of one', () => new WeightAverage(layerOf(), { decay: 1 }), /^WeightAverage: the decay 1 does not lie in \[0, 1\)\. Give a number such as 0\.999/],
    ['a misspelt option', () => new WeightAverage(layerOf(), { decya: 0.9 } as never), /^WeightAverage: there is no option decya/],
    ['a state without the count', () => new WeightAverage(layerOf()).restore({ 'bias.average': f64([1, 2]), 'weight.average': f64([1, 2, 3, 4, 5, 6], [2, 3]) }), /^WeightAverage\.restore: updates is undefined/],
    ['a state of another module', () => new WeightAverage(layerOf()).restore({ ...new WeightAverage(layerOf()).state(), 'bias.average': f64([1]) }), /^WeightAverage\.restore: bias\.average is float64\[1\], but float64\[2\] is needed/],
  ]
  test.each(refused)('refuses %s', (_, call, message) => {
    expect(call).toThrow(message)
  })
})
