/** The silent mistakes of gpu.js, on WebGL2 and on WebGPU: the backend makes none of them, though gpu.js alone does. */
import { GPU, type IGPUSettings, Input, type Texture } from 'gpu.js'
import { describe, expect, test } from 'vitest'
import { hazards } from '../support/gpu-hazards.ts'

const modes = [
  ['webgl2', 'WebGL2Kernel'],
  ['webgpu', 'WebGPUKernel'],
] as const

/** Kernels as anybody would write them, what they read, and the wrong numbers that come of it. */
const naive: Readonly<Record<string, [source: string, reads: readonly number[], gives: readonly number[]]>> =
  {
    'a loop ends after a thousand rounds': [
      'function(a) { let n = 0; for (let i = 0; i < a[0]; i++) { n += 1; } return n; }',
      [2500],
      [1000],
    ],
    'tanh of large numbers is not a number': [
      'function(a) { return Math.tanh(a[this.thread.x]); }',
      [-100, 1, 100],
      [Number.NaN, Math.fround(Math.tanh(1)), Number.NaN],
    ],
    'a negative number loses its sign in a power': [
      'function(a) { return Math.pow(a[this.thread.x], 3); }',
      [-2, 2],
      [8, 8],
    ],
    'the logarithm of 0 is an ordinary number': [
      'function(a) { return Math.log(a[this.thread.x]); }',
      [0],
      [Math.fround(-127 * Math.LN2)],
    ],
  }

describe.each(modes)('on %s', (mode, kind) => {
  for (const { name, holds } of hazards(mode, kind)) test(name, holds)

  // What the claims above would be worth otherwise; when one of these fails, gpu.js has become better.
  test.each(Object.entries(naive))('with gpu.js alone, %s', async (_, [source, reads, gives]) => {
    const gpu = new GPU({ mode } as IGPUSettings)
    const kernel = gpu.createKernel(source, { output: [gives.length], precision: 'single', pipeline: true })
    const found = (await kernel(new Input([...reads], [reads.length]))) as Texture
    const values = Array.from((await found.toArray()) as Float32Array)
    await gpu.destroy()
    expect(values.map(value => value.toPrecision(5))).toEqual(gives.map(value => value.toPrecision(5)))
  })
})
