/** Numbers at the edge: no elements, no axes, the ends of each type, what is no number, and numbers of JavaScript. */

import { cpu } from '@sensigrad/backend-cpu'
import {
  arange,
  cast,
  concat,
  DTypeError,
  eye,
  full,
  grad,
  key,
  linspace,
  normal,
  ones,
  onesLike,
  ShapeError,
  scalar,
  stack,
  type Tensor,
  tensor,
  uniform,
  ValueError,
  where,
  zeros,
  zerosLike,
} from '@sensigrad/core'
import { describe, expect, test } from 'vitest'
import { f64, numbers } from './support/backend.ts'

const int = (values: number[]) => tensor(values, { dtype: 'int32' })
const nan = Number.NaN
const infinity = Number.POSITIVE_INFINITY

describe('a new tensor', () => {
  test('of nested arrays has their shape and is float32', async () => {
    const x = tensor([
      [1, 2, 3],
      [4, 5, 6],
    ])
    expect([String(x), await x.toArray()]).toEqual([
      'float32[2, 3]',
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
    ])
  })
  test.each([
    [3, 'float32[]'],
    [true, 'bool[]'],
    [[true, false], 'bool[2]'],
    [[true, 2], 'float32[2]'],
    [[], 'float32[0]'],
    [[[], []], 'float32[2, 0]'],
    [new Float64Array(3), 'float64[3]'],
    [new Float32Array(3), 'float32[3]'],
    [new Int32Array(3), 'int32[3]'],
    [new Uint8Array(3), 'bool[3]'],
  ])('of %j is %s', (values, kind) => {
    expect(String(tensor(values))).toBe(kind)
  })
  test('may be given a shape', async () => {
    expect(await tensor([1, 2, 3, 4], { shape: [2, 2] }).toArray()).toEqual([
      [1, 2],
      [3, 4],
    ])
  })
  test('is a copy of its values', () => {
    const values = Float64Array.of(1, 2)
    const x = tensor(values)
    values[0] = 7
    expect(numbers(x)).toEqual([1, 2])
  })
  test('does not notice when the array of its shape changes', () => {
    const shape = [2, 2]
    const made = [
      zeros(shape),
      tensor([1, 2, 3, 4], { shape }),
      f64(1).broadcastTo(shape),
      normal(key(1), shape),
    ]
    shape[0] = 7
    expect(made.map(x => x.shape)).toEqual(Array(4).fill([2, 2]))
  })
  test('of bools is 0 and 1, whatever the bytes', () => {
    expect(numbers(tensor(Uint8Array.of(0, 1, 5)))).toEqual([0, 1, 1])
    expect(numbers(tensor([0, 1, -0], { dtype: 'bool' }))).toEqual([0, 1, 0])
  })
  test('full of one value takes the memory of one element', () => {
    expect((full([1000, 1000], 3).storage as Float32Array).length).toBe(1)
    expect(numbers(full([2, 2], 3))).toEqual([3, 3, 3, 3])
  })
  test('like another has its shape and type', () => {
    const like = int([1, 2])
    expect([zerosLike(like), onesLike(like)].map(x => [String(x), ...numbers(x)])).toEqual([
      ['int32[2]', 0, 0],
      ['int32[2]', 1, 1],
    ])
  })
  test('of evenly spaced numbers ends where it should, to the last bit', () => {
    expect(numbers(linspace(0, 0.3, 4, { dtype: 'float64' })).at(-1)).toBe(0.3)
    expect(numbers(linspace(1, 5, 1))).toEqual([1])
    expect(numbers(linspace(1, 5, 0))).toEqual([])
    expect(numbers(linspace(1, 2, 3))).toEqual([1, 1.5, 2])
  })
  test('of whole numbers is int32', () => {
    expect([String(arange(3)), ...numbers(arange(3))]).toEqual(['int32[3]', 0, 1, 2])
    expect(String(arange(0, { dtype: 'float64' }))).toBe('float64[0]')
  })
  test('that is the identity has ones on its diagonal', () => {
    expect(numbers(eye(2, { dtype: 'float64' }))).toEqual([1, 0, 0, 1])
    expect(String(eye(0))).toBe('float32[0, 0]')
  })
  test('of a type that the backend does not have is refused', () => {
    const narrow = {
      ...cpu(),
      name: 'narrow',
      capabilities: { dtypes: ['float32' as const], synchronousRead: true },
    }
    expect(() => tensor(1, { dtype: 'float64', backend: narrow })).toThrow(
      'tensor: the backend narrow has no float64. It has float32',
    )
    expect(() => zeros([2], { dtype: 'int32', backend: narrow })).toThrow(
      'zeros: the backend narrow has no int32',
    )
    expect(() => tensor(1, { backend: narrow }).cast('float64')).toThrow(
      'cast: the backend narrow has no float64',
    )
  })
})

describe('reading', () => {
  test('one number needs one element', async () => {
    expect(await f64([[3]]).item()).toBe(3)
    await expect(f64([1, 2]).item()).rejects.toThrow(
      'item: float64[2] has 2 elements, not one. Reduce it first',
    )
  })
  test('nests empty axes as they stand', async () => {
    expect(await zeros([2, 0, 3]).toArray()).toEqual([[], []])
    expect(await zeros([0, 2]).toArray()).toEqual([])
    expect(await f64(5).toArray()).toBe(5)
  })
  test('gives an array of one’s own', async () => {
    const x = f64([1, 2])
    const values = await x.data()
    values[0] = 7
    expect(numbers(x)).toEqual([1, 2])
  })
})

describe('numbers of JavaScript', () => {
  test('take the type beside them, with all its digits', () => {
    expect(numbers(f64([1]).mul(0.1))).toEqual([0.1])
    expect(numbers(tensor([1]).mul(0.1))).toEqual([Math.fround(0.1)])
    expect(String(int([1]).add(2))).toBe('int32[1]')
  })
  test('stand on either side', () => {
    expect(numbers(f64([4]).sub(1), where(f64([4]).less(5), 1, f64([2])))).toEqual([3, 1])
  })
  test.each([0.5, 2 ** 31, -(2 ** 31) - 1, nan, infinity])(
    'that no int32 is, like %d, are refused beside one',
    value => {
      expect(() => int([1]).add(value)).toThrow(DTypeError)
      expect(() => int([1]).add(value)).toThrow(`add: ${value} is no int32`)
    },
  )
  test('keep the sign of zero', () => {
    expect(numbers(f64([1]).div(-0))).toEqual([-infinity])
    expect(numbers(f64([1]).div(0))).toEqual([infinity])
    expect(numbers(scalar(-0, 'float64', cpu()))).toEqual([-0])
  })
})

describe('bools', () => {
  const b = tensor([true, false, true])
  test('are counted by sum, as int32', () => {
    expect([String(b.sum()), ...numbers(b.sum())]).toEqual(['int32[]', 2])
    expect(numbers(zeros([600]).less(1).sum())).toEqual([600])
    expect(String(tensor(true).sum())).toBe('int32[]')
  })
  test('have any and all as max and min', () => {
    expect(numbers(b.max(), b.min())).toEqual([1, 0])
    expect(String(b.max())).toBe('bool[]')
  })
  test('have no arithmetic', () => {
    expect(() => b.add(1)).toThrow(
      "add: bool[3] stands where a number is needed. Cast it first: .cast('float32')",
    )
    expect(() => f64([1]).add(true)).toThrow('add: true stands where a number is needed. Give 1 or 0')
    expect(() => b.mean()).toThrow("mean: bool[3] is not of a float type. Cast it first: .cast('float32')")
  })
  test('stay 0 and 1 through every operation', () => {
    expect(numbers(b.and(true), b.or(true), b.not(), concat([b, b]), b.pad([[1, 0]]))).toEqual([
      1, 0, 1, 1, 1, 1, 0, 1, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0, 1,
    ])
  })
})

describe('int32', () => {
  const most = 2 ** 31 - 1
  test('wraps, in sums as well', () => {
    expect(numbers(int([most]).add(1), int([most, 1]).sum(), int([-(2 ** 31)]).neg())).toEqual(
      Array(3).fill(-(2 ** 31)),
    )
  })
  test('has exact low bits in products and squares beyond 2⁵³', () => {
    const n = 2 ** 27 + 1
    expect(numbers(int([n]).mul(n), int([n]).square())).toEqual([2 ** 28 + 1, 2 ** 28 + 1])
  })
  test('has no division, mean or matrix product', () => {
    expect(() => int([1]).div(2)).toThrow('div: int32[1] is not of a float type')
    expect(() => int([1]).mean()).toThrow('mean: int32[1] is not of a float type')
    expect(() => int([1]).norm()).toThrow('norm: int32[1] is not of a float type')
    expect(() => int([1]).dot(int([1]))).toThrow('dot: int32[1] and int32[1] are not of one float type')
  })
  test('is cut from floats towards zero', () => {
    expect(numbers(cast(f64([1.9, -1.9, 0.4]), 'int32'))).toEqual([1, -1, 0])
  })
})

describe('tensors without elements', () => {
  const empty = zeros([0, 3], { dtype: 'float64' })
  test('have sums of zero and products of zeros', () => {
    expect(numbers(empty.sum(0))).toEqual([0, 0, 0])
    expect(numbers(empty.transpose().matmul(zeros([0, 2], { dtype: 'float64' })))).toEqual(Array(6).fill(0))
    expect(String(empty.matmul(zeros([3, 0], { dtype: 'float64' })))).toBe('float64[0, 0]')
  })
  test('pass through every way of moving', () => {
    const moved = [
      empty.transpose(),
      empty.reshape([3, 0]),
      empty.slice(null, 1),
      empty.pad([
        [0, 0],
        [1, 1],
      ]),
    ]
    expect(moved.map(String)).toEqual(['float64[3, 0]', 'float64[3, 0]', 'float64[0]', 'float64[0, 5]'])
    expect(String(concat([empty, empty]))).toBe('float64[0, 3]')
    expect(String(stack([empty, empty]))).toBe('float64[2, 0, 3]')
  })
  test('have empty gradients', () => {
    const gradient = grad((x: Tensor) =>
      x
        .tanh()
        .matmul(f64([[1], [2], [3]]))
        .sum(),
    )(empty)
    expect(String(gradient)).toBe('float64[0, 3]')
  })
  test('have no largest element and no mean, but each of their missing rows would', () => {
    expect(() => empty.max()).toThrow(ValueError)
    expect(() => empty.mean(0)).toThrow('mean: float64[0, 3] has no elements to average. Give at least one')
    expect([empty.max(1), empty.mean(1), empty.norm(1)].map(String)).toEqual(Array(3).fill('float64[0]'))
  })
  test('cannot be reshaped with an open size', () => {
    expect(() => empty.reshape([0, -1])).toThrow('reshape: 0 elements do not fill [0, -1]')
  })
})

describe('what is no number or too large', () => {
  test('NaN is the extremum wherever it stands, and relu of it is NaN', () => {
    for (const values of [
      [nan, 1],
      [1, nan],
    ])
      expect(numbers(f64(values).max(), f64(values).min())).toEqual([nan, nan])
    expect(numbers(f64([nan]).relu())).toEqual([nan])
  })
  test('softmax and logSumExp neither overflow nor underflow', () => {
    expect(numbers(f64([1000, 1000]).logSumExp())).toEqual([1000 + Math.LN2])
    expect(numbers(f64([-1000, -1000]).logSumExp())).toEqual([-1000 + Math.LN2])
    expect(numbers(f64([1000, 0]).softmax())).toEqual([1, 0])
  })
  test('logSumExp of nothing but -∞ is -∞, and of +∞ is +∞', () => {
    expect(numbers(f64([-infinity, -infinity]).logSumExp(), f64([infinity, 1]).logSumExp())).toEqual([
      -infinity,
      infinity,
    ])
  })
  test('logSumExp with some -∞ leaves them out, in its gradient as well', () => {
    const x = f64([-infinity, 2])
    expect(numbers(x.logSumExp(), grad((x: Tensor) => x.logSumExp())(x))).toEqual([2, 0, 1])
  })
  test.each([1e-200, 1e200, 5e-324])(
    'the norm of numbers near %d is right, and so is its gradient',
    scale => {
      const x = f64([3, -4]).mul(scale)
      const [length, ...slope] = numbers(x.norm(), grad((x: Tensor) => x.norm())(x))
      expect(length).toBe(5 * scale)
      expect(slope[0]).toBeCloseTo(0.6, 14)
      expect(slope[1]).toBeCloseTo(-0.8, 14)
    },
  )
  test('the norm of ∞ is ∞ and that of NaN is NaN', () => {
    expect(numbers(f64([infinity, 1]).norm(), f64([nan, 1]).norm())).toEqual([infinity, nan])
  })
  test('softplus is x for large x and neither overflows nor loses small numbers', () => {
    expect(numbers(f64([800, -800, -40]).softplus())).toEqual([800, 0, Math.exp(-40)])
  })
  test('the gradient of sigmoid and softplus far out is 0 or 1 and never NaN', () => {
    const slopes = (f: (x: Tensor) => Tensor) => numbers(grad((x: Tensor) => f(x).sum())(f64([-800, 800])))
    expect([slopes(x => x.sigmoid()), slopes(x => x.softplus())]).toEqual([
      [0, 0],
      [0, 1],
    ])
  })
})

describe('slices', () => {
  const x = f64([0, 1, 2, 3, 4])
  test.each([
    [
      [1, 3],
      [1, 2],
    ],
    [[-2], [3, 4]],
    [
      [0, -1, 2],
      [0, 2],
    ],
    [
      [3, 0, -1],
      [3, 2, 1],
    ],
    [
      [-1, undefined, -2],
      [4, 2, 0],
    ],
    [
      [9, undefined, -3],
      [4, 1],
    ],
    [
      [-9, 2],
      [0, 1],
    ],
    [
      [4, -9, -1],
      [4, 3, 2, 1, 0],
    ],
    [[-9, undefined, -1], []],
    [[3, 1], []],
    [
      [0, infinity],
      [0, 1, 2, 3, 4],
    ],
  ] as const)('take %j as Python does', (range, expected) => {
    expect(numbers(x.slice(range))).toEqual(expected)
  })
  test('by an index drop the axis and copy nothing', () => {
    const column = eye(3).slice(null, 1)
    expect([column.shape, numbers(column)]).toEqual([[3], [0, 1, 0]])
    const matrix = zeros([3, 4]).add(1)
    expect(matrix.slice(null, 1).storage).toBe(matrix.storage)
  })
  test('refuse what is no place', () => {
    for (const place of [0.5, nan]) expect(() => x.slice([place, 2])).toThrow(ValueError)
    expect(() => x.slice(1.5)).toThrow(ShapeError)
  })
})

describe('views', () => {
  test('that come and go with axes of size one share memory, whatever their strides', () => {
    const x = f64([
      [1, 2],
      [3, 4],
    ]).transpose()
    const wide = x.expandDims(1).expandDims(-1)
    expect([wide.storage === x.storage, wide.shape, numbers(wide)]).toEqual([
      true,
      [2, 1, 2, 1],
      [1, 3, 2, 4],
    ])
    expect(wide.squeeze().storage).toBe(x.storage)
    expect(numbers(wide.squeeze())).toEqual([1, 3, 2, 4])
  })
  test('sum to the same bits as their copies', () => {
    const x = normal(key(3), [40, 50])
    for (const axis of [0, 1, undefined]) {
      const [view, copy] = [x.transpose(), tensor(cpu().readSync(x.transpose()), { shape: [50, 40] })]
      expect(numbers(view.sum(axis))).toEqual(numbers(copy.sum(axis)))
    }
  })
})

describe('random tensors', () => {
  test.each(['float32', 'float64'] as const)('of %s are the same for the same key', dtype => {
    expect(numbers(normal(key(5), [7], { dtype }))).toEqual(numbers(normal(key(5), [7], { dtype })))
    expect(numbers(uniform(key(5), [7], { dtype }))).not.toEqual(numbers(uniform(key(6), [7], { dtype })))
  })
  test('never reach the end of their interval by rounding, nor leave it', () => {
    const [low, high] = [2 ** 20, 2 ** 20 + 1] // where float32 has steps of 1/8
    const values = numbers(uniform(key(1), [4000], { low, high }))
    expect(new Set(values)).toEqual(new Set(Array.from({ length: 8 }, (_, i) => low + i / 8)))
  })
  test('fall evenly on the numbers that their type has', () => {
    const counts = new Map<number, number>()
    for (const value of numbers(uniform(key(2), [32_000], { low: 2 ** 20, high: 2 ** 20 + 1 }))) {
      counts.set(value, (counts.get(value) ?? 0) + 1)
    }
    for (const count of counts.values()) expect(Math.abs(count - 4000)).toBeLessThan(5 * Math.sqrt(4000))
  })
  test('lie within bounds that their type rounds', () => {
    const values = numbers(uniform(key(3), [1000], { low: 0.1, high: 0.1 + 1e-8 }))
    expect(new Set(values)).toEqual(new Set([Math.fround(0.1)]))
  })
  test('have the mean and deviation that are asked for', () => {
    const values = numbers(normal(key(4), [10_000], { mean: 3, deviation: 0.5, dtype: 'float64' }))
    const mean = values.reduce((a, b) => a + b) / values.length
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
    expect(Math.abs(mean - 3)).toBeLessThan((5 * 0.5) / 100)
    expect(Math.abs(deviation - 0.5)).toBeLessThan((5 * 0.5) / Math.sqrt(20_000))
  })
  test.each([
    [() => uniform(key(1), [2], { low: 2, high: 1 }), 'uniform: low 2 is above high 1. Give low ≤ high'],
    [() => uniform(key(1), [2], { low: nan }), 'uniform: low NaN is above high 1'],
    [() => normal(key(1), [2], { deviation: -1 }), 'normal: the standard deviation -1 is not ≥ 0'],
    [
      () => uniform(key(1), [2], { dtype: 'int32' }),
      'uniform: int32 is no float type. Draw floats and cast them',
    ],
    [() => normal(key(1), [2.5]), 'normal: the shape [2.5] has the size 2.5'],
  ])('refuse what makes no sense (%#)', (call, message) => {
    expect(call).toThrow(message)
  })
})

test('ones and zeros are what they say', () => {
  expect(numbers(ones([2]), zeros([2]))).toEqual([1, 1, 0, 0])
})
