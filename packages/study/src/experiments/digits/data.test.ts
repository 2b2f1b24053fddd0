/** Files of digits are read strictly, and divided once for all runs. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import 'sensigrad'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { divided, readDigits, samplesOf } from './data.ts'
import digits from './study.ts'

vi.setConfig({ testTimeout: 60_000 })

const folder = mkdtempSync(join(tmpdir(), 'sensigrad-digits-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Images that are all alike but for a line that is their digit. */
const lines = Array.from({ length: 300 }, (_, i) => {
  const digit = i % 10
  return [...Array.from({ length: 64 }, (_, p) => (p % 10 === digit ? 16 : (i + p) % 5)), digit].join(',')
})
const file = (text: string): string => {
  const path = join(folder, 'digits.csv')
  writeFileSync(path, text)
  return path
}
const good = () => file(`${lines.join('\n')}\n`)

test('numbers go from -1 to 1, and digits are what the lines end in', () => {
  const { images, labels } = readDigits(good())
  expect(labels.slice(0, 3)).toEqual([0, 1, 2])
  expect(images[0]!.slice(0, 3)).toEqual([1, -0.875, -0.75])
  expect(Math.max(...images.flat())).toBe(1)
})

describe('a file that is none is refused with its place', () => {
  const broken = (line: string) => file([lines[0], line, ...lines.slice(2)].join('\n'))
  const ones = (count: number) => Array(count).fill(1).join(',')
  test.each<[string, () => string, RegExp]>([
    ['that is not there', () => join(folder, 'none'), /it cannot be read/],
    ['with nothing in it', () => file(''), /nothing in it/],
    [
      'with other columns',
      () => file(lines.map(line => `${line},1`).join('\n')),
      /66 numbers in a line, and not 65/,
    ],
    ['with a short line', () => broken(ones(64)), /2/],
    ['with a word', () => broken(`${ones(63)},x,1`), /2/],
    ['with a number beyond', () => broken(`17,${ones(64)}`), /line 2 has 17 as number 1/],
    ['with a fraction', () => broken(`0.5,${ones(64)}`), /line 2 has 0.5 as number 1/],
    ['with no digit at the end', () => broken(`${ones(64)},10`), /line 2 ends in 10, which is no digit/],
    [
      'with few of a digit',
      () => file(lines.filter(line => !line.endsWith(',7')).join('\n')),
      /0 lines for the digit 7/,
    ],
  ])('%s', (_, path, message) => {
    expect(() => digits.check!({ ...digits.defaults, data: path() })).toThrow(message)
  })
})

test('a part is held back, the same each time, and nothing of it is learned', () => {
  const whole = { images: lines.map((_, i) => [i]), labels: lines.map((_, i) => i) }
  const { training, test: held } = divided(whole, 0.2)
  expect(held.labels).toHaveLength(60)
  expect([...training.labels, ...held.labels].sort((a, b) => a - b)).toEqual(whole.labels)
  expect(divided(whole, 0.2).test).toEqual(held)
})

test('a recurrent network reads rows from the top, and numbers along them', async () => {
  const one = { images: [Array.from({ length: 64 }, (_, i) => i)], labels: [3] }
  const rows = samplesOf(one, 'rows').x
  const pixels = samplesOf(one, 'pixels').x
  expect([rows.shape, pixels.shape]).toEqual([
    [8, 1, 8],
    [64, 1, 1],
  ])
  expect(await rows.slice(1, 0).toArray()).toEqual([8, 9, 10, 11, 12, 13, 14, 15])
  expect(await pixels.slice(9).toArray()).toEqual([[9]])
})

test.each(['deep', 'rows', 'pixels'])('%s runs, and is tested on what was held back', async network => {
  const settings = {
    ...digits.defaults,
    data: good(),
    network,
    layers: 3,
    width: 10,
    preparation: 3,
    iterations: 20,
    probeEvery: 10,
  }
  const { curve } = await digits.run('sal', 1, settings, { stopped: () => false, progress: () => {} })
  expect(curve.map(({ testAccuracy }) => typeof testAccuracy)).toEqual(['number', 'number', 'number'])
  expect(curve.at(-1)!.loss).not.toBe(curve[0]!.loss)
})
