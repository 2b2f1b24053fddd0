/** The committed WebAssembly is what its sources give. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { generate, target } from '../packages/backend-wasm/scripts/build-kernels.mjs'

test('the main modules of the WebAssembly backend are compiled from assembly/ as it stands', async () => {
  expect(await generate()).toBe(readFileSync(target, 'utf8'))
}, 60_000)
