/**
 * One run of an experiment: SAL prepares the network where the arm says so, then the network learns until it succeeds or
 * its time is up. What SAL adds and what the task adds come from one forward pass, in one captured step.
 */

import { setImmediate } from 'node:timers/promises'
import { arange, capture, type Key, scope, type Tensor } from '@sensigrad/core'
import type { Updating } from '@sensigrad/inspect'
import {
  type AnyModule,
  type ByParameter,
  clipByGlobalNorm,
  Isometry,
  SAL,
  valueAndGrad,
} from '@sensigrad/nn'
import type { ArmRun, Point, Profile, Watch } from '../arms/experiment.ts'
import type { Recording } from '../recording/recording.ts'
import type { TrainingArm } from './arms.ts'
import { onFastBackend } from './backend.ts'
import { asTwin, type NetworkOptions, type StagedNetwork } from './networks.ts'
import { look, type Sight } from './profile.ts'
import { recordingOf } from './recorded.ts'
import type { TrainingSettings } from './settings.ts'
import { type Samples, samplesAt, stepsOf, type Task } from './task.ts'

/** What is trained, how, and on what. */
export interface Training {
  /** Makes the network, of options that are adapted before. */
  readonly make: (adapt: (options: NetworkOptions) => NetworkOptions) => StagedNetwork
  readonly task: Task
  readonly optimiser: Updating & { update(module: AnyModule, gradients: ByParameter): void }
  /** Decides the order of samples. */
  readonly key: Key
  readonly hasSucceeded: (point: Point) => boolean
}

/** Vanished signals and gradients would be denormal numbers, which are slow; below 1e-30 they are taken for 0. */
const options = { flushDenormals: true }

/**
 * One run of an arm, on the fast backend.
 *
 * @param trainingOf  makes what is trained; it is called with that backend in use
 */
export function runArm(
  arm: TrainingArm,
  seed: number,
  settings: TrainingSettings,
  watch: Watch,
  trainingOf: () => Training,
): Promise<ArmRun> {
  return onFastBackend(async () => {
    const training = trainingOf()
    const network = training.make(options => options)
    const recording =
      watch.record &&
      recordingOf(watch.record, arm, seed, {
        network,
        twin: training.make(options => options),
        task: training.task,
      })
    try {
      return await train(arm, seed, settings, watch, { ...training, network, recording })
    } finally {
      recording?.close()
    }
  })
}

/** A training with its network, and who records it. */
interface Trained extends Training {
  readonly network: StagedNetwork
  readonly recording: Recording | undefined
}

async function train(
  arm: TrainingArm,
  seed: number,
  settings: TrainingSettings,
  watch: Watch,
  { make, network, task, optimiser, key, hasSucceeded, recording }: Trained,
): Promise<ArmRun> {
  const twin = make(asTwin)
  const { clip, iterations, probeEvery } = settings
  const { sal, preparation, learningRate } = adjustmentOf(arm, settings)
  const samples = stepsOf(task, key)

  const profiles: Profile[] = []
  const profiled = async (stage: Profile['stage'], iteration: number): Promise<Sight> => {
    const sight = await look(network, twin, task)
    const { gradientNorms, logSensitivity } = sight
    profiles.push({ stage, iteration, gradientNorms, logSensitivity })
    return sight
  }
  const start = await profiled('start', 0)
  let prepared = start

  if (arm.sal !== 'never') {
    for (const layer of network.adjusted) sal.attach(layer)
    const prepare = capture(({ x }: { x: Tensor }) => {
      network.call(x)
      sal.adjust()
    }, options)
    for (let step = 0; step < preparation && !watch.stopped(); step++) {
      await recording?.look(step - preparation)
      scope(() => prepare({ x: samples().x }))
    }
    prepare.release()
    prepared = await profiled('prepared', 0)
  }
  if (arm.sal === 'before') for (const layer of network.adjusted) sal.detach(layer)
  sal.rate = learningRate

  const learn = capture((x: Tensor, y: Tensor) => {
    const [loss, gradients] = valueAndGrad(network, () => task.loss(network.call(x), y))
    optimiser.update(network, clip > 0 ? clipByGlobalNorm(gradients, clip).gradients : gradients)
    sal.adjust()
    return loss
  }, options)
  recording?.enter(optimiser, ...(arm.sal === 'throughout' ? [sal] : []))
  const evaluate = (samples: Samples) => evaluated(network, task, samples, sal)

  const curve: Point[] = []
  const moments = momentsOf(settings)
  let outcome: 'running' | 'succeeded' | 'broken' | 'over' = 'running'
  let iteration = 0
  for (; !watch.stopped(); iteration++) {
    if (iteration % probeEvery === 0 || iteration === iterations) {
      const point: Point = { iteration, ...(await evaluate(task.training)) }
      if (task.test) point.testAccuracy = (await evaluate(task.test)).accuracy
      curve.push(point)
      recording?.number(iteration, 'accuracy', point.accuracy)
      if (!Number.isFinite(point.loss)) outcome = 'broken'
      else if (hasSucceeded(point)) outcome = 'succeeded'
      else if (iteration === iterations) outcome = 'over'
      await setImmediate() // a turn of the event loop, for messages and interrupts
    }
    watch.progress(iteration)
    if (outcome !== 'running') break
    await recording?.look(iteration)
    if (moments.has(iteration)) await profiled('learning', iteration)
    scope(() => {
      const { x, y } = samples()
      const loss = learn(x, y)
      recording?.number(iteration, 'loss', loss)
    })
  }
  if (outcome !== 'running') await recording?.finish(iteration)
  learn.release()
  const end = await profiled('end', iteration)

  const neurons = (sight: Sight): number[] => perNeuron(sight, network).map(readable)
  const run: ArmRun = {
    arm: arm.id,
    seed,
    status: outcome === 'running' ? 'interrupted' : 'finished',
    success: outcome === 'succeeded',
    iterations: outcome === 'broken' ? iterations : iteration,
    curve,
    profiles,
    sensitivities: { start: neurons(start), end: neurons(end) },
    gradientRatio: { start: ratio(start), prepared: ratio(prepared), end: ratio(end) },
  }
  if (outcome === 'broken')
    run.note = `The loss was no finite number at iteration ${iteration}, where the run ended.`
  return run
}

/** What acts on the neurons' sensitivities, how long before learning, and at which rate during it. */
function adjustmentOf(
  { isometry }: TrainingArm,
  { preparation, preparationRate, salRate, decay }: TrainingSettings,
): { sal: SAL | Isometry; preparation: number; learningRate: number } {
  if (isometry) {
    const sal = new Isometry({ rate: isometry.preparationRate, target: isometry.target })
    return { sal, preparation: isometry.preparation, learningRate: isometry.rate }
  }
  const sal = new SAL({ rate: preparationRate, decay, warn: () => {} }) // the command line warns of high rates
  return { sal, preparation, learningRate: salRate }
}

/** Samples that are evaluated at once: 300 layers of all of a large set would fill the memory. */
const atOnce = 500

/** Loss and accuracy on samples, as the network is. */
async function evaluated(
  network: StagedNetwork,
  { loss, areRight, sampleAxis }: Task,
  samples: Samples,
  sal: SAL | Isometry,
): Promise<{ loss: number; accuracy: number }> {
  const count = samples.y.size
  const sums = { loss: 0, right: 0 }
  for (let first = 0; first < count; first += atOnce) {
    const size = Math.min(atOnce, count - first)
    const seen = scope(() => {
      const { x, y } = samplesAt(samples, arange(first, first + size), sampleAxis)
      const answers = sal.paused(() => network.call(x))
      return { loss: loss(answers, y), right: areRight(answers, y).cast('float32').sum() }
    })
    sums.loss += size * (await seen.loss.item())
    sums.right += await seen.right.item()
  }
  return { loss: sums.loss / count, accuracy: sums.right / count }
}

/** The probes at which a run is looked at more closely: after 1, 2, 5, 10, 20, … of them. */
function momentsOf({ iterations, probeEvery }: TrainingSettings): ReadonlySet<number> {
  const moments = new Set<number>()
  for (let decade = probeEvery; decade < iterations; decade *= 10) {
    for (const times of [1, 2, 5]) moments.add(times * decade)
  }
  return moments
}

/** One number for each neuron: of a recurrent one, which takes part in all stages, the mean. */
function perNeuron({ sensitivities }: Sight, { adjusted }: StagedNetwork): number[] {
  if (adjusted.length > 1) return sensitivities.flat()
  return sensitivities[0]!.map(
    (_, i) => sensitivities.reduce((sum, s) => sum + s[i]!, 0) / sensitivities.length,
  )
}

/** There are thousands of neurons, and no eye sees more digits than these. */
const readable = (value: number): number => Number(value.toPrecision(4))

const ratio = ({ gradientNorms }: Sight): number => gradientNorms[0]! / gradientNorms.at(-1)!
