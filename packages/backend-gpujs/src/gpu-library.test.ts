/** gpu.js is found however it is packaged, its absence is said in words, and what it takes from others is given back. */

import { BackendError } from '@sensigrad/core'
import { describe, expect, test } from 'vitest'
import { checkKernel } from './device.ts'
import { type GpuKernel, type GpuLibrary, loadLibrary } from './gpu-library.ts'
import { chooseMode, type Mode, modeNames } from './modes.ts'

class Input {}
class GPU {}

describe('gpu.js', () => {
  test.each([
    ['named exports', { GPU, Input }],
    ['one default export, as bundles of CommonJS have it', { default: { GPU, Input } }],
    [
      'a default export that is the class itself, as its browser build has it',
      { default: Object.assign(class {}, { GPU, Input }) },
    ],
  ])('is found as %s', async (_, module) => {
    const library = await loadLibrary(async () => module)
    expect(library.GPU).toBe(GPU)
    expect(library.Input).toBe(Input)
  })

  test('that is not installed is asked for', async () => {
    const loading = loadLibrary(async () => {
      throw new Error("Cannot find package 'gpu.js'\nimported from here")
    })
    await expect(loading).rejects.toThrow(BackendError)
    await expect(loading).rejects.toThrow(
      "gpujs: gpu.js could not be loaded: Cannot find package 'gpu.js'. Install it: npm install gpu.js",
    )
  })

  test('that is something else is refused', async () => {
    await expect(loadLibrary(async () => ({ default: {} }))).rejects.toThrow(/has no GPU and Input/)
  })

  test('does not keep the name of the interface of WebGPU', async () => {
    class Native {}
    const world = globalThis as { GPU?: unknown }
    world.GPU = Native
    try {
      await loadLibrary(async () => {
        Object.defineProperty(globalThis, 'GPU', { configurable: true, get: () => GPU, set() {} })
        return { GPU, Input }
      })
      expect(world.GPU).toBe(Native)
      await expect(loadLibrary(() => Promise.reject(new Error('no')))).rejects.toThrow(/no\. Install/)
      expect(world.GPU).toBe(Native)
    } finally {
      delete world.GPU
    }
  })
})

describe('the mode', () => {
  const withModes = (...there: Mode[]): GpuLibrary => {
    const facts = {
      isWebGL2Supported: there.includes('webgl2'),
      isHeadlessGLSupported: there.includes('headlessgl'),
      isWebAssemblySupported: there.includes('webasm'),
      isWebGPUAvailable: async () => there.includes('webgpu'),
    }
    return { GPU: facts as unknown as GpuLibrary['GPU'], Input: Input as GpuLibrary['Input'] }
  }

  test.each(modeNames)('is %s where nothing better is there', async mode => {
    const there = modeNames.slice(modeNames.indexOf(mode))
    expect(await chooseMode(withModes(...there), undefined)).toBe(mode)
  })

  test.each(modeNames)('is %s where that is asked for, or an error', async mode => {
    expect(await chooseMode(withModes(...modeNames), mode)).toBe(mode)
    const others = modeNames.filter(other => other !== mode)
    await expect(chooseMode(withModes(...others), mode)).rejects.toThrow(`gpujs: ${mode} cannot run here. `)
  })

  test('is an error where there is none', async () => {
    await expect(chooseMode(withModes(), undefined)).rejects.toThrow(
      'gpujs: webgpu, webgl2, headlessgl, webasm cannot run here. ',
    )
  })

  test('is never another than the one that was asked for', () => {
    class WebGL2Kernel {}
    class CPUKernel {}
    const library = { ...withModes('webgl2'), WebGL2Kernel }
    const run = (found: object, fallbackReason: string | null) =>
      ({ kernel: { constructor: found, fallbackReason } }) as unknown as GpuKernel
    expect(() => checkKernel(run(WebGL2Kernel, null), library, 'webgl2')).not.toThrow()
    expect(() => checkKernel(run(CPUKernel, 'no such argument'), library, 'webgl2')).toThrow(
      'gpujs: gpu.js fell back from WebGL2Kernel to CPUKernel: no such argument. ',
    )
    expect(() => checkKernel(run(WebGL2Kernel, null), library, 'webasm')).toThrow(/to WebGL2Kernel\. /)
  })
})
