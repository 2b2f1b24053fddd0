/** What is no tensor is refused before any backend hears of it. (What is one is tested in test/numbers.test.ts.) */
import { describe, expect, test } from 'vitest'
import type { Backend } from '../backend/contract.ts'
import { useBackend } from '../backend/current.ts'
import { BackendError, DTypeError, ShapeError, ValueError } from '../errors.ts'
import { arange, eye, full, linspace, ones, tensor, zeros } from './create.ts'
import { bernoulli, normal, permutation, truncatedNormal, uniform } from './draw.ts'
import type { DType } from './dtype.ts'
import { key } from './random.ts'

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

describe('a progression', () => {
  test.each<[unknown[], string]>([
    [[0, 5, 0], 'arange: the step 0 leads nowhere. Give another number'],
    [[0, Number.POSITIVE_INFINITY], 'arange: the stop is Infinity. Give a finite number'],
    [[Number.NaN, 5], 'arange: the start is NaN'],
    [[0, 5, '1'], "arange: the step is '1'"],
    [[0, 5, { dtype: 'float64' }], 'arange: the step is an object'],
    [[0, '5'], "arange: the stop is '5'"],
  ])('of %j is refused', (args, message) => {
    expect(() => (arange as (...args: unknown[]) => unknown)(...args)).toThrow(ValueError)
    expect(() => (arange as (...args: unknown[]) => unknown)(...args)).toThrow(message)
  })

  test('between ends that are not finite is refused', () => {
    expect(() => linspace(0, Number.NaN, 3)).toThrow('linspace: the stop is NaN. Give a finite number')
  })
})

describe('options', () => {
  const creations: Record<string, (options: never) => unknown> = {
    tensor: options => tensor([1], options),
    zeros: options => zeros([2], options),
    ones: options => ones([2], options),
    full: options => full([2], 1, options),
    eye: options => eye(2, options),
    'eye of rows and columns': options => eye(2, 3, options),
    arange: options => arange(3, options),
    'arange from a start': options => arange(0, 3, 1, options),
    linspace: options => linspace(0, 1, 3, options),
    uniform: options => uniform(key(1), [2], options),
    normal: options => normal(key(1), [2], options),
    truncatedNormal: options => truncatedNormal(key(1), [2], options),
    bernoulli: options => bernoulli(key(1), 0.5, [2], options),
    permutation: options => permutation(key(1), 3, options),
  }

  test.each(Object.entries(creations))('of %s are no null', (name, create) => {
    expect(() => create(null as never)).toThrow(ValueError)
    expect(() => create(null as never)).toThrow(
      `${name.split(' ')[0]}: the options are null. Give an object: {`,
    )
  })

  test('are no name of a type', () => {
    expect(() => zeros([2], 'float64' as never)).toThrow(
      "zeros: the options are 'float64'. Give an object: { dtype: 'float64' }",
    )
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
      /^useBackend: half lacks the kernels contract, copy, .*, cast\. Implement every kernel family/,
    )
  })

  test('says which types it has', () => {
    const few = { name: 'few', capabilities: { dtypes: ['float32'] } } as unknown as Backend
    expect(() => tensor([1], { dtype: 'float16' as DType, backend: few })).toThrow(
      'tensor: the backend few has no float16. It has float32',
    )
  })
})
