/**
 * The errors of sensigrad: one class for each cause, with fields for programs and, for people, one line that
 * names the operation and module, what was given, the rule that failed, and what to do about it.
 */

import { currentScope } from './tape/scope.ts'

/** What something is, as messages put it: `a Map`, `an array`, `7`, `'7'`, `undefined`. */
export function describeValue(value: unknown): string {
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'string') return `'${value}'`
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value !== 'object' || value === null) return String(value)
  const { name = '' } = (value.constructor as { name?: string } | undefined) ?? {}
  if (name === '' || name === 'Object') return 'an object'
  return `${/^[AEIOU](?!int)/.test(name) ? 'an' : 'a'} ${name}`
}

/** What every error of sensigrad says. Catch this class to catch them all. */
export class SensigradError extends Error {
  /** The operation or function that refused, such as `matmul`. */
  readonly operation: string
  /** The module path in which it was called (`layers.2`), or `''`. */
  readonly scope: string

  /**
   * @param operation  who refuses
   * @param problem    what was given and which rule it breaks, without a full stop
   * @param remedy     what to do, as a sentence of its own
   */
  constructor(operation: string, problem: string, remedy: string) {
    const scope = currentScope()
    super(`${operation}${scope && ` in ${scope}`}: ${problem}. ${remedy}`)
    this.name = new.target.name
    this.operation = operation
    this.scope = scope
  }
}

/** Shapes do not fit the operation. */
export class ShapeError extends SensigradError {}

/** An element type is not accepted, or two element types were mixed. */
export class DTypeError extends SensigradError {}

/** A value that is no tensor, number or tree where one is needed, or lies outside its allowed range. */
export class ValueError extends SensigradError {}

/** A derivative was asked for that does not exist or cannot be taken this way. */
export class GradientError extends SensigradError {}

/** No backend is in use, a backend lacks a kernel or a type, or two backends were mixed. */
export class BackendError extends SensigradError {}

/** A tensor is used whose memory was given back. */
export class DisposedError extends SensigradError {}

/** A number that had to be finite is NaN or infinite. */
export class NonFiniteError extends SensigradError {}
