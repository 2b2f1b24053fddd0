/**
 * What operations of a file must fit before they are computed: on a tape their public functions have checked that, but a
 * file may say anything, and kernels rely on it.
 */

import {
  type DType,
  type Expression,
  expressions,
  formatShape,
  isFloat,
  type Shape,
  ShapeError,
  sizeOf,
  type Tensor,
} from '@sensigrad/core'

/** What is wrong with the inputs and attributes of an operation; `undefined` where it may be computed. */
type Guard = (
  inputs: readonly Tensor[],
  attributes: never,
) => string | undefined | Promise<string | undefined>

interface Region {
  readonly start: readonly number[]
  readonly step: readonly number[]
  readonly shape: Shape
}

interface Picking {
  readonly indices: Tensor
  readonly axis: number
  readonly size?: number
}

const one = (inputs: readonly Tensor[]) => inputs.length === 1 || 'it takes one input'
const axisOf = (x: Tensor, axis: number) => axis < x.rank || `there is no axis ${axis} in ${x}`
const alikeBut = (axis: number, a: Shape, b: Shape) =>
  a.length === b.length && a.every((length, i) => i === axis || length === b[i])

/** The first of some conditions that does not hold. */
function first(...conditions: readonly (() => true | string)[]): string | undefined {
  for (const condition of conditions) {
    const held = condition()
    if (held !== true) return held
  }
  return undefined
}

const guards: Readonly<Record<string, Guard>> = {
  alias: inputs => first(() => one(inputs)),
  cast: inputs => first(() => one(inputs)),
  map: (inputs, { expression }: { expression: Expression }) => mapGuard(inputs, expression),
  matmul: inputs => matmulGuard(inputs),
  reshape: (inputs, { shape }: { shape: Shape }) =>
    first(
      () => one(inputs),
      () => sizeOf(shape) === inputs[0]!.size || `${inputs[0]} has not ${sizeOf(shape)} elements`,
    ),
  broadcastTo: (inputs, { shape }: { shape: Shape }) =>
    first(
      () => one(inputs),
      () => {
        const given = inputs[0]!.shape
        const before = shape.length - given.length
        const fits = before >= 0 && given.every((length, i) => length === 1 || length === shape[before + i])
        return fits || `${inputs[0]} does not broadcast to ${formatShape(shape)}`
      },
    ),
  transpose: (inputs, { axes }: { axes: readonly number[] }) =>
    first(
      () => one(inputs),
      () =>
        [...axes].sort((a, b) => a - b).join() === [...inputs[0]!.shape.keys()].join() ||
        `${formatShape(axes)} are not the axes of ${inputs[0]}`,
    ),
  sum: (inputs, { axes }: { axes: readonly number[] }) => axesGuard(inputs, axes, false),
  max: (inputs, { axes }: { axes: readonly number[] }) => axesGuard(inputs, axes, true),
  min: (inputs, { axes }: { axes: readonly number[] }) => axesGuard(inputs, axes, true),
  slice: (inputs, region: Region) =>
    first(
      () => one(inputs),
      () => isInside(region, region.shape, inputs[0]!.shape) || `the part lies outside of ${inputs[0]}`,
    ),
  place: (inputs, region: Region) =>
    first(
      () => one(inputs),
      () =>
        isInside(region, inputs[0]!.shape, region.shape) ||
        `${inputs[0]} lies outside of ${formatShape(region.shape)}`,
    ),
  concat: (inputs, { axis }: { axis: number }) =>
    first(
      () => inputs.length > 0 || 'there are no inputs',
      () => axisOf(inputs[0]!, axis),
      () =>
        inputs.every(x => x.dtype === inputs[0]!.dtype && alikeBut(axis, x.shape, inputs[0]!.shape)) ||
        'the inputs do not fit together',
    ),
  split: (inputs, { sizes, axis }: { sizes: readonly number[]; axis: number }) =>
    first(
      () => one(inputs),
      () => axisOf(inputs[0]!, axis),
      () =>
        sizes.reduce((sum, size) => sum + size, 0) === inputs[0]!.shape[axis] || 'the parts do not add up',
    ),
  windows: (inputs, given: { size: number; dilation: number; axis: number }) =>
    first(
      () => one(inputs),
      () => axisOf(inputs[0]!, given.axis),
      () =>
        (given.size - 1) * given.dilation + 1 <= inputs[0]!.shape[given.axis]! ||
        `no window fits into ${inputs[0]}`,
    ),
  linearRecurrence: (inputs, { axis }: { axis: number }) =>
    first(
      () => inputs.length === 2 || 'it takes two inputs',
      () => areFloatsAlike(inputs) || `${inputs.join(' and ')} are not of one float type`,
      () => formatShape(inputs[0]!.shape) === formatShape(inputs[1]!.shape) || 'its inputs differ in shape',
      () => axisOf(inputs[0]!, axis),
    ),
  takeAlongAxis: (inputs, picking: Picking) => pickingGuard(inputs, picking),
  scatter: (inputs, picking: Picking) => pickingGuard(inputs, picking),
}

const areFloatsAlike = (inputs: readonly Tensor[]) =>
  inputs.every(({ dtype }) => isFloat(dtype) && dtype === inputs[0]!.dtype)

function mapGuard(inputs: readonly Tensor[], expression: Expression): string | undefined {
  const { inputs: kinds, floats } = expressions.signatureOf(expression, 'replay')
  const numbers = inputs.filter((_, i) => kinds[i] !== 'boolean')
  const types = new Set<DType>(numbers.map(({ dtype }) => dtype))
  return first(
    () => (inputs.length > 0 && inputs.length >= kinds.length) || `it reads ${kinds.length} inputs`,
    () =>
      inputs.every(x => formatShape(x.shape) === formatShape(inputs[0]!.shape)) ||
      'its inputs differ in shape',
    () =>
      inputs.every((x, i) => kinds[i] !== 'boolean' || x.dtype === 'bool') || 'a number stands for a boolean',
    () => (types.size <= 1 && !types.has('bool')) || 'its inputs differ in type',
    () => !floats || numbers.every(({ dtype }) => isFloat(dtype)) || 'it takes floats only',
  )
}

function matmulGuard(inputs: readonly Tensor[]): string | undefined {
  const [a, b] = inputs
  return first(
    () => (inputs.length === 2 && a!.rank > 0 && b!.rank > 0) || 'it takes two matrices',
    () => areFloatsAlike(inputs) || `${a} and ${b} are not of one float type`,
    () =>
      (a!.rank <= 2 && b!.rank <= 2) ||
      (a!.rank === b!.rank && alikeBut(-1, a!.shape.slice(0, -2), b!.shape.slice(0, -2))) ||
      'its batches differ',
    () => a!.shape.at(-1) === b!.shape.at(b!.rank === 1 ? -1 : -2) || 'inner sizes differ',
  )
}

function axesGuard(
  inputs: readonly Tensor[],
  axes: readonly number[],
  needsElements: boolean,
): string | undefined {
  return first(
    () => one(inputs),
    () =>
      axes.every((axis, i) => axis < inputs[0]!.rank && (i === 0 || axes[i - 1]! < axis)) ||
      `${formatShape(axes)} are not axes of ${inputs[0]}`,
    () =>
      !needsElements || axes.every(axis => inputs[0]!.shape[axis]! > 0) || `an axis of ${inputs[0]} is empty`,
  )
}

/** Whether a part of the given shape lies inside of `whole`. */
function isInside({ start, step }: Region, part: Shape, whole: Shape): boolean {
  if (part.length !== whole.length || start.length !== whole.length || step.length !== whole.length)
    return false
  if (part.includes(0)) return true
  return part.every((length, axis) => {
    const last = start[axis]! + step[axis]! * (length - 1)
    return (
      Math.min(start[axis]!, last) >= 0 && Math.max(start[axis]!, last) < whole[axis]! && step[axis] !== 0
    )
  })
}

async function pickingGuard(
  inputs: readonly Tensor[],
  { indices, axis, size }: Picking,
): Promise<string | undefined> {
  const isScatter = size !== undefined
  const wrong = first(
    () => one(inputs),
    () => axisOf(inputs[0]!, axis),
    () =>
      (isScatter
        ? formatShape(inputs[0]!.shape) === formatShape(indices.shape)
        : alikeBut(axis, inputs[0]!.shape, indices.shape)) || 'the indices do not fit',
  )
  if (wrong !== undefined) return wrong
  const length = size ?? inputs[0]!.shape[axis]!
  const outside = (await indices.data()).find(index => index < 0 || index >= length)
  return outside === undefined ? undefined : `index ${outside} lies outside of an axis of size ${length}`
}

/** The names of the operations that a file can replay. */
export const fileOperations: readonly string[] = Object.keys(guards)

/**
 * Looks at the inputs and attributes of an operation of a file.
 *
 * @throws ShapeError when it cannot be computed for them
 */
export async function guard(name: string, inputs: readonly Tensor[], attributes: unknown): Promise<void> {
  const wrong = await guards[name]?.(inputs, attributes as never)
  if (wrong === undefined) return
  throw new ShapeError(
    'replay',
    `${name} of ${inputs.join(', ')}: ${wrong}`,
    'The record is damaged: make it again',
  )
}
