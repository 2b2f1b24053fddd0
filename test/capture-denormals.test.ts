/** Flushing in captured steps: what is about to become denormal is zero to products, and nothing else changes. */

import { cpu } from '@sensigrad/backend-cpu'
import {
  capture,
  grad,
  isSynchronous,
  key,
  normal,
  scan,
  type Tensor,
  tensor,
  useBackend,
} from '@sensigrad/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

beforeAll(() => useBackend(cpu()))
afterAll(() => useBackend(cpu()))

function read({ backend, ...of }: Tensor): number[] {
  if (!isSynchronous(backend)) throw new Error('unreadable')
  return [...backend.readSync(of)]
}

describe('a captured step that flushes denormals', () => {
  test.each([
    ['float32', 1e-31, 1e-29],
    ['float64', 1e-291, 1e-289],
  ] as const)(
    'takes what is tiny in %s for zero where a product reads it, and only that',
    (dtype, lost, kept) => {
      const x = tensor([[1, -1]], { dtype })
      const identity = tensor([[1, 0], [0, 1]], { dtype }) // biome-ignore format: a matrix
      const scaled = capture((x: Tensor, size: Tensor) => x.mul(size).matmul(identity), {
        flushDenormals: true,
      })
      const plain = capture((x: Tensor, size: Tensor) => x.mul(size).matmul(identity))
      const at = (size: number) => tensor(size, { dtype })
      expect(read(scaled(x, at(lost))).map(Math.abs)).toEqual([0, 0])
      expect(read(scaled(x, at(kept)))).toEqual(read(plain(x, at(kept))))
      expect(read(plain(x, at(lost)))[0]).toBeGreaterThan(0)
      expect(
        read(capture((x: Tensor, size: Tensor) => x.mul(size), { flushDenormals: true })(x, at(lost)))[0],
      ).toBeGreaterThan(0)
    },
  )

  test('lets NaN and infinity pass', () => {
    const x = tensor([[Number.NaN, Number.POSITIVE_INFINITY]])
    const f = capture((x: Tensor) => x.mul(2).matmul(tensor([[1, 0], [0, 1]])), { flushDenormals: true }) // biome-ignore format: a matrix
    expect(read(f(x))).toEqual(read(capture((x: Tensor) => x.mul(2).matmul(tensor([[1, 0], [0, 1]])))(x))) // biome-ignore format: a matrix
  })

  test('moves the gradient of 300 vanishing steps by less than it discards', () => {
    const w = normal(key(1), [20, 20], { deviation: 0.5 / Math.sqrt(20) })
    const x = normal(key(2), [1, 20])
    const loss = (w: Tensor) => {
      const [h] = scan((h: Tensor, _: Tensor) => [h.matmul(w).tanh(), []], x, normal0)
      return h.sub(1).square().sum()
    }
    const normal0 = tensor(new Float32Array(300))
    const gradient = (w: Tensor) => grad(loss)(w)
    const [plain, flushing] = [capture(gradient), capture(gradient, { flushDenormals: true })].map(f =>
      read(f(w)),
    )
    const largest = Math.max(...plain!.map(Math.abs))
    for (const [i, value] of plain!.entries())
      expect(Math.abs(flushing![i]! - value)).toBeLessThanOrEqual(1e-27 * Math.max(1, largest))
  })
})
