/**
 * What a case should give: our own computation in float64. A runner that computes something else is not measured, since
 * its time would be that of something else.
 */

import { cpu } from '@sensigrad/backend-cpu'
import { tensor, useBackend } from '@sensigrad/core'
import type { Case, Named } from './case.ts'
import { stepOf, valuesOf } from './steps.ts'

export async function referenceOf({ kind, inputs, sizes }: Case): Promise<Named> {
  useBackend(cpu())
  const tensors = Object.entries(inputs).map(([name, { values, shape }]) => {
    return [name, tensor(values, { shape, dtype: 'float64' })] as const
  })
  const { run, args, results } = stepOf(kind, Object.fromEntries(tensors), sizes)
  return valuesOf(results(run(...args)))
}

/**
 * Compares results with the reference.
 *
 * @returns what is wrong, in words; undefined when each result is within the tolerance
 */
export function difference(results: Named, reference: Named, tolerance: number): string | undefined {
  for (const [name, { values: expected }] of Object.entries(reference)) {
    const found = results[name]?.values
    if (found === undefined) return `it does not compute ${name}`
    if (found.length !== expected.length) {
      return `its ${name} has ${found.length} numbers instead of ${expected.length}`
    }
    const distance = lengthOf(found.map((value, i) => value - expected[i]!)) / lengthOf(expected)
    if (!(distance <= tolerance)) {
      return `its ${name} is ${distance.toExponential(1)} from the reference, relative to its length (allowed: ${tolerance})`
    }
  }
  return undefined
}

const lengthOf = (values: Float32Array): number =>
  Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0))
