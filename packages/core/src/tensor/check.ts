/** The refusal of arguments of the wrong kind, in one line instead of a TypeError from within. */

import { DTypeError, describeValue, ValueError } from '../errors.ts'
import { isFloat } from './dtype.ts'
import { Tensor } from './tensor.ts'

/** @throws ValueError unless `value`, which messages call `what`, is a tensor */
export function checkTensor(operation: string, what: string, value: unknown): asserts value is Tensor {
  if (value instanceof Tensor) return
  throw new ValueError(operation, `${what} is ${describeValue(value)}`, 'Give a tensor; tensor(…) makes one')
}

/** @throws ValueError unless `value` is an array; `example` shows the call with one */
export function checkList(operation: string, what: string, value: unknown, example: string): void {
  if (Array.isArray(value)) return
  throw new ValueError(operation, `${what} are ${describeValue(value)}`, `Give a list: ${example}`)
}

/** @throws ValueError unless `x` is a tensor; DTypeError unless it is of a float type */
export function checkFloat(
  operation: string,
  x: unknown,
  what = 'the argument',
): asserts x is Tensor & { readonly dtype: 'float32' | 'float64' } {
  checkTensor(operation, what, x)
  if (isFloat(x.dtype)) return
  throw new DTypeError(operation, `${x} is not of a float type`, "Cast it first: .cast('float32')")
}

/** @throws ValueError unless the options are an object: neither null nor what one writes before thinking of one */
export function checkOptions(operation: string, options: unknown, example = "{ dtype: 'float64' }"): void {
  if (typeof options === 'object' && options !== null && !Array.isArray(options)) return
  throw new ValueError(operation, `the options are ${describeValue(options)}`, `Give an object: ${example}`)
}
