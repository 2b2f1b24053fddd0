/** Backends whose numbers are not IEEE 754's: held to what they say of them, and to nothing less. */
import { cpu } from '@sensigrad/backend-cpu'
import type { Backend, Capabilities, SynchronousBackend, TypedArray } from '@sensigrad/core'
import { conformance } from '@sensigrad/testing'
import { describe, expect, test } from 'vitest'

const honest = cpu()
const said = { largestInteger: 2 ** 24, isSpecialKept: false, error: 1e-4 }

/** A backend that is wrong by a relative `error` in every map of floats, and stores what is special as 0. */
function rough(error: number, numbers: Capabilities['numbers'], limit = 2 ** 24): Backend {
  const spoiled = (values: TypedArray, dtype: string) =>
    values.map(value => {
      if (dtype === 'int32') return Math.abs(value) > limit ? 0 : value
      return Number.isFinite(value) ? value || 0 : 0
    })
  const { readSync, ...kernels }: SynchronousBackend = honest
  return {
    ...kernels,
    capabilities: {
      dtypes: ['float32', 'int32', 'bool'],
      synchronousRead: false,
      ...(numbers && { numbers }),
    },
    upload: (values, dtype) => spoiled(values, dtype),
    map(expression, inputs, shape, dtype, into) {
      const isCall = expression.kind === 'call' && ['exp', 'sin', 'tanh', 'log'].includes(expression.name)
      if (dtype !== 'float32' || !isCall) return honest.map(expression, inputs, shape, dtype, into)
      const values = honest.map(expression, inputs, shape, dtype) as Float32Array
      const off = values.map(value => value * (1 + error))
      if (into === undefined) return off
      ;(into.storage as Float32Array).set(off, into.offset)
      return into.storage
    },
    read: async view => readSync(view),
  }
}

async function broken(backend: Backend): Promise<string[]> {
  const names: string[] = []
  for (const { name, holds } of conformance(backend, { runs: 30 }))
    await holds().catch(() => names.push(name))
  return names
}

describe('a backend with rough numbers', () => {
  test('keeps every claim where it says so', async () => {
    expect(await broken(rough(5e-5, said))).toEqual([])
  })

  test('is caught where it says nothing', async () => {
    const names = await broken(rough(5e-5, undefined))
    expect(names).toContain('map: evaluates exp (float32)')
    expect(names).toContain('copy: lays the elements of any view side by side (float32)')
  })

  test('is caught where it errs by more than it says', async () => {
    expect(await broken(rough(5e-3, said))).toEqual([
      'map: evaluates exp (float32)',
      'map: evaluates log (float32)',
      'map: evaluates sin (float32)',
      'map: evaluates tanh (float32)',
    ])
  })

  test('is caught where integers that it calls exact are not', async () => {
    expect(await broken(rough(0, said, 2 ** 8))).toContain(
      'copy: lays the elements of any view side by side (int32)',
    )
  })

  test('is asked about NaN where it says that it keeps it', async () => {
    expect(await broken(rough(0, { ...said, isSpecialKept: true }))).toContain(
      'copy: lays the elements of any view side by side (float32)',
    )
  })
})

test.each([0, 1.5, Number.NaN, '9'])('conformance refuses %s runs', runs => {
  expect(() => conformance(honest, { runs: runs as number })).toThrow(/^conformance: runs is .*whole number/)
})
