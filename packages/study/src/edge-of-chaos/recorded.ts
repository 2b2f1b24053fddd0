/** What is recorded of a ring: there is no task, so gradients are those of a later state, pulled back in time. */

import { type Tensor, withScope } from '@sensigrad/core'
import { pathsOf, someOf } from '../recording/chosen.ts'
import type { RecordPlace } from '../recording/place.ts'
import { Recording } from '../recording/recording.ts'
import type { Ring } from './ring.ts'
import type { Settings } from './settings.ts'

/** How many steps a gradient is pulled back. */
export const horizon = 30

/**
 * Begins to record a run.
 *
 * @param twin  a ring like it
 * @param state the state that the ring is in now
 */
export function recordingOf(
  place: RecordPlace,
  { ring, twin, settings, seed }: { ring: Ring; twin: Ring; settings: Settings; seed: number },
  state: () => Tensor,
): Recording {
  const layers = someOf(ring.layers)
  const middle = layers[Math.floor(layers.length / 2)]!
  return new Recording(place, {
    title: `N = ${settings.size}, seed ${seed}`,
    network: ring,
    twin,
    loss: () => {
      let later = state()
      for (let step = 0; step < horizon; step++) {
        const before = later
        later = withScope(`steps.${step}`, () => twin.call(before)) // so that the flow tells them apart
      }
      return later.sum()
    },
    passes: horizon,
    target: settings.target,
    parameters: pathsOf(ring, layers),
    shown: pathsOf(ring, [middle])[0]!,
  })
}
