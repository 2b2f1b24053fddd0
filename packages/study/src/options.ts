/** How a command line spells numbers, lists and seeds. Refusals name the field; whoever prints them, the flag. */

import { SettingsError } from './errors.ts'

/** probeEvery → --probe-every */
export const flag = (field: string): string =>
  `--${field.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`

/** Reads a number, or says what the field takes. */
export function number(field: string, expected: string): (text: string) => number {
  return text => {
    const value = text.trim() === '' ? Number.NaN : Number(text)
    if (!Number.isNaN(value)) return value
    throw new SettingsError(field, JSON.stringify(text), 'this is not a number', `Give ${expected}.`)
  }
}

/** Reads numbers with commas between them. */
export function numbers(field: string, expected: string): (text: string) => number[] {
  const read = number(field, expected)
  return text => text.split(',').map(read)
}

/** Reads a whole number between two others. */
export function whole(field: string, min: number, max: number): (text: string) => number {
  const expected = `a whole number from ${min} to ${max}`
  const read = number(field, expected)
  return text => {
    const value = read(text)
    if (Number.isInteger(value) && value >= min && value <= max) return value
    const rule = Number.isInteger(value) ? 'it is out of range' : 'it is not a whole number'
    throw new SettingsError(field, text, rule, `Give ${expected}.`)
  }
}

/** More would be a typing error. */
const maxSeeds = 1000

/**
 * Seeds from a count or a list.
 *
 * @param first where a count begins, when it was said
 * @example seedList('3') // [1, 2, 3]
 * @example seedList('3,7,9') // [3, 7, 9]
 */
export function seedList(text: string, first?: number): number[] {
  if (text.includes(',')) {
    if (first === undefined) return numbers('seeds', 'a count, or a list such as 3,7,9')(text)
    throw new SettingsError(
      'firstSeed',
      first,
      `--seeds ${text} names every seed already`,
      'Give only one of the two.',
    )
  }
  const count = whole('seeds', 1, maxSeeds)(text)
  return Array.from({ length: count }, (_, i) => (first ?? 1) + i)
}

/** How a command line spells these seeds. */
export const seedFlags = (seeds: readonly number[]): string =>
  seeds.length === 1 ? `--seeds 1 --first-seed ${seeds[0]}` : `--seeds ${seeds.join(',')}`

/** Reads words with commas between them. */
export const words = (text: string): string[] => text.split(',').map(word => word.trim())
