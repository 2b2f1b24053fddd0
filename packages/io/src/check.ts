/** The refusal of arguments of the wrong kind. */

import { describeValue, ValueError } from '@sensigrad/core'
import { FileError, quoted, type Source } from './file-error.ts'

/** @throws ValueError unless `bytes` is a Uint8Array */
export function checkBytes(operation: string, bytes: unknown): asserts bytes is Uint8Array {
  if (bytes instanceof Uint8Array) return
  throw new ValueError(
    operation,
    `the bytes are ${describeValue(bytes)}`,
    'Give a Uint8Array: new Uint8Array(await response.arrayBuffer())',
  )
}

/** Whether a value holds others by their names. A promise does not: it was not waited for. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Promise)
}

/** @throws ValueError unless the options are an object without names that are not known */
export function checkOptions(operation: string, options: unknown, known: readonly string[]): void {
  if (!isRecord(options)) {
    throw new ValueError(operation, `the options are ${describeValue(options)}`, 'Give an object')
  }
  const strange = Object.keys(options).find(name => !known.includes(name))
  if (strange === undefined) return
  throw new ValueError(operation, `there is no option ${strange}`, `There is ${known.join(', ')}`)
}

/** What is wrong with a name under which a value is to be kept, if anything. */
export function faultOf(name: string): string | undefined {
  if (name.split('.').includes('__proto__')) return 'reaches for the prototype of objects'
  if (/\p{Surrogate}/u.test(name)) return 'holds half of a character, which UTF-8 cannot'
  return undefined
}

/** A size or an offset that a file states: a whole number, zero or more, that a float64 holds exactly. */
export function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && ((value as number) > 0 || Object.is(value, 0))
}

/** How many bytes the elements of a shape take; rounded, or infinitely many, where that is beyond any file. */
export function bytesFor(shape: readonly number[], width: number): number {
  return shape.includes(0) ? 0 : shape.reduce((size, length) => size * length, width)
}

/** @throws FileError unless the elements of a shape take as many bytes as there are */
export function checkLength(
  source: Source,
  what: string,
  shape: readonly number[],
  width: number,
  there: number,
): void {
  const needed = bytesFor(shape, width)
  if (needed === there) return
  throw new FileError(
    source,
    `${what} of shape ${quoted(shape)} needs ${needed} bytes, and there are ${there}`,
    'It is damaged or cut off: fetch it again',
  )
}
