/** What all experiments can be asked to do: how SAL prepares a network, and how it then learns. */

import type { SettingRules } from '../arms/experiment.ts'
import { SettingsError } from '../errors.ts'
import { real, whole } from '../rules.ts'

/** How a run goes, whatever the network and the task. */
export interface TrainingSettings {
  /** Start of the weights in the arms that start small: N(0, gain²/n). */
  gain: number
  /** SAL steps before learning, forward passes only. */
  preparation: number
  /** SAL's step size before learning. */
  preparationRate: number
  /** SAL's step size during learning. */
  salRate: number
  /** Memory of SAL's running average, β. */
  decay: number
  /** The learning rate. */
  rate: number
  /** The longest gradient, over all parameters together; longer ones are shortened to it. 0 for any. */
  clip: number
  /** The most updates of the weights. */
  iterations: number
  /** Updates from one look at loss and accuracy to the next. */
  probeEvery: number
}

const isRate = (x: number) => x > 0 && x <= 1

/** The rules that all experiments share. */
export const trainingRules: SettingRules<TrainingSettings> = {
  gain: {
    ...real(x => x > 0 && x <= 10, 'SAL cannot move weights of 0', 'a number above 0, up to 10'),
    about: 'small starts have weights N(0, gain²/n)',
  },
  preparation: {
    ...whole(0, 1_000_000, 'it counts SAL steps before learning'),
    about: 'SAL steps before learning, forward only',
  },
  preparationRate: {
    ...real(isRate, 'SAL climbs the sensitivity in small steps', 'a number above 0, up to 1'),
    about: "SAL's step size before learning",
  },
  salRate: {
    ...real(isRate, 'SAL climbs the sensitivity in small steps', 'a number above 0, up to 1'),
    about: "SAL's step size during learning",
  },
  decay: {
    ...real(
      x => x >= 0 && x < 1,
      'the running average keeps this share of its past',
      'a number from 0 to below 1',
    ),
    about: "memory of SAL's running average, β",
  },
  rate: {
    ...real(
      x => x > 0 && x <= 10,
      'a network that does not move does not learn',
      'a number above 0, up to 10',
    ),
    about: 'learning rate',
  },
  clip: {
    ...real(x => x >= 0, 'it is a length', 'a number above 0, or 0 for no clipping'),
    about: 'longest gradient, 0 for any',
  },
  iterations: {
    ...whole(1, 10_000_000, 'learning needs at least one update'),
    about: 'the most updates of a run',
  },
  probeEvery: {
    ...whole(1, 10_000_000, 'probes come a whole number of updates apart'),
    about: 'updates between probes',
  },
}

/**
 * Refuses settings of which each is fine, but not all together.
 *
 * @throws SettingsError
 */
export function checkTraining({ probeEvery, iterations }: TrainingSettings): void {
  if (probeEvery <= iterations) return
  const rule = `the run ends after ${iterations} updates`
  throw new SettingsError('probeEvery', probeEvery, rule, 'Probe at least once on the way.')
}

/** Settings that can be run but are likely to disappoint, one sentence each with its rule. */
export function trainingDoubts({ preparationRate, salRate, decay }: TrainingSettings): string[] {
  const fastest = 0.1 * (1 - decay)
  const rates = { preparationRate, salRate }
  return Object.entries(rates).flatMap(([name, rate]) =>
    rate <= fastest * (1 + 1e-9)
      ? []
      : [
          `${name} ${rate} is above 0.1·(1 - decay) = ${Number(fastest.toPrecision(3))}: the gate looks back ` +
            '1/(1 - decay) steps, so sensitivities overshoot the target and signals grow from stage to stage.',
        ],
  )
}
