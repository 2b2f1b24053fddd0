/** CSV that other programs read as it was meant. */
import { expect, test } from 'vitest'
import { csv } from './csv.ts'

test('numbers keep every digit and infinities a name that R and pandas read', () => {
  expect(csv(['x'], [[0.1 + 0.2], [1e-300], [Number.NEGATIVE_INFINITY]])).toBe(
    'x\n0.30000000000000004\n1e-300\n-Infinity\n',
  )
})

test('text with a comma, a quote or a line break is quoted', () => {
  expect(csv(['a'], [['x,y'], ['say "so"'], ['two\nlines']])).toBe('a\n"x,y"\n"say ""so"""\n"two\nlines"\n')
})

test('nothing is an empty cell', () => {
  expect(csv(['a', 'b'], [[null, 1]])).toBe('a,b\n,1\n')
})
