/** Bound calls of the WebAssembly backend hold what they work on, and are refused where they could not run. */

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { wasm } from '@sensigrad/backend-wasm'
import { expressions } from '@sensigrad/core'
import { expect, test } from 'vitest'
import { dense, put } from './support/wasm-views.ts'

const { e, input } = expressions

test('a bound call keeps the memory of its tensors for as long as it is held, and no longer', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const backend = await wasm()
  const buffersAfter = async (turns: number, fewest: number) => {
    for (let turn = 0; turn < turns && backend.memory().buffers > fewest; turn++) {
      collect()
      await new Promise(resolve => setTimeout(resolve, 1))
    }
    return backend.memory().buffers
  }
  const large = [100_000]
  const result = backend.allocate('float32', 100_000)
  const bound = () => {
    const x = put(backend, 'float32', large)
    return backend.bind('map', e.add(input(0), 1), [x], large, 'float32', { storage: result, offset: 0 })
  }
  let call: ((step: number) => void) | undefined = bound()
  for (let i = 0; i < 8; i++) put(backend, 'float32', large, 1) // forgotten; the latest four are not looked at yet
  expect(await buffersAfter(20, 5)).toBe(6)
  call(0)
  expect(backend.readSync(dense(result, 'float32', large))[1]).toBe(6 + 1)
  call = undefined
  expect(await buffersAfter(50, 5)).toBeLessThan(6)
})

test('a bound call without a destination, or of a tensor that was freed, is refused', async () => {
  const backend = await wasm()
  const x = put(backend, 'float32', [3])
  expect(() => backend.bind('copy', x)).toThrow(
    'bind: copy was given no destination. Give one after the arguments of the kernel: { storage, offset }',
  )
  const into = { storage: backend.allocate('float32', 3), offset: 0 }
  backend.free(x.storage)
  expect(() => backend.bind('copy', x, into)).toThrow(
    /^copy: the memory of a tensor was given back with free/,
  )
  backend.free(into.storage)
  expect(() => backend.bind('copy', put(backend, 'float32', [3]), into)).toThrow(
    /^copy: the memory of a tensor/,
  )
})

test('what runs is told in lines', async () => {
  const backend = await wasm({ relaxed: false })
  put(backend, 'float32', [100])
  expect(backend.info()).toEqual([
    'wasm: SIMD without fused multiply-add',
    expect.stringMatching(/^wasm: 1 tensors in 448 bytes of \d+$/),
  ])
})
