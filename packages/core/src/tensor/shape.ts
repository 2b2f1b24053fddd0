/** Shapes, strides and broadcasting: the arithmetic of axes, without any tensor. */

import { describeValue, ShapeError, ValueError } from '../errors.ts'

/** Sizes of the axes, outermost first; `[]` is the shape of a single number. */
export type Shape = readonly number[]

/** How many elements a tensor of this shape has. */
export function sizeOf(shape: Shape): number {
  let size = 1
  for (const length of shape) size *= length
  return size
}

/** Steps in memory from one element to the next along each axis, for row-major storage without gaps. */
export function contiguousStrides(shape: Shape): number[] {
  const strides = new Array<number>(shape.length)
  for (let axis = shape.length - 1, step = 1; axis >= 0; axis--) {
    strides[axis] = step
    step *= shape[axis]!
  }
  return strides
}

const single: readonly number[] = [1]

/** As `contiguousStrides`, in a list that may be others' too: those of vectors are not to be made over and over. */
export function sharedStrides(shape: Shape): readonly number[] {
  return shape.length === 1 ? single : contiguousStrides(shape)
}

/** Whether elements with these strides lie row-major without gaps (axes of size one may have any stride). */
export function isContiguous(shape: Shape, strides: readonly number[]): boolean {
  for (let axis = shape.length - 1, step = 1; axis >= 0; axis--) {
    const length = shape[axis]!
    if (length !== 1 && strides[axis] !== step) return false
    step *= length
  }
  return true
}

export function sameShape(a: Shape, b: Shape): boolean {
  if (a === b) return true
  if (a.length !== b.length) return false
  for (let axis = 0; axis < a.length; axis++) if (a[axis] !== b[axis]) return false
  return true
}

/** A shape as it is written in messages: `[3, 4]`. */
export function formatShape(shape: Shape): string {
  return `[${shape.join(', ')}]`
}

/**
 * The shape that two shapes broadcast to: aligned at the last axis, equal sizes or one of them 1.
 *
 * @throws ShapeError naming `operation` and the axis on which they differ
 */
export function broadcastShapes(operation: string, a: Shape, b: Shape): Shape {
  if (sameShape(a, b)) return a
  const rank = Math.max(a.length, b.length)
  const shape = new Array<number>(rank)
  for (let axis = 1; axis <= rank; axis++) {
    const left = a[a.length - axis] ?? 1
    const right = b[b.length - axis] ?? 1
    if (left !== right && left !== 1 && right !== 1) {
      throw new ShapeError(
        operation,
        `shapes do not broadcast: ${formatShape(a)} and ${formatShape(b)} (${left} ≠ ${right} on axis -${axis})`,
        'Sizes must be equal or 1, counted from the last axis; reshape or transpose one',
      )
    }
    shape[rank - axis] = left === 1 ? right : left
  }
  return shape
}

/**
 * An axis counted from the front; negative axes count from the back.
 *
 * @throws ShapeError when there is no such axis
 */
export function resolveAxis(operation: string, axis: number, rank: number): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
    throw new ShapeError(
      operation,
      `there is no axis ${axis} in a tensor of ${rank} axes`,
      rank === 0 ? 'A single number has no axes' : `Give a whole number from ${-rank} to ${rank - 1}`,
    )
  }
  return axis < 0 ? axis + rank : axis
}

/** One axis, several, or (left out) all of them. */
export type Axes = number | readonly number[] | undefined

/** Sorted, distinct axes counted from the front. */
export function resolveAxes(operation: string, axes: Axes, rank: number): number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, axis) => axis)
  const list = typeof axes === 'number' ? [axes] : axes
  if (!Array.isArray(list)) {
    throw new ValueError(
      operation,
      `the axis is ${describeValue(axes)}`,
      'Give a number or an array of numbers',
    )
  }
  const resolved = list.map(axis => resolveAxis(operation, axis, rank))
  if (new Set(resolved).size !== resolved.length) {
    throw new ShapeError(operation, `axes ${formatShape(list)} name one axis twice`, 'Name each axis once')
  }
  return resolved.sort((a, b) => a - b)
}

/** @throws ValueError unless it is a list of sizes, each a whole number, zero or more */
export function checkShape(operation: string, shape: Shape): void {
  if (!Array.isArray(shape)) {
    throw new ValueError(
      operation,
      `the shape ${describeValue(shape)} is no list of sizes`,
      'Give an array such as [2, 3]',
    )
  }
  for (const length of shape) {
    if (!Number.isInteger(length) || length < 0) {
      throw new ValueError(
        operation,
        `the shape ${formatShape(shape)} has the size ${length}`,
        'Sizes are whole numbers, zero or more',
      )
    }
  }
}
