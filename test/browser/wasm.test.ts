/** The WebAssembly backend in a real browser: every kernel, without and with fused multiply-add where the engine has it. */
import { type WasmBackend, wasm } from '@sensigrad/backend-wasm'
import { conformance } from '@sensigrad/testing'
import { grad, type Tensor, tensor } from 'sensigrad'
import { describe, expect, test } from 'vitest'

const plain = await wasm({ relaxed: false })
const best = await wasm()
const variants: [string, WasmBackend][] = [
  ...new Map([plain, best].map(backend => [backend.variant, backend])),
]

describe.each(variants)('in a browser, with %s', (_, backend) => {
  for (const { name, holds } of conformance(backend)) test(name, holds)

  test('gradients are those of the reference backend', async () => {
    const slope = async (options: object) => {
      const x = tensor([0.5, -0.25, 2], { ...options, dtype: 'float64' })
      return grad((x: Tensor) => x.tanh().mul(x.sigmoid()).sum())(x).data()
    }
    const [found, wanted] = [await slope({ backend }), await slope({})]
    for (const [i, value] of wanted.entries()) expect(found[i]).toBeCloseTo(value, 14)
  })
})
