/** Indices as ones and zeros, and bools that select: where they hold, and the elements there. */

import { isSynchronous } from '../backend/contract.ts'
import { BackendError, DTypeError, describeValue, ShapeError, ValueError } from '../errors.ts'
import { checkOptions, checkTensor } from '../tensor/check.ts'
import { arange, type CreateOptions, tensor } from '../tensor/create.ts'
import { formatShape, type Shape } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { cast } from './cast.ts'
import { commonBackend } from './define.ts'
import { equal } from './elementwise.ts'
import { gather, whole } from './indexing.ts'
import { expandDims, reshape } from './movement.ts'
import { specify } from './specify.ts'

/**
 * Ones at the indices, zeros beside them, along a new last axis.
 *
 * @param indices  int32, of any shape; an index outside of the classes gives zeros alone
 * @param classes  how many
 * @param options  `dtype` (float32 unless said)
 * @throws  DTypeError when the indices are not int32; ValueError when `classes` is no whole number
 */
export function oneHot(indices: Tensor, classes: number, options: CreateOptions = {}): Tensor {
  checkTensor('oneHot', 'the index argument', indices)
  checkOptions('oneHot', options)
  if (indices.dtype !== 'int32') {
    throw new DTypeError(
      'oneHot',
      `the indices are ${indices}`,
      "Make them int32: tensor([0, 2], { dtype: 'int32' })",
    )
  }
  if (!Number.isInteger(classes) || classes < 0) {
    throw new ValueError(
      'oneHot',
      `${describeValue(classes)} classes are asked for`,
      'Give a whole number, zero or more',
    )
  }
  const hot = equal(expandDims(indices, -1), arange(classes, { backend: indices.backend }))
  return cast(hot, options.dtype ?? 'float32')
}

specify({
  name: 'oneHot',
  samples: [
    {
      name: 'of a row, with an index outside',
      shapes: [[3, 2]],
      call: x => oneHot(whole(x, [1, 0, 5]), 3, { dtype: x.dtype }).matmul(x),
      gives: 'float64[3, 2]',
      value: x => (i, j) => (i === 2 ? 0 : x(1 - i, j)),
    },
  ],
  errors: [
    { call: make => oneHot(make([2]), 3), message: /oneHot: the indices are float32\[2\]/ },
    { call: make => oneHot(whole(make([]), [1]), 1.5), message: /oneHot: 1.5 classes/ },
  ],
})

/**
 * Where a mask holds: the indices of its true elements, in row-major order.
 *
 * It waits for the mask, as the shape of the result depends on it. Inside of what is differentiated nothing may wait:
 * call it before, and `gather` there.
 *
 * @param mask  bool
 * @returns int32 [count, rank]
 * @throws  DTypeError when the mask is not bool
 */
export async function nonZero(mask: Tensor): Promise<Tensor> {
  checkMask('nonZero', mask)
  const places = truePlaces(await mask.data())
  const index = places.flatMap(place => unravel(place, mask.shape))
  return tensor(index, { dtype: 'int32', backend: mask.backend, shape: [places.length, mask.rank] })
}

/**
 * The elements at which a mask holds, in one row.
 *
 * @param mask  bool, of x's shape
 * @throws  BackendError where the mask cannot be read at once; DTypeError when it is not bool; ShapeError when it is
 *          not shaped like x
 */
export function maskedSelect(x: Tensor, mask: Tensor): Tensor {
  checkTensor('maskedSelect', 'the argument', x)
  checkMask('maskedSelect', mask)
  const backend = commonBackend('maskedSelect', [x, mask])
  if (formatShape(mask.shape) !== formatShape(x.shape)) {
    throw new ShapeError('maskedSelect', `the mask is ${mask}, but it belongs to ${x}`, 'Broadcast it first')
  }
  if (!isSynchronous(backend)) {
    throw new BackendError(
      'maskedSelect',
      `the shape of the result depends on the mask, which ${backend.name} cannot read at once`,
      'Find the places before: await nonZero(mask), then gather',
    )
  }
  const places = truePlaces(backend.readSync(mask))
  return gather(reshape(x, [x.size]), tensor(places, { dtype: 'int32', backend }))
}

specify({
  name: 'maskedSelect',
  samples: [
    {
      name: 'what is on the diagonal',
      shapes: [[2, 2]],
      call: x => maskedSelect(x, tensor([[true, false], [false, true]], { backend: x.backend })), // biome-ignore format: a matrix
      gives: 'float64[2]',
      value: x => i => x(i, i),
    },
    {
      name: 'nothing',
      shapes: [[2]],
      call: x => maskedSelect(x, tensor([false, false], { backend: x.backend })),
      gives: 'float64[0]',
      value: () => () => 0,
    },
  ],
  errors: [
    { call: make => maskedSelect(make([2]), make([2])), message: /maskedSelect: the mask is float32\[2\]/ },
    {
      call: make => maskedSelect(make([2]), make([3], 'bool')),
      message: /maskedSelect: the mask is bool\[3\], but it belongs/,
    },
  ],
})

function checkMask(operation: string, mask: unknown): asserts mask is Tensor {
  checkTensor(operation, 'the mask', mask)
  if (mask.dtype === 'bool') return
  throw new DTypeError(operation, `the mask is ${mask}`, 'Make it bool by a comparison: x.greater(0)')
}

function truePlaces(values: ArrayLike<number>): number[] {
  return Array.from(values, (value, i) => (value === 0 ? -1 : i)).filter(i => i >= 0)
}

/** The index of an element by its place in row-major order. */
function unravel(place: number, shape: Shape): number[] {
  const index = new Array<number>(shape.length)
  let rest = place
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    index[axis] = rest % shape[axis]!
    rest = Math.floor(rest / shape[axis]!)
  }
  return index
}
