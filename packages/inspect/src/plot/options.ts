/** The options of figures, looked at before one is drawn. */

import { describeValue, ValueError } from '@sensigrad/core'
import { checkOptions } from '../checks.ts'

/**
 * @param further  what this figure has beside what all have
 * @throws ValueError for an option that there is not, and for a name or title that is no text
 */
export function checkFigure(operation: string, options: unknown, further: readonly string[] = []): void {
  checkOptions(operation, options, ['name', 'title', ...further])
  for (const name of ['name', 'title']) {
    const value = (options as Readonly<Record<string, unknown>>)[name]
    if (value === undefined || typeof value === 'string') continue
    throw new ValueError(operation, `the ${name} is ${describeValue(value)}`, 'Give a text')
  }
}
