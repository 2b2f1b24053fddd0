/** How much a layer stretches what comes in: the Frobenius norm of its Jacobian, from random tangents (Hutchinson, 1990). */

import {
  describeValue,
  type Key,
  normal,
  pushforward,
  sliceTape,
  splitKey,
  type Tensor,
  ValueError,
} from '@sensigrad/core'
import { checkOptions } from '../checks.ts'
import type { FlowOptions } from './gradient-flow.ts'
import type { Passage } from './passages.ts'

/**
 * log₁₀ of ‖J v‖_rms/‖v‖_rms over random v for each passage, J being the Jacobian of its outputs by its inputs. Over many
 * v this is √(Σσ²/m) for the singular values σ of J and its m rows.
 *
 * @throws ValueError unless the number of tangents is one
 */
export function stretchOf(
  passages: readonly Passage[],
  tangents: FlowOptions['tangents'],
): (Promise<number> | undefined)[] {
  if (tangents === undefined) return passages.map(() => undefined)
  checkOptions('gradientFlow: tangents', tangents, ['samples', 'key'])
  const { samples, key } = tangents
  if (!(Number.isInteger(samples) && samples >= 1)) {
    throw new ValueError(
      'gradientFlow',
      `${describeValue(samples)} is no number of tangents`,
      'Give a whole number, 1 or more: { tangents: { samples: 3, key: key(7) } }',
    )
  }
  if (!Array.isArray(key)) {
    throw new ValueError(
      'gradientFlow',
      `the key of the tangents is ${describeValue(key)}`,
      'Give one: { tangents: { samples: 3, key: key(7) } }',
    )
  }
  const keys = splitKey(key, passages.length)
  return passages.map((passage, i) =>
    passage.inputs.length === 0 ? undefined : stretch(passage, samples, keys[i]!),
  )
}

async function stretch({ inputs, outputs }: Passage, samples: number, key: Key): Promise<number> {
  const tape = sliceTape(outputs, inputs)
  const [came, went] = [[], []] as [Tensor[], Tensor[]]
  for (const each of splitKey(key, samples)) {
    const keys = splitKey(each, inputs.length)
    const tangents = inputs.map(({ shape, dtype, backend }, i) =>
      normal(keys[i]!, shape, { dtype: dtype as 'float32' | 'float64', backend }),
    )
    came.push(...tangents)
    went.push(...pushforward(tape, tangents))
  }
  const [before, after] = await Promise.all([meanSquare(came), meanSquare(went)])
  return Math.log10(after / before) / 2
}

async function meanSquare(tensors: readonly Tensor[]): Promise<number> {
  const squares = await Promise.all(tensors.map(tensor => tensor.square().sum().item()))
  const size = tensors.reduce((sum, { size }) => sum + size, 0)
  return squares.reduce((sum, square) => sum + square, 0) / size
}
