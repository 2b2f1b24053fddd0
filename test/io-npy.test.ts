/** Npy files give back what was saved, and are what numpy writes and reads. */
import { fc, test } from '@fast-check/vitest'
import { dtypes, tensor, useBackend, zeros } from '@sensigrad/core'
import { decodeNpy, encodeNpy } from '@sensigrad/io'
import { arbitraries } from '@sensigrad/testing'
import { cpu } from 'sensigrad'
import { describe, expect } from 'vitest'
import reference from './reference/safetensors.json' with { type: 'json' }
import { read } from './support/backend.ts'

useBackend(cpu())

const anyTensor = fc.tuple(arbitraries.shapes(), fc.constantFrom(...dtypes)).chain(([shape, dtype]) => {
  const size = shape.reduce((a, b) => a * b, 1)
  return fc
    .array(arbitraries.elements(dtype), { minLength: size, maxLength: size })
    .map(values => tensor(Float64Array.from(values), { shape, dtype }))
})

test.prop([anyTensor])('what is saved is loaded', async x => {
  const there = decodeNpy(await encodeNpy(x))
  expect(String(there)).toBe(String(x))
  expect([...read(there)]).toEqual([...read(x)])
})

test.prop([anyTensor])('the numbers begin at a multiple of 64 bytes', async x => {
  const bytes = await encodeNpy(x)
  expect((bytes.length - read(x).byteLength) % 64).toBe(0)
})

test('a header too long for version 1 is of version 2', async () => {
  const x = zeros(Array.from({ length: 30_000 }, () => 0))
  const bytes = await encodeNpy(x)
  expect(bytes[6]).toBe(2)
  expect(decodeNpy(bytes).shape).toEqual(x.shape)
})

describe('numpy', () => {
  const ours: Record<string, string> = {
    float64: 'float64',
    float32: 'float32',
    float16: 'float32',
    bool: 'bool',
  }

  test.each(Object.entries(reference.npy))('%s: what numpy writes is read', (_, { bytes, tensor }) => {
    const x = decodeNpy(Buffer.from(bytes, 'base64'))
    expect(String(x)).toBe(`${ours[tensor.type] ?? 'int32'}[${tensor.shape.join(', ')}]`)
    expect([...read(x)]).toEqual(tensor.values.map(Number))
  })

  test.each(['C order', 'a scalar', 'an empty one', 'bools'] as const)(
    '%s: what is written is what numpy writes',
    async name => {
      const bytes = Buffer.from(reference.npy[name].bytes, 'base64')
      const ours = Buffer.from(await encodeNpy(decodeNpy(bytes)))
      const text = (file: Buffer) => file.toString('latin1').replace(/ +\n/, '\n')
      expect(text(ours)).toBe(text(bytes)) // but for how far it is padded
    },
  )
})
