/** What nothing can be made of is refused here, for layers, losses, optimisers and SAL alike, in words of the caller. */

import { DTypeError, describeValue, isFloat, ShapeError, Tensor, ValueError } from '@sensigrad/core'

/** Whether a value holds others by their names. A promise does not: it was not waited for. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Promise)
}

/** @throws ValueError unless the options are an object in which every name is known */
export function checkOptions(layer: string, options: unknown, known: readonly string[]): void {
  if (!isRecord(options)) {
    throw new ValueError(
      layer,
      `the options are ${describeValue(options)}`,
      `Give an object with ${known.join(', ')}, or nothing`,
    )
  }
  const strange = Object.keys(options).find(name => !known.includes(name))
  if (strange === undefined) return
  throw new ValueError(layer, `there is no option ${strange}`, `There is ${known.join(', ')}`)
}

/** @throws ValueError unless `value` is a number of something, such as channels: whole, one or more */
export function checkCount(layer: string, what: string, value: unknown): asserts value is number {
  if (Number.isInteger(value) && Number(value) >= 1) return
  throw new ValueError(
    layer,
    `${describeValue(value)} is no number of ${what}`,
    'Give a whole number, 1 or more',
  )
}

/** @throws ValueError unless a number lies between 0 and 1, both allowed */
export function checkShare(layer: string, what: string, value: unknown): asserts value is number {
  if (typeof value === 'number' && value >= 0 && value <= 1) return
  throw new ValueError(layer, `the ${what} is ${describeValue(value)}`, 'Give a number from 0 to 1')
}

/** @throws ValueError unless an option that is on or off is a boolean */
export function checkFlag(layer: string, name: string, value: unknown): void {
  if (typeof value === 'boolean') return
  throw new ValueError(layer, `${name} is ${describeValue(value)}`, 'Give true or false')
}

/** @throws ValueError unless it is a function */
export function checkFunction(operation: string, what: string, value: unknown, remedy: string): void {
  if (typeof value === 'function') return
  throw new ValueError(operation, `${what} is ${describeValue(value)}`, remedy)
}

/** @throws DTypeError unless parameters of this type can learn */
export function checkDType(layer: string, dtype: unknown): asserts dtype is 'float32' | 'float64' {
  if (isFloat(dtype as 'float32')) return
  throw new DTypeError(
    layer,
    `weights of ${describeValue(dtype)} cannot learn`,
    "Give 'float32' or 'float64'",
  )
}

/** @throws ValueError unless `x` is a tensor; ShapeError unless it is `[batch, channels, …]` */
export function checkChannels(layer: string, x: unknown, channels: number): asserts x is Tensor {
  if (!(x instanceof Tensor)) {
    throw new ValueError(layer, `the input is ${describeValue(x)}`, 'Make it a tensor with tensor(…)')
  }
  if (x.shape[1] === channels) return
  throw new ShapeError(
    layer,
    `the input is ${x}, but the layer takes [batch, ${channels}, …]`,
    'Check the number of channels that the layer was made with',
  )
}
