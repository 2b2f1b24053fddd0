/** Kernels in which every element comes from the elements at its own index: maps, copies, other types. */

import {
  collapse,
  type DType,
  type Expression,
  expressions,
  isFloat,
  type Shape,
  sizeOf,
  type View,
} from '@sensigrad/core'
import { mostReads, stackJob } from './concat.ts'
import { write } from './expression.ts'
import type { Job } from './job.ts'
import { coordinates, type Operand, steps, viewed } from './places.ts'
import { Text } from './text.ts'

/** The value of an expression at each element; all inputs have the shape of the output. */
export function mapJob(expression: Expression, inputs: readonly View[], shape: Shape): Job {
  const used = expressions.inputsOf(expression)
  return elementJob(
    shape,
    used.map(index => inputs[index]!),
    (text, values) => write(text, expression, index => values[used.indexOf(index)]!),
  )
}

/** The elements of a view, side by side. */
export function copyJob(input: View): Job {
  return elementJob(input.shape, [input], (_, [value]) => value!)
}

/** The elements of a view in another type: towards zero for `int32`, non-zero → 1 for `bool`. */
export function castJob(input: View, dtype: DType): Job {
  return elementJob(input.shape, [input], (_, [value]) => {
    if (dtype === 'bool' && input.dtype !== 'bool') return `(${value} === 0 ? 0 : 1)`
    if (dtype === 'int32' && isFloat(input.dtype)) {
      return `(${value} < 0 ? Math.ceil(${value}) : Math.floor(${value}))`
    }
    return value!
  })
}

/** A job whose every element is computed from the elements of some views at the same index. */
function elementJob(
  shape: Shape,
  inputs: readonly View[],
  compute: (text: Text, values: readonly string[]) => string,
): Job {
  const layout = collapse(
    shape,
    inputs.map(({ strides }) => strides),
  )
  const text = new Text()
  const index = coordinates(text, text.element, layout.shape)
  const direct = inputs.length <= mostReads ? inputs.length : mostReads - 1
  const values = inputs
    .slice(0, direct)
    .map((_, i) => text.value(`a${i}[o${i}${steps(index, layout.strides[i]!)}]`))
  const stacked = inputs.slice(direct)
  const size = sizeOf(shape)
  for (const k of stacked.keys()) {
    values.push(text.value(`a${direct}[o${direct} + ${k * size} + ${text.element}]`))
  }
  const rest: Operand[] = stacked.map(viewed)
  const reads = [...inputs.slice(0, direct), ...(rest.length > 0 ? [stackJob(rest, shape)] : [])]
  return text.job(compute(text, values), size, reads)
}
