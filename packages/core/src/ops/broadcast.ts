/** Repeating a tensor to a larger shape without a copy, and adding up what was repeated: each is the other's adjoint. */

import { ShapeError } from '../errors.ts'
import { checkTensor } from '../tensor/check.ts'
import { checkShape, formatShape, type Shape, sameShape } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { defineOp } from './define.ts'
import { reshape } from './movement.ts'
import { sum } from './reduce.ts'
import { specify, total } from './specify.ts'

const broadcast = defineOp<{ readonly shape: Shape }>({
  name: 'broadcastTo',
  linear: true,
  forward([x], { shape }) {
    const added = shape.length - x!.rank
    const strides = shape.map((length, axis) =>
      axis < added || x!.shape[axis - added] !== length ? 0 : x!.strides[axis - added]!,
    )
    return x!.view(shape, strides, x!.offset)
  },
  vjp: ({ g, inputs: [x] }) => [sumTo(g, x!.shape)],
  samples: [
    {
      name: 'a row to a matrix',
      shapes: [[3]],
      call: x => broadcastTo(x, [2, 3]),
      gives: 'float64[2, 3]',
      value: x => (_, j) => x(j),
    },
    {
      name: 'a column to a matrix',
      shapes: [[2, 1]],
      call: x => broadcastTo(x, [2, 3]),
      gives: 'float64[2, 3]',
      value: x => i => x(i, 0),
    },
    {
      name: 'a number to nothing',
      shapes: [[]],
      call: x => broadcastTo(x, [0, 2]),
      gives: 'float64[0, 2]',
      value: x => () => x(),
    },
  ],
  errors: [
    { call: make => broadcastTo(make([3]), [2]), message: /broadcastTo: \[3\] does not broadcast to \[2\]/ },
  ],
})

/**
 * The tensor repeated to `shape`: axes of size 1 are stretched and new axes come first. Nothing is copied.
 *
 * @throws ShapeError when the shapes do not fit
 */
export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  checkTensor('broadcastTo', 'the argument', x)
  checkShape('broadcastTo', shape)
  const added = shape.length - x.rank
  if (added < 0 || x.shape.some((length, axis) => length !== 1 && length !== shape[axis + added])) {
    throw new ShapeError(
      'broadcastTo',
      `${formatShape(x.shape)} does not broadcast to ${formatShape(shape)}`,
      'Each size must be 1 or equal the target size, counted from the last axis',
    )
  }
  return sameShape(x.shape, shape) ? x : broadcast.apply([x], { shape: [...shape] })
}

/**
 * Adds up what broadcasting to `x.shape` repeated: the reverse rule of `broadcastTo`, and its own.
 *
 * @throws ShapeError when `shape` does not broadcast to that of x
 */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  checkTensor('sumTo', 'the argument', x)
  checkShape('sumTo', shape)
  const added = x.rank - shape.length
  if (added < 0 || shape.some((length, axis) => length !== 1 && length !== x.shape[axis + added])) {
    throw new ShapeError(
      'sumTo',
      `${formatShape(shape)} does not broadcast to ${formatShape(x.shape)}`,
      'Give a shape from which broadcasting leads to that of the tensor',
    )
  }
  const axes = [...x.shape.keys()].filter(
    axis => axis < added || (shape[axis - added] === 1 && x.shape[axis] !== 1),
  )
  return axes.length === 0 ? reshape(x, shape) : reshape(sum(x, axes), shape)
}

specify({
  name: 'sumTo',
  samples: [
    {
      name: 'rows of a matrix',
      shapes: [[2, 3]],
      call: x => sumTo(x, [3]),
      gives: 'float64[3]',
      value: x => j => total(2, i => x(i, j)),
    },
    {
      name: 'a column of a batch',
      shapes: [[2, 2, 3]],
      call: x => sumTo(x, [2, 1]),
      gives: 'float64[2, 1]',
      value: x => i => total(2, n => total(3, j => x(n, i, j))),
    },
    {
      name: 'the same shape',
      shapes: [[2, 1]],
      call: x => sumTo(x, [2, 1]),
      gives: 'float64[2, 1]',
      value: x => x,
    },
  ],
  errors: [{ call: make => sumTo(make([3]), [2]), message: /sumTo: \[2\] does not broadcast to \[3\]/ }],
})
