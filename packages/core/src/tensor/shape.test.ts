/** The arithmetic of axes: sizes, strides, broadcasting, and what it refuses. */
import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { ShapeError, ValueError } from '../errors.ts'
import {
  broadcastShapes,
  checkShape,
  contiguousStrides,
  formatShape,
  isContiguous,
  resolveAxes,
  resolveAxis,
  sameShape,
  sizeOf,
} from './shape.ts'

const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 })

describe('sizes and strides', () => {
  test('of no axes are one element', () => {
    expect([sizeOf([]), contiguousStrides([])]).toEqual([1, []])
  })
  test('of an empty axis are no elements', () => {
    expect(sizeOf([2, 0, 3])).toBe(0)
  })
  test('count row by row', () => {
    expect(contiguousStrides([2, 3, 4])).toEqual([12, 4, 1])
  })
  test.prop([shapes])('without gaps are recognised', shape => {
    expect(isContiguous(shape, contiguousStrides(shape))).toBe(true)
  })
  test('of an axis of size one do not matter', () => {
    expect(isContiguous([2, 1, 3], [3, 99, 1])).toBe(true)
  })
  test.each([[[1, 2]], [[6, 1]], [[-3, 1]], [[0, 1]], [[3, -1]]])(
    '%j leave gaps or run backwards in [2, 3]',
    strides => {
      expect(isContiguous([2, 3], strides)).toBe(false)
    },
  )
  test('are the same only axis by axis', () => {
    expect([sameShape([2, 3], [2, 3]), sameShape([2, 3], [3, 2]), sameShape([2], [2, 1])]).toEqual([
      true,
      false,
      false,
    ])
  })
})

describe('broadcasting', () => {
  test.prop([shapes])('leaves equal shapes as they are', shape => {
    expect(broadcastShapes('add', shape, [...shape])).toEqual(shape)
  })
  test.prop([shapes])('of a number and anything is that', shape => {
    expect([broadcastShapes('add', [], shape), broadcastShapes('add', shape, [])]).toEqual([shape, shape])
  })
  test.prop([shapes, shapes])('does not care about the order', (a, b) => {
    const outcome = (f: () => unknown) => {
      try {
        return f()
      } catch (error) {
        return (error as Error).name
      }
    }
    expect(outcome(() => broadcastShapes('add', a, b))).toEqual(outcome(() => broadcastShapes('add', b, a)))
  })
  test.each([
    [
      [3, 1],
      [1, 4],
      [3, 4],
    ],
    [[4], [2, 3, 1], [2, 3, 4]],
    [[0], [1], [0]],
    [[2, 1], [0], [2, 0]],
  ])('of %j and %j is %j', (a, b, joint) => {
    expect(broadcastShapes('add', a, b)).toEqual(joint)
  })
  test('refuses sizes that differ, and says where', () => {
    expect(() => broadcastShapes('add', [2, 3, 5], [4, 5])).toThrow(ShapeError)
    expect(() => broadcastShapes('add', [2, 3, 5], [4, 5])).toThrow(
      'add: shapes do not broadcast: [2, 3, 5] and [4, 5] (3 ≠ 4 on axis -2). Sizes must be equal or 1',
    )
  })
  test('does not stretch an empty axis', () => {
    expect(() => broadcastShapes('add', [0], [2])).toThrow('(0 ≠ 2 on axis -1)')
  })
})

describe('axes', () => {
  test('count from the back when negative', () => {
    expect([resolveAxis('sum', -1, 3), resolveAxis('sum', -3, 3), resolveAxis('sum', 2, 3)]).toEqual([
      2, 0, 2,
    ])
  })
  test.each([3, -4, 0.5, Number.NaN])('of a tensor of three are never %d', axis => {
    expect(() => resolveAxis('sum', axis, 3)).toThrow(
      `sum: there is no axis ${axis} in a tensor of 3 axes. Give a whole number from -3 to 2`,
    )
  })
  test('of a single number do not exist', () => {
    expect(() => resolveAxis('sum', 0, 0)).toThrow('A single number has no axes')
  })
  test('left out are all, and come sorted', () => {
    expect([
      resolveAxes('sum', undefined, 2),
      resolveAxes('sum', [2, -3], 3),
      resolveAxes('sum', [], 3),
    ]).toEqual([[0, 1], [0, 2], []])
  })
  test('are named once', () => {
    expect(() => resolveAxes('sum', [1, -1], 2)).toThrow(
      'sum: axes [1, -1] name one axis twice. Name each axis once',
    )
  })
})

test.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('no axis has the size %d', size => {
  expect(() => checkShape('zeros', [2, size])).toThrow(ValueError)
  expect(() => checkShape('zeros', [2, size])).toThrow(
    `zeros: the shape [2, ${size}] has the size ${size}. Sizes are whole numbers, zero or more`,
  )
})

test('shapes are written as people write them', () => {
  expect([formatShape([]), formatShape([2, 3])]).toEqual(['[]', '[2, 3]'])
})
