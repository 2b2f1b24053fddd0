/** The transposes of convolutions: the weight times the input, added up where windows overlap, and cut at the ends. */

import { ShapeError } from '../errors.ts'
import { sizeOf } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { checkBias, checkLayer, finish, type KernelOptions, type Layer } from './convolution-arguments.ts'
import { matmul } from './matmul.ts'
import { reshape, transpose } from './movement.ts'
import { type Range, slice } from './parts.ts'
import { type Elements, specify, total } from './specify.ts'
import { type Padding, type PerAxis, paddingPerAxis, perAxis, span, type Widths } from './window-options.ts'
import { addPatches } from './windows.ts'

/** What transposed convolutions may be told. */
export interface ConvTransposeOptions extends KernelOptions {
  /** How much is cut off around the axes, as the convolution had zeros there: nothing unless said. */
  readonly padding?: Padding
  /**
   * How many elements longer the axes are at their ends: 0 unless said. A stride makes inputs of several lengths give
   * outputs of one; this names the one that is meant.
   */
  readonly outputPadding?: PerAxis
}

function convolveTransposed(
  operation: string,
  rank: 1 | 2,
  x: Tensor,
  weight: Tensor,
  options: ConvTransposeOptions,
): Tensor {
  const layer = checkLayer(operation, rank, x, weight, options)
  const { input, batch, channels, groups, size, lengths } = layer
  if (channels !== weight.shape[0]) {
    throw new ShapeError(
      operation,
      `the input has ${channels} channels, but the weight takes ${weight.shape[0]}`,
      'The channels of the input are axis 0 of the weight',
    )
  }
  const cut = paddingPerAxis(operation, options.padding ?? 0, rank)
  const reached = reachedLengths(layer, cut, options.outputPadding)
  const each = weight.shape[1]!
  checkBias(layer, groups * each)
  const kernels = transpose(reshape(weight, [groups, channels / groups, each * sizeOf(size)]))
  const points = reshape(input, [batch, groups, channels / groups, sizeOf(lengths)])
  const patches = reshape(matmul(kernels, points), [batch, groups * each, ...size, ...lengths])
  const whole = addPatches(patches, reached, layer)
  const kept = cut.map(([before, after], i): Range => [before, reached[i]! - after])
  return finish(layer, slice(whole, null, null, ...kept))
}

/** How long the axes of the result are before it is cut. */
function reachedLengths(layer: Layer, cut: readonly Widths[], outputPadding: unknown = 0): number[] {
  const { operation, lengths, size, stride, dilation } = layer
  const added = perAxis(operation, 'outputPadding', outputPadding, size.length, 0)
  return lengths.map((length, i) => {
    const most = Math.max(stride[i]!, dilation[i]!) - 1
    if (added[i]! > most) {
      throw new ShapeError(
        operation,
        `the outputPadding is ${added[i]}, but the stride ${stride[i]} and the dilation ${dilation[i]}`,
        'It must be smaller than one of them',
      )
    }
    const reached = length === 0 ? 0 : (length - 1) * stride[i]! + span(size[i]!, dilation[i]!) + added[i]!
    const [before, after] = cut[i]!
    if (reached <= before + after) {
      throw new ShapeError(
        operation,
        `the windows reach ${reached} elements, of which the padding cuts ${before + after}`,
        'Give less padding or a longer input, so that something is left',
      )
    }
    return reached
  })
}

/**
 * The transpose of a convolution along one axis (elsewhere called deconvolution, which it does not do): with equal
 * weight and options ⟨conv1d(x), y⟩ = ⟨x, convTranspose1d(y)⟩. Each element of x lays down the kernel, scaled by it:
 * y[b, o, p] = bias[o] + Σ weight[c, o, k] · x[b, c, i] over c and all i and k for which
 * stride·i + dilation·k = p + padding.
 *
 * @param x       [batch, channels, length], or [channels, length] for a result without batch
 * @param weight  [channels, outputs / groups, size]
 * @returns       [batch, outputs, (length - 1)·stride - padding + dilation·(size - 1) + 1 + outputPadding]
 * @throws ShapeError when channels, groups, window, padding and bias do not fit; DTypeError for mixed or non-float
 * types; ValueError for a stride, dilation, padding or number of groups that is none
 * @example convTranspose1d(zeros([1, 4, 8]), zeros([4, 2, 3]), { stride: 2 }) // float32[1, 2, 17]
 */
export function convTranspose1d(x: Tensor, weight: Tensor, options: ConvTransposeOptions = {}): Tensor {
  return convolveTransposed('convTranspose1d', 1, x, weight, options)
}

/** Σ w(k) · x(i) over the i and k whose element is p. */
const laidDown = (
  x: Elements,
  w: Elements,
  p: number,
  length: number,
  size: number,
  stride = 1,
  dilation = 1,
) => total(length, i => total(size, k => (stride * i + dilation * k === p ? w(k) * x(i) : 0)))

specify({
  name: 'convTranspose1d',
  samples: [
    {
      name: 'channels and a bias',
      shapes: [[2, 2, 3], [2, 2, 2], [2]],
      call: (x, w, b) => convTranspose1d(x, w, { bias: b }),
      gives: 'float64[2, 2, 4]',
      value: (x, w, bias) => (b, o, p) =>
        bias(o) +
        total(2, c =>
          laidDown(
            i => x(b, c, i),
            k => w(c, o, k),
            p,
            3,
            2,
          ),
        ),
    },
    {
      name: 'a stride, a dilation, a cut and a longer end',
      shapes: [
        [1, 1, 3],
        [1, 1, 2],
      ],
      call: (x, w) => convTranspose1d(x, w, { stride: 2, dilation: 3, padding: [[1, 2]], outputPadding: 1 }),
      gives: 'float64[1, 1, 6]',
      value: (x, w) => (b, o, p) =>
        laidDown(
          i => x(b, 0, i),
          k => w(0, o, k),
          p + 1,
          3,
          2,
          2,
          3,
        ),
    },
    {
      name: 'two groups, without batch',
      shapes: [
        [2, 2],
        [2, 2, 2],
      ],
      call: (x, w) => convTranspose1d(x, w, { groups: 2 }),
      gives: 'float64[4, 3]',
      value: (x, w) => (o, p) => {
        const group = o < 2 ? 0 : 1
        return laidDown(
          i => x(group, i),
          k => w(group, o % 2, k),
          p,
          2,
          2,
        )
      },
    },
    {
      name: 'one element',
      shapes: [
        [1, 1, 1],
        [1, 1, 1],
      ],
      call: (x, w) => convTranspose1d(x, w),
      gives: 'float64[1, 1, 1]',
      value: (x, w) => () => x(0, 0, 0) * w(0, 0, 0),
    },
  ],
  errors: [
    {
      call: make => convTranspose1d(make([2, 3, 8]), make([4, 2, 3])),
      message: /convTranspose1d: the input has 3 channels, but the weight takes 4\./,
    },
    {
      call: make => convTranspose1d(make([3, 8]), make([3, 2, 3]), { groups: 2 }),
      message: /convTranspose1d: 2 groups do not divide the 3 channels/,
    },
    {
      call: make => convTranspose1d(make([1, 2]), make([1, 1, 2]), { padding: 2 }),
      message: /convTranspose1d: the windows reach 3 elements, of which the padding cuts 4/,
    },
    {
      call: make => convTranspose1d(make([1, 0]), make([1, 1, 2])),
      message: /convTranspose1d: the windows reach 0 elements/,
    },
    {
      call: make => convTranspose1d(make([1, 2]), make([1, 1, 2]), { stride: 2, outputPadding: 2 }),
      message: /convTranspose1d: the outputPadding is 2, but the stride 2 and the dilation 1/,
    },
    {
      call: make => convTranspose1d(make([1, 2]), make([1, 1, 2]), { padding: 'same' as never }),
      message: /convTranspose1d: the padding is 'same'/,
    },
    {
      call: make => convTranspose1d(make([1, 2]), make([1, 3, 2]), { bias: make([2]) }),
      message: /convTranspose1d: the bias is float32\[2\] for 3 outputs/,
    },
    {
      call: make => convTranspose1d(make([1, 2]), make([1, 3])),
      message:
        /convTranspose1d: the weight is float32\[1, 3\]\. Give \[channels, outputs \/ groups, length\]/,
    },
    {
      call: make => convTranspose1d(make([1, 2]), make([1, 3, 2], 'float64')),
      message: /convTranspose1d: float32\[1, 2\] and float64\[1, 3, 2\] are not of one float type/,
    },
  ],
})

/**
 * The transpose of a convolution along two axes: what `convTranspose1d` does along one. Options are one number for
 * both axes or `[height, width]`.
 *
 * @param x       [batch, channels, height, width], or [channels, height, width] for a result without batch
 * @param weight  [channels, outputs / groups, size, size]
 * @throws ShapeError when channels, groups, window, padding and bias do not fit; DTypeError for mixed or non-float
 * types; ValueError for a stride, dilation, padding or number of groups that is none
 * @example convTranspose2d(zeros([1, 4, 4, 4]), zeros([4, 3, 2, 2]), { stride: 2 }) // float32[1, 3, 8, 8]
 */
export function convTranspose2d(x: Tensor, weight: Tensor, options: ConvTransposeOptions = {}): Tensor {
  return convolveTransposed('convTranspose2d', 2, x, weight, options)
}

specify({
  name: 'convTranspose2d',
  samples: [
    {
      name: 'channels and a bias',
      shapes: [[2, 2, 2, 2], [2, 2, 2, 2], [2]],
      call: (x, w, b) => convTranspose2d(x, w, { bias: b }),
      gives: 'float64[2, 2, 3, 3]',
      value: (x, w, bias) => (b, o, p, q) =>
        bias(o) +
        total(2, c =>
          total(2, i =>
            total(2, k =>
              i + k === p
                ? laidDown(
                    j => x(b, c, i, j),
                    l => w(c, o, k, l),
                    q,
                    2,
                    2,
                  )
                : 0,
            ),
          ),
        ),
    },
    {
      name: 'another stride, padding and length along each axis',
      shapes: [
        [1, 2, 3],
        [1, 1, 3, 2],
      ],
      call: (x, w) =>
        convTranspose2d(x, w, {
          stride: [2, 1],
          padding: [1, [0, 1]],
          dilation: [1, 2],
          outputPadding: [1, 0],
        }),
      gives: 'float64[1, 4, 4]',
      value: (x, w) => (_, p, q) =>
        total(2, i =>
          total(3, k =>
            2 * i + k === p + 1
              ? laidDown(
                  j => x(0, i, j),
                  l => w(0, 0, k, l),
                  q,
                  3,
                  2,
                  1,
                  2,
                )
              : 0,
          ),
        ),
    },
    {
      name: 'two groups and an empty batch',
      shapes: [
        [0, 2, 2, 2],
        [2, 1, 1, 2],
      ],
      call: (x, w) => convTranspose2d(x, w, { groups: 2 }),
      gives: 'float64[0, 2, 2, 3]',
      value: () => () => 0,
    },
  ],
  errors: [
    {
      call: make => convTranspose2d(make([3, 8]), make([3, 1, 2, 2])),
      message: /convTranspose2d: the input is float32\[3, 8\]/,
    },
    {
      call: make => convTranspose2d(make([1, 2, 2]), make([1, 1, 2, 2]), { outputPadding: [0, 0, 0] }),
      message: /convTranspose2d: the outputPadding has 3 entries for 2 axes/,
    },
    {
      call: make => convTranspose2d(make([1, 2, 2]), make([1, 1, 2, 2]), { dilation: [1, Number.NaN] }),
      message: /convTranspose2d: the dilation is NaN/,
    },
  ],
})
