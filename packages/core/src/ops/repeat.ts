/** Tensors and parts of them repeated: composed of broadcasting, which copies once at the end. */

import { describeValue, ValueError } from '../errors.ts'
import { checkTensor } from '../tensor/check.ts'
import { resolveAxis } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { broadcastTo } from './broadcast.ts'
import { reshape } from './movement.ts'
import { specify } from './specify.ts'

/**
 * The whole tensor repeated like tiles.
 *
 * @param repeats  how often along each axis, counted from the last; axes without one stand once, and repeats without
 *                 an axis make new ones in front
 * @throws ValueError when a number of repeats is no whole number, zero or more
 * @example tile(tensor([1, 2]), [2, 3]) // [[1, 2, 1, 2, 1, 2], [1, 2, 1, 2, 1, 2]]
 */
export function tile(x: Tensor, repeats: number | readonly number[]): Tensor {
  checkTensor('tile', 'the argument', x)
  const given = [repeats].flat()
  for (const count of given) checkCount('tile', count)
  const rank = Math.max(given.length, x.rank)
  const sizes = [...Array<number>(rank - x.rank).fill(1), ...x.shape]
  const counts = [...Array<number>(rank - given.length).fill(1), ...given]
  const tiles = reshape(
    x,
    sizes.flatMap(size => [1, size]),
  )
  const tiled = broadcastTo(
    tiles,
    sizes.flatMap((size, axis) => [counts[axis]!, size]),
  )
  return reshape(
    tiled,
    sizes.map((size, axis) => counts[axis]! * size),
  )
}

function checkCount(operation: string, count: unknown): void {
  if (Number.isInteger(count) && (count as number) >= 0) return
  throw new ValueError(
    operation,
    `the number of repeats is ${describeValue(count)}`,
    'Give a whole number, zero or more',
  )
}

specify({
  name: 'tile',
  samples: [
    {
      name: 'columns',
      shapes: [[2, 3]],
      call: x => tile(x, 2),
      gives: 'float64[2, 6]',
      value: x => (i, j) => x(i, j % 3),
    },
    {
      name: 'a vector to a matrix',
      shapes: [[2]],
      call: x => tile(x, [2, 3]),
      gives: 'float64[2, 6]',
      value: x => (_, j) => x(j % 2),
    },
    {
      name: 'both axes',
      shapes: [[2, 1]],
      call: x => tile(x, [2, 3]),
      gives: 'float64[4, 3]',
      value: x => i => x(i % 2, 0),
    },
    { name: 'no times', shapes: [[2]], call: x => tile(x, 0), gives: 'float64[0]', value: () => () => 0 },
    {
      name: 'an empty axis',
      shapes: [[0, 2]],
      call: x => tile(x, [2, 2]),
      gives: 'float64[0, 4]',
      value: () => () => 0,
    },
  ],
  errors: [
    { call: make => tile(make([2]), -1), message: /tile: the number of repeats is -1/ },
    { call: make => tile(make([2]), [1, 0.5]), message: /tile: the number of repeats is 0.5/ },
    {
      call: make => tile(make([2]), undefined as never),
      message: /tile: the number of repeats is undefined/,
    },
    { call: () => tile('x' as never, 1), message: /tile: the argument is 'x'/ },
  ],
})

/**
 * Each part along an axis `count` times in a row.
 *
 * @throws ShapeError when there is no such axis; ValueError when the count is no whole number, zero or more
 * @example repeat(tensor([1, 2]), 3, 0) // 1, 1, 1, 2, 2, 2
 */
export function repeat(x: Tensor, count: number, axis: number): Tensor {
  checkTensor('repeat', 'the argument', x)
  checkCount('repeat', count)
  const at = resolveAxis('repeat', axis, x.rank)
  const [before, after] = [x.shape.slice(0, at + 1), x.shape.slice(at + 1)]
  const spread = broadcastTo(reshape(x, [...before, 1, ...after]), [...before, count, ...after])
  return reshape(spread, [...before.slice(0, -1), before.at(-1)! * count, ...after])
}

specify({
  name: 'repeat',
  samples: [
    {
      name: 'rows',
      shapes: [[2, 3]],
      call: x => repeat(x, 2, 0),
      gives: 'float64[4, 3]',
      value: x => (i, j) => x(i >> 1, j),
    },
    {
      name: 'columns',
      shapes: [[2, 3]],
      call: x => repeat(x, 2, -1),
      gives: 'float64[2, 6]',
      value: x => (i, j) => x(i, j >> 1),
    },
    { name: 'once', shapes: [[3]], call: x => repeat(x, 1, 0), gives: 'float64[3]', value: x => x },
    {
      name: 'no times',
      shapes: [[2, 2]],
      call: x => repeat(x, 0, 1),
      gives: 'float64[2, 0]',
      value: () => () => 0,
    },
  ],
  errors: [
    { call: make => repeat(make([2]), 2, 1), message: /repeat: there is no axis 1/ },
    { call: make => repeat(make([2]), 1.5, 0), message: /repeat: the number of repeats is 1.5/ },
    {
      call: make => repeat(make([2]), make([2]) as never, 0),
      message: /repeat: the number of repeats is a Tensor/,
    },
    { call: () => repeat(null as never, 1, 0), message: /repeat: the argument is null/ },
  ],
})
