/** The GPU backend in a real browser: every kernel, on WebGL2 and on WebGPU, and on nothing else in their place. */
import { gpujs } from '@sensigrad/backend-gpujs'
import { conformance } from '@sensigrad/testing'
import { afterAll, describe, expect, test } from 'vitest'

/** Each case compiles kernels, which takes a hundred times as long as to run them: few are drawn. */
const runs = 2
const modes = { webgl2: 'WebGL2Kernel', webgpu: 'WebGPUKernel' } as const
const backends = [await gpujs({ mode: 'webgl2' }), await gpujs({ mode: 'webgpu' })]
afterAll(() => Promise.all(backends.map(backend => backend.stop())))

describe.each(backends)('on $mode', backend => {
  test('info says that it runs there, and on what', () => {
    const mode = backend.mode as keyof typeof modes
    expect(backend.info()[0]).toBe(`gpujs: mode ${mode}, kernels run as ${modes[mode]} of gpu.js`)
    expect(backend.info()[1]).toMatch(/SwiftShader.*, without a GPU: the processor does its work$/i)
  })

  for (const { name, holds } of conformance(backend, { runs })) test(name, holds)
})
