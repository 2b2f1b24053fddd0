/** What users give, looked at before it is used, so that each mistake is one line that says what to do. */

import { describeValue, ValueError } from '@sensigrad/core'

/** @throws ValueError unless the options are an object in which only such stand as there are */
export function checkOptions(operation: string, options: unknown, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new ValueError(
      operation,
      `the options are ${describeValue(options)}`,
      `Give an object with ${known.join(', ')}`,
    )
  }
  const strange = Object.keys(options).find(name => !known.includes(name))
  if (strange === undefined) return
  throw new ValueError(operation, `there is no option ${strange}`, `There is ${known.join(', ')}`)
}

/**
 * @param parts  what distinguishes such a thing from others
 * @param maker  the call that gives one
 * @throws ValueError unless what was given has these parts
 */
export function checkGiven(
  operation: string,
  name: string,
  given: unknown,
  parts: readonly string[],
  maker: string,
): void {
  if (typeof given === 'object' && given !== null && parts.every(part => part in given)) return
  throw new ValueError(
    operation,
    `the ${name} is ${describeValue(given)}`,
    given instanceof Promise ? `Await it: ${operation}(await …)` : `Give one of ${maker}`,
  )
}

type Rule = readonly [fits: (value: unknown) => boolean, remedy: string]

const isCount = (value: unknown) =>
  (Number.isInteger(value) || value === Number.POSITIVE_INFINITY) && Number(value) >= 1
const count: Rule = [isCount, 'Give a whole number, 1 or more']
const flag: Rule = [value => typeof value === 'boolean', 'Give true or false']
const callback: Rule = [value => typeof value === 'function', 'Give a function']

/** The rule that each part of a look obeys. */
const looks = {
  columns: count,
  ascii: flag,
  paint: callback,
  lines: count,
  rows: count,
  colours: flag,
  follow: callback,
} as const satisfies Readonly<Record<string, Rule>>

/**
 * @param further  what this look has beside what all have
 * @throws ValueError unless the look is one
 */
export function checkLook(
  operation: string,
  look: unknown,
  further: readonly (keyof typeof looks)[] = [],
): void {
  const known = ['columns', 'ascii', 'paint', ...further] as const
  checkOptions(operation, look, known)
  for (const name of known) {
    const value = (look as Readonly<Record<string, unknown>>)[name]
    const [fits, remedy] = looks[name]
    if (value === undefined || fits(value)) continue
    throw new ValueError(operation, `${name} is ${describeValue(value)}`, remedy)
  }
}

/** @throws ValueError unless an option that is on or off is a boolean, or left out */
export function checkFlag(operation: string, name: string, value: unknown): void {
  if (value === undefined || typeof value === 'boolean') return
  throw new ValueError(operation, `${name} is ${describeValue(value)}`, 'Give true or false')
}

/** @throws ValueError unless an option is a backend, or left out */
export function checkBackendOption(operation: string, name: string, value: unknown): void {
  if (value === undefined || isBackend(value)) return
  throw new ValueError(
    operation,
    `${name} is ${describeValue(value)}`,
    value instanceof Promise ? 'Await it: await wasm()' : 'Give a backend, such as cpu()',
  )
}

/** Whether something is a backend, as far as one can see. */
export const isBackend = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'upload' in value && 'capabilities' in value
