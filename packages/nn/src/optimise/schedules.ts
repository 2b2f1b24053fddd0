/** Learning rates that change as learning goes on: functions of the number of updates made before. */

import { describeValue, ValueError } from '@sensigrad/core'
import { checkOptions } from '../check.ts'

/** The rate at a step, the first of which is step 0. Any function of this form is one. */
export type Schedule = (step: number) => number

/**
 * The same rate at all times.
 *
 * @example sequence([linear(0, 0.1, 100), 100], constant(0.1))
 */
export function constant(rate: number): Schedule {
  checkRates('constant', { rate })
  return () => rate
}

/**
 * In equal steps from one rate to another, which stays from then on. As a warm-up, join it to what follows.
 *
 * @param steps  after how many updates the second rate is there
 * @example sequence([linear(0, 0.1, 100), 100], cosine(0.1, 900))
 */
export function linear(from: number, to: number, steps: number): Schedule {
  checkRates('linear', { from, to })
  checkSteps('linear', steps)
  return step => (step >= steps ? to : from + (to - from) * (step / steps))
}

/**
 * Half a wave of the cosine from one rate to another, 0 unless said, which stays from then on (Loshchilov and Hutter
 * 2017, eq. 5).
 *
 * @param steps  after how many updates the second rate is there
 * @throws ValueError for a rate or a number of steps that is none
 * @example new Adam({ rate: cosine(1e-3, 10_000) })
 */
export function cosine(from: number, steps: number, to = 0): Schedule {
  checkRates('cosine', { from, to })
  checkSteps('cosine', steps)
  return wave(from, to, steps)
}

function wave(from: number, to: number, steps: number): Schedule {
  return step => (step >= steps ? to : to + ((from - to) * (1 + Math.cos(Math.PI * (step / steps)))) / 2)
}

/**
 * The rate times `factor` after every so many updates.
 *
 * @example stairs(0.1, { every: 1000, factor: 0.1 })
 */
export function stairs(rate: number, options: { every: number; factor: number }): Schedule {
  checkOptions('stairs', options, ['every', 'factor'])
  const { every, factor } = options
  checkRates('stairs', { rate, factor })
  checkSteps('stairs', every)
  return step => rate * factor ** Math.floor(step / every)
}

/**
 * The rate times `factor` after each update.
 *
 * @example exponential(0.1, 0.999)
 */
export function exponential(rate: number, factor: number): Schedule {
  checkRates('exponential', { rate, factor })
  return step => rate * factor ** step
}

/**
 * Linear up to the rate, which is reached after `warmUp` updates, then down with the inverse square root of their number
 * (Vaswani et al. 2017, eq. 3).
 *
 * @example inverseSquareRoot(1e-3, 4000)
 */
export function inverseSquareRoot(rate: number, warmUp: number): Schedule {
  checkRates('inverseSquareRoot', { rate })
  checkSteps('inverseSquareRoot', warmUp)
  return step => rate * Math.min((step + 1) / warmUp, Math.sqrt(warmUp / (step + 1)))
}

/** Where one cycle begins and ends, as shares of its highest rate, and when it is there. */
export interface OneCycleOptions {
  /** The first rate, as a share of the highest; 1/25 unless said. */
  readonly start?: number
  /** The last rate, as a share of the highest; 4e-6 unless said. */
  readonly end?: number
  /** How much of all steps leads up to the highest rate; 0.3 unless said. */
  readonly warmUp?: number
}

/**
 * Up to the highest rate and down to nearly nothing, in half waves of the cosine (Smith and Topin 2018).
 *
 * @throws ValueError for an option that there is not, and for too few steps
 * @example oneCycle(0.1, 1000, { warmUp: 0.2 })
 */
export function oneCycle(highest: number, steps: number, options: OneCycleOptions = {}): Schedule {
  checkOptions('oneCycle', options, ['start', 'end', 'warmUp'])
  const { start = 1 / 25, end = 4e-6, warmUp = 0.3 } = options
  checkRates('oneCycle', { highest, start, end, warmUp })
  checkSteps('oneCycle', steps)
  const top = warmUp * steps - 1
  if (!(top > 0 && top < steps - 1)) {
    throw new ValueError(
      'oneCycle',
      `the highest rate of ${steps} steps would be at step ${top}`,
      'Give more steps, or a warm-up of 0.3',
    )
  }
  const up = wave(highest * start, highest, top)
  const down = wave(highest, highest * end, steps - 1 - top)
  return step => (step <= top ? up(step) : down(step - top))
}

/**
 * One schedule after the other, each counting from its own beginning; the last one has no end.
 *
 * @example sequence([linear(0, 0.1, 100), 100], constant(0.1))
 */
export function sequence(
  ...parts: readonly [...(readonly [schedule: Schedule, steps: number])[], Schedule]
): Schedule {
  const last = parts.at(-1)
  const before = parts.slice(0, -1) as readonly (readonly [Schedule, number])[]
  for (const schedule of [...before.map(part => part?.[0]), last]) {
    if (typeof schedule === 'function') continue
    throw new ValueError(
      'sequence',
      `${describeValue(schedule)} is no schedule`,
      'Give pairs of a schedule and its steps, and a last schedule',
    )
  }
  for (const [, steps] of before) checkSteps('sequence', steps)
  return step => {
    let since = step
    for (const [schedule, steps] of before) {
      if (since < steps) return schedule(since)
      since -= steps
    }
    return (last as Schedule)(since)
  }
}

/** @throws ValueError unless all of them are finite and not negative */
function checkRates(schedule: string, numbers: Readonly<Record<string, number>>): void {
  for (const [name, number] of Object.entries(numbers)) {
    if (typeof number === 'number' && number >= 0 && number < Number.POSITIVE_INFINITY) continue
    throw new ValueError(
      schedule,
      `${name} is ${describeValue(number)}, not ≥ 0 and finite`,
      'Give a number such as 0.1',
    )
  }
}

/** @throws ValueError unless it is a whole number of steps */
function checkSteps(schedule: string, steps: number): void {
  if (Number.isInteger(steps) && steps >= 1) return
  throw new ValueError(
    schedule,
    `${describeValue(steps)} is no number of steps`,
    'Give a whole number, 1 or more',
  )
}
