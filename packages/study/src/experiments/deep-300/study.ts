/** Can a network of 300 layers learn? Parity of four bits, from starts that let gradients vanish and from others. */

import { equal, key, splitKey, tensor } from '@sensigrad/core'
import { crossEntropy, initialise, SGD } from '@sensigrad/nn'
import type { ArmRun, ArmsStudy, Watch } from '../../arms/experiment.ts'
import { whole } from '../../rules.ts'
import { armOf, deepArms } from '../arms.ts'
import { DeepNetwork } from '../networks.ts'
import { checkTraining, type TrainingSettings, trainingDoubts, trainingRules } from '../settings.ts'
import type { Task } from '../task.ts'
import { runArm } from '../train.ts'

/** How a run of the study goes. */
export interface DeepSettings extends TrainingSettings {
  /** Weights from one hidden layer to the next; the layer that sees the input comes before them. */
  layers: number
  /** Neurons of a layer. */
  width: number
}

const bits = 4

const defaults: DeepSettings = {
  layers: 300,
  width: 50,
  gain: 0.3,
  preparation: 900,
  preparationRate: 2e-3,
  salRate: 3e-4,
  decay: 0.9,
  rate: 0.1,
  clip: 0.1,
  iterations: 1500,
  probeEvery: 50,
}

const deep300: ArmsStudy<DeepSettings> = {
  name: 'deep-300',
  title: '300 layers',
  question: 'Does a network of 300 layers learn from small weights once SAL has raised its sensitivities?',
  description:
    'tanh layers of equal width and a linear softmax readout learn the parity of four bits: 16 patterns, all of them ' +
    'at each step, by gradient descent with a bound on the length of the whole gradient. Biases start at 0.',
  file: import.meta.url,
  arms: deepArms,
  reference: 'sal',
  seeds: 5,
  defaults,
  rules: {
    layers: {
      ...whole(1, 2000, 'there is at least one layer between the first and the last'),
      about: 'hidden layers after the first',
    },
    width: { ...whole(2, 1000, 'a layer needs at least 2 neurons'), about: 'neurons of a layer' },
    ...trainingRules,
  },
  quick: { seeds: 2, settings: { layers: 100, iterations: 500, preparation: 900 } },
  success: 'accuracy 1 and loss below 0.1 at a probe',
  along: 'layer',
  chance: Math.LN2,
  check: checkTraining,
  doubts: deepDoubts,
  iterations: ({ iterations }) => iterations,
  canRecord: true,
  run: runDeep,
}

export default deep300

/** Where nothing bounds the gradient, a rate that is fine otherwise breaks the network within a few updates. */
function deepDoubts(settings: DeepSettings): string[] {
  const { clip, rate } = settings
  if (clip > 0 || rate <= 0.01) return trainingDoubts(settings)
  return [
    ...trainingDoubts(settings),
    `clip 0 leaves gradients as long as they are, and rate ${rate} is high for that: 0.003 is usual here.`,
  ]
}

function runDeep(id: string, seed: number, settings: DeepSettings, watch: Watch): Promise<ArmRun> {
  const arm = armOf(deepArms, id)
  const { layers, width, gain, rate } = settings
  const [networkKey, sampleKey] = splitKey(key(seed))
  return runArm(arm, seed, settings, watch, () => ({
    make: adapt =>
      new DeepNetwork(
        layers,
        adapt({
          inputs: bits,
          outputs: 2,
          width,
          key: networkKey!,
          weight: arm.weight(gain),
          inputWeight: initialise.gaussian(arm.inputGain(gain)),
          outputWeight: initialise.gaussian(0.3),
        }),
      ),
    task: parity(bits),
    optimiser: new SGD({ rate }),
    key: sampleKey!,
    hasSucceeded: ({ accuracy, loss }) => accuracy === 1 && loss < 0.1,
  }))
}

/** Whether the number of ones among some bits, given as ±1, is odd. */
export function parity(bits: number): Task {
  const patterns = Array.from({ length: 2 ** bits }, (_, i) =>
    Array.from({ length: bits }, (_, bit) => (i >> bit) & 1),
  )
  const odd = patterns.map(ones => ones.reduce((sum, one) => sum + one, 0) % 2)
  const all = {
    x: tensor(patterns.map(ones => ones.map(one => 2 * one - 1))),
    y: tensor(odd, { dtype: 'int32' }),
  }
  return {
    training: all,
    looked: all,
    sampleAxis: 0,
    batch: patterns.length,
    loss: crossEntropy,
    areRight: (answers, y) => equal(answers.argMax(-1), y),
  }
}
