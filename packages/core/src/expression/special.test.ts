/** The error function and its complement against correctly rounded values, from the middle to the last of the tail. */
import { describe, expect, test } from 'vitest'
import { erf, erfc } from './special.ts'

const ulps = (actual: number, expected: number) => Math.abs(actual - expected) / Math.abs(expected) / 2 ** -52

describe('erf', () => {
  test.each([
    [1e-300, 1.1283791670955126e-300],
    [1e-9, 1.1283791670955127e-9],
    [0.3, 0.3286267594591274],
    [0.4999, 0.5204119951613866],
    [0.5, 0.5204998778130465],
    [0.9, 0.7969082124228322],
    [1.5, 0.9661051464753108],
    [3, 0.9999779095030014],
    [7, 1],
  ])('of %f, on both sides', (x, expected) => {
    expect(ulps(erf(x), expected)).toBeLessThan(4)
    expect(erf(-x)).toBe(-erf(x))
  })
  test('of zeros, infinities and NaN', () => {
    const special = [0, -0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN]
    expect(special.map(erf)).toEqual([0, -0, 1, -1, Number.NaN])
  })
})

describe('erfc', () => {
  test.each([
    [-3, 1.9999779095030015],
    [-0.2, 1.2227025892104784],
    [0.2, 0.7772974107895215],
    [0.5, 0.4795001221869535],
    [1, 0.15729920705028513],
    [2, 0.004677734981047266],
    [5.999, 2.1783043429548017e-17],
    [6, 2.1519736712498913e-17],
    [10, 2.088487583762545e-45],
    [20, 5.395865611607901e-176],
    [26, 5.663192408856143e-296],
  ])('of %f', (x, expected) => {
    expect(ulps(erfc(x), expected)).toBeLessThan(4)
  })
  test('of zeros, infinities and NaN', () => {
    const special = [0, -0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN]
    expect(special.map(erfc)).toEqual([1, 1, 0, 2, Number.NaN])
  })
  test('ends where double precision does', () => {
    expect([erfc(27), erfc(27.3), erfc(1e300)]).toEqual([5.23705e-319, 0, 0])
  })
})
