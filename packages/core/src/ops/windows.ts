/**
 * Windows that slide along axes, and the sum of what they show: the two linear maps, adjoint to each other, of
 * which convolutions and pooling are made. Windows are views; nothing is copied to make them.
 */

import { DTypeError, ShapeError } from '../errors.ts'
import { checkOptions, checkTensor } from '../tensor/check.ts'
import { resolveAxis, type Shape } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { defineOp, type SingleOp } from './define.ts'
import { add } from './elementwise.ts'
import { expandDims, transpose } from './movement.ts'
import { placeAt, type Range, slice } from './parts.ts'
import { type Elements, specify, total } from './specify.ts'
import { checkFit, checkStep, span } from './window-options.ts'

/** How windows lie along an axis. */
export interface WindowOptions {
  /** The number of elements in a window. */
  readonly size: number
  /** The steps from one window to the next: 1 unless said. */
  readonly stride?: number
  /** The steps from one element of a window to the next: 1 unless said. */
  readonly dilation?: number
  /** The axis along which the windows slide: the last unless said. */
  readonly axis?: number
}

/** How windows lay along the axis that they are added back to. */
export interface OverlapOptions extends Omit<WindowOptions, 'size'> {
  /** The size of that axis: as far as the last window reaches, unless said. */
  readonly length?: number
}

const windowsOp: SingleOp<Required<WindowOptions>> = defineOp({
  name: 'windows',
  linear: true,
  forward([x], { size, stride, dilation, axis }) {
    const step = x!.strides[axis]!
    const count = Math.floor((x!.shape[axis]! - span(size, dilation)) / stride) + 1
    return x!.view(
      [...replaced(x!.shape, axis, count), size],
      [...replaced(x!.strides, axis, step * stride), step * dilation],
      x!.offset,
    )
  },
  vjp: ({ g, inputs: [x], attributes: { stride, dilation, axis } }) => [
    overlapAdd(g, { length: x!.shape[axis]!, stride, dilation, axis }),
  ],
  samples: [
    {
      name: 'neighbours',
      shapes: [[5]],
      call: x => windows(x, { size: 3 }),
      gives: 'float64[3, 3]',
      value: x => (i, k) => x(i + k),
    },
    {
      name: 'rows, every second, spread out',
      shapes: [[8, 2]],
      call: x => windows(x, { size: 2, stride: 2, dilation: 3, axis: 0 }),
      gives: 'float64[3, 2, 2]',
      value: x => (i, j, k) => x(2 * i + 3 * k, j),
    },
    {
      name: 'apart, with a rest that no window reaches',
      shapes: [[2, 6]],
      call: x => windows(x, { size: 2, stride: 3 }),
      gives: 'float64[2, 2, 2]',
      value: x => (i, j, k) => x(i, 3 * j + k),
    },
    {
      name: 'one element long',
      shapes: [[4]],
      call: x => windows(x, { size: 1, stride: 3 }),
      gives: 'float64[2, 1]',
      value: x => (i, _) => x(3 * i),
    },
    {
      name: 'of an empty batch',
      shapes: [[0, 3]],
      call: x => windows(x, { size: 2 }),
      gives: 'float64[0, 2, 2]',
      value: x => (i, j, k) => x(i, j + k),
    },
  ],
  errors: [
    {
      call: make => windows(make([2, 4]), { size: 3, dilation: 2 }),
      message: /windows: the window spans 5 elements, but axis 1 has 4/,
    },
    { call: make => windows(make([0]), { size: 1 }), message: /windows: the window spans 1 elements/ },
    {
      call: make => windows(make([4]), { size: 0 }),
      message: /windows: the size is 0\. Give a whole number/,
    },
    { call: make => windows(make([4]), { size: 2, stride: 0.5 }), message: /windows: the stride is 0\.5/ },
    { call: make => windows(make([4]), { size: 2, dilation: -1 }), message: /windows: the dilation is -1/ },
    { call: make => windows(make([4]), { size: 2, axis: 1 }), message: /windows: there is no axis 1/ },
    { call: make => windows(make([]), { size: 1 }), message: /windows: there is no axis -1/ },
    { call: make => windows(make([4]), 3 as never), message: /windows: the options are 3/ },
    { call: () => windows([1, 2] as never, { size: 1 }), message: /windows: the argument is an array/ },
  ],
})

/**
 * The windows of an axis (elsewhere called unfold): an axis of n elements becomes an axis of
 * ⌊(n - dilation·(size - 1) - 1)/stride⌋ + 1 windows, and the elements of each follow in a new last axis. It is a
 * view: y[…, i, …, k] = x[…, stride·i + dilation·k, …].
 *
 * @throws ShapeError when the window is longer than the axis, or there is no such axis; ValueError for a size, stride
 * or dilation that is no whole number of one or more
 * @example windows(tensor([1, 2, 3, 4]), { size: 2 })   // [[1, 2], [2, 3], [3, 4]]
 */
export function windows(x: Tensor, options: WindowOptions): Tensor {
  checkTensor('windows', 'the argument', x)
  checkOptions('windows', options, '{ size: 3 }')
  const { size, stride = 1, dilation = 1, axis = -1 } = options
  for (const [what, value] of Object.entries({ size, stride, dilation })) checkStep('windows', what, value)
  const at = resolveAxis('windows', axis, x.rank)
  checkFit('windows', span(size, dilation), at, x.shape[at]!)
  if (size === 1 && stride === 1) return expandDims(x, x.rank) // whose reverse copies nothing
  return windowsOp.apply([x], { size, stride, dilation, axis: at })
}

/**
 * Adds up windows where they overlap (elsewhere called fold): the adjoint of `windows`, and its reverse rule. The axis
 * of windows becomes one of `length` elements, and the last axis, that of the elements of each window, goes:
 * y[…, p, …] = Σ x[…, i, …, k] over all i and k for which stride·i + dilation·k = p.
 *
 * @param options  `axis` is counted in the result, which has one axis less than `x`
 * @throws ShapeError when the windows reach beyond `length`; ValueError for wrong options; DTypeError for bools
 * @example overlapAdd(tensor([[1, 2], [3, 4]]), {})   // [1, 2 + 3, 4]
 */
export function overlapAdd(x: Tensor, options: OverlapOptions = {}): Tensor {
  checkTensor('overlapAdd', 'the argument', x)
  checkOptions('overlapAdd', options, '{ stride: 2 }')
  const { stride = 1, dilation = 1, axis = -1 } = options
  for (const [what, value] of Object.entries({ stride, dilation })) checkStep('overlapAdd', what, value)
  if (x.rank < 2 || x.shape.at(-1) === 0) {
    throw new ShapeError(
      'overlapAdd',
      `${x} has no windows to add up`,
      'Give an axis of windows and, as the last, one of their elements',
    )
  }
  if (x.dtype === 'bool') throw new DTypeError('overlapAdd', `${x} has no sums`, "Cast it: .cast('int32')")
  const at = resolveAxis('overlapAdd', axis, x.rank - 1)
  const [count, size] = [x.shape[at]!, x.shape.at(-1)!]
  const reach = count === 0 ? 0 : (count - 1) * stride + span(size, dilation)
  const { length = reach } = options
  checkStep('overlapAdd', 'length', length, 0)
  if (length < reach) {
    throw new ShapeError(
      'overlapAdd',
      `the windows reach ${reach} elements, but the length is ${length}`,
      'Give a length that holds them all, or leave it out',
    )
  }
  const shape = replaced(x.shape.slice(0, -1), at, length)
  return Array.from({ length: size }, (_, k) =>
    placeAt(slice(x, ...Array<Range>(x.rank - 1).fill(null), k), shape, {
      start: shape.map((_, i) => (i === at ? k * dilation : 0)),
      step: shape.map((_, i) => (i === at ? stride : 1)),
    }),
  ).reduce((sum, part) => add(sum, part))
}

const replaced = (sizes: readonly number[], axis: number, by: number) =>
  sizes.map((size, i) => (i === axis ? by : size))

/** Σ x(i, k) over the windows of a single axis that meet the element p. */
const meeting = (x: Elements, p: number, count: number, size: number, stride: number, dilation: number) =>
  total(count, i => total(size, k => (stride * i + dilation * k === p ? x(i, k) : 0)))

specify({
  name: 'overlapAdd',
  samples: [
    {
      name: 'neighbours',
      shapes: [[4, 3]],
      call: x => overlapAdd(x),
      gives: 'float64[6]',
      value: x => p => meeting(x, p, 4, 3, 1, 1),
    },
    {
      name: 'spread out, in a longer axis',
      shapes: [[3, 2]],
      call: x => overlapAdd(x, { length: 9, stride: 2, dilation: 2 }),
      gives: 'float64[9]',
      value: x => p => meeting(x, p, 3, 2, 2, 2),
    },
    {
      name: 'columns, along the first axis',
      shapes: [[3, 2, 2]],
      call: x => overlapAdd(x, { axis: 0 }),
      gives: 'float64[4, 2]',
      value: x => (p, j) => meeting((i, k) => x(i, j, k), p, 3, 2, 1, 1),
    },
    {
      name: 'one element each, apart',
      shapes: [[3, 1]],
      call: x => overlapAdd(x, { stride: 2 }),
      gives: 'float64[5]',
      value: x => p => meeting(x, p, 3, 1, 2, 1),
    },
    {
      name: 'no window',
      shapes: [[0, 2]],
      call: x => overlapAdd(x, { length: 2 }),
      gives: 'float64[2]',
      value: () => () => 0,
    },
  ],
  errors: [
    {
      call: make => overlapAdd(make([3, 2]), { length: 3 }),
      message: /overlapAdd: the windows reach 4 elements, but the length is 3/,
    },
    { call: make => overlapAdd(make([3])), message: /overlapAdd: float32\[3\] has no windows/ },
    { call: make => overlapAdd(make([3, 0])), message: /overlapAdd: float32\[3, 0\] has no windows/ },
    { call: make => overlapAdd(make([3, 2]), { axis: 1 }), message: /overlapAdd: there is no axis 1/ },
    { call: make => overlapAdd(make([3, 2]), { stride: 0 }), message: /overlapAdd: the stride is 0/ },
    {
      call: make => overlapAdd(make([3, 2]), { dilation: 1.5 }),
      message: /overlapAdd: the dilation is 1\.5/,
    },
    { call: make => overlapAdd(make([3, 2]), { length: -1 }), message: /overlapAdd: the length is -1/ },
    { call: make => overlapAdd(make([3, 2], 'bool')), message: /overlapAdd: bool\[3, 2\] has no sums/ },
    { call: make => overlapAdd(make([3, 2]), null as never), message: /overlapAdd: the options are null/ },
    { call: () => overlapAdd(3 as never), message: /overlapAdd: the argument is 3/ },
  ],
})

/** Windows along the last axes of a tensor, one entry for each of these axes. */
export interface WindowPlan {
  readonly size: readonly number[]
  readonly stride: readonly number[]
  readonly dilation: readonly number[]
}

/** The windows of the last axes at once: […lead, …lengths] → […lead, …size, …counts], as a view. */
export function patchesOf(x: Tensor, { size, stride, dilation }: WindowPlan): Tensor {
  const lead = x.rank - size.length
  const slid = size.reduce(
    (y, length, i) =>
      windows(y, { size: length, stride: stride[i]!, dilation: dilation[i]!, axis: lead + i }),
    x,
  )
  return exchangeBlocks(slid, lead, size.length)
}

/** The adjoint of `patchesOf`: […lead, …size, …counts] → […lead, …lengths]. */
export function addPatches(x: Tensor, lengths: Shape, { stride, dilation }: WindowPlan): Tensor {
  const lead = x.rank - 2 * lengths.length
  return lengths.reduceRight(
    (y, length, i) => overlapAdd(y, { length, stride: stride[i]!, dilation: dilation[i]!, axis: lead + i }),
    exchangeBlocks(x, lead, lengths.length),
  )
}

/** Exchanges the two blocks of `count` axes that follow the leading ones. */
function exchangeBlocks(x: Tensor, lead: number, count: number): Tensor {
  const axes = [...x.shape.keys()]
  return transpose(x, [
    ...axes.slice(0, lead),
    ...axes.slice(lead + count),
    ...axes.slice(lead, lead + count),
  ])
}
