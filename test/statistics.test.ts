/** Spreads at their edges: equal elements, numbers near the ends of their type; and what holds for no bools. */
import {
  all,
  any,
  type DType,
  epsilon,
  grad,
  jvp,
  std,
  type Tensor,
  tensor,
  variance,
  zeros,
} from '@sensigrad/core'
import { describe, expect, test } from 'vitest'
import { f64, gap, numbers } from './support/backend.ts'

describe.each(['float32', 'float64'] as const)('of %s', dtype => {
  const row = (...values: number[]) => tensor(values, { dtype })

  test.each([0.1, 1e30, -3.3, 1e-38])('the spread of elements that equal %d is exactly 0', value => {
    for (const count of [1, 2, 3, 5, 7, 49]) {
      const x = row(...Array<number>(count).fill(value))
      expect(numbers(variance(x), std(x))).toEqual([0, 0])
    }
  })

  test('the derivatives of std are 0 where it is 0, in both modes and of second order', () => {
    const x = row(0.1, 0.1, 0.1)
    const slope = grad((x: Tensor) => std(x))
    expect(numbers(slope(x))).toEqual([0, 0, 0])
    expect(numbers(jvp((x: Tensor) => std(x), [x], [row(1, 2, 3)])[1])).toEqual([0])
    expect(
      numbers(
        grad((x: Tensor) =>
          slope(x)
            .mul(row(1, 2, 3))
            .sum(),
        )(x),
      ),
    ).toEqual([0, 0, 0])
  })

  test('a row without spread leaves the gradient of its neighbour alone', () => {
    const x = tensor(
      [
        [1, 3],
        [2, 2],
      ],
      { dtype },
    )
    const slopes = numbers(grad((x: Tensor) => std(x, 1).sum())(x))
    expect(gap(slopes.slice(0, 2), [-0.5, 0.5])).toBeLessThan(2 * epsilon(dtype))
    expect(slopes.slice(2)).toEqual([0, 0])
  })

  test('std neither overflows nor vanishes at the ends of the type, nor do its derivatives', () => {
    const [huge, tiny] = dtype === 'float32' ? [3e38, 1e-37] : [1.7e308, 1e-300]
    for (const [scale, values] of [
      [huge, [1, -1]],
      [huge, [-1, 1, 1, 1]],
      [tiny, [1, -1]],
      [tiny, [3, 1]],
    ] as const) {
      const x = row(...values.map(value => value * scale))
      const unit = row(...values)
      expect(gap(numbers(std(x).div(scale)), numbers(std(unit)))).toBeLessThan(1e-6)
      const slope = grad((x: Tensor) => std(x))
      expect(gap(numbers(slope(x)), numbers(slope(unit)))).toBeLessThan(1e-6)
    }
  })

  test('a mean far from zero costs no digits', () => {
    const far = dtype === 'float32' ? 2 ** 20 : 2 ** 49
    const x = row(far + 1, far + 2, far + 3, far + 4)
    expect(numbers(variance(x), variance(x, 0, { correction: 1 }))).toEqual(
      dtype === 'float32' ? [1.25, Math.fround(5 / 3)] : [1.25, 5 / 3],
    )
  })
})

test('NaN and infinities are not hidden', () => {
  expect(numbers(std(f64([1, Number.NaN])), variance(f64([1, Number.POSITIVE_INFINITY])))).toEqual([
    Number.NaN,
    Number.NaN,
  ])
})

describe('of bools', () => {
  const x = tensor([
    [true, false],
    [true, true],
  ])
  test('any and all are bools, over all axes or some, which may be kept', () => {
    expect([String(any(x)), String(all(x, 0, { keepDims: true }))]).toEqual(['bool[]', 'bool[1, 2]'])
    expect(numbers(any(x), all(x), all(x, 1), all(x, 0, { keepDims: true }), any(x, []))).toEqual([
      1, 0, 0, 1, 1, 0, 1, 0, 1, 1,
    ])
  })
  test('of none, any is false and all is true', () => {
    const none = zeros([0, 2], { dtype: 'bool' as DType })
    const found = [any(none), all(none), any(none, 0), all(none, 0, { keepDims: true }), all(none, 1)]
    expect(found.map(String)).toEqual(['bool[]', 'bool[]', 'bool[2]', 'bool[1, 2]', 'bool[0]'])
    expect(numbers(...found)).toEqual([0, 1, 0, 0, 1, 1])
  })
})
