/** What a run of the edge-of-chaos study can be asked to do, and the rule that each value must obey. */

import { SettingsError } from '../errors.ts'
import { checkAll, oneOf, type Rules, real, whole } from '../rules.ts'

/** How SAL's gate answers a neuron's average sensitivity; `always` has no gate. */
export const modes = ['raise', 'both', 'proportional', 'always'] as const
export type Mode = (typeof modes)[number]

/**
 * One run: tanh neurons without input, adjusted by SAL. One layer feeds itself, o ← tanh(W o + θ); several stand in a
 * ring, where each feeds the next, and a step takes the state once round.
 */
export interface Settings {
  /** Number of neurons in a layer, N. */
  size: number
  /** Layers that a step passes through. */
  layers: number
  /** Start of the weights: W ~ N(0, gain²/N). */
  gain: number
  /** SAL's step size, η. */
  rate: number
  /** The average sensitivity at which the gate closes. */
  target: number
  /** Memory of the running average of the sensitivity, β; it looks back about 1/(1 - β) steps. */
  decay: number
  mode: Mode
  /** Standard deviation of the state noise while SAL acts; probes have none. */
  noise: number
  /** Standard deviation of a constant bias θ; 0 for none. */
  bias: number
  /** SAL steps of the run. */
  steps: number
  /** SAL steps from one probe to the next. */
  probeEvery: number
  /** Steps with frozen weights before a probe measures. */
  transient: number
  /** Steps with frozen weights over which a probe measures. */
  window: number
}

/** The settings unless told otherwise; sizes and seeds are the plan's. */
export const defaults: Omit<Settings, 'size'> = {
  layers: 1,
  gain: 0.3,
  rate: 2e-4,
  target: 1,
  decay: 0.99,
  mode: 'raise',
  noise: 1e-4,
  bias: 0,
  steps: 6_000,
  probeEvery: 200,
  transient: 500,
  window: 1000,
}

/** The unit of S and λ. A step of several layers is called a revolution. */
export const unit = ({ layers }: Pick<Settings, 'layers'>): string =>
  layers === 1 ? 'nats per step' : 'nats per revolution'

/** What one probe measured with the weights frozen, over one window. Lists of neurons go layer by layer. */
export interface Probe {
  /** SAL steps done before this probe. */
  step: number
  /** S: natural logarithm of the RMS sensitivity over the neurons of a layer and the steps of the window, summed over the layers. */
  logSensitivity: number
  /** λ: the largest Lyapunov exponent over the same window, in nats per step (revolution). */
  lyapunov: number
  /** Each neuron's RMS sensitivity over the window. */
  sensitivities: number[]
  /** Each neuron's running average as SAL holds it; null before SAL's first step. */
  averages: number[] | null
  /** The largest modulus of an eigenvalue of W, or of W_L ⋯ W_1 in a ring of L layers. */
  spectralRadius: number
  /** Mean of |o| over neurons and steps of the window. */
  meanAbsState: number
  /** Share of outputs with |o| > 0.99 in the window. */
  saturated: number
}

/** One network from its first probe to its last. An interrupted run keeps the probes that it made. */
export interface Run {
  settings: Settings
  seed: number
  probes: Probe[]
  status: 'finished' | 'interrupted'
}

export type NumericSetting = Exclude<keyof Settings, 'mode'>

const rules: Rules<Settings> = {
  size: whole(2, 2000, 'a network needs at least 2 neurons'),
  layers: whole(1, 20, 'a step passes through at least one layer'),
  gain: real(
    x => x > 0 && x <= 10,
    'SAL cannot move weights of 0, and far above 1 every neuron saturates',
    'a number above 0, up to 10',
  ),
  rate: real(
    x => x >= 0 && x <= 1,
    'SAL climbs the sensitivity in small steps',
    'a number from 0 (no SAL) to 1',
  ),
  target: real(
    x => x > 0 && x <= 10,
    'a sensitivity is positive and 1 neither shrinks nor stretches',
    'a number above 0, up to 10',
  ),
  decay: real(
    x => x >= 0 && x < 1,
    'the running average keeps this share of its past',
    'a number from 0 to below 1',
  ),
  noise: real(x => x >= 0 && x <= 1, 'it is a standard deviation', 'a number from 0 (none) to 1'),
  bias: real(x => x >= 0 && x <= 10, 'it is a standard deviation', 'a number from 0 (none) to 10'),
  steps: whole(1, 10_000_000, 'SAL needs at least one step'),
  probeEvery: whole(1, 10_000_000, 'probes come a whole number of SAL steps apart'),
  transient: whole(0, 1_000_000, 'it counts steps before the measurement'),
  window: whole(1, 1_000_000, 'a probe averages over at least one step'),
  mode: oneOf(modes, 'SAL has no such gate'),
}

/** What a number may be, in words: `a whole number from 2 to 2000`. */
export const expected = (field: NumericSetting): string => rules[field].give

/**
 * Refuses settings that cannot be run.
 *
 * @throws SettingsError with the first broken rule, such as
 *   `size 0: a network needs at least 2 neurons. Give a whole number from 2 to 2000.`
 */
export function checkSettings(settings: Settings): void {
  checkAll(settings, rules)
  if (settings.probeEvery > settings.steps) {
    const rule = `the run ends after ${settings.steps} steps`
    throw new SettingsError('probeEvery', settings.probeEvery, rule, 'Probe at least once on the way.')
  }
}

/** Settings that can be run but are likely to disappoint, one sentence each with its rule. */
export function doubts({ rate, decay, noise, gain }: Omit<Settings, 'size'>): string[] {
  const fastest = 0.1 * (1 - decay)
  const found: string[] = []
  if (rate > fastest * (1 + 1e-9)) {
    found.push(
      `rate ${rate} is above 0.1·(1 - decay) = ${Number(fastest.toPrecision(3))}: ` +
        'the gate looks back 1/(1 - decay) steps, so sensitivities overshoot the target and the network may turn chaotic.',
    )
  }
  if (noise === 0 && gain < 1) {
    found.push(
      'noise 0 with a gain below 1 lets the state die out: it shrinks to denormal numbers, which are slow, and then to exactly 0.',
    )
  }
  return found
}
