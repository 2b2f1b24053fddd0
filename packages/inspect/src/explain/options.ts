/** The options of those that explain tapes, looked at before a sweep is made for them. */

import { describeValue, type Entry, formatShape, ValueError } from '@sensigrad/core'
import { Module } from '@sensigrad/nn'
import { checkBackendOption, checkFlag, checkOptions } from '../checks.ts'
import type { ExplainOptions } from './explain.ts'
import { placeOf } from './shown.ts'

const known = ['entries', 'at', 'cotangents', 'module', 'backend', 'check', 'checkOn', 'from'] as const

/** @throws ValueError for options that there are not, and values that they do not have */
export function checkExplainOptions(options: ExplainOptions): void {
  checkOptions('explain', options, known)
  const lists = [
    ['entries', 'Give ids of entries: { entries: [3, 5] }'],
    ['at', 'Give the index of an element: { at: [3, 17] }'],
  ] as const
  for (const [name, remedy] of lists) {
    const value: unknown = options[name]
    if (value === undefined || (Array.isArray(value) && value.every(Number.isInteger))) continue
    throw new ValueError('explain', `${name} is ${describeValue(value)}`, remedy)
  }
  checkFlag('explain', 'check', options.check)
  checkBackendOption('explain', 'checkOn', options.checkOn)
  checkRecordedOptions('explain', options)
}

/** @throws ValueError unless what numbers entries is a module, and what replays records a backend, or both are left out */
export function checkRecordedOptions(
  operation: string,
  { module, backend }: { readonly module?: unknown; readonly backend?: unknown },
): void {
  checkBackendOption(operation, 'backend', backend)
  if (module === undefined || module instanceof Module) return
  throw new ValueError(
    operation,
    `the module is ${describeValue(module)}`,
    'Give the model that recordOf was given',
  )
}

/** @throws ValueError for an element that nothing has which these entries read or give */
export function checkPlace(entries: readonly Entry[], at: readonly number[] | undefined): void {
  const tensors = entries.flatMap(({ inputs, outputs }) => [...inputs, ...outputs])
  if (at === undefined || tensors.length === 0 || tensors.some(({ shape }) => placeOf(shape, at) >= 0)) return
  const largest = tensors.reduce((most, x) => (x.size > most.size ? x : most), tensors[0]!)
  throw new ValueError(
    'explain',
    `no tensor here has an element ${formatShape(at)}`,
    `Give an index into one of them: the largest is ${largest}`,
  )
}
