/** Threads of the WebAssembly backend in a real browser, as far as the page may have them. */
import { wasm } from '@sensigrad/backend-wasm'
import { conformance } from '@sensigrad/testing'
import { afterAll, describe, expect, test } from 'vitest'

const backend = await wasm({ threads: 2, sharedFrom: 1 })
afterAll(() => backend.stop())

test('there are two where the page is cross-origin isolated, or else one, which info explains', () => {
  expect(backend.info()[1]).toMatch(
    globalThis.crossOriginIsolated ? /^wasm: 2 threads$/ : /^wasm: one thread: there is no SharedArrayBuffer/,
  )
})

describe('every promise is kept:', () => {
  for (const { name, holds } of conformance(backend)) test(name, holds)
})
