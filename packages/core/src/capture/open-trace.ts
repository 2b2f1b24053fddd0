/** The trace of the step that is being captured, as variables and settings see it. */

import { isCapturing } from '../backend/current.ts'
import { DTypeError, describeValue, ValueError } from '../errors.ts'
import { type DType, dtypes } from '../tensor/dtype.ts'
import type { Tensor } from '../tensor/tensor.ts'
import type { TensorTree } from '../tensor/tree.ts'
import type { LoopTrace } from './loop-trace.ts'
import type { PeekListener } from './peek.ts'
import type { Variable } from './variable.ts'

/** What a step may be built on. */
export type Assumed = number | string | boolean

/** What a step does besides computing. */
export interface OpenTrace {
  /** What a variable holds at this point of the step. */
  read(variable: Variable): Tensor
  /** Notes what a variable holds from here on. */
  write(variable: Variable, value: Tensor): true
  /** A number that is asked for again at each replay. */
  setting(read: () => number, dtype: DType): Tensor
  /** A tensor that is made again at each replay. */
  fresh(make: () => Tensor): Tensor
  /** A value on which the step was built: where it is another one, the step is captured anew. */
  assume(read: () => Assumed): Assumed
  /** Notes what is to be looked at in each replay, beside the step. */
  peek<Tree extends TensorTree>(read: () => Tree, receive: PeekListener<Tree>): void
  /** Whether a loop is being captured: loops inside of it are written out. */
  readonly isInLoop: boolean
  /** A loop of so many steps, forward in time unless said; its steps see those of the loop beside it. */
  openLoop(steps: number, isReversed?: boolean, beside?: LoopTrace): LoopTrace
  /** @throws ValueError when a tensor belongs to the step, and so cannot outlive it */
  refuse(value: Tensor, name: string): void
}

let open: OpenTrace | undefined

/** The trace, while operations are written down. */
export function openTrace(): OpenTrace | undefined {
  return isCapturing() ? open : undefined
}

/** Runs `body` with an open trace. */
export function withTrace<Result>(trace: OpenTrace, body: () => Result): Result {
  const outer = open
  open = trace
  try {
    return body()
  } finally {
    open = outer
  }
}

/**
 * A number that may change between steps, such as a learning rate: inside of a captured step a tensor without axes whose
 * value is asked for again at each call, elsewhere the number itself. A number that a captured step uses otherwise is a
 * constant to it.
 *
 * @param read   gives the number of now
 * @param dtype  the type of the tensors that it meets
 * @example parameter.value = parameter.value.sub(gradient.mul(setting(() => this.rate, gradient.dtype)))
 */
export function setting(read: () => number, dtype: DType): Tensor | number {
  checkGiven('setting', read, 'setting(() => this.rate, dtype)')
  if (!dtypes.includes(dtype)) {
    throw new DTypeError(
      'setting',
      `there is no type ${describeValue(dtype)}`,
      'Give that of the tensors that it meets',
    )
  }
  return openTrace()?.setting(read, dtype) ?? read()
}

/**
 * A value that decides what a step does, such as whether a module is in training: a captured step is captured again
 * when it has changed, and captures for several values are kept side by side.
 *
 * @param read  gives the value of now
 * @example const isTraining = assume(() => this.isTraining)
 */
export function assume<Value extends Assumed>(read: () => Value): Value {
  checkGiven('assume', read, 'assume(() => this.isTraining)')
  return (openTrace()?.assume(read) as Value | undefined) ?? read()
}

/** @throws ValueError when there is no function */
export function checkGiven(operation: string, given: unknown, such: string): void {
  if (typeof given === 'function') return
  throw new ValueError(operation, `the function is ${describeValue(given)}`, `Give one: ${such}`)
}
