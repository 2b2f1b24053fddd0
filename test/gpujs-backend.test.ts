/** The backend on a GPU whose kernels are promises: the order of commands, errors, losses, memory, kernels that are kept. */

import { cpu } from '@sensigrad/backend-cpu'
import {
  type Backend,
  capture,
  type Destination,
  grad,
  key,
  NonFiniteError,
  normal,
  type Storage,
  type Tensor,
  useBackend,
  type View,
  withScope,
} from '@sensigrad/core'
import { describe, expect, test } from 'vitest'
import { backendOn } from '../packages/backend-gpujs/src/backend.ts'
import { Kernels } from '../packages/backend-gpujs/src/kernels.ts'
import { InTurn } from '../packages/backend-gpujs/src/queue.ts'
import { world } from './support/gpu-in-memory.ts'

const settings = { kernels: 100, check: false }

function view(storage: Storage, length: number, offset = 0): View {
  return { storage, dtype: 'float32', shape: [length], strides: [1], offset }
}

describe('a backend whose kernels are promises', () => {
  test('keeps the order of a program that never waits', async () => {
    const { device } = world()
    const backend = backendOn(device, settings)
    const x = backend.upload(Float32Array.of(1, 2, 3, 4), 'float32')
    const into: Destination = { storage: x, offset: 1 }
    const before = backend.copy(view(x, 4))
    const other = backend.upload(Float32Array.of(8, 9), 'float32')
    backend.copy(view(other, 2), into)
    const after = backend.copy(view(x, 4))
    backend.free(other)
    backend.copy(view(backend.upload(Float32Array.of(7), 'float32'), 1), into)
    expect(await backend.read(view(before, 4))).toEqual(Float32Array.of(1, 2, 3, 4))
    expect(await backend.read(view(after, 4))).toEqual(Float32Array.of(1, 8, 9, 4))
    expect(await backend.read(view(x, 4))).toEqual(Float32Array.of(1, 7, 9, 4))
  })

  test('counts live buffers as they are, and gives every one back', async () => {
    const { device, buffers } = world()
    const backend = backendOn(device, settings)
    const storages = [1, 2, 3].map(n => backend.upload(new Float32Array(n), 'float32'))
    await backend.read(view(storages[0]!, 1))
    expect(backend.memory()).toEqual({ buffers: 3, bytes: 24 })
    for (const storage of storages) backend.free(storage)
    await backend.stop()
    expect(backend.memory()).toEqual({ buffers: 0, bytes: 0 })
    expect(buffers.map(({ isDeleted }) => isDeleted)).toEqual([true, true, true])
  })

  test('tells of a kernel that failed once, at the next reading, and names it', async () => {
    const made = world()
    const backend = backendOn(made.device, settings)
    const x = backend.upload(Float32Array.of(1, 2), 'float32')
    await backend.read(view(x, 2))
    made.failNext = true
    const y = withScope('layers.1', () => backend.copy(view(x, 2)))
    await expect(backend.read(view(x, 2))).rejects.toThrow(
      /^copy in layers\.1: gpu\.js failed: no such shader\. /,
    )
    expect(await backend.read(view(x, 2))).toEqual(Float32Array.of(1, 2))
    await expect(backend.read(view(y, 2))).rejects.toThrow(/^copy in layers\.1: gpu\.js failed/)
  })

  test('tells of it at the next call, if that comes first', async () => {
    const made = world()
    const backend = backendOn(made.device, settings)
    const x = backend.upload(Float32Array.of(1, 2), 'float32')
    made.failNext = true
    await new Promise(resolve => setTimeout(resolve, 50))
    expect(() => backend.copy(view(x, 2))).toThrow(/^upload: gpu\.js failed: no such shader/)
  })

  test('passes an error on to what is computed from what is missing, until that is written anew', async () => {
    const made = world()
    const backend = backendOn(made.device, settings)
    const x = backend.upload(Float32Array.of(1, 2), 'float32')
    await backend.read(view(x, 2))
    made.failNext = true
    const y = backend.copy(view(x, 2))
    await expect(backend.read(view(x, 2))).rejects.toThrow(/^copy/)
    const z = backend.copy(view(y, 2))
    await expect(backend.read(view(z, 2))).rejects.toThrow(/^copy: gpu\.js failed/)
    backend.copy(view(x, 2), { storage: y, offset: 0 })
    expect(await backend.read(view(y, 2))).toEqual(Float32Array.of(1, 2))
  })

  test('says what to do when the GPU was lost, whatever is asked', async () => {
    const made = world()
    const backend = backendOn(made.device, settings)
    const x = backend.upload(Float32Array.of(1, 2), 'float32')
    expect(backend.isLost).toBe(false)
    const reading = backend.read(view(x, 2))
    made.lose()
    const message = /the GPU was lost \(webgpu\), and all tensors on it\. Make another backend/
    await expect(reading).rejects.toThrow(message)
    expect(backend.isLost).toBe(true)
    expect(() => backend.copy(view(x, 2))).toThrow(message)
    expect(() => backend.upload(Float32Array.of(1), 'float32')).toThrow(message)
    await expect(backend.read(view(x, 2))).rejects.toThrow(message)
    expect(backend.info().at(-1)).toBe('gpujs: the GPU was lost')
    backend.free(x)
    await backend.stop()
  })

  test('refuses what is larger than the GPU takes when it is asked for', () => {
    const backend = backendOn(world(100).device, settings)
    expect(() => backend.upload(new Float32Array(101), 'float32')).toThrow(
      'upload: 101 elements are more than a tensor of this gpujs backend can have, 100. Work in parts',
    )
    const x = backend.upload(Float32Array.of(1), 'float32')
    const wide = { ...view(x, 1), shape: [101], strides: [0] }
    expect(() => backend.copy(wide)).toThrow(/^copy: 101 elements/)
  })

  test('names the first element that is not finite, in checked mode', async () => {
    const backend = backendOn(world().device, { ...settings, check: true })
    const huge = backend.upload(Float32Array.of(1, 1e30), 'float32')
    const column = { ...view(huge, 2), shape: [2, 1], strides: [1, 1] }
    const row = { ...view(huge, 2), shape: [1, 2], strides: [2, 1] }
    const product = withScope('head', () => backend.contract(column, row))
    const reading = backend.read(view(product, 4))
    await expect(reading).rejects.toThrow(NonFiniteError)
    await expect(reading).rejects.toThrow(/^contract in head: element 3 of its 4 became Infinity/)
  })

  test('lets infinities from the host pass, in checked mode', async () => {
    const backend = backendOn(world().device, { ...settings, check: true })
    const x = backend.upload(Float32Array.of(1, Number.POSITIVE_INFINITY), 'float32')
    expect(await backend.read(view(backend.copy(view(x, 2)), 2))).toEqual(Float32Array.of(1, Infinity))
  })
})

describe('a program', () => {
  const w = (backend: { backend: Backend }) => normal(key(1), [3, 3], backend)
  const energy = (x: Tensor) => x.matmul(x).tanh().sum()
  const climb = (x: Tensor) => x.add(grad(energy)(x).mul(0.1))

  test('computes the same on kernels that are promises as on the CPU, eager and captured', async () => {
    const backend = backendOn(world().device, settings)
    const run = async (on: Backend, isCaptured: boolean) => {
      useBackend(on)
      const step = isCaptured ? capture(climb) : climb
      let x = w({ backend: on })
      for (let i = 0; i < 5; i++) x = step(x)
      return [...(await x.data())]
    }
    const wanted = await run(cpu(), false)
    for (const isCaptured of [false, true]) {
      const found = await run(backend, isCaptured)
      for (const [i, value] of found.entries()) expect(value).toBeCloseTo(wanted[i]!, 5)
    }
  })
})

describe('a bound call', () => {
  test('reads and writes further at each step, as its views and its destination advance', async () => {
    const backend = backendOn(world().device, settings)
    const series = backend.upload(Float32Array.of(0, 1, 2, 3, 4, 5, 6), 'float32')
    const memory = backend.allocate('float32', 8)
    const each = backend.bind(
      'copy',
      { ...view(series, 2, 1), advance: 2 },
      {
        storage: memory,
        offset: 6,
        advance: -3,
      },
    )
    for (const step of [0, 2, 1]) each(step)
    expect(await backend.read(view(memory, 8))).toEqual(Float32Array.of(5, 6, 0, 3, 4, 0, 1, 2))
  })

  test('of nothing does nothing', async () => {
    const backend = backendOn(world().device, settings)
    const memory = backend.allocate('float32', 1)
    backend.bind('copy', view(memory, 0), { storage: memory, offset: 0 })(0)
    expect(backend.counts().launched).toBe(0)
  })
})

describe('memory in pieces', () => {
  test('is joined once for views that stand in several textures, however many', async () => {
    const backend = backendOn(world().device, settings)
    const parts = 60
    const memory = backend.allocate('float32', parts + 2)
    for (let i = 0; i < parts; i++) {
      const one = backend.upload(Float32Array.of(i + 0.5), 'float32')
      backend.copy(view(one, 1), { storage: memory, offset: i + 1 })
      backend.free(one)
    }
    const wanted = Float32Array.from({ length: parts + 2 }, (_, i) => (i > 0 && i <= parts ? i - 0.5 : 0))
    expect(await backend.read(view(memory, parts + 2))).toEqual(wanted)
    expect(backend.memory().buffers).toBe(1)
    const { launched } = backend.counts()
    expect(await backend.read(view(memory, parts, 1))).toEqual(wanted.slice(1, -1))
    expect(backend.counts().launched).toBe(launched)
  })

  test('keeps what one argument reads while another is joined', async () => {
    const backend = backendOn(world().device, settings)
    const memory = backend.allocate('float32', 4)
    for (const offset of [0, 2]) {
      const two = backend.upload(Float32Array.of(offset + 1, offset + 2), 'float32')
      backend.copy(view(two, 2), { storage: memory, offset })
    }
    const row = { ...view(memory, 2), shape: [1, 2], strides: [2, 1] }
    const square = { ...view(memory, 4), shape: [2, 2], strides: [2, 1] }
    expect(await backend.read(view(backend.contract(row, square), 2))).toEqual(Float32Array.of(7, 10))
  })
})

describe('kernels that are kept', () => {
  test('make room for others, but not those whose results are in use', async () => {
    const made = world()
    const backend = backendOn(made.device, { kernels: 4, check: false })
    const used = Array.from({ length: 6 }, (_, i) =>
      backend.upload(new Float32Array(i + 1).fill(i), 'float32'),
    )
    for (const [i, storage] of used.entries()) {
      expect(await backend.read(view(storage, i + 1))).toEqual(new Float32Array(i + 1).fill(i))
    }
    expect(made.destroyed).toBe(0)
    for (const storage of used) backend.free(storage)
    for (let i = 0; i < 6; i++) {
      const again = backend.upload(new Float32Array(i + 20).fill(i), 'float32')
      expect(await backend.read(view(again, i + 20))).toEqual(new Float32Array(i + 20).fill(i))
      backend.free(again)
    }
    expect(made.destroyed).toBe(12 - 4)
    const again = backend.upload(new Float32Array(1).fill(9), 'float32')
    expect(await backend.read(view(again, 1))).toEqual(Float32Array.of(9))
  })

  test('make room for others that give large results, since each holds what it gave last', async () => {
    const made = world()
    const kernels = new Kernels(made.device, 100, 1000)
    const queue = new InTurn()
    const upload = (length: number) => queue.ask(() => kernels.upload(new Float32Array(length)))
    for (const length of [300, 301, 302]) {
      const texture = await upload(length)
      texture.hold()
      texture.letGo()
    }
    expect([kernels.size, made.destroyed]).toEqual([3, 0])
    await upload(400)
    expect([kernels.size, made.destroyed]).toEqual([2, 2]) // 301 + 302 + 400 would be more than 1000
  })
})
