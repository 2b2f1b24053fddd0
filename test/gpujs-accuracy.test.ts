/** The page on accuracy: it has every operation, no error is larger than it says, and WebAssembly keeps to it here. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gpujs } from '@sensigrad/backend-gpujs'
import { describe, expect, test } from 'vitest'
import { allowed, measure, measuredNames, refused } from './support/gpu-accuracy.ts'
import { modes, rowsOf } from './support/gpu-accuracy-page.ts'
import { root } from './support/snippets.ts'

const page = readFileSync(join(root, 'docs/gpu-accuracy.md'), 'utf8')
const rows = rowsOf(page)
const computed = measuredNames().filter(name => !Object.hasOwn(refused, name))
const backend = await gpujs({ mode: 'webasm' })

describe('the page', () => {
  test('has every operation (node packages/backend-gpujs/scripts/measure-accuracy.mjs writes it)', () => {
    expect(rows.map(({ name }) => name)).toEqual(measuredNames())
  })

  test('has errors in every mode, none larger than is allowed', () => {
    for (const { values, gradients, name } of rows.filter(({ name }) => computed.includes(name))) {
      expect(values, name).toHaveLength(modes.length)
      expect(Math.max(...values), name).toBeLessThanOrEqual(allowed.value)
      expect(Math.max(0, ...gradients), name).toBeLessThanOrEqual(allowed.gradient)
    }
  })

  test('says what is allowed', () => {
    expect(new Set(Object.values(allowed).map(error => error.toExponential(0)))).toEqual(new Set(['1e-6']))
    expect(page).toContain('Every one is below **1e-6**')
  })
})

describe('as WebAssembly,', () => {
  test.each(computed)('%s has right values and gradients', async name => {
    const { value, gradient = 0 } = await measure(name, backend)
    expect(value).toBeLessThanOrEqual(allowed.value)
    expect(gradient).toBeLessThanOrEqual(allowed.gradient)
  })

  test.each(Object.entries(refused))('%s is refused, with what to do instead', async (name, words) => {
    await expect(measure(name, backend)).rejects.toThrow(words)
  })
})
