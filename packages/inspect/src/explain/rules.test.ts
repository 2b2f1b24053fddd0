/** No operation comes in without its rule in letters, and no rule stays behind when one goes. */
import { operations } from '@sensigrad/core'
import '@sensigrad/nn' // and with it linalg
import { expect, test } from 'vitest'
import { rules } from './rules.ts'

/** What transforms make of functions, and taps: these are no operations that one could look up. */
const ofTransforms = ['checkpoint', 'scan', 'tap']

test('every operation of core and linalg has its rule, and no other', () => {
  const defined = operations.map(({ name }) => name).filter(name => name !== 'map')
  expect(defined).toContain('symmetricEigen')
  expect(Object.keys(rules).sort()).toEqual([...new Set([...defined, ...ofTransforms])].sort())
})
