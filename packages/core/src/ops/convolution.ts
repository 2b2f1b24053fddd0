/** Convolutions along one axis or two, on one path: the windows of the input as columns of matrices, times the weight. */

import { ShapeError, ValueError } from '../errors.ts'
import { sizeOf } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import {
  checkBias,
  checkDivides,
  checkLayer,
  finish,
  type KernelOptions,
  type Layer,
} from './convolution-arguments.ts'
import { matmul } from './matmul.ts'
import { reshape } from './movement.ts'
import { specify, total } from './specify.ts'
import {
  checkFit,
  type Padding,
  paddingPerAxis,
  padLast,
  span,
  surrounded,
  type Widths,
} from './window-options.ts'
import { patchesOf } from './windows.ts'

/** What convolutions may be told. */
export interface ConvOptions extends KernelOptions {
  /**
   * Zeros around the axes: none (`'valid'`) unless said. `'same'` gives as many places as the input has, for a stride
   * of 1; where the zeros cannot be shared evenly, the odd one stands at the end.
   */
  readonly padding?: Padding | 'same' | 'valid'
}

function convolve(operation: string, rank: 1 | 2, x: Tensor, weight: Tensor, options: ConvOptions): Tensor {
  const layer = checkLayer(operation, rank, x, weight, options)
  const { input, batch, channels, groups, size, lengths } = layer
  const [outputs, taken] = weight.shape as [number, number]
  checkDivides(operation, groups, outputs, `outputs of the weight ${weight}`)
  if (channels !== taken * groups) {
    throw new ShapeError(
      operation,
      `the input has ${channels} channels, but the weight takes ${taken}${groups > 1 ? ` in each of ${groups} groups` : ''}`,
      'The channels of the input are axis 1 of the weight times the groups',
    )
  }
  const padding = zerosAround(layer, options.padding)
  lengths.forEach((length, i) => {
    const axis = x.rank - rank + i
    checkFit(operation, span(size[i]!, layer.dilation[i]!), axis, length, padding[i])
  })
  checkBias(layer, outputs)
  const patches = patchesOf(padLast(input, padding), layer)
  const counts = patches.shape.slice(-rank)
  const column = taken * sizeOf(size)
  // Places stand last, so that rows are long, and the product needs no transposition.
  const columns = reshape(patches, [batch, groups, column, sizeOf(counts)])
  const kernels = reshape(weight, [groups, outputs / groups, column])
  return finish(layer, reshape(matmul(kernels, columns), [batch, outputs, ...counts]))
}

function zerosAround(layer: Layer, padding: ConvOptions['padding'] = 0): Widths[] {
  const { operation, size, dilation } = layer
  if (padding === 'valid') return size.map(() => [0, 0])
  if (padding === 'same') {
    checkUnitStride(layer)
    return size.map((length, i) => {
      const around = span(length, dilation[i]!) - 1
      return [Math.floor(around / 2), Math.ceil(around / 2)]
    })
  }
  if (typeof padding !== 'string') return paddingPerAxis(operation, padding, size.length)
  throw new ValueError(operation, `the padding is '${padding}'`, "Give 'same', 'valid' or numbers")
}

function checkUnitStride({ operation, stride }: Layer): void {
  if (stride.every(step => step === 1)) return
  throw new ShapeError(
    operation,
    `the padding is 'same', but the stride ${stride.join(', ')}`,
    'Only a stride of 1 keeps as many places as there are; give the padding in numbers',
  )
}

/**
 * Convolution along one axis: ⌊(length + padding - dilation·(size - 1) - 1)/stride⌋ + 1 places, at each of which
 * y[b, o, i] = bias[o] + Σ weight[o, c, k] · x[b, c, stride·i + dilation·k] over c and k. As in most frameworks of
 * machine learning, the kernel is not turned round: in mathematics this is the cross-correlation.
 *
 * @param x       [batch, channels, length], or [channels, length] for a result without batch
 * @param weight  [outputs, channels / groups, size]
 * @returns       [batch, outputs, places]
 * @throws ShapeError when channels, groups, window and bias do not fit; DTypeError for mixed or non-float types;
 * ValueError for a stride, dilation, padding or number of groups that is none
 * @example conv1d(zeros([1, 2, 8]), zeros([4, 2, 3]), { padding: 'same' }) // float32[1, 4, 8]
 */
export function conv1d(x: Tensor, weight: Tensor, options: ConvOptions = {}): Tensor {
  return convolve('conv1d', 1, x, weight, options)
}

specify({
  name: 'conv1d',
  samples: [
    {
      name: 'channels and a bias',
      shapes: [[2, 2, 4], [3, 2, 2], [3]],
      call: (x, w, b) => conv1d(x, w, { bias: b }),
      gives: 'float64[2, 3, 3]',
      value: (x, w, bias) => (b, o, i) => bias(o) + total(2, c => total(2, k => w(o, c, k) * x(b, c, i + k))),
    },
    {
      name: 'a stride, a dilation and zeros around it',
      shapes: [
        [1, 1, 5],
        [1, 1, 2],
      ],
      call: (x, w) => conv1d(x, w, { stride: 2, dilation: 3, padding: [[1, 2]] }),
      gives: 'float64[1, 1, 3]',
      value: (x, w) => (b, o, i) => total(2, k => w(o, 0, k) * surrounded(x, [5])(b, 0, 2 * i + 3 * k - 1)),
    },
    {
      name: 'as many places as there are, the odd zero at the end',
      shapes: [
        [1, 3],
        [2, 1, 2],
      ],
      call: (x, w) => conv1d(x, w, { padding: 'same' }),
      gives: 'float64[2, 3]',
      value: (x, w) => (o, i) => total(2, k => w(o, 0, k) * surrounded(x, [3])(0, i + k)),
    },
    {
      name: 'a group for each channel, and one element',
      shapes: [
        [2, 3],
        [4, 1, 1],
      ],
      call: (x, w) => conv1d(x, w, { groups: 2 }),
      gives: 'float64[4, 3]',
      value: (x, w) => (o, i) => w(o, 0, 0) * x(o < 2 ? 0 : 1, i),
    },
    {
      name: 'an empty batch',
      shapes: [
        [0, 1, 3],
        [1, 1, 2],
      ],
      call: (x, w) => conv1d(x, w),
      gives: 'float64[0, 1, 2]',
      value: () => () => 0,
    },
  ],
  errors: [
    {
      call: make => conv1d(make([2, 3, 8]), make([4, 2, 3])),
      message: /conv1d: the input has 3 channels, but the weight takes 2\./,
    },
    {
      call: make => conv1d(make([2, 4, 8]), make([4, 4, 3]), { groups: 2 }),
      message: /conv1d: the input has 4 channels, but the weight takes 4 in each of 2 groups/,
    },
    {
      call: make => conv1d(make([3, 8]), make([4, 3, 3]), { groups: 2 }),
      message: /conv1d: 2 groups do not divide the 3 channels of float32\[3, 8\]/,
    },
    {
      call: make => conv1d(make([4, 8]), make([3, 2, 3]), { groups: 2 }),
      message: /conv1d: 2 groups do not divide the 3 outputs of the weight/,
    },
    { call: make => conv1d(make([8]), make([1, 1, 3])), message: /conv1d: the input is float32\[8\]/ },
    { call: make => conv1d(make([1, 8]), make([1, 3])), message: /conv1d: the weight is float32\[1, 3\]/ },
    { call: make => conv1d(make([1, 8]), make([1, 1, 0])), message: /conv1d: the weight is .* one element/ },
    {
      call: make => conv1d(make([1, 4]), make([1, 1, 3]), { dilation: 3, padding: 1 }),
      message: /conv1d: the window spans 7 elements, but axis 1 has 4 and 2 around it/,
    },
    {
      call: make => conv1d(make([1, 4]), make([2, 1, 3]), { bias: make([3]) }),
      message: /conv1d: the bias is float32\[3\] for 2 outputs/,
    },
    {
      call: make => conv1d(make([1, 4]), make([2, 1, 3], 'float64')),
      message: /conv1d: float32\[1, 4\] and float64\[2, 1, 3\] are not of one float type/,
    },
    {
      call: make => conv1d(make([1, 4], 'int32'), make([2, 1, 3], 'int32')),
      message: /conv1d: int32\[1, 4\] is not of a float type/,
    },
    {
      call: make => conv1d(make([1, 4]), make([2, 1, 3]), { padding: 'same', stride: 2 }),
      message: /conv1d: the padding is 'same', but the stride 2/,
    },
    {
      call: make => conv1d(make([1, 4]), make([2, 1, 3]), { padding: 'full' as never }),
      message: /conv1d: the padding is 'full'\. Give 'same', 'valid' or/,
    },
    {
      call: make => conv1d(make([1, 4]), make([2, 1, 3]), { padding: [1, 1] }),
      message: /conv1d: the padding has 2 entries for one axis/,
    },
    {
      call: make => conv1d(make([1, 4]), make([2, 1, 3]), { stride: 0 }),
      message: /conv1d: the stride is 0/,
    },
    {
      call: make => conv1d(make([1, 4]), make([2, 1, 3]), { dilation: 0.5 }),
      message: /conv1d: the dilation is 0\.5/,
    },
    {
      call: make => conv1d(make([1, 4]), make([2, 1, 3]), { groups: -1 }),
      message: /conv1d: the number of groups is -1/,
    },
    { call: make => conv1d(make([1, 4]), [1] as never), message: /conv1d: the weight is an array/ },
    { call: make => conv1d(3 as never, make([1, 1, 1])), message: /conv1d: the input is 3/ },
    {
      call: make => conv1d(make([1, 4]), make([2, 1, 3]), { bias: 1 as never }),
      message: /conv1d: the bias is 1/,
    },
    {
      call: make => conv1d(make([1, 4]), make([2, 1, 3]), 2 as never),
      message: /conv1d: the options are 2/,
    },
  ],
})

/**
 * Convolution along two axes: what `conv1d` does along one, at places ⌊(height + …)/stride⌋ + 1 by ⌊(width + …)/stride⌋
 * + 1. Options are one number for both axes or `[height, width]`.
 *
 * @param x       [batch, channels, height, width], or [channels, height, width] for a result without batch
 * @param weight  [outputs, channels / groups, size, size]
 * @returns       [batch, outputs, places, places]
 * @throws ShapeError when channels, groups, window and bias do not fit; DTypeError for mixed or non-float types;
 * ValueError for a stride, dilation, padding or number of groups that is none
 * @example conv2d(zeros([1, 3, 8, 8]), zeros([4, 3, 3, 3]), { stride: 2, padding: 1 }) // float32[1, 4, 4, 4]
 */
export function conv2d(x: Tensor, weight: Tensor, options: ConvOptions = {}): Tensor {
  return convolve('conv2d', 2, x, weight, options)
}

specify({
  name: 'conv2d',
  samples: [
    {
      name: 'channels and a bias',
      shapes: [[2, 2, 3, 3], [2, 2, 2, 2], [2]],
      call: (x, w, b) => conv2d(x, w, { bias: b }),
      gives: 'float64[2, 2, 2, 2]',
      value: (x, w, bias) => (b, o, i, j) =>
        bias(o) + total(2, c => total(2, k => total(2, l => w(o, c, k, l) * x(b, c, i + k, j + l)))),
    },
    {
      name: 'another stride, dilation and padding along each axis',
      shapes: [
        [1, 1, 4, 4],
        [1, 1, 2, 3],
      ],
      call: (x, w) => conv2d(x, w, { stride: [1, 2], dilation: [2, 1], padding: [[0, 1], 1] }),
      gives: 'float64[1, 1, 3, 2]',
      value: (x, w) => (b, o, i, j) =>
        total(2, k => total(3, l => w(o, 0, k, l) * surrounded(x, [4, 4])(b, 0, i + 2 * k, 2 * j + l - 1))),
    },
    {
      name: 'two groups, without batch, with as many places as there are',
      shapes: [
        [4, 2, 3],
        [2, 2, 2, 3],
      ],
      call: (x, w) => conv2d(x, w, { groups: 2, padding: 'same' }),
      gives: 'float64[2, 2, 3]',
      value: (x, w) => (o, i, j) =>
        total(2, c =>
          total(2, k => total(3, l => w(o, c, k, l) * surrounded(x, [2, 3])(2 * o + c, i + k, j + l - 1))),
        ),
    },
    {
      name: 'a window of one element',
      shapes: [
        [2, 2, 2, 2],
        [3, 2, 1, 1],
      ],
      call: (x, w) => conv2d(x, w),
      gives: 'float64[2, 3, 2, 2]',
      value: (x, w) => (b, o, i, j) => total(2, c => w(o, c, 0, 0) * x(b, c, i, j)),
    },
  ],
  errors: [
    {
      call: make => conv2d(make([8, 4, 9, 9]), make([16, 3, 3, 3])),
      message: /conv2d: the input has 4 channels, but the weight takes 3\./,
    },
    {
      call: make => conv2d(make([9, 9]), make([1, 1, 3, 3])),
      message: /conv2d: the input is float32\[9, 9\]\. Give \[batch, channels, height, width\] or/,
    },
    {
      call: make => conv2d(make([1, 4, 2]), make([1, 1, 3, 3]), { padding: [1, 0] }),
      message: /conv2d: the window spans 3 elements, but axis 2 has 2\./,
    },
    {
      call: make => conv2d(make([1, 4, 4]), make([1, 1, 3, 3]), { stride: [1, 2, 3] }),
      message: /conv2d: the stride has 3 entries for 2 axes/,
    },
    {
      call: make => conv2d(make([1, 4, 4]), make([1, 1, 3, 3]), { padding: [[0, -1], 0] }),
      message: /conv2d: the padding is -1/,
    },
    {
      call: make => conv2d(make([1, 4, 4]), make([1, 1, 3, 3]), { padding: [[1, 2, 3] as never, 0] }),
      message: /conv2d: the padding is an array/,
    },
  ],
})
