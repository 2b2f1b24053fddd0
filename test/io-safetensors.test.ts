/** Safetensors files give back what was saved, are the same whatever the order, and are those of the reference library. */
import { fc, test } from '@fast-check/vitest'
import { type DType, dtypes, type Tensor, type TensorTree, tensor, useBackend } from '@sensigrad/core'
import { decodeSafetensors, encodeSafetensors } from '@sensigrad/io'
import { arbitraries } from '@sensigrad/testing'
import { cpu } from 'sensigrad'
import { describe, expect } from 'vitest'
import reference from './reference/safetensors.json' with { type: 'json' }
import { read } from './support/backend.ts'

useBackend(cpu())

const settings = { numRuns: 60 }
const anyTensor = fc
  .tuple(arbitraries.shapes({ maxRank: 3 }), fc.constantFrom(...dtypes))
  .chain(([shape, dtype]) => {
    const size = shape.reduce((a, b) => a * b, 1)
    return fc
      .array(arbitraries.elements(dtype), { minLength: size, maxLength: size })
      .map(values => tensor(Float64Array.from(values), { shape, dtype }))
  })
const names = fc.oneof(
  fc.stringMatching(/^[a-z0-9_]{1,6}$/),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 4 }),
  fc.constantFrom('constructor', 'toString', 'layers', '"', '\\', 'größe'),
)
const anyTree = fc.letrec<{ tree: TensorTree; leaf: Tensor }>(tie => ({
  leaf: anyTensor,
  tree: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    tie('leaf'),
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.dictionary(
      names.filter(name => !name.includes('.')),
      tie('tree'),
      { maxKeys: 3 },
    ),
  ),
})).tree
const flat = fc.dictionary(names, anyTensor, { maxKeys: 6, noNullPrototype: true })
const isSafe = (name: string) => !name.split('.').includes('__proto__') && name !== '__metadata__'
const texts = fc.dictionary(names.filter(isSafe), fc.string({ unit: 'grapheme' }), { maxKeys: 3 })

/** Type, shape and every bit, but for which NaN it is. */
const told = (x: Tensor) => [String(x), ...[...read(x)].map(value => (Object.is(value, -0) ? '-0' : value))]
const toldAll = (tensors: Readonly<Record<string, Tensor>>) =>
  Object.entries(tensors)
    .map(([name, x]) => [name, ...told(x)])
    .sort(([a], [b]) => (String(a) < String(b) ? -1 : 1))

function leaves(tree: TensorTree, path = ''): [string, Tensor][] {
  if ('dtype' in tree && 'storage' in tree) return [[path, tree as Tensor]]
  return Object.entries(tree).flatMap(([name, child]) =>
    leaves(child, path === '' ? name : `${path}.${name}`),
  )
}

test.prop([anyTree, texts], settings)('what is saved is loaded, by its path', async (tree, metadata) => {
  const there = decodeSafetensors(await encodeSafetensors(tree, metadata))
  expect(toldAll(there.tensors)).toEqual(toldAll(Object.fromEntries(leaves(tree))))
  expect({ ...there.metadata }).toEqual({ ...metadata })
})

test.prop([flat, texts], settings)('the bytes do not depend on any order', async (tensors, metadata) => {
  const turned = <Value>(record: Readonly<Record<string, Value>>) =>
    Object.fromEntries(Object.entries(record).reverse())
  const bytes = await encodeSafetensors(tensors, metadata)
  expect(await encodeSafetensors(turned(tensors), turned(metadata))).toEqual(bytes)
})

test.prop([flat], settings)('every tensor lies at a multiple of its width', async tensors => {
  const bytes = await encodeSafetensors(tensors)
  const start = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true))
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, start)))
  const widths: Record<string, number> = { F64: 8, F32: 4, I32: 4, BOOL: 1 }
  for (const { dtype, data_offsets } of Object.values<{ dtype: string; data_offsets: number[] }>(header)) {
    expect((start + data_offsets[0]!) % widths[dtype]!).toBe(0)
  }
})

test('a view is saved as what it shows', async () => {
  const x = tensor([
    [1, 2, 3],
    [4, 5, 6],
  ])
  const { tensors } = decodeSafetensors(
    await encodeSafetensors({ x: x.transpose().slice([2, undefined, -2]) }),
  )
  expect(await tensors.x!.toArray()).toEqual([
    [3, 6],
    [1, 4],
  ])
})

test('bytes may begin anywhere in their memory', async () => {
  const bytes = await encodeSafetensors({ x: tensor([1, 2], { dtype: 'float64' }) })
  const shifted = new Uint8Array(bytes.length + 3).subarray(3)
  shifted.set(bytes)
  expect(told(decodeSafetensors(shifted).tensors.x!)).toEqual(['float64[2]', 1, 2])
  expect(told(decodeSafetensors(Buffer.from(bytes)).tensors.x!)).toEqual(['float64[2]', 1, 2])
})

describe('a file of the reference library', () => {
  const ours: Record<string, DType> = {
    float64: 'float64',
    float32: 'float32',
    float16: 'float32',
    bfloat16: 'float32',
    bool: 'bool',
  }
  const exact = (value: string | number) => Number(String(value).replace('inf', 'Infinity'))

  test.each(Object.entries(reference.safetensors))('with %s gives what is in it', (_, file) => {
    const { tensors, metadata } = decodeSafetensors(Buffer.from(file.bytes, 'base64'))
    expect({ ...metadata }).toEqual(file.metadata)
    const expected = Object.entries(file.tensors).map(([name, { type, shape, values }]) => [
      name,
      `${ours[type] ?? 'int32'}[${shape.join(', ')}]`,
      ...values.map(exact).map(value => (Object.is(value, -0) ? '-0' : value)),
    ])
    expect(toldAll(tensors)).toEqual(expected.sort(([a], [b]) => (String(a) < String(b) ? -1 : 1)))
  })
})

describe('what cannot be saved is refused:', () => {
  const x = tensor([1])
  test.each<[string, unknown, unknown, RegExp]>([
    ['what is no tensor', { x: 7 }, {}, /^encodeSafetensors: what is to be saved at x is 7\. /],
    ['two tensors of one path', { 'a.b': x, a: { b: x } }, {}, /two tensors have the path "a\.b"\. /],
    [
      'the name of the metadata',
      { __metadata__: x },
      {},
      /the name "__metadata__" is taken by the format\. /,
    ],
    [
      'the prototype',
      JSON.parse('{"a":{"__proto__":0}}', (k, v) => (k === '__proto__' ? x : v)),
      {},
      /prototype of objects\. /,
    ],
    ['half of a character', { '\ud800': x }, {}, /half of a character/],
    ['metadata that are numbers', { x }, { step: 7 }, /the metadata step is 7\. Give a text/],
    ['metadata that are none', { x }, null, /the metadata is null\. /],
    ['half of a character in metadata', { x }, { a: '\udc00' }, /the metadata a holds half of a character/],
  ])('%s', async (_, tensors, metadata, message) => {
    await expect(encodeSafetensors(tensors as Tensor, metadata as Record<string, string>)).rejects.toThrow(
      message,
    )
  })
})
