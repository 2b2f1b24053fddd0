/** What nothing here can be made of is refused, by layers, losses, optimisers and SAL alike, in one line of the caller's words. */

import { DTypeError, describeValue, isFloat, ShapeError, Tensor, ValueError } from '@sensigrad/core'

/** @throws ValueError unless the options are an object in which every name is known */
export function checkOptions(layer: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
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
