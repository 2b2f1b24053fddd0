/** Digits from a file in the format of optdigits: 8 × 8 counts from 0 to 16, then the digit, in each line. */

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { isSynchronous, key, permutationValues, tensor } from '@sensigrad/core'
import { FileError, readCsv } from '@sensigrad/io'
import { SettingsError } from '../../errors.ts'
import type { Samples } from '../task.ts'

/** Images and what they show. */
export interface Digits {
  /** 64 numbers each, row by row, from -1 to 1. */
  readonly images: readonly (readonly number[])[]
  readonly labels: readonly number[]
}

const [side, most, classes] = [8, 16, 10]
const pixels = side * side

/** What comes after the description of a fault. */
const remedy =
  'Give a file in the format of optdigits: 64 numbers from 0 to 16 and a digit in each line, with commas.'

/**
 * Reads a file of digits.
 *
 * @throws SettingsError naming the line, when it is no such file, or has fewer than 20 of a digit
 */
export function readDigits(path: string): Digits {
  const images: number[][] = []
  const labels: number[] = []
  for (const [i, row] of rowsOf(path).entries()) {
    const image = row.slice(0, pixels)
    const label = row[pixels]!
    const strange = image.findIndex(value => !isWhole(value, most))
    if (strange >= 0) throw refused(path, `line ${i + 1} has ${image[strange]} as number ${strange + 1}`)
    if (!isWhole(label, classes - 1)) throw refused(path, `line ${i + 1} ends in ${label}, which is no digit`)
    images.push(image.map(value => (2 * value) / most - 1))
    labels.push(label)
  }
  for (let digit = 0; digit < classes; digit++) {
    const count = labels.filter(label => label === digit).length
    if (count < fewest) {
      throw refused(
        path,
        `it has ${count} lines for the digit ${digit}, which is too few to learn and test it`,
      )
    }
  }
  return { images, labels }
}

const fewest = 20

/** What tells whether a file is still the same. */
export function fingerprintOf(path: string): string {
  return createHash('sha256').update(bytesOf(path)).digest('hex')
}

function rowsOf(path: string): number[][] {
  const text = new TextDecoder().decode(bytesOf(path)).trimEnd() // some copies end in an empty line
  try {
    const { values } = readCsv(text, { header: false })
    const [rows, columns] = values.shape as [number, number]
    if (columns !== pixels + 1)
      throw refused(path, `it has ${columns} numbers in a line, and not ${pixels + 1}`)
    if (!isSynchronous(values.backend)) throw new Error('the experiments compute on the CPU')
    const flat = values.backend.readSync(values)
    return Array.from({ length: rows }, (_, i) => [...flat.slice(i * columns, (i + 1) * columns)])
  } catch (error) {
    if (error instanceof FileError) throw refused(path, error.message)
    throw error
  }
}

function bytesOf(path: string): Uint8Array {
  try {
    return readFileSync(path)
  } catch (error) {
    throw refused(path, `it cannot be read: ${error instanceof Error ? error.message : error}`)
  }
}

const isWhole = (value: number, most: number): boolean =>
  Number.isInteger(value) && value >= 0 && value <= most

const refused = (path: string, rule: string): SettingsError => new SettingsError('data', path, rule, remedy)

/** What a network reads at once: the image as a whole, `[samples, 64]`, or `[time, samples, inputs]` of it. */
export type Reading = 'whole' | 'rows' | 'pixels'

/** How many numbers a network hears at once. */
export const inputsOf: Readonly<Record<Reading, number>> = { whole: pixels, rows: side, pixels: 1 }

/** Learned from and held back: which ones does not depend on the seed, so that all runs are tested alike. */
export function divided({ images, labels }: Digits, share: number): { training: Digits; test: Digits } {
  const order = [...permutationValues(key(0), labels.length)]
  const held = Math.round(share * labels.length)
  const at = (places: readonly number[]): Digits => ({
    images: places.map(i => images[i]!),
    labels: places.map(i => labels[i]!),
  })
  return { test: at(order.slice(0, held)), training: at(order.slice(held)) }
}

/** Digits as a network reads them. */
export function samplesOf({ images, labels }: Digits, reading: Reading): Samples {
  const whole = tensor(images)
  const y = tensor(labels, { dtype: 'int32' })
  if (reading === 'whole') return { x: whole, y }
  const inputs = inputsOf[reading]
  const parts = whole.reshape([labels.length, pixels / inputs, inputs])
  return { x: parts.transpose([1, 0, 2]), y }
}
