/** Classes drawn from their log-probabilities, by operations on the backend where these live. */

import { ShapeError } from '../errors.ts'
import { stopGradient } from '../ops/alias.ts'
import { add, sub } from '../ops/elementwise.ts'
import { argMax } from '../ops/order.ts'
import { max } from '../ops/reduce.ts'
import { checkFloat, checkOptions } from './check.ts'
import { tensor } from './create.ts'
import { checkDrawing } from './draw.ts'
import { type Key, openUniformValues } from './random.ts'
import { checkShape, formatShape, sizeOf } from './shape.ts'
import type { Tensor } from './tensor.ts'

/**
 * Classes drawn with the probabilities softmax(logits): where logitsᵢ + Gᵢ is largest, with G drawn from the
 * standard Gumbel distribution (Gumbel, 1954). No gradient flows.
 *
 * @param logits   `[…, classes]`: logarithms of the probabilities, up to a constant for each row; -∞ for never.
 *                 (What is drawn from a row that is -∞ throughout, or holds NaN, means nothing.)
 * @param options  `samples`: how many draws from each row, as a first axis of the result; one, and no axis, unless said
 * @returns int32 `[…]`, or `[samples, …]`, on the backend of the logits
 * @throws DTypeError when the logits are no floats; ShapeError without an axis of classes, or for an empty one;
 *         ValueError unless `samples` is a whole number, zero or more
 * @example categorical(key(7), tensor([0.2, 0.3, 0.5]).log(), { samples: 10 }) // int32[10]
 */
export function categorical(from: Key, logits: Tensor, options: { readonly samples?: number } = {}): Tensor {
  checkDrawing('categorical')
  checkFloat('categorical', logits, 'the tensor of logits')
  checkOptions('categorical', options, '{ samples: 10 }')
  const { dtype, backend } = logits
  if ((logits.shape.at(-1) ?? 0) === 0) {
    throw new ShapeError(
      'categorical',
      `logits ${formatShape(logits.shape)} have no classes`,
      'Give one logit for each class along the last axis',
    )
  }
  const { samples } = options
  const shape = samples === undefined ? logits.shape : [samples, ...logits.shape]
  checkShape('categorical', shape)
  const noise = tensor(gumbelValues(from, sizeOf(shape)), { dtype, shape, backend })
  if (noise.size === 0) return tensor(new Int32Array(0), { shape: shape.slice(0, -1), backend })
  const constant = stopGradient(logits)
  const centred = sub(constant, max(constant, -1, { keepDims: true })) // large constants leave no digits for the noise
  return argMax(add(centred, noise), -1)
}

/** -log(-log u) for u in (0, 1): finite, so that -∞ + noise is -∞. */
function gumbelValues(from: Key, count: number): Float64Array {
  return openUniformValues(from, count, 'categorical').map(u => -Math.log(-Math.log(u)))
}
