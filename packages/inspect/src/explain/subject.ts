/** One entry of a tape, copied out of it so that its inputs can be moved and its rules asked without touching the tape. */

import { type Entry, epsilon, isFloat, type Tape, type Tensor, tensor, zerosLike } from '@sensigrad/core'
import { applied, attributesAt, copyOf, type Place } from './copies.ts'

/** An entry by itself. */
export interface Subject {
  readonly entry: Entry
  readonly inputs: readonly Tensor[]
  readonly attributes: unknown
  readonly outputs: readonly Tensor[]
  /** The elements of each input, row-major. */
  readonly values: readonly Float64Array[]
  /** Which inputs have a derivative: those that the tape made. */
  readonly needs: readonly boolean[]
  /** The distance from 1 to the next number in the coarsest float type that takes part. */
  readonly precision: number
}

/** An entry's operation on copies of its inputs. */
export async function subjectAt(tape: Tape, entry: Entry, place: Place): Promise<Subject> {
  const inputs = await Promise.all(entry.inputs.map(input => copyOf(input, place)))
  const attributes = await attributesAt(entry, place)
  const outputs = applied(entry, inputs, attributes)
  const values = await Promise.all(inputs.map(async input => Float64Array.from(await input.data())))
  const needs = entry.inputs.map(input => tape.contains(input) && isFloat(input.dtype))
  const isSingle = [...inputs, ...outputs].some(({ dtype }) => dtype === 'float32')
  return {
    entry,
    inputs,
    attributes,
    outputs,
    values,
    needs,
    precision: epsilon(isSingle ? 'float32' : 'float64'),
  }
}

/** The subject's outputs where some of its inputs have other elements. */
export function outputsAt(
  { entry, inputs, attributes }: Subject,
  values: ReadonlyMap<number, Float64Array>,
): readonly Tensor[] {
  const moved = inputs.map((input, i) => {
    const given = values.get(i)
    return given === undefined ? input : like(input, given)
  })
  return applied(entry, moved, attributes)
}

/** What the reverse rule sends to each input; zeros where that is nothing. */
export function pulled(
  { entry, inputs, outputs, attributes, needs: all }: Subject,
  gs: readonly (Tensor | undefined)[],
  needs: readonly boolean[] = all,
): Tensor[] {
  const given = { g: gs[0], gs, inputs, output: outputs[0]!, outputs, attributes, needs }
  const shares = entry.op.vjp(given)
  return inputs.map((input, i) => shares[i] ?? zerosLike(input))
}

/** What the forward rule makes of a tangent for each input; zeros where that is nothing. */
export function pushed(
  { entry, inputs, outputs, attributes }: Subject,
  d: readonly (Tensor | undefined)[],
): Tensor[] {
  const tangents = entry.op.jvp({ d, inputs, outputs, attributes })
  return outputs.map((output, j) => tangents[j] ?? zerosLike(output))
}

/** A tensor like another one, with other elements. */
export function like({ shape, dtype, backend }: Tensor, values: Float64Array): Tensor {
  return tensor(values, { shape, dtype, backend })
}
