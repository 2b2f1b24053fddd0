/** The GPU backend in Node, where its kernels run as WebAssembly: it keeps every promise of the contract. */
import { gpujs } from '@sensigrad/backend-gpujs'
import { conformance } from '@sensigrad/testing'
import { describe, test } from 'vitest'

const backend = await gpujs({ mode: 'webasm' })

describe('the GPU backend, as WebAssembly,', () => {
  // Each case compiles kernels of its own, in milliseconds, so there are fewer.
  for (const { name, holds } of conformance(backend, { runs: 12 })) test(name, holds)
})
