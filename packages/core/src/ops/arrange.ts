/** The same elements arranged anew: axes moved, flipped or rolled. All of it is composed. */

import { describeValue, ShapeError, ValueError } from '../errors.ts'
import { checkTensor } from '../tensor/check.ts'
import { type Axes, formatShape, resolveAxes, resolveAxis } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { concat } from './join.ts'
import { flatten, reshape, transpose } from './movement.ts'
import { type Range, slice } from './parts.ts'
import { specify } from './specify.ts'

/**
 * Axes moved to other places, the others left in their order. Nothing is copied.
 *
 * @param from  an axis or several, negative ones counted from the back
 * @param to    where each of them stands afterwards
 * @throws ShapeError when an axis does not exist or is named twice, or there is not one place for each
 * @example moveAxis(x, 0, -1) // [a, b, c] → [b, c, a]
 */
export function moveAxis(
  x: Tensor,
  from: number | readonly number[],
  to: number | readonly number[],
): Tensor {
  checkTensor('moveAxis', 'the argument', x)
  const [sources, places] = [from, to].map(axes => distinctAxes('moveAxis', axes, x.rank))
  if (sources!.length !== places!.length) {
    throw new ShapeError(
      'moveAxis',
      `${sources!.length} axes and ${places!.length} places were given`,
      'Give one place for each axis',
    )
  }
  const rest = [...x.shape.keys()].filter(axis => !sources!.includes(axis))
  let next = 0
  const order = x.shape.map((_, place) => {
    const moved = places!.indexOf(place)
    return moved < 0 ? rest[next++]! : sources![moved]!
  })
  return transpose(x, order)
}

/** Axes in the order given, counted from the front. */
function distinctAxes(operation: string, axes: number | readonly number[], rank: number): number[] {
  if (axes === undefined) throw new ValueError(operation, 'an axis is undefined', 'Give a number or a list')
  resolveAxes(operation, axes, rank)
  return [axes].flat().map(axis => resolveAxis(operation, axis, rank))
}

specify({
  name: 'moveAxis',
  samples: [
    {
      name: 'the first to the end',
      shapes: [[2, 3, 4]],
      call: x => moveAxis(x, 0, -1),
      gives: 'float64[3, 4, 2]',
      value: x => (i, j, k) => x(k, i, j),
    },
    {
      name: 'two at once',
      shapes: [[2, 3, 1, 2]],
      call: x => moveAxis(x, [3, 0], [0, 2]),
      gives: 'float64[2, 3, 2, 1]',
      value: x => (i, j, k, l) => x(k, j, l, i),
    },
  ],
  errors: [
    { call: make => moveAxis(make([2, 3]), 2, 0), message: /moveAxis: there is no axis 2/ },
    { call: make => moveAxis(make([2, 3]), 0, -3), message: /moveAxis: there is no axis -3/ },
    { call: make => moveAxis(make([2, 3]), [0, 1], 0), message: /moveAxis: 2 axes and 1 places/ },
    {
      call: make => moveAxis(make([2, 3]), [0, -2], [0, 1]),
      message: /moveAxis: axes \[0, -2\] name one axis/,
    },
    {
      call: make => moveAxis(make([2, 3]), 0, undefined as never),
      message: /moveAxis: an axis is undefined/,
    },
    { call: () => moveAxis([1] as never, 0, 1), message: /moveAxis: the argument is an array/ },
  ],
})

/**
 * Two axes exchanged. Nothing is copied.
 *
 * @throws ShapeError when one of them does not exist
 * @example swapAxes(x, 0, 2) // [a, b, c] → [c, b, a]
 */
export function swapAxes(x: Tensor, a: number, b: number): Tensor {
  checkTensor('swapAxes', 'the argument', x)
  const [first, second] = [a, b].map(axis => resolveAxis('swapAxes', axis, x.rank))
  const swapped = (axis: number) => (axis === first ? second! : axis === second ? first! : axis)
  return transpose(
    x,
    x.shape.map((_, axis) => swapped(axis)),
  )
}

specify({
  name: 'swapAxes',
  samples: [
    {
      name: 'the outer two of three',
      shapes: [[2, 3, 4]],
      call: x => swapAxes(x, 0, -1),
      gives: 'float64[4, 3, 2]',
      value: x => (i, j, k) => x(k, j, i),
    },
    {
      name: 'an axis and itself',
      shapes: [[2, 3]],
      call: x => swapAxes(x, 1, 1),
      gives: 'float64[2, 3]',
      value: x => x,
    },
  ],
  errors: [
    { call: make => swapAxes(make([2, 3]), 0, 2), message: /swapAxes: there is no axis 2/ },
    { call: () => swapAxes(3 as never, 0, 1), message: /swapAxes: the argument is 3/ },
  ],
})

/**
 * The elements in the opposite order along `axis` (one, several, or all unless said), as a view.
 *
 * @throws ShapeError when there is no such axis
 * @example flip(x, 0) // the last row first
 */
export function flip(x: Tensor, axis?: Axes): Tensor {
  checkTensor('flip', 'the argument', x)
  const axes = resolveAxes('flip', axis, x.rank)
  return slice(x, ...x.shape.map((_, at): Range => (axes.includes(at) ? [-1, undefined, -1] : null)))
}

specify({
  name: 'flip',
  samples: [
    {
      name: 'rows',
      shapes: [[3, 2]],
      call: x => flip(x, 0),
      gives: 'float64[3, 2]',
      value: x => (i, j) => x(2 - i, j),
    },
    {
      name: 'all axes',
      shapes: [[3, 2]],
      call: x => flip(x),
      gives: 'float64[3, 2]',
      value: x => (i, j) => x(2 - i, 1 - j),
    },
    {
      name: 'two axes of three',
      shapes: [[2, 3, 2]],
      call: x => flip(x, [0, -1]),
      gives: 'float64[2, 3, 2]',
      value: x => (i, j, k) => x(1 - i, j, 1 - k),
    },
    { name: 'an empty axis', shapes: [[0, 2]], call: x => flip(x, 0), gives: 'float64[0, 2]', value: x => x },
    { name: 'a number', shapes: [[]], call: x => flip(x), gives: 'float64[]', value: x => x },
  ],
  errors: [
    { call: make => flip(make([2]), 1), message: /flip: there is no axis 1/ },
    { call: make => flip(make([2]), 'rows' as never), message: /flip: the axis is 'rows'/ },
    { call: () => flip([1] as never), message: /flip: the argument is an array/ },
  ],
})

/**
 * The elements shifted along an axis; what leaves it at one end enters at the other.
 *
 * @param shift  by how many places, towards larger indices; negative: towards smaller ones
 * @param axis   one, or several with a shift for each (or one for all); left out: the elements are rolled as one row
 * @throws ShapeError when there is no such axis; ValueError when shifts are no whole numbers or do not match the axes
 * @example roll(tensor([1, 2, 3]), 1) // 3, 1, 2
 */
export function roll(x: Tensor, shift: number | readonly number[], axis?: Axes): Tensor {
  checkTensor('roll', 'the argument', x)
  const shifts = [shift].flat()
  for (const by of shifts) {
    if (Number.isInteger(by)) continue
    throw new ValueError('roll', `the shift is ${describeValue(by)}`, 'Give a whole number')
  }
  if (axis === undefined) {
    checkPairs(shifts, 1)
    return reshape(rollAlong(flatten(x), shifts[0]!, 0), x.shape)
  }
  const axes = distinctAxes('roll', axis, x.rank)
  checkPairs(shifts, axes.length)
  return axes.reduce((rolled, at, i) => rollAlong(rolled, shifts[i] ?? shifts[0]!, at), x)
}

function checkPairs(shifts: readonly number[], count: number): void {
  if (shifts.length === 1 || shifts.length === count) return
  throw new ValueError(
    'roll',
    `the shifts ${formatShape(shifts)} do not belong to ${count} axes`,
    'Give one for each axis, or one for all',
  )
}

function rollAlong(x: Tensor, shift: number, axis: number): Tensor {
  const size = x.shape[axis]!
  const first = size === 0 ? 0 : ((-shift % size) + size) % size // the element that comes to stand first
  if (first === 0) return x
  const before = Array<Range>(axis).fill(null)
  return concat([slice(x, ...before, [first]), slice(x, ...before, [0, first])], axis)
}

specify({
  name: 'roll',
  samples: [
    {
      name: 'columns',
      shapes: [[2, 4]],
      call: x => roll(x, 1, 1),
      gives: 'float64[2, 4]',
      value: x => (i, j) => x(i, (j + 3) % 4),
    },
    {
      name: 'rows, backwards and around',
      shapes: [[3, 2]],
      call: x => roll(x, -4, 0),
      gives: 'float64[3, 2]',
      value: x => (i, j) => x((i + 1) % 3, j),
    },
    {
      name: 'two axes',
      shapes: [[2, 3]],
      call: x => roll(x, [1, 2], [0, -1]),
      gives: 'float64[2, 3]',
      value: x => (i, j) => x((i + 1) % 2, (j + 1) % 3),
    },
    {
      name: 'all elements as one row',
      shapes: [[2, 2]],
      call: x => roll(x, 1),
      gives: 'float64[2, 2]',
      value: x => (i, j) => ((n: number) => x(n >> 1, n & 1))((2 * i + j + 3) % 4),
    },
    {
      name: 'an empty axis',
      shapes: [[0, 2]],
      call: x => roll(x, 1, 0),
      gives: 'float64[0, 2]',
      value: x => x,
    },
  ],
  errors: [
    { call: make => roll(make([2]), 1, 1), message: /roll: there is no axis 1/ },
    { call: make => roll(make([2]), 0.5), message: /roll: the shift is 0.5/ },
    { call: make => roll(make([2]), '1' as never), message: /roll: the shift is '1'/ },
    {
      call: make => roll(make([2, 2]), [1, 2]),
      message: /roll: the shifts \[1, 2\] do not belong to 1 axes/,
    },
    { call: make => roll(make([2, 2]), [1, 2, 3], [0, 1]), message: /roll: the shifts \[1, 2, 3\] do not/ },
    { call: () => roll(3 as never, 1), message: /roll: the argument is 3/ },
  ],
})
