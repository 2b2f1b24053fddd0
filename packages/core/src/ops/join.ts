/** Several tensors as one: one after the other along an axis, or along a new one. */

import { computingOn } from '../backend/current.ts'
import { DTypeError, ShapeError, ValueError } from '../errors.ts'
import { checkList, checkTensor } from '../tensor/check.ts'
import { formatShape, resolveAxis } from '../tensor/shape.ts'
import { Tensor } from '../tensor/tensor.ts'
import { commonBackend, defineOp } from './define.ts'
import { expandDims } from './movement.ts'
import { type Range, slice } from './parts.ts'
import { specify } from './specify.ts'

const concatOp = defineOp<{ readonly axis: number }>({
  name: 'concat',
  linear: true,
  forward(inputs, { axis }) {
    const { dtype, shape } = inputs[0]!
    const backend = computingOn(inputs[0]!)
    const length = inputs.reduce((total, input) => total + input.shape[axis]!, 0)
    const joined = shape.map((size, i) => (i === axis ? length : size))
    return new Tensor(backend, backend.concat(inputs, axis), dtype, joined)
  },
  vjp({ g, inputs, attributes: { axis }, needs }) {
    let end = 0
    return inputs.map((input, i) => {
      const start = end
      end += input.shape[axis]!
      return needs[i] ? slice(g, ...Array<Range>(axis).fill(null), [start, end]) : undefined
    })
  },
  samples: [
    {
      name: 'rows',
      shapes: [
        [1, 2],
        [3, 2],
      ],
      call: (a, b) => concat([a, b]),
      gives: 'float64[4, 2]',
      value: (a, b) => (i, j) => (i < 1 ? a(i, j) : b(i - 1, j)),
    },
    {
      name: 'columns',
      shapes: [
        [2, 1],
        [2, 3],
      ],
      call: (a, b) => concat([a, b], -1),
      gives: 'float64[2, 4]',
      value: (a, b) => (i, j) => (j < 1 ? a(i, j) : b(i, j - 1)),
    },
  ],
  errors: [
    { call: () => concat([]), message: /concat: there is nothing to join/ },
    { call: make => concat([make([2, 3]), make([2, 4])]), message: /concat: \[2, 3\] and \[2, 4\] differ/ },
    {
      call: make => concat([make([2]), make([2], 'bool')]),
      message: /concat: float32\[2\] and bool\[2\] are mixed/,
    },
  ],
})

/**
 * Tensors one after the other along an axis.
 *
 * @throws ShapeError when they differ on another axis; DTypeError when they differ in type; ValueError for none
 */
export function concat(tensors: readonly Tensor[], axis = 0): Tensor {
  const at = resolveAxis('concat', axis, checkTensors('concat', tensors).rank)
  checkAlike('concat', tensors, at)
  return concatOp.apply(tensors, { axis: at })
}

/**
 * Tensors of one shape along a new axis.
 *
 * @throws ShapeError when they differ in shape; DTypeError when they differ in type; ValueError for none
 */
export function stack(tensors: readonly Tensor[], axis = 0): Tensor {
  const at = resolveAxis('stack', axis, checkTensors('stack', tensors).rank + 1)
  checkAlike('stack', tensors)
  return concatOp.apply(
    tensors.map(each => expandDims(each, at)),
    { axis: at },
  )
}

/** @returns the first of the tensors */
function checkTensors(operation: string, tensors: readonly unknown[]): Tensor {
  checkList(operation, 'the tensors', tensors, `${operation}([a, b])`)
  const [first] = tensors
  if (tensors.length === 0) {
    throw new ValueError(operation, 'there is nothing to join', 'Give at least one tensor')
  }
  for (const [i, each] of tensors.entries()) checkTensor(operation, `tensor ${i}`, each)
  return first as Tensor
}

/** @throws ShapeError or DTypeError unless all are like the first, but for their sizes along the `joined` axis */
function checkAlike(operation: string, tensors: readonly Tensor[], joined?: number): void {
  const first = tensors[0]!
  for (const other of tensors) {
    const fits =
      other.rank === first.rank && other.shape.every((size, i) => i === joined || size === first.shape[i])
    if (!fits) {
      const where = joined === undefined ? '' : ` outside axis ${joined}`
      throw new ShapeError(
        operation,
        `${formatShape(first.shape)} and ${formatShape(other.shape)} differ${where}`,
        joined === undefined ? 'Give tensors of one shape' : 'Only sizes along the joined axis may differ',
      )
    }
    if (other.dtype !== first.dtype) {
      throw new DTypeError(operation, `${first} and ${other} are mixed`, `Cast one: .cast('${first.dtype}')`)
    }
  }
  commonBackend(operation, tensors)
}

specify({
  name: 'stack',
  samples: [
    {
      name: 'in front',
      shapes: [[2], [2]],
      call: (a, b) => stack([a, b]),
      gives: 'float64[2, 2]',
      value: (a, b) => (i, j) => [a, b][i]!(j),
    },
    {
      name: 'at the end',
      shapes: [[2], [2]],
      call: (a, b) => stack([a, b], -1),
      gives: 'float64[2, 2]',
      value: (a, b) => (i, j) => [a, b][j]!(i),
    },
  ],
  errors: [
    { call: () => stack([]), message: /stack: there is nothing to join/ },
    { call: make => stack([make([2]), make([3])]), message: /stack: \[2\] and \[3\] differ/ },
    {
      call: make => stack([make([2]), make([2], 'int32')]),
      message: /stack: float32\[2\] and int32\[2\] are mixed/,
    },
  ],
})
