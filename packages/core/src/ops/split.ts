/** A tensor in parts along an axis. The parts stand as one entry on the tape, so that together they cost one whole. */

import { describeValue, ShapeError, ValueError } from '../errors.ts'
import { checkTensor } from '../tensor/check.ts'
import { zerosLike } from '../tensor/create.ts'
import { resolveAxis } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { defineMultiOp } from './define.ts'
import { concat } from './join.ts'
import { reshape } from './movement.ts'
import { specify } from './specify.ts'

const splitOp = defineMultiOp<{ readonly sizes: readonly number[]; readonly axis: number }>({
  name: 'split',
  linear: true,
  forward([x], { sizes, axis }) {
    let start = 0
    return sizes.map(size => {
      const offset = x!.offset + start * x!.strides[axis]!
      start += size
      const shape = x!.shape.map((length, i) => (i === axis ? size : length))
      return x!.view(shape, x!.strides, offset)
    })
  },
  vjp: ({ gs, outputs, attributes: { axis } }) => [
    concat(
      gs.map((g, i) => g ?? zerosLike(outputs[i]!)),
      axis,
    ),
  ],
  samples: [
    {
      name: 'equal parts',
      shapes: [[2, 4]],
      call: x => {
        const [a, b] = split(x, 2, 1)
        return a!.mul(b!)
      },
      gives: 'float64[2, 2]',
      value: x => (i, j) => x(i, j) * x(i, j + 2),
    },
    {
      name: 'parts of given sizes, one left alone',
      shapes: [[5, 2]],
      call: x => {
        const [a, , b] = split(x, [2, 1, 2])
        return a!.mul(b!)
      },
      gives: 'float64[2, 2]',
      value: x => (i, j) => x(i, j) * x(i + 3, j),
    },
    {
      name: 'an empty part',
      shapes: [[2, 2]],
      call: x => split(x, [0, 2])[1]!,
      gives: 'float64[2, 2]',
      value: x => x,
    },
  ],
  errors: [
    { call: make => split(make([5]), 2), message: /split: 2 equal parts of an axis of size 5/ },
    { call: make => split(make([5]), [2, 2]), message: /split: the sizes 2 \+ 2 do not add up to 5/ },
    { call: make => split(make([5]), [6, -1]), message: /split: the size -1/ },
    { call: make => split(make([5]), 0), message: /split: 0 parts/ },
    { call: make => split(make([5]), 1, 1), message: /split: there is no axis 1/ },
    { call: make => split(make([5]), 'all' as unknown as number), message: /split: the parts are 'all'/ },
  ],
})

/**
 * The parts of a tensor along an axis, one behind the other, as views.
 *
 * @param parts  how many parts of equal size, or the size of each
 * @returns a tensor for each part
 * @throws  ShapeError when the parts do not make up the axis; ValueError for what is no number of parts or size
 * @example const [q, k, v] = split(projected, 3, -1)
 */
export function split(x: Tensor, parts: number | readonly number[], axis = 0): Tensor[] {
  checkTensor('split', 'the argument', x)
  const at = resolveAxis('split', axis, x.rank)
  return [...splitOp.apply([x], { sizes: sizesOf(parts, x.shape[at]!), axis: at })]
}

function sizesOf(parts: number | readonly number[], length: number): readonly number[] {
  if (typeof parts === 'number') {
    if (!Number.isInteger(parts) || parts < 1) {
      throw new ValueError('split', `${parts} parts are asked for`, 'Give a whole number, one or more')
    }
    if (length % parts !== 0) {
      throw new ShapeError(
        'split',
        `${parts} equal parts of an axis of size ${length} have no whole size`,
        'Give a divisor of it, or the size of each part',
      )
    }
    return Array<number>(parts).fill(length / parts)
  }
  if (!Array.isArray(parts)) {
    throw new ValueError(
      'split',
      `the parts are ${describeValue(parts)}`,
      'Give their number, or the size of each',
    )
  }
  const wrong = parts.find(size => !Number.isInteger(size) || size < 0)
  if (wrong !== undefined) {
    throw new ValueError('split', `the size ${wrong} is none`, 'Give whole numbers, zero or more')
  }
  if (parts.reduce((sum, size) => sum + size, 0) !== length) {
    throw new ShapeError(
      'split',
      `the sizes ${parts.join(' + ')} do not add up to ${length}`,
      'Give sizes that make up the axis',
    )
  }
  return parts
}

/**
 * The slices of a tensor along an axis, without that axis: the opposite of `stack`.
 *
 * @throws ShapeError when there is no such axis
 * @example for (const row of unstack(x)) …
 */
export function unstack(x: Tensor, axis = 0): Tensor[] {
  checkTensor('unstack', 'the argument', x)
  const at = resolveAxis('unstack', axis, x.rank)
  if (x.shape[at] === 0) return []
  const rest = x.shape.filter((_, i) => i !== at)
  return split(x, x.shape[at]!, at).map(part => reshape(part, rest))
}

specify({
  name: 'unstack',
  samples: [
    {
      name: 'the columns of a matrix',
      shapes: [[2, 3]],
      call: x => {
        const [a, b, c] = unstack(x, 1)
        return a!.mul(b!).add(c!)
      },
      gives: 'float64[2]',
      value: x => i => x(i, 0) * x(i, 1) + x(i, 2),
    },
  ],
  errors: [{ call: make => unstack(make([])), message: /unstack: there is no axis 0/ }],
})
