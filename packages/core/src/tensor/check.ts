/** The refusal of arguments that are no tensors, or no lists of them, in one line instead of a TypeError from within. */

import { describeValue, ValueError } from '../errors.ts'
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
