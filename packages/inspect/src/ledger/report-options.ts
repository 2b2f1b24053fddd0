/** What a report can be asked for. */

import { describeValue, ValueError } from '@sensigrad/core'

/** What a report is about. */
export interface ReportOptions {
  /** The path of a parameter; the first that moved unless said. */
  readonly parameter?: string
  /** One neuron, or row, of it; all unless said. */
  readonly neuron?: number
  /** The first and the last step; all that are kept unless said. */
  readonly steps?: readonly [first: number, last: number]
  /** Whether parts are told apart by who made them, or by whether they are new or momentum; `source` unless said. */
  readonly by?: 'source' | 'age'
}

/** @throws ValueError for an option that is not known, or what a neuron has not */
export function checkReportOptions(options: ReportOptions): void {
  const known = ['parameter', 'neuron', 'steps', 'by']
  if (typeof options !== 'object' || options === null) {
    throw refused(`the options are ${describeValue(options)}`, `Give an object with ${known.join(', ')}`)
  }
  const strange = Object.keys(options).find(name => !known.includes(name))
  if (strange !== undefined) throw refused(`there is no option ${strange}`, `There is ${known.join(', ')}`)
  const { by, neuron } = options
  if (by !== undefined && by !== 'source' && by !== 'age') {
    throw refused(`by is ${describeValue(by)}`, "Give 'source' or 'age'")
  }
  if (by === 'age' && neuron !== undefined) {
    throw refused('the age of what moved one neuron is not kept', 'Ask for the whole parameter, or by source')
  }
}

function refused(problem: string, remedy: string): ValueError {
  return new ValueError('ledgerReport', problem, remedy)
}
