/** The silent mistakes of gpu.js: the backend makes none of them, though gpu.js still does. */
import { describe, test } from 'vitest'
import { hazards } from './support/gpu-hazards.ts'

describe('in WebAssembly,', () => {
  for (const { name, holds } of hazards('webasm', 'WebAssemblyKernel')) test(name, holds)
})
