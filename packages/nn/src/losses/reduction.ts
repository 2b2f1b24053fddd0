/** What losses share: how the loss of each sample becomes one number, and the refusal of targets that do not fit. */

import {
  checkTensor,
  DTypeError,
  describeValue,
  isFloat,
  ShapeError,
  type Tensor,
  ValueError,
} from '@sensigrad/core'
import { checkOptions } from '../check.ts'

/** What becomes of the losses of all samples: their mean, their sum, or a tensor of them all. */
export type LossReduction = 'mean' | 'sum' | 'none'

/** What all losses can be told. */
export interface LossOptions {
  /** `'mean'` unless said. */
  readonly reduction?: LossReduction
}

const reductions: Readonly<Record<LossReduction, (losses: Tensor) => Tensor>> = {
  mean: losses => losses.mean(),
  sum: losses => losses.sum(),
  none: losses => losses,
}

/** The reduction that is wanted. */
export function reductionOf(loss: string, { reduction = 'mean' }: LossOptions): LossReduction {
  if (Object.hasOwn(reductions, reduction)) return reduction
  throw new ValueError(
    loss,
    `there is no reduction ${describeValue(reduction)}`,
    "Give 'mean', 'sum' or 'none'",
  )
}

/** The losses of all samples, reduced as the options say. */
export function reduced(loss: string, losses: Tensor, options: LossOptions): Tensor {
  return reductions[reductionOf(loss, options)](losses)
}

/** @throws ValueError for an option that the loss does not have, and for no reduction */
export function checkLoss(loss: string, options: LossOptions, known: readonly string[] = []): void {
  checkOptions(loss, options, ['reduction', ...known])
  reductionOf(loss, options)
}

/** @throws ValueError, DTypeError or ShapeError unless both are tensors of one shape and one float type */
export function checkPair(loss: string, output: Tensor, target: Tensor, names = ['output', 'target']): void {
  const [first, second] = names
  checkTensor(loss, `the ${first}`, output)
  checkTensor(loss, `the ${second}`, target)
  if (String(output.shape) !== String(target.shape)) {
    throw new ShapeError(loss, `${first} ${output} and ${second} ${target} differ`, 'Give them one shape')
  }
  if (output.dtype === target.dtype && isFloat(output.dtype)) return
  throw new DTypeError(
    loss,
    `${first} ${output} and ${second} ${target} are not of one float type`,
    "Cast one first: .cast('float32')",
  )
}

/** @throws ValueError unless an option is a finite number of at least (or, where `isOpen`, above) `least` */
export function checkAmount(loss: string, name: string, value: unknown, least: number, isOpen = false): void {
  const fits = typeof value === 'number' && (isOpen ? value > least : value >= least)
  if (fits && value < Number.POSITIVE_INFINITY) return
  throw new ValueError(
    loss,
    `the ${name} ${describeValue(value)} is not ${isOpen ? '>' : '≥'} ${least} and finite`,
    'Give such a number',
  )
}
