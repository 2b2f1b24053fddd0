/** Numbers near the ends of their types, and sizes that nothing holds. */
import {
  arange,
  eye,
  grad,
  key,
  linspace,
  normal,
  splitKey,
  type Tensor,
  tensor,
  uniform,
  ValueError,
  zeros,
} from '@sensigrad/core'
import { describe, expect, test } from 'vitest'
import { f64, numbers } from './support/backend.ts'

describe('far from one', () => {
  const gradient = (f: (x: Tensor) => Tensor, values: number[], dtype: 'float32' | 'float64' = 'float64') =>
    numbers(grad((x: Tensor) => f(x).sum())(tensor(values, { dtype })))

  test('softmax keeps its digits', () => {
    expect(numbers(tensor([1e8, 1e8]).softmax())).toEqual([0.5, 0.5])
    expect(numbers(tensor([1e8, 1e8, 1e8]).softmax().sum())[0]).toBeCloseTo(1, 6)
    expect(numbers(tensor([1e6, 1e6]).logSoftmax())[0]).toBeCloseTo(-Math.LN2, 6)
    expect(gradient(x => x.softmax().slice(0), [1e17, 1e17])).toEqual([0.25, -0.25])
  })
  test('products have finite gradients where their factors are far apart', () => {
    expect(gradient(x => x.prod(), [1e-200, 1e200, 1e200])[0]).toBe(Number.POSITIVE_INFINITY)
    expect(gradient(x => x.prod(), [1e200, 1e-200, 1e200]).slice(1)).toEqual([
      Number.POSITIVE_INFINITY,
      1e200 * 1e-200,
    ])
    expect(gradient(x => x.cumprod(), [2, 1e300, 1e300]).some(Number.isNaN)).toBe(false)
  })
  test('even draws and even spaces cover an interval that is wider than the largest number', () => {
    const values = numbers(uniform(key(1), [100], { low: -1e308, high: 1e308, dtype: 'float64' }))
    expect(new Set(values).size).toBe(100)
    expect(Math.min(...values)).toBeLessThan(-0.9e308)
    expect(numbers(linspace(-1e308, 1e308, 3, { dtype: 'float64' }))).toEqual([-1e308, 0, 1e308])
  })
  test('slopes neither vanish nor cancel', () => {
    expect(gradient(x => x.asinh(), [1e155, -1e200, 1e12])).toEqual([1e-155, 1e-200, 1e-12])
    expect(gradient(x => x.softsign(), [1e7], 'float32')[0]).toBeCloseTo(1e-14, 20)
    expect(gradient(x => x.softsign(), [1e16])[0]).toBeCloseTo(1e-32, 38)
    expect(numbers(grad((b: Tensor) => tensor([0], { dtype: 'float64' }).pow(b).sum())(f64([0])))).toEqual([
      0,
    ])
  })
})

describe('what does not fit', () => {
  test.each([
    () => eye(2 ** 30),
    () => arange(2 ** 40),
    () => arange(-1e308, 1e308, 1e307),
    () => linspace(0, 1, 2 ** 40),
    () => normal(key(1), [2 ** 40]),
    () => zeros([2 ** 40]).add(1),
  ])('into memory is refused in one line (%#)', call => {
    expect(call).toThrow(ValueError)
    expect(call).toThrow(/^\w+: there is no room for .* GiB\)\. Make it smaller, or work in parts$/)
  })
  test('into a pair of widths is refused', () => {
    const loose = (widths: unknown) => () => zeros([2]).pad(widths as [number, number][])
    expect(loose([[undefined, 0]])).toThrow('pad: the width undefined is no number of zeros')
    expect(loose([[1]])).toThrow('pad: 1 widths are given for an axis. Give [before, after]')
    expect(loose([[1, 1, 1]])).toThrow('pad: 3 widths are given for an axis')
  })
  test('into a number of keys is refused, and what is no key', () => {
    const loose = splitKey as (key: unknown, count?: unknown) => unknown
    expect(() => loose(key(1), 'three')).toThrow("splitKey: 'three' keys are asked for")
    expect(() => loose(key(1), 2.9)).toThrow('splitKey: 2.9 keys are asked for')
    expect(() => loose([-1, 2])).toThrow('splitKey: an array is no key')
  })
})
