/** Blocks fit what is asked for, never overlap, and come back. */
import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { blockBytes, Heap, type HeapStorage, sizeFor } from './heap.ts'

const heap = (initial: number, maximum: number) => new Heap(new WebAssembly.Memory({ initial, maximum }))

describe('the size of a block', () => {
  test.prop([fc.integer({ min: 0, max: 2 ** 31 - 2 ** 28 })])(
    'holds what is asked for, in multiples of 16',
    bytes => {
      const size = blockBytes(sizeFor(bytes))
      expect(size).toBeGreaterThanOrEqual(bytes)
      expect(size % 16).toBe(0)
      expect(size).toBeLessThanOrEqual(Math.max(bytes * 1.25, bytes + 16))
    },
  )
  test('is the least there is', () => {
    for (let size = 0; size < 100; size++) {
      expect(sizeFor(blockBytes(size))).toBe(size)
      expect(sizeFor(blockBytes(size) + 1)).toBe(size + 1)
    }
  })
})

type Step = { readonly take: number } | { readonly free: number }

const steps = fc.array(
  fc.oneof(
    fc.record({ take: fc.integer({ min: 0, max: 5000 }) }),
    fc.record({ free: fc.nat(1000) }),
  ) as fc.Arbitrary<Step>,
  { maxLength: 300 },
)

describe('storages', () => {
  test.prop([steps])('keep what was written to them, whatever is taken and freed around them', steps => {
    const here = heap(1, 100)
    const live: { storage: HeapStorage; mark: number }[] = []
    for (const [mark, step] of steps.entries()) {
      if ('take' in step) {
        const storage = here.allocate('float32', step.take, 'test')
        here.elements(storage).fill(mark)
        live.push({ storage, mark })
      } else if (live.length > 0) here.free(live.splice(step.free % live.length, 1)[0]!.storage)
    }
    for (const { storage, mark } of live) {
      expect(here.addressOf(storage, 'test') % 16).toBe(0)
      expect(here.elements(storage).every(value => value === mark)).toBe(true)
    }
    expect(here.live.buffers).toBe(live.length)
  })

  test.each([2 ** 28, 2 ** 29, 2 ** 31, 2 ** 40])(
    'of %d float64 are refused where there is no room',
    length => {
      expect(() => heap(1, 2).allocate('float64', length, 'test')).toThrow(
        /^test: the WebAssembly memory is full/,
      )
    },
  )

  test('that were freed leave room for others, of smaller sizes as well', () => {
    const here = heap(1, 2)
    const whole = here.allocate('float32', 24_000, 'test')
    expect(() => here.allocate('float32', 24_000, 'test')).toThrow(/^test: the WebAssembly memory is full/)
    here.free(whole)
    const parts = Array.from({ length: 90 }, () => here.allocate('float64', 128, 'test'))
    const places = new Set(parts.map(storage => here.addressOf(storage, 'test')))
    expect(places.size).toBe(90)
  })
})
