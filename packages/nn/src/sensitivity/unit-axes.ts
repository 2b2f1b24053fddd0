/** What the axes of an output are: samples, the units themselves, their components, and positions that see each other. */

import { describeValue, type Shape, ShapeError, sizeOf, type Tensor, ValueError } from '@sensigrad/core'

const kinds: readonly UnitAxis[] = ['unit', 'component', 'position']

/**
 * What one of the last axes of an output is:
 * - `unit`: its elements are units; without such an axis there is one unit;
 * - `component`: its elements are the components of a unit whose output is a vector;
 * - `position`: places, or times, whose outputs depend on each other's inputs, as in attention.
 */
export type UnitAxis = 'unit' | 'component' | 'position'

/** The axes of an output: first those of samples, which do not mix, then those that were named. */
export interface Layout {
  readonly samples: Shape
  readonly named: Shape
  readonly axes: readonly UnitAxis[]
}

/** @throws ValueError unless these are names of axes, and at most one is that of the units */
export function checkAxes(operation: string, axes: unknown): asserts axes is readonly UnitAxis[] {
  const isList = Array.isArray(axes) && axes.every(axis => kinds.includes(axis))
  if (isList && axes.indexOf('unit') === axes.lastIndexOf('unit')) return
  throw new ValueError(
    operation,
    isList
      ? 'two axes are named unit'
      : `the axes are ${Array.isArray(axes) ? axes.map(describeValue).join(', ') : describeValue(axes)}`,
    `Name the last axes of the output, of ${kinds.join(', ')}: { axes: ['unit', 'component'] }`,
  )
}

/**
 * @param axes  the names of the last axes
 * @throws ShapeError when the output has fewer axes than names
 */
export function layoutOf(operation: string, output: Tensor, axes: readonly UnitAxis[]): Layout {
  const first = output.rank - axes.length
  if (first >= 0) return { samples: output.shape.slice(0, first), named: output.shape.slice(first), axes }
  throw new ShapeError(
    operation,
    `the output of the units is ${output}, and ${axes.length} of its axes are named: ${axes.join(', ')}`,
    'Name the last axes of the output; { axes: [] } where it is one unit',
  )
}

/** How many units there are. */
export function unitsOf({ named, axes }: Layout): number {
  return named[axes.indexOf('unit')] ?? 1
}

/**
 * The sensitivity of each unit: the root of the mean square over its components, the mean over samples and positions.
 *
 * @param norms  ‖∂o/∂x‖ of each element of the output, `[elements of a sample, samples]`
 * @returns `[units]`
 */
export function meanOfUnits(norms: Tensor, layout: Layout): Tensor {
  const { named, axes } = layout
  const all = norms.reshape([...named, norms.shape.at(-1)!])
  const of = (kind: UnitAxis) => [...axes.keys()].filter(axis => axes[axis] === kind)
  const components = of('component')
  const width = sizeOf(components.map(axis => named[axis]!))
  const whole = components.length === 0 ? all : all.norm(components, { keepDims: true }).div(Math.sqrt(width))
  return whole.mean([...of('position'), axes.length], { keepDims: true }).reshape([unitsOf(layout)])
}
