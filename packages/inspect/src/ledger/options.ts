/** The options of a ledger: the rule that each obeys, and what it is where it was left out. */

import { describeValue, ValueError } from '@sensigrad/core'
import { type LedgerLevel, ledgerLevels } from './data.ts'

/** Options of a ledger. */
export interface LedgerOptions {
  /**
   * How much is kept of each step: `norms`, some numbers for each parameter; `neurons`, these for each neuron, too;
   * `elements`, every part element by element, which is many times what the model takes. `norms` unless said.
   */
  readonly level?: LedgerLevel
  /**
   * Whether the parts are summed up over all steps, so that a report can say how far a parameter came by whom: that takes
   * some vectors of each parameter's size, in double precision. On unless said.
   */
  readonly net?: boolean
  /** How many steps are kept at most, the last ones; 1000 unless said. A stream is told all of them. */
  readonly keep?: number
  /**
   * Stages to try without, by the beginning of their names: `clip`, `decay`. The optimiser is computed a second time for
   * each, on the same gradients and with a memory of its own.
   */
  readonly without?: readonly string[]
  /** The paths of the parameters that it is about; all of the model unless said. */
  readonly parameters?: readonly string[]
  /** What the ledger is of; nothing unless said. */
  readonly title?: string
  /** Told each line of the ledger's file, without its end: the header when it is attached, then a line for each step. */
  readonly stream?: (line: string) => void
}

/** The options with what was left out, where that is something. */
export type Settled = Required<Omit<LedgerOptions, 'stream' | 'parameters'>> &
  Pick<LedgerOptions, 'stream' | 'parameters'>

/** The options with what was left out. @throws ValueError for one that is not known or out of range */
export function settle(options: LedgerOptions): Settled {
  if (typeof options !== 'object' || options === null)
    throw refused(`the options are ${describeValue(options)}`, all)
  const known = ['level', 'net', 'keep', 'without', 'parameters', 'title', 'stream']
  const strange = Object.keys(options).find(name => !known.includes(name))
  if (strange !== undefined) throw refused(`there is no option ${strange}`, `There is ${known.join(', ')}`)
  const { level = 'norms', net = true, keep = 1000, without = [], parameters, title = '', stream } = options
  if (!ledgerLevels.includes(level)) {
    throw refused(`there is no level ${describeValue(level)}`, `Give one of ${ledgerLevels.join(', ')}`)
  }
  if (typeof net !== 'boolean') throw refused(`net is ${describeValue(net)}`, 'Give true or false')
  if (!(Number.isInteger(keep) && keep >= 1)) {
    throw refused(`${describeValue(keep)} is no number of steps`, 'Give a whole number, 1 or more')
  }
  if (!Array.isArray(without) || !without.every(name => typeof name === 'string' && name !== '')) {
    throw refused('without is no list of stages', "Give names of stages: ['clip', 'decay']")
  }
  const arePaths = Array.isArray(parameters) && parameters.every(path => typeof path === 'string')
  if (parameters !== undefined && !(arePaths && parameters.length > 0)) {
    throw refused('parameters is no list of paths', "Give paths of parameters: ['rnn.recurrentWeight']")
  }
  if (typeof title !== 'string') throw refused(`the title is ${describeValue(title)}`, 'Give a text')
  if (stream !== undefined && typeof stream !== 'function') {
    throw refused(`the stream is ${describeValue(stream)}`, 'Give a function of a line')
  }
  return { level, net, keep, without, title, ...(parameters && { parameters }), ...(stream && { stream }) }
}

const all = 'Give an object, or nothing'

function refused(problem: string, remedy: string): ValueError {
  return new ValueError('Ledger', problem, remedy)
}
