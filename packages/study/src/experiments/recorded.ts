/** What is recorded of a training run. */

import type { ArmRun } from '../arms/experiment.ts'
import { pathsOf, someOf } from '../recording/chosen.ts'
import type { RecordPlace } from '../recording/place.ts'
import { Recording } from '../recording/recording.ts'
import type { TrainingArm } from './arms.ts'
import type { StagedNetwork } from './networks.ts'
import type { Task } from './task.ts'

/**
 * Begins to record a run.
 *
 * @param twin  a network like it, of the same type of numbers
 */
export function recordingOf(
  place: RecordPlace,
  arm: TrainingArm,
  seed: ArmRun['seed'],
  { network, twin, task }: { network: StagedNetwork; twin: StagedNetwork; task: Task },
): Recording {
  const { x, y } = task.looked
  const layers = someOf(network.adjusted)
  const middle = layers[Math.floor(layers.length / 2)]!
  return new Recording(place, {
    title: `${arm.label}, seed ${seed}`,
    network,
    twin,
    loss: () => task.loss(twin.call(x), y),
    without: 'readout',
    parameters: pathsOf(network, [...layers, network.readout]),
    shown: pathsOf(network, [middle])[0]!,
  })
}
