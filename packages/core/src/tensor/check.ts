/** The refusal of arguments of the wrong kind, in one line instead of a TypeError from within. */

import { DTypeError, describeValue, ValueError } from '../errors.ts'
import { isFloat } from './dtype.ts'
import { Tensor } from './tensor.ts'

/** What to do about a value that is no tensor. */
export function remedyFor(value: unknown): string {
  if (value instanceof Promise) {
    return 'Use the tensor itself, or await its value outside of what is differentiated or captured'
  }
  return 'Give a tensor; tensor(…) makes one'
}

/** @throws ValueError unless `value`, which messages call `what`, is a tensor */
export function checkTensor(operation: string, what: string, value: unknown): asserts value is Tensor {
  if (value instanceof Tensor) return
  throw new ValueError(operation, `${what} is ${describeValue(value)}`, remedyFor(value))
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

/**
 * @param known  the names that options have, where a misspelt one is to be refused
 * @throws ValueError unless the options are an object: neither null nor what one writes before thinking of one; or for
 *         one that is not known
 */
export function checkOptions(
  operation: string,
  options: unknown,
  example = "{ dtype: 'float64' }",
  known?: readonly string[],
): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new ValueError(operation, `the options are ${describeValue(options)}`, `Give an object: ${example}`)
  }
  const strange = known && Object.keys(options).find(name => !known.includes(name))
  if (strange === undefined) return
  throw new ValueError(operation, `there is no option ${strange}`, `There is ${known!.join(', ')}`)
}

/** @throws ValueError unless an option that is on or off is a boolean, or left out */
export function checkFlag(operation: string, name: string, value: unknown): void {
  if (value === undefined || typeof value === 'boolean') return
  throw new ValueError(operation, `${name} is ${describeValue(value)}`, 'Give true or false')
}
