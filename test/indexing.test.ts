/** Indices, masks and orders: what stands where, integers and ties and NaN included. */
import { fc, test } from '@fast-check/vitest'
import { cpu } from '@sensigrad/backend-cpu'
import {
  argMax,
  argSort,
  type Backend,
  BackendError,
  cumprod,
  grad,
  maskedSelect,
  nonZero,
  prod,
  sort,
  type Tensor,
  tensor,
  topK,
} from '@sensigrad/core'
import { describe, expect } from 'vitest'
import { f64, numbers } from './support/backend.ts'

const int32 = (values: number[] | number[][]) => tensor(values, { dtype: 'int32' })
const rows = fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 1, maxLength: 12 })

describe('sorting', () => {
  test.prop([rows])('is a permutation that ascends, or descends', values => {
    const x = f64(values)
    expect(numbers(sort(x))).toEqual([...values].sort((a, b) => a - b))
    expect(numbers(sort(x, 0, { descending: true }))).toEqual([...values].sort((a, b) => b - a))
  })

  test.prop([rows])('keeps the order of those that tie, in both directions', values => {
    for (const descending of [false, true]) {
      const order = numbers(argSort(f64(values), 0, { descending }))
      for (let i = 1; i < order.length; i++) {
        if (values[order[i - 1]!] === values[order[i]!]) expect(order[i - 1]).toBeLessThan(order[i]!)
      }
    }
  })

  test('puts NaN last, whichever way, and sorts integers as integers', () => {
    expect(numbers(sort(f64([2, Number.NaN, -1])))).toEqual([-1, 2, Number.NaN])
    expect(numbers(sort(f64([2, Number.NaN, -1]), 0, { descending: true }))).toEqual([2, -1, Number.NaN])
    expect(String(sort(int32([3, 1])))).toBe('int32[2]')
  })

  test.prop([rows])('sends each gradient to where its element came from', values => {
    const weights = f64(values.map((_, i) => 2 ** i))
    const order = numbers(argSort(f64(values)))
    const gradient = numbers(grad((x: Tensor) => sort(x).mul(weights).sum())(f64(values)))
    expect(order.map(i => gradient[i])).toEqual(numbers(weights))
  })

  test('the k largest come first of all, with their places', () => {
    const [values, places] = topK(f64([[1, 5, 3], [9, 7, 8]]), 2) // biome-ignore format: a matrix
    expect(numbers(values, places)).toEqual([5, 3, 9, 8, 1, 2, 0, 2])
    expect(topK(f64([1]), 0)[0].shape).toEqual([0])
  })

  test('the first extremum wins a tie, and NaN wins over all', () => {
    expect(numbers(argMax(f64([1, 3, 3])))).toEqual([1])
    expect(numbers(argMax(f64([1, Number.NaN, 9, Number.NaN])))).toEqual([1])
  })
})

describe('masks', () => {
  const mask = tensor([[true, false], [true, true]]) // biome-ignore format: a matrix

  test('tell where they hold, in order', async () => {
    const places = await nonZero(mask)
    expect(String(places)).toBe('int32[3, 2]')
    expect(numbers(places)).toEqual([0, 0, 1, 0, 1, 1])
    expect((await nonZero(tensor([false]))).shape).toEqual([0, 1])
    await expect(nonZero(f64([1]))).rejects.toThrow(
      'nonZero: the mask is float64[1]. Make it bool by a comparison',
    )
  })

  test('select elements, whose gradients go back there', () => {
    const x = f64([[1, 2], [3, 4]]) // biome-ignore format: a matrix
    expect(numbers(maskedSelect(x, mask))).toEqual([1, 3, 4])
    expect(numbers(grad((x: Tensor) => maskedSelect(x, mask).square().sum())(x))).toEqual([2, 0, 6, 8])
  })

  test('cannot select at once where they cannot be read at once', () => {
    const slow: Backend = {
      ...cpu(),
      name: 'slow',
      capabilities: { ...cpu().capabilities, synchronousRead: false },
    }
    const x = tensor([1, 2], { backend: slow })
    const call = () => maskedSelect(x, x.greater(1))
    expect(call).toThrow(BackendError)
    expect(call).toThrow(
      'which slow cannot read at once. Find the places before: await nonZero(mask), then gather',
    )
  })
})

describe('products', () => {
  test('have right gradients where factors are zero', () => {
    const slopes = (values: number[]) => numbers(grad((x: Tensor) => prod(x))(f64(values)))
    expect(slopes([2, 0, 5])).toEqual([0, 10, 0])
    expect(slopes([0, 0, 5])).toEqual([0, 0, 0])
    expect(numbers(grad((x: Tensor) => cumprod(x).sum())(f64([2, 0, 5])))).toEqual([1, 12, 0])
  })

  test('of integers wrap as integers do', () => {
    expect(numbers(cumprod(int32([3, -2, 4])), prod(int32([7, 3])))).toEqual([3, -6, -24, 21])
    expect(numbers(int32([65536, 65536]).prod())).toEqual([0])
  })

  test('and sums of nothing are one and zero', () => {
    expect(numbers(prod(f64([], [0])), f64([], [0]).sum())).toEqual([1, 0])
  })
})

test('gather and its adjoint take any type', () => {
  expect(numbers(tensor([true, false]).gather(int32([1, 0, 0])))).toEqual([0, 1, 1])
  expect(numbers(int32([5, 6]).scatterAdd(int32([1, 1]), int32([10, 20])))).toEqual([5, 36])
})
