/** Every operation on WebGL2 and on WebGPU: value and gradient are those of float64 on the CPU, but for small errors. */
import { type GpuBackend, gpujs } from '@sensigrad/backend-gpujs'
import { afterAll, describe, expect, test } from 'vitest'
import { commands } from 'vitest/browser'
import { allowed, type Measured, measure, measuredNames, refused } from '../support/gpu-accuracy.ts'

/** Every kernel is compiled anew, in some 10 ms: of each specification, the samples after these are left to Node. */
const samples = 2
const backends = [await gpujs({ mode: 'webgl2' }), await gpujs({ mode: 'webgpu' })]

describe.each(backends)('on $mode', backend => {
  const measured: Measured[] = []

  test.each(Object.entries(refused))('%s is refused, with what to do instead', async (name, words) => {
    await expect(measure(name, backend)).rejects.toThrow(words)
  })

  const computed = measuredNames().filter(name => !Object.hasOwn(refused, name))
  test.each(computed)('%s has right values and gradients', async name => {
    const before = backend.counts().launched
    const found = await measure(name, backend, samples)
    expect(backend.counts().launched).toBeGreaterThan(before)
    measured.push(found)
    expect(found.value).toBeLessThanOrEqual(allowed.value)
    expect(found.gradient ?? 0).toBeLessThanOrEqual(allowed.gradient)
  })

  afterAll(() => keep(backend, measured))
})

/** Leaves the errors where the script that writes the page finds them. */
async function keep({ mode }: GpuBackend, measured: readonly Measured[]): Promise<void> {
  await commands.writeFile(`test/dist/gpu-accuracy/${mode}.json`, JSON.stringify(measured))
}
