/** Batches and splits: every sample once, rows kept together, the same order from the same key on every backend. */
import { fc, test } from '@fast-check/vitest'
import { wasm } from '@sensigrad/backend-wasm'
import { type Tensor, tensor, useBackend } from '@sensigrad/core'
import { type BatchesOptions, batches, trainTestSplit } from '@sensigrad/nn'
import { capture, cpu, foldIn, key } from 'sensigrad'
import { beforeEach, describe, expect } from 'vitest'
import { numbers } from './support/backend.ts'

beforeEach(() => useBackend(cpu()))

/** Samples whose rows tell who they are: x is [n, 2], y is [n]. */
const samples = (n: number) => ({
  x: tensor(
    Float64Array.from({ length: 2 * n }, (_, i) => i),
    { shape: [n, 2] },
  ),
  y: tensor(Int32Array.from({ length: n }, (_, i) => i)),
})
const rowsOf = (y: Tensor) => numbers(y)
const total = fc.nat(40)
const size = fc.integer({ min: 1, max: 12 })
const seed = fc.nat(1000)
const shuffle = fc.option(seed.map(key), { nil: undefined })
const options = (
  size: number,
  shuffle: ReturnType<typeof key> | undefined,
  dropLast?: boolean,
): BatchesOptions => ({
  size,
  ...(shuffle && { shuffle }),
  ...(dropLast !== undefined && { dropLast }),
})

describe('batches', () => {
  test.prop([total, size, shuffle])('hold every sample once, whole', (n, size, shuffle) => {
    const rows: number[] = []
    for (const { x, y } of batches(samples(n), options(size, shuffle))) {
      expect(numbers(x)).toEqual(rowsOf(y).flatMap(i => [2 * i, 2 * i + 1]))
      rows.push(...rowsOf(y))
    }
    if (shuffle === undefined) expect(rows).toEqual(Array.from({ length: n }, (_, i) => i))
    else expect(rows.sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i))
  })

  test.prop([total, size, shuffle, fc.boolean()])(
    'are as many and as large as is said',
    (n, size, shuffle, dropLast) => {
      const parts = batches([samples(n).y], options(size, shuffle, dropLast))
      const sizes = [...parts].map(([y]) => y.size)
      const full = Array.from({ length: Math.floor(n / size) }, () => size)
      expect(sizes).toEqual(dropLast || n % size === 0 ? full : [...full, n % size])
      expect(parts.count).toBe(sizes.length)
    },
  )

  test.prop([total, size, seed])('come in the same order from the same key, each time', (n, size, seed) => {
    const order = () => [...batches(samples(n).y, { size, shuffle: key(seed) })].flatMap(rowsOf)
    const parts = batches(samples(n).y, { size, shuffle: key(seed) })
    expect([...parts].flatMap(rowsOf)).toEqual(order())
    expect([...parts].flatMap(rowsOf)).toEqual(order())
  })

  test('come in another order from another key', () => {
    const orders = [0, 1, 2].map(epoch =>
      String([...batches(samples(20).y, { size: 5, shuffle: foldIn(key(7), epoch) })].flatMap(rowsOf)),
    )
    expect(new Set(orders).size).toBe(3)
  })

  test('are the same on another backend', async () => {
    const here = [...batches(samples(10).y, { size: 4, shuffle: key(7) })].flatMap(rowsOf)
    useBackend(await wasm())
    const { y } = samples(10)
    useBackend(cpu()) // they live where the samples do
    const there = [...batches(y, { size: 4, shuffle: key(7) })]
    expect(there.map(y => y.backend.name)).toEqual(['wasm', 'wasm', 'wasm'])
    expect((await Promise.all(there.map(y => y.data()))).flatMap(data => [...data])).toEqual(here)
  })

  test('let a captured step be captured once for each size', () => {
    const captures = (dropLast: boolean) => {
      let count = 0
      const step = capture((x: Tensor) => {
        count++
        return x.sum()
      })
      for (let epoch = 0; epoch < 3; epoch++) {
        const parts = batches(samples(10).x, { size: 4, shuffle: key(epoch), dropLast })
        for (const x of parts) step(x)
      }
      return count
    }
    expect(captures(true)).toBe(1)
    expect(captures(false)).toBe(2)
  })
})

describe('a split', () => {
  const shares = fc.double({ min: 0.05, max: 0.95, noNaN: true })
  const enough = fc.integer({ min: 2, max: 60 })

  test.prop([enough, shares, seed])('parts the samples, whole', (n, share, seed) => {
    fc.pre(Math.round(share * n) > 0 && Math.round(share * n) < n)
    const { train, test } = trainTestSplit(samples(n), { test: share, key: key(seed) })
    expect(test.y.size).toBe(Math.round(share * n))
    for (const { x, y } of [train, test])
      expect(numbers(x)).toEqual(rowsOf(y).flatMap(i => [2 * i, 2 * i + 1]))
    const all = [...rowsOf(train.y), ...rowsOf(test.y)].sort((a, b) => a - b)
    expect(all).toEqual(Array.from({ length: n }, (_, i) => i))
  })

  test('keeps back samples from everywhere', () => {
    const { test } = trainTestSplit(samples(1000), { test: 0.2, key: key(7) })
    const mean = rowsOf(test.y).reduce((a, b) => a + b) / 200
    expect(Math.abs(mean - 499.5)).toBeLessThan(4 * (1000 / Math.sqrt(12 * 200)))
  })
})

describe('refused are', () => {
  const { x, y } = samples(4)
  test.each<[string, () => unknown, RegExp]>([
    [
      'samples that are none',
      () => batches(7 as never, { size: 1 }),
      /^batches: the samples is 7|^batches: the samples/,
    ],
    ['no tensors', () => batches([], { size: 1 }), /^batches: there are no tensors\. Give some/],
    ['a tensor without axes', () => batches([tensor(1)], { size: 1 }), /^batches: 0 has no axis of samples/],
    [
      'tensors of different length',
      () => batches({ x, y: y.slice([0, 3]) }, { size: 1 }),
      /^batches: y is int32\[3\], but x is float64\[4, 2\]/,
    ],
    ['a size of nothing', () => batches(y, { size: 0 }), /^batches: 0 is no number of samples in a batch/],
    ['no size', () => batches(y, {} as never), /^batches: undefined is no number of samples in a batch/],
    ['no options', () => batches(y, undefined as never), /^batches: the options are undefined/],
    [
      'an unknown option',
      () => batches(y, { size: 1, suffle: key(1) } as never),
      /there is no option suffle\. There is size, shuffle, dropLast/,
    ],
    ['a key that is none', () => batches(y, { size: 1, shuffle: true as never }), /^batches: /],
    [
      'dropLast that is neither',
      () => batches(y, { size: 1, dropLast: 1 as never }),
      /dropLast is 1\. Give true or false/,
    ],
    [
      'a share of nothing',
      () => trainTestSplit(y, { test: 0, key: key(1) }),
      /the share 0 of 4 samples leaves one side empty/,
    ],
    [
      'a share of all',
      () => trainTestSplit(y, { test: 0.9, key: key(1) }),
      /the share 0\.9 of 4 samples leaves/,
    ],
    [
      'a share that is none',
      () => trainTestSplit(y, { test: Number.NaN, key: key(1) }),
      /the share NaN of 4/,
    ],
    ['a split without a key', () => trainTestSplit(y, { test: 0.5 } as never), /^trainTestSplit: /],
  ])('%s', (_, call, message) => {
    expect(call).toThrow(message)
  })
})
