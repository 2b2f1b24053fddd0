/** Picking elements by index, and adding values at indices: each is the other's adjoint. */

import { isSynchronous } from '../backend/contract.ts'
import { computingOn } from '../backend/current.ts'
import { DTypeError, ShapeError } from '../errors.ts'
import { checkTensor } from '../tensor/check.ts'
import { tensor } from '../tensor/create.ts'
import { broadcastShapes, formatShape, resolveAxis, type Shape } from '../tensor/shape.ts'
import { Tensor } from '../tensor/tensor.ts'
import { broadcastTo } from './broadcast.ts'
import { commonBackend, defineOp, type SingleOp } from './define.ts'
import { add } from './elementwise.ts'
import { reshape } from './movement.ts'
import { specify, total } from './specify.ts'

/** Along which axis, and by which indices: constants, as integers carry no gradients. */
interface Picking {
  readonly axis: number
  readonly indices: Tensor
}

const replaced = (shape: Shape, axis: number, size: number) =>
  shape.map((length, i) => (i === axis ? size : length))
/** A list of whole numbers beside a tensor. */
export const whole = (like: Tensor, values: number[] | number[][]) =>
  tensor(values, { dtype: 'int32', backend: like.backend })
const formatPicking = (name: string, [x]: readonly string[], { indices, axis }: Picking) =>
  `${name}(${x}, ${indices}, axis=${axis})`

const gatherOp: SingleOp<Picking> = defineOp({
  name: 'takeAlongAxis',
  linear: true,
  forward([x], { indices, axis }) {
    const backend = computingOn(x!)
    return new Tensor(backend, backend.gather(x!, indices, axis), x!.dtype, indices.shape)
  },
  vjp: ({ g, inputs: [x], attributes: { indices, axis } }) => [
    scatterOp.apply([g], { indices, axis, size: x!.shape[axis]! }),
  ],
  format: (operands, attributes) => formatPicking('takeAlongAxis', operands, attributes),
  samples: [
    {
      name: 'other elements in each row',
      shapes: [[2, 3]],
      call: x => takeAlongAxis(x, whole(x, [[2, 0], [1, 1]]), 1), // biome-ignore format: a matrix
      gives: 'float64[2, 2]',
      value: x => (i, j) => x(i, [[2, 0], [1, 1]][i]![j]!), // biome-ignore format: a matrix
    },
    {
      name: 'the same elements in each column',
      shapes: [[3, 2]],
      call: x => takeAlongAxis(x, whole(x, [[2], [2], [0], [1]])),
      gives: 'float64[4, 2]',
      value: x => (i, j) => x([2, 2, 0, 1][i]!, j),
    },
    {
      name: 'nothing',
      shapes: [[3, 2]],
      call: x => takeAlongAxis(x, tensor([], { dtype: 'int32', shape: [0, 2], backend: x.backend })),
      gives: 'float64[0, 2]',
      value: () => () => 0,
    },
  ],
  errors: [
    {
      call: make => takeAlongAxis(make([3]), make([2])),
      message: /takeAlongAxis: the indices are float32\[2\]/,
    },
    {
      call: make => takeAlongAxis(make([3]), whole(make([]), [0, 3])),
      message: /index 3 lies outside axis 0 of size 3/,
    },
    { call: make => takeAlongAxis(make([3]), whole(make([]), [-1])), message: /index -1 lies outside/ },
    {
      call: make => takeAlongAxis(make([3, 2]), whole(make([]), [0])),
      message: /takeAlongAxis: \[1\] indices for \[3, 2\]/,
    },
    {
      call: make => takeAlongAxis(make([3, 2]), whole(make([]), [[0, 0, 0]])),
      message: /takeAlongAxis: shapes do not broadcast/,
    },
  ],
})

/** Zeros to which values are added at indices along an axis. */
const scatterOp: SingleOp<Picking & { readonly size: number }> = defineOp({
  name: 'scatter',
  linear: true,
  forward([values], { indices, axis, size }) {
    const backend = computingOn(values!)
    const sums = backend.scatterAdd(values!, indices, axis, size)
    return new Tensor(backend, sums, values!.dtype, replaced(values!.shape, axis, size))
  },
  vjp: ({ g, attributes: { indices, axis } }) => [gatherOp.apply([g], { indices, axis })],
  format: (operands, attributes) => formatPicking('scatter', operands, attributes),
  samples: [
    {
      name: 'two values at one place',
      shapes: [[3, 2]],
      call: x => scatterOp.apply([x], { indices: whole(x, [[1, 0], [1, 0], [3, 2]]), axis: 0, size: 4 }), // biome-ignore format: a matrix
      gives: 'float64[4, 2]',
      value: x => (i, j) => total(3, k => ([[1, 0], [1, 0], [3, 2]][k]![j] === i ? x(k, j) : 0)), // biome-ignore format: a matrix
    },
  ],
  errors: [
    {
      call: make => scatterAdd(make([3]), whole(make([]), [0, 3]), make([2])),
      message: /scatterAdd: index 3 lies outside axis 0 of size 3/,
    },
  ],
})

/**
 * Elements along an axis, picked by an index for each of them: `y[i, j] = x[indices[i, j], j]` for axis 0.
 *
 * @param indices  int32, of as many axes as x; its other axes broadcast with those of x
 * @returns a tensor of the indices' shape (after broadcasting)
 * @throws  DTypeError when the indices are not int32; ShapeError when the shapes do not fit or, where the backend can
 *          be read at once, an index lies outside of the axis
 */
export function takeAlongAxis(x: Tensor, indices: Tensor, axis = 0): Tensor {
  checkTensor('takeAlongAxis', 'the argument', x)
  const at = resolveAxis('takeAlongAxis', axis, x.rank)
  checkIndices('takeAlongAxis', x, indices, at)
  if (indices.rank !== x.rank) {
    throw new ShapeError(
      'takeAlongAxis',
      `${formatShape(indices.shape)} indices for ${formatShape(x.shape)}`,
      'Give indices with as many axes, or use gather',
    )
  }
  const beside = broadcastShapes('takeAlongAxis', replaced(x.shape, at, 1), replaced(indices.shape, at, 1))
  const wide = broadcastTo(x, replaced(beside, at, x.shape[at]!))
  return gatherOp.apply([wide], {
    indices: broadcastTo(indices, replaced(beside, at, indices.shape[at]!)),
    axis: at,
  })
}

/** @throws DTypeError, BackendError or ShapeError unless `indices` are int32 and lie inside the axis */
function checkIndices(
  operation: string,
  x: Tensor,
  indices: unknown,
  axis: number,
): asserts indices is Tensor {
  checkTensor(operation, 'the index argument', indices)
  if (indices.dtype !== 'int32') {
    throw new DTypeError(
      operation,
      `the indices are ${indices}`,
      "Make them int32: tensor([0, 2], { dtype: 'int32' })",
    )
  }
  const backend = commonBackend(operation, [x, indices])
  if (!isSynchronous(backend)) return
  const size = x.shape[axis]!
  for (const index of backend.readSync(indices)) {
    if (index >= 0 && index < size) continue
    throw new ShapeError(
      operation,
      `index ${index} lies outside axis ${axis} of size ${size}`,
      size === 0 ? 'An empty axis has no elements' : `Give whole numbers from 0 to ${size - 1}`,
    )
  }
}

/** The shape of what an index list of any rank picks: x's, with the indices' shape in the place of the axis. */
const pickedShape = (x: Tensor, indices: Tensor, axis: number): Shape => [
  ...x.shape.slice(0, axis),
  ...indices.shape,
  ...x.shape.slice(axis + 1),
]

/** A list of indices as one for every element beside it: [n] → […, n, …], without a copy. */
function spread(indices: Tensor, shape: Shape, axis: number): Tensor {
  const line = shape.map((_, i) => (i === axis ? indices.size : 1))
  return broadcastTo(reshape(indices, line), replaced(shape, axis, indices.size))
}

/**
 * Slices along an axis, picked by index, each as often as it is named: rows of an embedding table, for one.
 *
 * @param indices  int32, of any shape
 * @returns x's shape with the indices' shape in the place of the axis
 * @throws  DTypeError when the indices are not int32; ShapeError for an axis that is not there or, where the backend
 *          can be read at once, an index outside of it
 * @example gather(embeddings, tokens) // [vocabulary, size], [batch, length] → [batch, length, size]
 */
export function gather(x: Tensor, indices: Tensor, axis = 0): Tensor {
  checkTensor('gather', 'the argument', x)
  const at = resolveAxis('gather', axis, x.rank)
  checkIndices('gather', x, indices, at)
  const picked = gatherOp.apply([x], { indices: spread(indices, x.shape, at), axis: at })
  return reshape(picked, pickedShape(x, indices, at))
}

specify({
  name: 'gather',
  samples: [
    {
      name: 'rows, one of them twice',
      shapes: [[3, 2]],
      call: x => gather(x, whole(x, [2, 0, 2])),
      gives: 'float64[3, 2]',
      value: x => (i, j) => x([2, 0, 2][i]!, j),
    },
    {
      name: 'columns, by a matrix of indices',
      shapes: [[2, 3]],
      call: x => gather(x, whole(x, [[2, 0], [1, 1]]), -1), // biome-ignore format: a matrix
      gives: 'float64[2, 2, 2]',
      value: x => (i, j, k) => x(i, [[2, 0], [1, 1]][j]![k]!), // biome-ignore format: a matrix
    },
    {
      name: 'by one index',
      shapes: [[3, 2]],
      call: x => gather(x, tensor(1, { dtype: 'int32', backend: x.backend })),
      gives: 'float64[2]',
      value: x => j => x(1, j),
    },
  ],
  errors: [
    { call: make => gather(make([3]), make([1])), message: /gather: the indices are float32\[1\]/ },
    {
      call: make => gather(make([3]), whole(make([]), [3])),
      message: /gather: index 3 lies outside axis 0 of size 3/,
    },
    {
      call: make => gather(make([0]), whole(make([]), [0])),
      message: /gather: index 0 lies outside axis 0 of size 0/,
    },
    {
      call: make => gather(make([3]), [1] as unknown as Tensor),
      message: /gather: the index argument is an array/,
    },
    { call: make => gather(make([]), whole(make([]), [0])), message: /gather: there is no axis 0/ },
  ],
})

/**
 * x, with a slice of `values` added at each index along an axis; what goes to one place adds up.
 *
 * @param indices  int32, of any shape
 * @param values   shaped as `gather(x, indices, axis)`, or broadcasting to that
 * @throws  as `gather`; DTypeError when values and x differ in type; ShapeError when the values do not fit
 * @example scatterAdd(zeros([4]), tensor([1, 1, 3], { dtype: 'int32' }), ones([3])) // [0, 2, 0, 1]
 */
export function scatterAdd(x: Tensor, indices: Tensor, values: Tensor, axis = 0): Tensor {
  checkTensor('scatterAdd', 'the argument', x)
  checkTensor('scatterAdd', 'the value argument', values)
  const at = resolveAxis('scatterAdd', axis, x.rank)
  checkIndices('scatterAdd', x, indices, at)
  if (values.dtype !== x.dtype || x.dtype === 'bool') {
    throw new DTypeError('scatterAdd', `${values} is added to ${x}`, 'Give numbers of one type')
  }
  const shape = pickedShape(x, indices, at)
  const fits = values.rank <= shape.length && broadcastShapes('scatterAdd', values.shape, shape)
  if (!fits || formatShape(fits) !== formatShape(shape)) {
    throw new ShapeError(
      'scatterAdd',
      `the values are ${values}, for ${formatShape(indices.shape)} indices along axis ${at} of ${formatShape(x.shape)}`,
      `Give values that broadcast to ${formatShape(shape)}`,
    )
  }
  const lined = reshape(broadcastTo(values, shape), replaced(x.shape, at, indices.size))
  return add(
    x,
    scatterOp.apply([lined], { indices: spread(indices, x.shape, at), axis: at, size: x.shape[at]! }),
  )
}

specify({
  name: 'scatterAdd',
  samples: [
    {
      name: 'rows, two of them at one place',
      shapes: [[3, 2], [3, 2]], // biome-ignore format: two matrices
      call: (x, v) => scatterAdd(x, whole(x, [2, 0, 2]), v),
      gives: 'float64[3, 2]',
      value: (x, v) => (i, j) => x(i, j) + total(3, k => ([2, 0, 2][k] === i ? v(k, j) : 0)),
    },
    {
      name: 'one number in columns',
      shapes: [[2, 3], []],
      call: (x, v) => scatterAdd(x, whole(x, [1]), v, 1),
      gives: 'float64[2, 3]',
      value: (x, v) => (i, j) => x(i, j) + (j === 1 ? v() : 0),
    },
  ],
  errors: [
    {
      call: make => scatterAdd(make([3]), whole(make([]), [0]), make([2])),
      message:
        /scatterAdd: the values are float32\[2\], for \[1\] indices along axis 0 of \[3\]|scatterAdd: shapes do not/,
    },
    {
      call: make => scatterAdd(make([3]), whole(make([]), [0]), make([1], 'int32')),
      message: /scatterAdd: int32\[1\] is added to float32\[3\]/,
    },
    {
      call: make => scatterAdd(make([3]), make([1]), make([1])),
      message: /scatterAdd: the indices are float32\[1\]/,
    },
  ],
})
