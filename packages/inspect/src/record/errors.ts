/** The refusal of a file that is no record of a tape, or one that cannot be trusted. */

import { SensigradError } from '@sensigrad/core'

/** What is said to be a record of a tape is none. The message names the place in it, the rule and the remedy. */
export class TapeFileError extends SensigradError {
  /** Where in the record: `line 3: inputs[0]`, or `''` where it is the whole that is wrong. */
  readonly place: string
  /** What is wrong there. */
  readonly problem: string

  constructor(operation: string, place: string, problem: string, remedy = makeAnother) {
    super(operation, `${place}${place === '' || place.endsWith(' ') ? '' : ' '}${problem}`, remedy)
    this.place = place
    this.problem = problem
  }
}

const makeAnother = 'Write the file again with toJSON(await recordOf(tape))'

/** What a file says, short enough for a message whatever it says. */
export function quoted(value: unknown): string {
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object'
  const text = typeof value === 'string' ? JSON.stringify(value.slice(0, 80)) : String(value)
  return text.length <= 40 ? text : `${text.slice(0, 39)}…`
}
