/** Choosing parts of a module by where they stand in it: which parameters an option is for, which layers are meant. */

import { describeValue, ValueError } from '@sensigrad/core'

/**
 * Which parts are meant: a path, which stands for all that lies below it, too; a pattern of a path, in which `*` stands
 * for any characters of one name and `**` for any names; or a function that says so.
 *
 * @example 'encoder', 'layers.0.weight', 'layers.*.bias', '**.bias', (path, parameter) => parameter.value.rank === 1
 */
export type Selector<Part> = string | ((path: string, part: Part) => boolean)

/**
 * Whether a part at a path is meant.
 *
 * @throws ValueError when a function says neither true nor false
 * @example matches('encoder.*', 'encoder.layers.0.weight', parameter) // true
 */
export function matches<Part>(selector: Selector<Part>, path: string, part: Part): boolean {
  checkSelector('select', selector)
  if (typeof path !== 'string') {
    throw new ValueError('select', `the path is ${describeValue(path)}`, "Give one such as 'layers.0.weight'")
  }
  if (typeof selector === 'string') return leadsTo(selector.split('.'), path === '' ? [] : path.split('.'))
  const answer: unknown = selector(path, part)
  if (typeof answer === 'boolean') return answer
  throw new ValueError(
    'select',
    `the function said ${describeValue(answer)} of ${path || 'the module itself'}`,
    'It gives true or false',
  )
}

/** @throws ValueError for what is neither a path, nor a pattern, nor a function */
export function checkSelector(operation: string, selector: unknown): void {
  if (typeof selector === 'function' || (typeof selector === 'string' && isPattern(selector))) return
  throw new ValueError(
    operation,
    `${describeValue(selector)} selects nothing`,
    "Give a path such as 'encoder', a pattern such as '**.bias', or (path, part) => boolean",
  )
}

function isPattern(text: string): boolean {
  return text.split('.').every(name => name !== '')
}

/** Whether names follow a pattern as far as that goes: what lies below is meant, too. */
function leadsTo([first, ...rest]: readonly string[], names: readonly string[]): boolean {
  if (first === undefined) return true
  const below = names.slice(1)
  if (first === '**') return leadsTo(rest, names) || (names.length > 0 && leadsTo([first, ...rest], below))
  return names.length > 0 && follows(first, names[0]!) && leadsTo(rest, below)
}

/** Whether one name follows a pattern with stars. */
function follows(pattern: string, name: string): boolean {
  if (!pattern.includes('*')) return pattern === name
  const literal = pattern.split('*').map(text => text.replace(/[$()*+.?[\\\]^{|}]/g, '\\$&'))
  return new RegExp(`^${literal.join('.*')}$`).test(name)
}
