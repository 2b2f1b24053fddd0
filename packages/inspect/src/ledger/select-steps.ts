/** What a report is about: which parameter, which steps, which neuron. */

import { describeValue, ValueError } from '@sensigrad/core'
import type { LedgerData, LedgerStep, ParameterStep } from './data.ts'

/** A step, and what it did to the parameter. */
export interface Entry {
  readonly step: LedgerStep
  readonly moved: ParameterStep
}

/**
 * The steps that are meant.
 *
 * @throws ValueError when there are none, or for what is no range
 */
export function stepsOf({ steps }: LedgerData, range: readonly [number, number] | undefined): LedgerStep[] {
  const [first, last] = [steps[0]?.step, steps.at(-1)?.step]
  if (first === undefined || last === undefined) {
    throw new ValueError('ledgerReport', 'the ledger holds no steps', 'Train with it attached, and flush it')
  }
  if (range === undefined) return [...steps]
  const isRange =
    Array.isArray(range) && range.length === 2 && range.every(Number.isInteger) && range[0]! <= range[1]!
  if (!isRange) {
    throw new ValueError('ledgerReport', 'the steps are no range', 'Give the first and the last: [1, 200]')
  }
  const found = steps.filter(({ step }) => step >= range[0] && step <= range[1])
  if (found.length > 0) return found
  throw new ValueError(
    'ledgerReport',
    `there are no steps ${range[0]}-${range[1]}`,
    `The ledger holds ${first}-${last}`,
  )
}

/** All parameters that moved in some steps, in the order in which they did first. */
export function pathsIn(steps: readonly LedgerStep[]): string[] {
  return [...new Set(steps.flatMap(({ parameters }) => parameters.map(({ path }) => path)))]
}

/**
 * What some steps did to a parameter.
 *
 * @throws ValueError naming the parameters that moved, where this is none of them
 */
export function entriesOf(steps: readonly LedgerStep[], path: string): Entry[] {
  const entries = steps.flatMap(step =>
    step.parameters.filter(each => each.path === path).map(moved => ({ step, moved })),
  )
  if (entries.length > 0) return entries
  throw new ValueError(
    'ledgerReport',
    `the parameter ${typeof path === 'string' ? path : describeValue(path)} did not move in these steps`,
    `Those that did are ${pathsIn(steps).join(', ')}`,
  )
}

/** @throws ValueError unless the ledger has the neuron in all these steps */
export function checkNeuron(neuron: number, entries: readonly Entry[]): void {
  const { moved } = entries.at(-1)!
  if (entries.some(({ moved }) => moved.neurons === undefined)) {
    throw new ValueError(
      'ledgerReport',
      `nothing is kept of the neurons of ${moved.path}`,
      "Keep them: new Ledger({ level: 'neurons' })",
    )
  }
  const { length } = moved.neurons!.weight
  if (Number.isInteger(neuron) && neuron >= 0 && neuron < length) return
  throw new ValueError(
    'ledgerReport',
    `${moved.path} has no neuron ${describeValue(neuron)}`,
    `Give a whole number from 0 to ${length - 1}`,
  )
}
