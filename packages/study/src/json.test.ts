/** JSON that holds every number to the last bit, and what JSON has no word for. */
import { expect, test } from 'vitest'
import { toJson } from './json.ts'

test('what JSON can say comes back the same', () => {
  const value = {
    text: 'a "b" λ',
    list: [1, -0.5, 1e-300],
    nested: [{ a: null }, { b: [] }],
    yes: true,
    empty: {},
  }
  expect(JSON.parse(toJson(value))).toEqual(value)
})

test('what JSON cannot say becomes a word', () => {
  expect(JSON.parse(toJson([Number.NaN, Infinity, -Infinity]))).toEqual(['NaN', 'Infinity', '-Infinity'])
})

test('a list of numbers stays on one line, objects have a line a field', () => {
  expect(toJson({ a: [1, 2], b: { c: 3 } })).toBe('{\n  "a": [1, 2],\n  "b": {\n    "c": 3\n  }\n}\n')
})

test('fields without a value are left out', () => {
  expect(JSON.parse(toJson({ a: undefined, b: 1 }))).toEqual({ b: 1 })
})
