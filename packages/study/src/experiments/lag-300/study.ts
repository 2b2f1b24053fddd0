/** Can a recurrent network learn across a lag of 300 steps? Whether two pulses, long gone, had the same sign. */

import { greater, key, mul, softplus, splitKey, tensor } from '@sensigrad/core'
import { Adam, initialise } from '@sensigrad/nn'
import type { ArmRun, ArmsStudy, Watch } from '../../arms/experiment.ts'
import { whole } from '../../rules.ts'
import { armOf, recurrentArms } from '../arms.ts'
import { SequenceNetwork } from '../networks.ts'
import { checkTraining, type TrainingSettings, trainingDoubts, trainingRules } from '../settings.ts'
import type { Task } from '../task.ts'
import { runArm } from '../train.ts'

/** How a run of the study goes. */
export interface LagSettings extends TrainingSettings {
  /** Steps from the first pulse to the answer; the second pulse comes halfway. */
  lag: number
  neurons: number
}

const lag300: ArmsStudy<LagSettings> = {
  name: 'lag-300',
  title: 'A lag of 300 steps',
  question:
    'Does a recurrent network learn across a lag of 300 steps from small weights, once SAL has raised its sensitivities?',
  description:
    'Recurrent tanh neurons hear a pulse of ±1 on one input at the first step and one on another input halfway, and ' +
    'nothing else; at the end they are to say whether the signs were equal. All four patterns are seen at each step of ' +
    'learning, by backpropagation through all of time, Adam, and a bound on the length of the whole gradient. SAL adds ' +
    'its step once an update, from means over time and patterns; only the recurrent weights count. Biases start at 0, ' +
    'input weights even within ±1.',
  file: import.meta.url,
  arms: recurrentArms,
  reference: 'sal',
  seeds: 8,
  defaults: {
    lag: 300,
    neurons: 80,
    gain: 0.3,
    preparation: 600,
    preparationRate: 2e-3,
    salRate: 1e-4,
    decay: 0.9,
    rate: 3e-4,
    clip: 1,
    iterations: 2000,
    probeEvery: 25,
  },
  rules: {
    lag: {
      ...whole(2, 10_000, 'the second pulse comes between the first and the answer'),
      about: 'steps from the first pulse to the answer',
    },
    neurons: { ...whole(2, 1000, 'a network needs at least 2 neurons'), about: 'recurrent neurons' },
    ...trainingRules,
  },
  quick: { seeds: 3, settings: { lag: 100, neurons: 40, iterations: 1000 } },
  success: 'accuracy 1 and loss below 0.1 at a probe',
  along: 'time step',
  chance: Math.LN2,
  check: checkTraining,
  doubts: trainingDoubts,
  iterations: ({ iterations }) => iterations,
  canRecord: true,
  run: runLag,
}

export default lag300

function runLag(id: string, seed: number, settings: LagSettings, watch: Watch): Promise<ArmRun> {
  const arm = armOf(recurrentArms, id)
  const { lag, neurons, gain, rate } = settings
  const [networkKey, sampleKey] = splitKey(key(seed))
  return runArm(arm, seed, settings, watch, () => ({
    make: adapt =>
      new SequenceNetwork(
        adapt({
          inputs: 2,
          outputs: 1,
          width: neurons,
          key: networkKey!,
          weight: arm.weight(gain),
          inputWeight: initialise.uniform(1),
          outputWeight: initialise.gaussianOf(0.1),
        }),
      ),
    task: equalPulses(lag),
    optimiser: new Adam({ rate }),
    key: sampleKey!,
    hasSucceeded: ({ accuracy, loss }) => accuracy === 1 && loss < 0.1,
  }))
}

/**
 * Whether a pulse at step 0 and one halfway had the same sign: y is 1 where they had, -1 elsewhere. Inputs are
 * `[lag + 1, 4, 2]`; the loss is the logistic one, on the answer after the last step.
 */
export function equalPulses(lag: number): Task {
  const patterns = [
    [1, 1],
    [1, -1],
    [-1, 1],
    [-1, -1],
  ] as const
  const half = Math.floor(lag / 2)
  const steps = Array.from({ length: lag + 1 }, (_, t) =>
    patterns.map(([first, second]) => [t === 0 ? first : 0, t === half ? second : 0]),
  )
  const all = {
    x: tensor(steps),
    y: tensor(
      patterns.map(([first, second]) => first * second),
      { dtype: 'int32' },
    ),
  }
  return {
    training: all,
    looked: all,
    sampleAxis: 1,
    batch: patterns.length,
    loss: (answers, y) => softplus(mul(answers.squeeze(-1), y.cast(answers.dtype)).neg()).mean(),
    areRight: (answers, y) => greater(mul(answers.squeeze(-1), y.cast(answers.dtype)), 0),
  }
}
