/** Shapes and axes: the same elements in another shape or order. Most of it copies nothing. */

import { computingOn } from '../backend/current.ts'
import { ShapeError } from '../errors.ts'
import { checkList, checkTensor } from '../tensor/check.ts'
import {
  checkShape,
  contiguousStrides,
  formatShape,
  resolveAxis,
  type Shape,
  sameShape,
  sizeOf,
} from '../tensor/shape.ts'
import { Tensor } from '../tensor/tensor.ts'
import { defineOp } from './define.ts'
import { specify } from './specify.ts'

const reshapeOp = defineOp<{ readonly shape: Shape }>({
  name: 'reshape',
  linear: true,
  forward([x], { shape }) {
    const strides = stridesOf(x!, shape)
    if (strides) return x!.view(shape, strides, x!.offset)
    const backend = computingOn(x!)
    return new Tensor(backend, backend.copy(x!), x!.dtype, shape)
  },
  vjp: ({ g, inputs: [x] }) => [reshape(g, x!.shape)],
  samples: [
    {
      name: 'a matrix to a vector',
      shapes: [[2, 3]],
      call: x => reshape(x, [6]),
      gives: 'float64[6]',
      value: x => i => x(Math.floor(i / 3), i % 3),
    },
    {
      name: 'a transposed view',
      shapes: [[2, 3]],
      call: x => reshape(transpose(x), [2, 3]),
      gives: 'float64[2, 3]',
      value: x => (i, j) => x((3 * i + j) % 2, Math.floor((3 * i + j) / 2)),
    },
    {
      name: 'a new axis in a transposed view',
      shapes: [[2, 3]],
      call: x => reshape(transpose(x), [3, 1, 2]),
      gives: 'float64[3, 1, 2]',
      value: x => (i, _, j) => x(j, i),
    },
  ],
  errors: [
    { call: make => make([6]).reshape([4, -1]), message: /reshape: 6 elements do not fill \[4, -1\]/ },
    { call: make => make([6]).reshape([-1, -1]), message: /reshape: \[-1, -1\] leaves two sizes open/ },
  ],
})

/**
 * The same elements, row-major, in another shape. One size may be -1: whatever remains.
 *
 * @throws ShapeError when the elements do not fill the shape
 */
export function reshape(x: Tensor, shape: Shape): Tensor {
  checkTensor('reshape', 'the argument', x)
  if (!Array.isArray(shape)) checkShape('reshape', shape)
  const open = shape.indexOf(-1)
  if (open !== shape.lastIndexOf(-1)) {
    throw new ShapeError(
      'reshape',
      `${formatShape(shape)} leaves two sizes open`,
      'At most one size may be -1',
    )
  }
  const rest = open < 0 ? 1 : x.size / sizeOf(shape.filter((_, axis) => axis !== open))
  const full = shape.map((length, axis) => (axis === open ? rest : length))
  if (!full.every(Number.isInteger) || sizeOf(full) !== x.size) {
    throw new ShapeError(
      'reshape',
      `${x.size} elements do not fill ${formatShape(shape)}`,
      `The tensor is ${formatShape(x.shape)}; the sizes must multiply to its ${x.size} elements`,
    )
  }
  checkShape('reshape', full)
  return sameShape(x.shape, full) ? x : reshapeOp.apply([x], { shape: full })
}

/** Strides that show the elements of `x` in another shape without a copy, where there are such. */
function stridesOf(x: Tensor, shape: Shape): readonly number[] | undefined {
  if (x.contiguous) return contiguousStrides(shape)
  const long = x.shape.flatMap((length, axis) => (length === 1 ? [] : [axis]))
  const same = sameShape(
    long.map(axis => x.shape[axis]!),
    shape.filter(length => length !== 1),
  )
  let next = 0 // only axes of size 1 come or go: the others keep their strides
  return same ? shape.map(length => (length === 1 ? 0 : x.strides[long[next++]!]!)) : undefined
}

/** All elements in one axis. */
export function flatten(x: Tensor): Tensor {
  checkTensor('flatten', 'the argument', x)
  return reshape(x, [x.size])
}

/** A new axis of size 1, which becomes axis `axis` (negative: counted from the back). */
export function expandDims(x: Tensor, axis = 0): Tensor {
  checkTensor('expandDims', 'the argument', x)
  const at = resolveAxis('expandDims', axis, x.rank + 1)
  return reshape(x, [...x.shape.slice(0, at), 1, ...x.shape.slice(at)])
}

/**
 * Without axes of size 1: all of them, or the one given.
 *
 * @throws ShapeError when the given axis has another size
 */
export function squeeze(x: Tensor, axis?: number): Tensor {
  checkTensor('squeeze', 'the argument', x)
  if (axis === undefined) {
    return reshape(
      x,
      x.shape.filter(length => length !== 1),
    )
  }
  const at = resolveAxis('squeeze', axis, x.rank)
  if (x.shape[at] !== 1) {
    throw new ShapeError(
      'squeeze',
      `axis ${axis} of ${formatShape(x.shape)} has the size ${x.shape[at]}`,
      'Only axes of size 1 can go',
    )
  }
  return reshape(
    x,
    x.shape.filter((_, i) => i !== at),
  )
}

const transposeOp = defineOp<{ readonly axes: readonly number[] }>({
  name: 'transpose',
  linear: true,
  forward: ([x], { axes }) =>
    x!.view(
      axes.map(axis => x!.shape[axis]!),
      axes.map(axis => x!.strides[axis]!),
      x!.offset,
    ),
  vjp: ({ g, attributes: { axes } }) => [
    transpose(
      g,
      axes.map((_, axis) => axes.indexOf(axis)),
    ),
  ],
  samples: [
    {
      name: 'a matrix',
      shapes: [[2, 3]],
      call: x => transpose(x),
      gives: 'float64[3, 2]',
      value: x => (i, j) => x(j, i),
    },
    {
      name: 'three axes',
      shapes: [[2, 3, 2]],
      call: x => transpose(x, [2, 0, 1]),
      gives: 'float64[2, 2, 3]',
      value: x => (i, j, k) => x(j, k, i),
    },
  ],
  errors: [
    { call: make => transpose(make([2, 3]), [0, 0]), message: /transpose: \[0, 0\] is no order of 2 axes/ },
  ],
})

/**
 * The axes in another order; nothing is copied.
 *
 * @param axes  the old axis that stands at each new place; left out: the last two are exchanged
 * @throws ShapeError when `axes` is not an order of all axes
 */
export function transpose(x: Tensor, axes?: readonly number[]): Tensor {
  checkTensor('transpose', 'the argument', x)
  if (axes !== undefined) checkList('transpose', 'the axes', axes, 'transpose(x, [1, 0])')
  const order = axes?.map(axis => resolveAxis('transpose', axis, x.rank)) ?? exchangeLast(x.rank)
  if (order.length !== x.rank || new Set(order).size !== x.rank) {
    throw new ShapeError(
      'transpose',
      `${formatShape(axes!)} is no order of ${x.rank} axes`,
      'Name each axis once',
    )
  }
  return order.every((axis, i) => axis === i) ? x : transposeOp.apply([x], { axes: order })
}

function exchangeLast(rank: number): number[] {
  const order = Array.from({ length: rank }, (_, axis) => axis)
  return rank < 2 ? order : [...order.slice(0, -2), rank - 1, rank - 2]
}

specify({
  name: 'flatten',
  samples: [
    {
      name: 'a matrix',
      shapes: [[2, 3]],
      call: x => flatten(x),
      gives: 'float64[6]',
      value: x => i => x(Math.floor(i / 3), i % 3),
    },
    { name: 'a number', shapes: [[]], call: x => flatten(x), gives: 'float64[1]', value: x => () => x() },
  ],
  errors: [{ call: () => flatten([1] as unknown as Tensor), message: /flatten: the argument is an array/ }],
})

specify({
  name: 'expandDims',
  samples: [
    {
      name: 'in front',
      shapes: [[3]],
      call: x => expandDims(x),
      gives: 'float64[1, 3]',
      value: x => (_, j) => x(j),
    },
    {
      name: 'at the end',
      shapes: [[3]],
      call: x => expandDims(x, -1),
      gives: 'float64[3, 1]',
      value: x => i => x(i),
    },
  ],
  errors: [{ call: make => expandDims(make([3]), 2), message: /expandDims: there is no axis 2/ }],
})

specify({
  name: 'squeeze',
  samples: [
    {
      name: 'all',
      shapes: [[1, 3, 1]],
      call: x => squeeze(x),
      gives: 'float64[3]',
      value: x => j => x(0, j, 0),
    },
    {
      name: 'one axis',
      shapes: [[1, 3, 1]],
      call: x => squeeze(x, -1),
      gives: 'float64[1, 3]',
      value: x => (i, j) => x(i, j, 0),
    },
  ],
  errors: [
    { call: make => squeeze(make([1, 2]), 1), message: /squeeze: axis 1 of \[1, 2\] has the size 2/ },
    { call: make => squeeze(make([1]), 1), message: /squeeze: there is no axis 1/ },
  ],
})
