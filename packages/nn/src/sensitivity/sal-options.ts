/** SAL's options: the rule that each obeys, and the gates that its modes stand for. */

import { describeValue, full, less, sign, type Tensor, type TensorLike, ValueError } from '@sensigrad/core'
import { checkOptions } from '../check.ts'
import type { Schedule } from '../optimise/schedules.ts'

declare const console: { warn(message: string): void }

/**
 * When a neuron is moved, and how much, given its average sensitivity s̄:
 * - `raise`: up, while s̄ < target;
 * - `both`: up while s̄ < target, down while s̄ > target;
 * - `proportional`: by target - s̄;
 * - `always`: up, without end (no gate; to show what the gate is for).
 */
export type SALMode = 'raise' | 'both' | 'proportional' | 'always'

/** A number, or a schedule that gives it from how many adjustments were made before: 0, 1, 2, … */
export type Scheduled = number | Schedule

/** Options of SAL. */
export interface SALOptions {
  /** η, the size of a step. Keep it at or below 0.1·(1 - decay). One that a function gives may be 0. */
  readonly rate: Scheduled
  /** The sensitivity to reach; 1 unless said. */
  readonly target?: Scheduled
  /** β of the average s̄ ← β s̄ + (1 - β) s, which begins at the first s; 0.99 unless said. */
  readonly decay?: number
  /** `raise` unless said. */
  readonly mode?: SALMode
  /** Where warnings go; the console unless said. */
  readonly warn?: (message: string) => void
}

/** The gate of each mode, `[neurons]`, from the averages s̄. */
export const gates: Record<SALMode, (average: Tensor, target: TensorLike) => Tensor> = {
  raise: (average, target) => less(average, target).cast(average.dtype),
  both: (average, target) => sign(average.neg().add(target)),
  proportional: (average, target) => average.neg().add(target),
  always: average => full(average.shape, 1, average),
}

/**
 * The options with their defaults. A rate at which sensitivities overshoot is warned of.
 *
 * @throws ValueError for an option out of range
 */
export function settle(options: SALOptions): Required<SALOptions> {
  if (typeof options !== 'object' || options === null) {
    throw new ValueError(
      'SAL',
      `the options are ${describeValue(options)}`,
      'Give at least a rate: { rate: 2e-4 }',
    )
  }
  checkOptions('SAL', options, ['rate', 'target', 'decay', 'mode', 'warn'])
  const { rate, target = 1, decay = 0.99, mode = 'raise', warn = message => console.warn(message) } = options
  const first = numberOf('rate', rate, 0)
  numberOf('target', target, 0)
  if (!(typeof decay === 'number' && decay >= 0 && decay < 1)) {
    throw new ValueError(
      'SAL',
      `the decay ${describeValue(decay)} does not lie in [0, 1)`,
      'Give a number such as 0.99',
    )
  }
  if (!Object.hasOwn(gates, mode)) {
    throw new ValueError(
      'SAL',
      `there is no mode ${describeValue(mode)}`,
      `Choose ${Object.keys(gates).join(', ')}`,
    )
  }
  if (typeof warn !== 'function') {
    throw new ValueError('SAL', `warn is ${describeValue(warn)}`, 'Give a function of a message, or nothing')
  }
  const limit = 0.1 * (1 - decay)
  if (first > limit * (1 + 1e-9)) {
    warn(
      `SAL: the rate ${first} is above 0.1·(1 - decay) = ${Number(limit.toPrecision(3))}. ` +
        'The gate lags by 1/(1 - decay) steps, so sensitivities will overshoot by about ' +
        `${Number((first / (1 - decay)).toPrecision(2))}. Lower the rate or the decay.`,
    )
  }
  return { rate, target, decay, mode, warn }
}

/**
 * A rate or a target, where it is fit for use.
 *
 * @throws ValueError when it is not positive and finite
 */
export function numberOf(name: 'rate' | 'target', schedule: Scheduled, adjustments: number): number {
  const isScheduled = typeof schedule === 'function'
  const value: unknown = isScheduled ? schedule(adjustments) : schedule
  const mayBeZero = isScheduled && name === 'rate'
  if (
    typeof value === 'number' &&
    value < Number.POSITIVE_INFINITY &&
    (value > 0 || (mayBeZero && value === 0))
  ) {
    return value
  }
  throw new ValueError(
    'SAL',
    `the ${name} ${describeValue(value)} is not positive and finite`,
    `Give a ${name} such as ${name === 'rate' ? '2e-4' : '1'}`,
  )
}
