/** Walking views: every position once, in order, with as few loops as the strides allow. */
import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { sizeOf } from '../tensor/shape.ts'
import { collapse, walk } from './layout.ts'

/** A shape with the strides and offset of two views. */
const pairs = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 4 }).chain(shape => {
  const strides = fc.array(fc.integer({ min: -9, max: 9 }), {
    minLength: shape.length,
    maxLength: shape.length,
  })
  return fc.record({
    shape: fc.constant(shape),
    strides: fc.tuple(strides, strides),
    offsets: fc.tuple(fc.nat(5), fc.nat(5)),
  })
})

function visited(
  shape: readonly number[],
  strides: readonly number[][],
  offsets: readonly number[],
): number[][] {
  const seen: number[][] = []
  walk(shape, strides, offsets, (at, position) => seen.push([...at, position]))
  return seen
}

describe('a walk', () => {
  test.prop([pairs])(
    'visits each position once, row by row, and knows where each view stands',
    ({ shape, strides, offsets }) => {
      const indices = shape.reduce<number[][]>(
        (all, length) => all.flatMap(index => Array.from({ length }, (_, i) => [...index, i])),
        [[]],
      )
      const expected = indices.map((index, position) => [
        ...offsets.map((offset, view) =>
          index.reduce((at, i, axis) => at + i * strides[view]![axis]!, offset),
        ),
        position,
      ])
      expect(visited(shape, strides, offsets)).toEqual(expected)
    },
  )

  test('of no axes visits one position', () => {
    expect(visited([], [[]], [7])).toEqual([[7, 0]])
  })
})

describe('collapsing', () => {
  test.prop([pairs])('changes no step of a walk', ({ shape, strides, offsets }) => {
    const collapsed = collapse(shape, strides)
    expect(sizeOf(collapsed.shape)).toBe(sizeOf(shape))
    expect(visited(collapsed.shape, collapsed.strides, offsets)).toEqual(visited(shape, strides, offsets))
  })

  test('makes one loop of what lies without gaps, and of what stands still', () => {
    expect(
      collapse(
        [2, 3, 4],
        [
          [12, 4, 1],
          [0, 0, 0],
        ],
      ),
    ).toEqual({ shape: [24], strides: [[1], [0]] })
  })

  test('keeps the loops on which two views differ', () => {
    expect(
      collapse(
        [2, 3, 4],
        [
          [12, 4, 1],
          [4, 0, 1],
        ],
      ),
    ).toEqual({
      shape: [2, 3, 4],
      strides: [
        [12, 4, 1],
        [4, 0, 1],
      ],
    })
  })

  test('drops axes of size one, whatever their strides', () => {
    expect(collapse([1, 3, 1], [[99, 2, 99]])).toEqual({ shape: [3], strides: [[2]] })
  })
})
