/** Where an activation has gone flat, so that next to no gradient passes: what `saturated` counts. */

import type { Entry, Expression, MapAttributes, ScalarFunction } from '@sensigrad/core'

const flat: Partial<Record<ScalarFunction, (y: number) => boolean>> = {
  tanh: y => Math.abs(y) > 0.99,
  sigmoid: y => Math.abs(2 * y - 1) > 0.99, // σ(x) = (1 + tanh(x/2))/2
  relu: y => y === 0,
}

/** The test of an entry's outputs, where the entry ends in an activation that can saturate. */
export function flatnessOf({
  op,
  attributes,
}: Pick<Entry, 'op' | 'attributes'>): ((y: number) => boolean) | undefined {
  if (op.name !== 'map') return undefined
  return flatnessOfExpression((attributes as MapAttributes).expression)
}

/** As `flatnessOf`, of the expression of a map. */
export function flatnessOfExpression(expression: Expression): ((y: number) => boolean) | undefined {
  return expression.kind === 'call' ? flat[expression.name] : undefined
}
