/** What the options accept, and what they say of what they do not. */
import { expect, test } from 'vitest'
import { flag, numbers, seedList, whole } from './options.ts'

test('settings become flags', () => {
  expect(flag('probeEvery')).toBe('--probe-every')
})

test('a count of seeds begins at 1 or where it is told to', () => {
  expect(seedList('3')).toEqual([1, 2, 3])
  expect(seedList('2', 7)).toEqual([7, 8])
})

test('a list of seeds is taken as it stands', () => {
  expect(seedList('3,7,9')).toEqual([3, 7, 9])
})

test('a list that should also begin somewhere contradicts itself', () => {
  expect(() => seedList('3,7', 5)).toThrow('--seeds 3,7 names every seed already. Give only one of the two.')
})

test.each(['', 'x', '1,,2', '1;2'])('%o is no list of numbers', text => {
  expect(() => numbers('size', 'whole numbers')(text)).toThrow('this is not a number. Give whole numbers.')
})

test.each([
  ['1.5', 'it is not a whole number'],
  ['9', 'it is out of range'],
])('%s is no whole number from 0 to 8: %s', (text, rule) => {
  expect(() => whole('workers', 0, 8)(text)).toThrow(`${rule}. Give a whole number from 0 to 8.`)
})
