/** What is no tensor is refused before any backend hears of it. (What is one is tested in test/numbers.test.ts.) */
import { describe, expect, test } from 'vitest'
import type { Backend } from '../backend/contract.ts'
import { useBackend } from '../backend/current.ts'
import { BackendError, DTypeError, ShapeError, ValueError } from '../errors.ts'
import { arange, eye, full, linspace, tensor, zeros } from './create.ts'
import type { DType } from './dtype.ts'

describe('nested arrays', () => {
  test.each<[unknown, string]>([
    [[[1, 2], [3]], '1 values where 2 was expected'],
    [[[1], [2, 3]], '2 values where 1 was expected'],
    [[[], [1]], '1 values where 0 was expected'],
    [[1, [2]], '1 values where a number was expected'],
    [[[1], 2], 'the nested arrays are ragged. All arrays of one level must have one length'],
    [[[], 5], 'the nested arrays are ragged'],
    [[[[]], []], '0 values where 1 was expected'],
  ])('that are ragged, like %j, are refused', (values, message) => {
    expect(() => tensor(values as number[])).toThrow(ShapeError)
    expect(() => tensor(values as number[])).toThrow(message)
  })

  test.each([
    ['one', "'one'"],
    [null, 'null'],
    [{}, 'an object'],
    [undefined, 'undefined'],
    [1n, '1n'],
  ])('that hold %s are refused', (value, described) => {
    expect(() => tensor([value] as unknown as number[])).toThrow(ValueError)
    expect(() => tensor([value] as unknown as number[])).toThrow(
      `tensor: ${described} is no number. Give numbers, booleans or nested arrays of them`,
    )
  })

  test('with a hole are refused', () => {
    expect(() => tensor(new Array(2))).toThrow('tensor: undefined is no number')
  })
})

describe('a shape', () => {
  test('must be filled', () => {
    expect(() => tensor([1, 2, 3], { shape: [2, 2] })).toThrow(ShapeError)
    expect(() => tensor([1, 2, 3], { shape: [2, 2] })).toThrow(
      'tensor: 3 values do not fill the shape [2, 2] (4 elements). Give as many values as the shape has elements',
    )
  })

  test.each([-1, 1.5, Number.NaN])('has no size %d', size => {
    const message = `has the size ${size}. Sizes are whole numbers, zero or more`
    for (const call of [
      () => zeros([2, size]),
      () => full([size], 1),
      () => tensor([1], { shape: [size] }),
      () => eye(size),
      () => arange(size),
      () => linspace(0, 1, size),
    ]) {
      expect(call).toThrow(ValueError)
      expect(call).toThrow(message)
    }
  })
})

test('a typed array of a foreign type is refused', () => {
  expect(() => tensor(new Int16Array(2) as unknown as Int32Array)).toThrow(DTypeError)
  expect(() => tensor(new Int16Array(2) as unknown as Int32Array)).toThrow(
    'tensor: Int16Array is no array of a type that sensigrad has. Use Float32Array, Float64Array, Int32Array or Uint8Array (bool)',
  )
})

describe('a backend', () => {
  test('must be in use', () => {
    expect(() => tensor([1])).toThrow(BackendError)
    expect(() => tensor([1])).toThrow(
      "currentBackend: no backend is in use. Import 'sensigrad', which brings the CPU backend, or call useBackend(…)",
    )
  })

  test('must have every kernel family', () => {
    const half = { name: 'half', map() {}, reduce() {} } as unknown as Backend
    expect(() => useBackend(half)).toThrow(BackendError)
    expect(() => useBackend(half)).toThrow(
      'useBackend: half lacks the kernels contract, copy, place, concat, cast. Implement every kernel family',
    )
  })

  test('says which types it has', () => {
    const few = { name: 'few', capabilities: { dtypes: ['float32'] } } as unknown as Backend
    expect(() => tensor([1], { dtype: 'float16' as DType, backend: few })).toThrow(
      'tensor: the backend few has no float16. It has float32',
    )
  })
})
