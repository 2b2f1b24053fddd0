/**
 * A ledger as lines of JSON: a header, and then a line for each step, so that what was written before a crash is whole.
 */

import { checkGiven } from '../checks.ts'
import { numberToJSON } from '../record/check.ts'
import type { Cut, LedgerData, LedgerHeader, LedgerStep, ParameterStep } from './data.ts'

/** How long a line may be, in characters. */
export const longestLine = 2 ** 20

/**
 * A line, without its end. NaN, infinities and -0, which JSON lacks, are these words. What makes a step too long for a
 * line is left out, and the step says so.
 */
export function lineOf(value: LedgerHeader | LedgerStep): string {
  const line = JSON.stringify(value, words)
  if (line.length <= longestLine || !('parameters' in value)) return line
  const next = (['elements', 'neurons'] as const).find(part => value.cut?.includes(part) !== true)
  return next === undefined ? line : lineOf(withoutPart(value, next))
}

const words = (_: string, value: unknown): unknown =>
  typeof value === 'number' ? numberToJSON(value) : value

function withoutPart(step: LedgerStep, part: Cut): LedgerStep {
  const parameters = step.parameters.map(({ [part]: _, ...rest }): ParameterStep => rest)
  const layers = step.layers.map(({ adjustment, ...layer }) => {
    if (adjustment === undefined || part === 'elements') return adjustment ? { ...layer, adjustment } : layer
    const { neurons: _, ...rest } = adjustment
    return { ...layer, adjustment: rest }
  })
  return { ...step, parameters, layers, cut: [...(step.cut ?? []), part] }
}

/**
 * A ledger as the text of a file.
 *
 * @throws ValueError for what is no ledger's data
 * @example await writeFile('run.ledger.jsonl', ledgerText(ledger.data))
 */
export function ledgerText(data: LedgerData): string {
  checkGiven('ledgerText', 'ledger', data, ['header', 'steps'], 'ledger.data')
  const { header, steps } = data
  return [header, ...steps].map(each => `${lineOf(each)}\n`).join('')
}
