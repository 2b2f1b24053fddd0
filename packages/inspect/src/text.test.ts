/** Names stay text and keep to their room; numbers have one width; a histogram in a line shows magnitudes and nothing else. */
import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { statisticsOf } from './record/statistics.ts'
import {
  counted,
  cutEnd,
  cutMiddle,
  duration,
  inAscii,
  memory,
  padded,
  percent,
  plural,
  printable,
  scientific,
  sparkline,
  widthOf,
} from './text.ts'

const anyText = fc.string({ unit: 'binary', maxLength: 60 })

describe('names', () => {
  test('cannot steer a terminal, turn the direction of writing, or hide', () => {
    expect(printable('a\u001b[2Jb')).toBe('a\\u{1b}[2Jb')
    expect(printable('\u202eevil\n\u200b\u009b31m')).toBe('\\u{202e}evil\\u{a}\\u{200b}\\u{9b}31m')
    expect(printable('\ud800x')).toBe('\\u{d800}x')
    expect(printable('Schicht 7 · 層')).toBe('Schicht 7 · 層')
  })

  test.prop([anyText])('printed, no text has a control character', name => {
    for (const sign of printable(name)) {
      const point = sign.codePointAt(0)!
      expect(point >= 0x20 && !(point >= 0x7f && point < 0xa0)).toBe(true)
    }
  })

  test.prop([anyText, fc.integer({ min: 1, max: 30 })])('cut, it keeps to its room', (name, columns) => {
    const cut = cutMiddle(printable(name), columns)
    expect(widthOf(cut)).toBeLessThanOrEqual(columns)
    if (widthOf(printable(name)) <= columns && printable(name).length <= columns)
      expect(cut).toBe(printable(name))
  })

  test('a name is cut in the middle, since names differ at their ends', () => {
    expect(cutMiddle('encoder.layers.17.attention.query.weight', 20)).toBe('encoder.la…ry.weight')
    expect(cutMiddle('層層層層層層', 7)).toBe('層層…層')
  })

  test('a summary is cut at its end', () => {
    expect([cutEnd('matmul → + → tanh', 10), cutEnd('層層層', 5), cutEnd('tanh', 4)]).toEqual([
      'matmul → …',
      '層層…',
      'tanh',
    ])
  })

  test('wide signs are filled up by what they take', () => {
    expect(padded('層', 4)).toBe('層  ')
    expect(padded('12', 4, 'right')).toBe('  12')
  })
})

test('what we write ourselves has a form in ASCII', () => {
  expect(inAscii('%3² ≤ 1 → tanh …')).toBe('%3^2 <= 1 > tanh ...')
})

describe('numbers', () => {
  test.each([
    [0, '0'],
    [-0, '0'],
    [3.94e-4, '3.9e-04'],
    [-1e-158, '-1.0e-158'],
    [12.5, '1.3e+01'],
    [Number.NaN, 'NaN'],
    [Number.NEGATIVE_INFINITY, '-Inf'],
  ])('%d reads %s', (x, text) => expect(scientific(x)).toBe(text))

  test('counts, shares, times and sizes have their units', () => {
    expect([counted(1507), counted(12), plural(1, 'entry', 'entries'), plural(2, 'module')]).toEqual([
      '1,507',
      '12',
      '1 entry',
      '2 modules',
    ])
    expect([0, 0.004, 0.61, 0.997, 1].map(percent)).toEqual(['0%', '<1%', '61%', '>99%', '100%'])
    expect([0.0042, 0.031, 9.13, 1200].map(each => duration(each))).toEqual([
      '4.2µs',
      '31µs',
      '9.1ms',
      '1.2s',
    ])
    expect([940, 3200, 1.4e6].map(memory)).toEqual(['940 B', '3.2 kB', '1.4 MB'])
  })
})

describe('a sparkline', () => {
  test('has a bar for each factor of two', () => {
    const values = Float32Array.of(1, 1.5, 1, 1, 2, 3, 16)
    expect(sparkline(statisticsOf(values), 8)).toBe('█▅  ▃')
    expect(sparkline(statisticsOf(values), 8, true)).toBe('@+  -')
  })

  test('puts factors together where there is no room for all', () => {
    const values = Float64Array.from({ length: 200 }, (_, i) => 2 ** (i - 100))
    expect(sparkline(statisticsOf(values), 8)).toHaveLength(7) // 200 exponents in bars of 32
  })

  test('shows neither zeros nor what is not finite', () => {
    expect(sparkline(statisticsOf(Float32Array.of(0, Number.NaN, 1)), 8)).toBe('█')
    expect(sparkline(statisticsOf(Float32Array.of(0, Number.POSITIVE_INFINITY)), 8)).toBe('')
  })
})
