/** The state of a module: its variables and streams of keys by path, written down and put back. */

import { type State, ValueError, type Variable } from '@sensigrad/core'
import { copyOf, fitted } from './fitting.ts'
import { KeyStream } from './key-stream.ts'

/** What of a module changes as it learns, by path. */
export interface Changing {
  readonly variables: ReadonlyMap<string, Variable>
  readonly streams: ReadonlyMap<string, KeyStream>
}

/** The values of now, in memory of their own: what replaces them in a module may free them. */
export function stateOf({ variables, streams }: Changing): State {
  const values = [...variables].map(([path, { value }]) => [path, copyOf(value)] as const)
  const keys = [...streams].flatMap(([path, stream]) =>
    Object.entries(stream.state()).map(([name, part]) => [`${path}.${name}`, part]),
  )
  return Object.fromEntries([...values, ...keys])
}

/**
 * Puts a state back.
 *
 * @throws ValueError for names that are missing or unknown, and the errors of a value that does not fit; then nothing
 *         has changed
 */
export function restoreState({ variables, streams }: Changing, state: State): void {
  const partsOf = (path: string, stream: KeyStream): State =>
    Object.fromEntries(Object.keys(stream.state()).map(name => [name, state[`${path}.${name}`]!]))
  const names = [...streams].flatMap(([path, stream]) =>
    Object.keys(stream.state()).map(name => `${path}.${name}`),
  )
  checkNames([...variables.keys(), ...names], state)
  for (const [path, stream] of streams) new KeyStream([0, 0]).restore(partsOf(path, stream)) // refuses, or is forgotten
  const values = [...variables].map(([path, variable]) => {
    const value = fitted('Module.restore', path, state[path], variable.value, 'the module')
    return [variable, value] as const
  })
  for (const [variable, value] of values) variable.value = value
  for (const [path, stream] of streams) stream.restore(partsOf(path, stream))
}

/** @throws ValueError unless the state has each of these names, and no other */
function checkNames(names: readonly string[], state: State): void {
  if (typeof state !== 'object' || state === null) {
    throw new ValueError('Module.restore', `the state is ${String(state)}`, 'Give what module.state() gave')
  }
  const problems = namesApart(names, Object.keys(state))
  if (problems.length === 0) return
  throw new ValueError(
    'Module.restore',
    `the state ${problems.join(' and ')}`,
    'Give that of a module which was made alike',
  )
}

/** What is said of names that lack some of those needed, or have others. */
export function namesApart(needed: readonly string[], given: readonly string[]): string[] {
  const [known, there] = [new Set(needed), new Set(given)]
  const missing = needed.filter(name => !there.has(name))
  const unexpected = given.filter(name => !known.has(name))
  return [
    ...(missing.length > 0 ? [`lacks ${listed(missing)}`] : []),
    ...(unexpected.length > 0 ? [`has ${listed(unexpected)}, which the module has not`] : []),
  ]
}

/** The first of some words, and how many follow. */
export function listed(words: readonly string[], most = 8): string {
  const rest = words.length - most
  return words.slice(0, most).join(', ') + (rest > 0 ? ` and ${rest} more` : '')
}
