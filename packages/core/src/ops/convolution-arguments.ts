/**
 * What convolutions and their transposes have in common: the arguments, read and refused in one place, and the end,
 * at which the bias is added.
 */

import { DTypeError, ShapeError } from '../errors.ts'
import { checkOptions, checkTensor } from '../tensor/check.ts'
import { isFloat } from '../tensor/dtype.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { commonBackend } from './define.ts'
import { add } from './elementwise.ts'
import { reshape } from './movement.ts'
import { checkStep, type PerAxis, perAxis } from './window-options.ts'
import type { WindowPlan } from './windows.ts'

/** How a kernel moves over its input, and what is added. */
export interface KernelOptions {
  /** A number for each output, added at every place. */
  readonly bias?: Tensor | undefined
  /** The steps from one place of the kernel to the next: 1 unless said. */
  readonly stride?: PerAxis
  /** The steps from one element of the kernel to the next: 1 unless said. */
  readonly dilation?: PerAxis
  /** How many parts the channels fall into, of which each sees only itself: 1 unless said. */
  readonly groups?: number
}

/** The arguments of a convolution or its transpose, checked. */
export interface Layer extends WindowPlan {
  readonly operation: string
  /** [batch, channels, ...lengths] */
  readonly input: Tensor
  readonly batched: boolean
  readonly batch: number
  readonly channels: number
  readonly lengths: readonly number[]
  readonly weight: Tensor
  readonly bias: Tensor | undefined
  readonly groups: number
}

const known = ['bias', 'stride', 'padding', 'outputPadding', 'dilation', 'groups']
const axisNames = [[], ['length'], ['height', 'width']] as const

/** @throws ShapeError, DTypeError or ValueError for what no convolution along `rank` axes can take */
export function checkLayer(
  operation: string,
  rank: 1 | 2,
  x: Tensor,
  weight: Tensor,
  options: KernelOptions,
): Layer {
  checkTensor(operation, 'the input', x)
  checkTensor(operation, 'the weight', weight)
  checkOptions(operation, options, '{ stride: 2 }', known)
  const { bias, groups = 1 } = options
  if (bias !== undefined) checkTensor(operation, 'the bias', bias)
  checkTypes(operation, bias ? [x, weight, bias] : [x, weight])
  const names = axisNames[rank].join(', ')
  if (x.rank !== rank + 1 && x.rank !== rank + 2) {
    throw new ShapeError(
      operation,
      `the input is ${x}`,
      `Give [batch, channels, ${names}] or [channels, ${names}]`,
    )
  }
  const size = weight.shape.slice(2)
  if (weight.rank !== rank + 2 || size.includes(0)) {
    const kind = operation.includes('Transpose') ? 'channels, outputs / groups' : 'outputs, channels / groups'
    throw new ShapeError(
      operation,
      `the weight is ${weight}`,
      `Give [${kind}, ${names}], with one element or more along each axis of the window`,
    )
  }
  const stride = perAxis(operation, 'stride', options.stride ?? 1, rank)
  const dilation = perAxis(operation, 'dilation', options.dilation ?? 1, rank)
  checkStep(operation, 'number of groups', groups)
  const batched = x.rank === rank + 2
  const input = batched ? x : reshape(x, [1, ...x.shape])
  const [batch, channels, ...lengths] = input.shape as [number, number, ...number[]]
  checkDivides(operation, groups, channels, `channels of ${x}`)
  return { operation, input, batched, batch, channels, lengths, weight, bias, groups, size, stride, dilation }
}

function checkTypes(operation: string, tensors: readonly Tensor[]): void {
  const [first] = tensors
  const other = tensors.find(({ dtype }) => dtype !== first!.dtype || !isFloat(dtype))
  if (other !== undefined) {
    const problem =
      other === first ? `${other} is not of a float type` : `${first} and ${other} are not of one float type`
    throw new DTypeError(operation, problem, "Cast first: .cast('float32')")
  }
  commonBackend(operation, tensors)
}

/** @throws ShapeError unless `count` of `what` fall into equal groups */
export function checkDivides(operation: string, groups: number, count: number, what: string): void {
  if (count % groups === 0) return
  throw new ShapeError(
    operation,
    `${groups} groups do not divide the ${count} ${what}`,
    'Channels and outputs must be multiples of the number of groups',
  )
}

/** @throws ShapeError unless the bias, if there is one, has a number for each output */
export function checkBias({ operation, bias }: Layer, outputs: number): void {
  if (bias === undefined || (bias.rank === 1 && bias.shape[0] === outputs)) return
  throw new ShapeError(operation, `the bias is ${bias} for ${outputs} outputs`, `Give one of [${outputs}]`)
}

/** The result with the bias added, without the batch axis where the input had none. */
export function finish({ bias, batched, lengths }: Layer, y: Tensor): Tensor {
  const biased = bias ? add(y, reshape(bias, [bias.size, ...lengths.map(() => 1)])) : y
  return batched ? biased : reshape(biased, biased.shape.slice(1))
}
