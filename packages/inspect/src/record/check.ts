/**
 * Reading what was parsed from a file that nobody vouches for: each check takes a value of any kind, and gives one of the
 * right type, made anew from the fields that are known, or says where it is wrong.
 */

import { quoted, TapeFileError } from './errors.ts'

/** Reads a value at a place of the file. */
export type Check<Value> = (value: unknown, place: string) => Value

/** Who reads, and what to do about a file that cannot be read. */
let reader: { readonly operation: string; readonly remedy?: string } = { operation: 'fromJSON' }

/** Runs `body`, whose checks refuse in the name of another operation. */
export function readingFor<Result>(operation: string, remedy: string, body: () => Result): Result {
  const outer = reader
  reader = { operation, remedy }
  try {
    return body()
  } finally {
    reader = outer
  }
}

/** @throws TapeFileError always */
export function wrong(place: string, problem: string, remedy = reader.remedy): never {
  throw new TapeFileError(reader.operation, place, problem, remedy)
}

/** A text of at most so many characters. */
export const text =
  (most: number): Check<string> =>
  (value, place) => {
    if (typeof value !== 'string') wrong(place, `is ${quoted(value)}, not a text`)
    if (value.length > most) wrong(place, `is a text of ${value.length} characters, of at most ${most}`)
    return value
  }

/** One of some texts. */
export const oneOf =
  <Word extends string>(words: readonly Word[]): Check<Word> =>
  (value, place) => {
    const word = words.find(each => each === value)
    return word ?? wrong(place, `is ${quoted(value)}, which is none of ${words.join(', ')}`)
  }

/** A whole number from `least` to `most`. */
export const whole =
  (least: number, most: number): Check<number> =>
  (value, place) => {
    if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most)
      return value as number
    return wrong(place, `is ${quoted(value)}, not a whole number from ${least} to ${most}`)
  }

const special: ReadonlyMap<unknown, number> = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
  ['-0', -0],
])

/** Any number; those that JSON lacks are these words. */
export const number: Check<number> = (value, place) => {
  if (typeof value === 'number') return value
  return special.get(value) ?? wrong(place, `is ${quoted(value)}, not a number`)
}

/** A number as JSON can hold it, which `number` reads back. */
export function numberToJSON(x: number): number | string {
  if (Object.is(x, -0)) return '-0'
  return Number.isFinite(x) ? x : String(x)
}

/** A number that is finite and not negative. */
export const amount: Check<number> = (value, place) => {
  if (typeof value === 'number' && value >= 0) return value // JSON has no infinity
  return wrong(place, `is ${quoted(value)}, not a number from 0 on`)
}

/** A list of at most so many items. */
export const list =
  <Item>(item: Check<Item>, most: number): Check<Item[]> =>
  (value, place) => {
    if (!Array.isArray(value)) wrong(place, `is ${quoted(value)}, not a list`)
    if (value.length > most) wrong(place, `is a list of ${value.length} items, of at most ${most}`)
    return value.map((each, i) => item(each, `${place}[${i}]`))
  }

/** A value of which nothing is known yet. */
export const anything: Check<unknown> = value => value

/** The checks of fields, by name; those of fields that may be missing are told apart by `optional`. */
type Fields<Shape> = { readonly [Name in keyof Shape]-?: Check<Exclude<Shape[Name], undefined>> }

/**
 * An object with these fields, and no others.
 *
 * @param fields    the checks of all fields
 * @param optional  the names of those that may be missing
 */
export const object = <Shape extends object>(
  fields: Fields<Shape>,
  optional: readonly (keyof Shape)[] = [],
): Check<Shape> => {
  const names = Object.keys(fields) as (keyof Shape & string)[]
  const known = new Set<string>(names)
  return (value, place) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      wrong(place, `is ${quoted(value)}, not an object`)
    }
    const at = (name: string) =>
      place === '' || place.endsWith(': ') ? `${place}${name}` : `${place}.${name}`
    for (const name of Object.keys(value)) {
      if (!known.has(name)) wrong(place, `has a field ${quoted(name)}, which version 1 does not know`)
    }
    const read: Partial<Shape> = {}
    for (const name of names) {
      if (Object.hasOwn(value, name)) {
        read[name] = fields[name]((value as Record<string, unknown>)[name], at(name)) as Shape[typeof name]
      } else if (!optional.includes(name)) wrong(place, `lacks the field ${name}`)
    }
    return read as Shape
  }
}
