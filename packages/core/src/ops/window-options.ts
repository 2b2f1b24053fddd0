/** What is said of windows along one axis or several: the reading of it, and the refusal of what cannot be meant. */

import { describeValue, ShapeError, ValueError } from '../errors.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { pad } from './parts.ts'
import type { Elements } from './specify.ts'

/** A number for each of the axes along which windows slide, or one for all of them. */
export type PerAxis = number | readonly number[]

/** How much is laid around the axes: one number for all ends, or for each axis a number or `[before, after]`. */
export type Padding = number | readonly (number | Widths)[]

/** How much is laid before and after an axis. */
export type Widths = readonly [before: number, after: number]

/** How many elements lie between the first and the last of a window, both included. */
export function span(size: number, dilation: number): number {
  return dilation * (size - 1) + 1
}

/** @throws ValueError unless `value`, which messages call `what`, is a whole number of `least` or more */
export function checkStep(
  operation: string,
  what: string,
  value: unknown,
  least = 1,
  remedy = `Give a whole number, ${least} or more`,
): void {
  if (Number.isInteger(value) && Number(value) >= least) return
  throw new ValueError(operation, `the ${what} is ${describeValue(value)}`, remedy)
}

/** @throws ShapeError when a window spans more elements than an axis has, zeros around it (`padding`) included */
export function checkFit(
  operation: string,
  spanned: number,
  axis: number,
  length: number,
  padding: Widths = [0, 0],
): void {
  const around = padding[0] + padding[1]
  if (spanned <= length + around) return
  throw new ShapeError(
    operation,
    `the window spans ${spanned} elements, but axis ${axis} has ${length}${around > 0 ? ` and ${around} around it` : ''}`,
    'Make the window or its dilation smaller, or the axis longer',
  )
}

/**
 * One number for each of `rank` axes.
 *
 * @throws ValueError unless they are whole numbers of `least` or more, one for all axes or one for each
 */
export function perAxis(operation: string, what: string, value: unknown, rank: number, least = 1): number[] {
  const list = listFor(operation, what, value, rank)
  for (const each of list) checkStep(operation, what, each, least)
  return list as number[]
}

const paddings = 'Give a whole number, 0 or more, or for each axis a number or [before, after]'

/**
 * How much is laid around each of `rank` axes.
 *
 * @throws ValueError unless they are whole numbers or pairs of them, zero or more, one for all axes or one for each
 */
export function paddingPerAxis(operation: string, value: unknown, rank: number): Widths[] {
  return listFor(operation, 'padding', value, rank).map((each): Widths => {
    const [before, after] = Array.isArray(each) && each.length === 2 ? each : [each, each]
    checkStep(operation, 'padding', before, 0, paddings)
    checkStep(operation, 'padding', after, 0, paddings)
    return [before, after]
  })
}

function listFor(operation: string, what: string, value: unknown, rank: number): unknown[] {
  if (!Array.isArray(value)) return Array<unknown>(rank).fill(value)
  if (value.length === rank) return value
  throw new ValueError(
    operation,
    `the ${what} has ${value.length === 1 ? '1 entry' : `${value.length} entries`} for ${rank === 1 ? 'one axis' : `${rank} axes`}`,
    'Give one for each axis, or one number for all',
  )
}

/** Zeros around the last axes. */
export function padLast(x: Tensor, padding: readonly Widths[]): Tensor {
  if (padding.every(([before, after]) => before + after === 0)) return x
  const still: Widths[] = Array<Widths>(x.rank - padding.length).fill([0, 0])
  return pad(x, [...still, ...padding])
}

/** The elements of x, and `outside` beyond its last axes of these lengths, for the values of samples. */
export function surrounded(x: Elements, lengths: readonly number[], outside = 0): Elements {
  return (...index) => {
    const last = index.slice(-lengths.length)
    return last.every((at, axis) => at >= 0 && at < lengths[axis]!) ? x(...index) : outside
  }
}
