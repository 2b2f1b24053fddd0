/** The WebAssembly backend keeps every promise of the contract, with and without fused multiply-add. */
import { wasm } from '@sensigrad/backend-wasm'
import { conformance } from '@sensigrad/testing'
import { describe, test } from 'vitest'

const plain = await wasm({ relaxed: false })
const fast = await wasm()
const variants = fast.variant === plain.variant ? [plain] : [plain, fast]

describe.each(variants.map(backend => [backend.variant, backend] as const))('with %s', (_, backend) => {
  for (const { name, holds } of conformance(backend)) test(name, holds)
})
