/** Digits of a file, read by 300 layers, or part by part by a recurrent network: a task on which constants can be tuned. */

import { equal, key, splitKey } from '@sensigrad/core'
import { crossEntropy, initialise, SGD } from '@sensigrad/nn'
import type { ArmRun, ArmsStudy, Watch } from '../../arms/experiment.ts'
import { oneOf, path, real, whole } from '../../rules.ts'
import { armOf, deepArms } from '../arms.ts'
import { DeepNetwork, SequenceNetwork } from '../networks.ts'
import { checkTraining, type TrainingSettings, trainingDoubts, trainingRules } from '../settings.ts'
import type { Task } from '../task.ts'
import { runArm } from '../train.ts'
import { type Digits, divided, fingerprintOf, inputsOf, type Reading, readDigits, samplesOf } from './data.ts'

/** How a run of the study goes. */
export interface DigitsSettings extends TrainingSettings {
  /** The path of the file. */
  data: string
  /** `deep` sees an image at once and has many layers; `rows` and `pixels` are recurrent and see it part by part. */
  network: string
  /** Of a deep network. */
  layers: number
  /** Neurons of a layer, or of the recurrent network. */
  width: number
  /** Digits of a step. */
  batch: number
  /** The share of the file that is held back for testing. */
  held: number
}

const readings: Readonly<Record<string, Reading>> = { deep: 'whole', rows: 'rows', pixels: 'pixels' }

const digits: ArmsStudy<DigitsSettings> = {
  name: 'digits',
  title: 'Digits',
  question:
    'Does SAL make deep or recurrent networks classify digits, and is it better at that than a tuned start?',
  description:
    'tanh neurons and a linear softmax readout learn digits of 8 × 8 numbers: many layers of equal width, which see the ' +
    'image at once, or recurrent neurons, which see it row by row or number by number. Small batches, gradient descent ' +
    'with a bound on the length of the whole gradient; a fixed part of the file is held back for testing. Biases start at 0.',
  file: import.meta.url,
  arms: deepArms,
  reference: 'sal',
  seeds: 3,
  defaults: {
    data: '',
    network: 'deep',
    layers: 300,
    width: 50,
    batch: 32,
    held: 0.2,
    gain: 0.3,
    preparation: 900,
    preparationRate: 2e-3,
    salRate: 3e-4,
    decay: 0.9,
    rate: 0.1,
    clip: 0.1,
    iterations: 1500,
    probeEvery: 100,
  },
  rules: {
    data: { ...path('there are no digits here'), about: 'file of digits, in the format of optdigits' },
    network: { ...oneOf(Object.keys(readings), 'there is no such network'), about: 'what reads them' },
    layers: {
      ...whole(1, 2000, 'there is at least one layer between the first and the last'),
      about: 'hidden layers of a deep network after the first',
    },
    width: { ...whole(2, 1000, 'a layer needs at least 2 neurons'), about: 'neurons of a layer' },
    batch: { ...whole(1, 10_000, 'a step sees at least one digit'), about: 'digits of a step' },
    held: {
      ...real(x => x > 0 && x < 1, 'some digits are learned and some held back', 'a share between 0 and 1'),
      about: 'share of the digits that is held back for testing',
    },
    ...trainingRules,
  },
  quick: { seeds: 1, settings: { layers: 100, iterations: 500 } },
  success: 'at least 0.9 of the held back digits right at a probe',
  along: 'layer',
  chance: Math.log(10),
  check(settings) {
    checkTraining(settings)
    readDigits(settings.data)
  },
  doubts: trainingDoubts,
  fingerprint: ({ data }) => fingerprintOf(data),
  iterations: ({ iterations }) => iterations,
  canRecord: true,
  run: runDigits,
}

export default digits

function runDigits(id: string, seed: number, settings: DigitsSettings, watch: Watch): Promise<ArmRun> {
  const arm = armOf(deepArms, id)
  const { data, network, layers, width, batch, held, gain, rate } = settings
  const [networkKey, sampleKey] = splitKey(key(seed))
  const reading = readings[network]!
  const isDeep = reading === 'whole'
  return runArm(arm, seed, settings, watch, () => ({
    make: adapt => {
      const options = adapt({
        inputs: inputsOf[reading],
        outputs: 10,
        width,
        key: networkKey!,
        weight: arm.weight(gain),
        inputWeight: isDeep ? initialise.gaussian(arm.inputGain(gain)) : initialise.uniform(),
        outputWeight: initialise.gaussian(0.3),
      })
      return isDeep ? new DeepNetwork(layers, options) : new SequenceNetwork(options)
    },
    task: classification(readDigits(data), reading, batch, held),
    optimiser: new SGD({ rate }),
    key: sampleKey!,
    hasSucceeded: ({ testAccuracy }) => testAccuracy !== undefined && testAccuracy >= 0.9,
  }))
}

/** So many digits are enough to see how signals and gradients pass. */
const looked = 64

/** Which digit an image shows. */
export function classification(digits: Digits, reading: Reading, batch: number, held: number): Task {
  const { training, test } = divided(digits, held)
  const some = { images: training.images.slice(0, looked), labels: training.labels.slice(0, looked) }
  return {
    training: samplesOf(training, reading),
    test: samplesOf(test, reading),
    looked: samplesOf(some, reading),
    sampleAxis: reading === 'whole' ? 0 : 1,
    batch,
    loss: (answers, y) => crossEntropy(answers, y),
    areRight: (answers, y) => equal(answers.argMax(-1), y),
  }
}
