/** Whether units keep the rule that lets the tape treat them by the batch: samples do not mix. */

import { isCapturing, isSynchronous, sizeOf, type Tensor, ValueError } from '@sensigrad/core'
import { mapTensors } from './inputs.ts'
import { beginsWith, type Compute } from './row-norms.ts'
import type { Layout } from './unit-axes.ts'

/** How far one sample alone may part from the same beside others, relative to the largest number: sums differ in order. */
const tolerances = { float32: 1e-4, float64: 1e-9 }

/**
 * Computes the last sample by itself and compares. Where reading means waiting, nothing is compared.
 *
 * @param output  the units' output for the inputs
 * @returns whether it could be compared
 * @throws ValueError when they differ
 */
export function checkAlone(
  compute: Compute,
  inputs: readonly unknown[],
  output: Tensor,
  { samples, named }: Layout,
): boolean {
  const { backend, dtype } = output
  const count = sizeOf(samples)
  if (isCapturing() || !isSynchronous(backend) || count === 0) return false
  const last = (x: Tensor): Tensor =>
    x.reshape([count, ...x.shape.slice(samples.length)]).slice([count - 1, count])
  const alone = compute(
    mapTensors(inputs, x =>
      beginsWith(x.shape, samples)
        ? last(x).reshape([...samples.map(() => 1), ...x.shape.slice(samples.length)])
        : x,
    ),
  )
  const [found, expected] = [backend.readSync(alone), backend.readSync(last(output))]
  const largest = Array.from(expected, Math.abs).reduce((most, value) => Math.max(most, value), 0)
  const allowed = tolerances[dtype as keyof typeof tolerances] * largest
  const differs = (value: number, i: number) =>
    !Object.is(value, found[i]) && Math.abs(value - found[i]!) > allowed // not where both are NaN: that is named later
  if (found.length === sizeOf(named) && !Array.from(expected).some(differs)) return true
  throw new ValueError(
    'SAL.adjust',
    'the units give one sample alone another output than beside others',
    "Samples must not mix, and the same inputs must give the same outputs: put dropout and batch normalisation into eval(), and name axes whose places see each other: { axes: ['position', 'unit'] }",
  )
}
