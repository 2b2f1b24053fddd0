/** The page of operations is what the definitions say, and nothing public stands outside of them. */
import { operations, specifications } from '@sensigrad/core'
import { describe, expect, test } from 'vitest'
import { isScalar, operationsPage, publicFunctions } from './support/operations-page.ts'

/** Public functions without a specification, and why. */
const unspecified: Readonly<Record<string, string>> = {
  elementwise: 'makes functions; its expressions are proved in laws.test.ts',
  nonZero: 'waits for its mask; numbers.test.ts has its values',
  stopGradient: 'has no derivative, which tape.test.ts proves',
}

const functions = publicFunctions().flatMap(([, functions]) => functions)

test('every public function has a specification, or a rule in the table of scalar functions', () => {
  const names = functions.map(({ name }) => name)
  const specified = specifications.map(({ name }) => name)
  const outside = names.filter(name => !isScalar(name) && !specified.includes(name))
  expect(outside.sort()).toEqual(Object.keys(unspecified))
})

test('every public function has a docstring whose first sentence stands alone', () => {
  expect(functions.filter(({ summary }) => summary === '').map(({ name }) => name)).toEqual([])
})

test('there are about forty operations, and all else is composed of them', () => {
  expect(operations.length).toBeLessThanOrEqual(40)
})

describe('the page', () => {
  test('is what the definitions say (pnpm vitest run operations-page -u writes it)', async () => {
    await expect(operationsPage()).toMatchFileSnapshot('../docs/operations.md')
  })
})
