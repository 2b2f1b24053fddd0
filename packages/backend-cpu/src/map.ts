/** Elementwise expressions: a view for each input becomes loops, and the innermost loop a kernel. */

import {
  collapse,
  type Destination,
  type DType,
  type Expression,
  type Shape,
  sizeOf,
  type TypedArray,
  type View,
  walk,
} from '@sensigrad/core'
import type { InputKind, MapKernel } from './compile.ts'
import { outputFor, valuesOf } from './values.ts'

/** Makes the kernel for an expression whose inputs advance in these ways. */
export type KernelMaker = (
  expression: Expression,
  kinds: readonly InputKind[],
  integers: boolean,
) => MapKernel

function kindOf(step: number): InputKind {
  return step === 0 ? 'scalar' : step === 1 ? 'dense' : 'strided'
}

/** The value of an expression at each element; all inputs have the shape of the output. */
export function map(
  kernelFor: KernelMaker,
  expression: Expression,
  inputs: readonly View[],
  shape: Shape,
  dtype: DType,
  into?: Destination,
): TypedArray {
  const output = outputFor(dtype, sizeOf(shape), into)
  const integers = inputs.some(input => input.dtype === 'int32')
  const arrays = inputs.map(valuesOf)
  const offsets = inputs.map(input => input.offset)
  if (shape.length === 1) {
    // one loop, as most are: nothing to join or to walk
    const steps = inputs.map(input => input.strides[0]!)
    kernelFor(expression, steps.map(kindOf), integers)(output, 0, shape[0]!, arrays, offsets, steps)
    return output
  }
  const layout = collapse(
    shape,
    inputs.map(input => input.strides),
  )
  const count = layout.shape.pop() ?? 1
  const steps = layout.strides.map(strides => strides.pop() ?? 0)
  const kernel = kernelFor(expression, steps.map(kindOf), integers)
  walk(layout.shape, layout.strides, offsets, (at, position) => {
    kernel(output, position * count, count, arrays, at, steps)
  })
  return output
}
