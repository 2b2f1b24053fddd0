/** Using the GPU backend: what it refuses and in which words, what it says of itself, and checked mode. */
import { cpu } from '@sensigrad/backend-cpu'
import { type GpuOptions, gpujs } from '@sensigrad/backend-gpujs'
import {
  type Backend,
  BackendError,
  DTypeError,
  grad,
  key,
  NonFiniteError,
  normal,
  ones,
  type Shape,
  ShapeError,
  scope,
  type Tensor,
  tensor,
  useBackend,
  ValueError,
  withScope,
} from '@sensigrad/core'
import { describe, expect, test } from 'vitest'

const backend = await gpujs({ mode: 'webasm' })
useBackend(backend)

describe('gpujs', () => {
  test.each([
    [null, 'gpujs: the options are null. '],
    ['webgl2', "gpujs: the options are 'webgl2'. Give { mode: 'webgl2' } or nothing"],
    [{ modes: 'webgl2' }, 'gpujs: there is no option modes. There is mode, kernels, check, onLost'],
    [{ mode: 'webgl' }, "gpujs: there is no mode 'webgl'. There is webgpu, webgl2, headlessgl, webasm; "],
    [{ kernels: 0 }, 'gpujs: kernels is 0. Give a whole number from 1 on'],
    [{ kernels: '9' }, "gpujs: kernels is '9'. "],
    [{ check: 1 }, 'gpujs: check is 1. Give true or false'],
    [{ onLost: 'stop' }, "gpujs: onLost is 'stop'. Give a function"],
    [{ mode: 'webgpu' }, 'gpujs: webgpu cannot run here. '],
    [{ mode: 'webgl2' }, 'gpujs: webgl2 cannot run here. '],
  ])('refuses %o', async (options, message) => {
    const making = gpujs(options as GpuOptions)
    await expect(making).rejects.toThrow(BackendError)
    await expect(making).rejects.toThrow(message)
  })

  test('says what really runs', async () => {
    const fresh = await gpujs({ mode: 'webasm' })
    await tensor([1, 2, 3], { backend: fresh }).add(1).data()
    expect(fresh.mode).toBe('webasm')
    expect(fresh.info()).toEqual([
      'gpujs: mode webasm, kernels run as WebAssemblyKernel of gpu.js',
      'gpujs: WebAssembly on the processor, without a GPU: the processor does its work',
      'gpujs: at most 16777216 elements in a tensor',
      'gpujs: 3 kernels compiled, 3 kept; 3 runs, 1 read back',
      'gpujs: 3 textures in 28 bytes',
    ])
    expect(fresh.counts()).toEqual({ compiled: 3, launched: 3, readBacks: 1, textures: 3, bytes: 28 })
  })

  test('has no float64', () => {
    expect(() => tensor([1], { dtype: 'float64' })).toThrow(DTypeError)
    expect(() => tensor([1], { dtype: 'float64' })).toThrow(/gpujs .*It has float32, int32, bool/)
  })

  test.each([2 ** 24 + 1, -(2 ** 24 + 3), 2 ** 31 - 1])(
    'refuses the integer %i, which it would change',
    n => {
      expect(() => tensor([0, n], { dtype: 'int32' })).toThrow(ValueError)
      expect(() => tensor([0, n], { dtype: 'int32' })).toThrow(
        `element 1 of an int32 tensor is ${n}, which gpujs`,
      )
    },
  )

  test('keeps integers up to 2²⁴', async () => {
    const values = [2 ** 24, -(2 ** 24), 2 ** 24 - 1, 0]
    expect(await tensor(values, { dtype: 'int32' }).toArray()).toEqual(values)
  })

  test('refuses tensors of more than 2²⁴ elements, views that reach over more too', () => {
    const wide = ones([1]).broadcastTo([2 ** 24 + 1])
    expect(() => wide.mul(2)).toThrow(ShapeError)
    expect(() => wide.mul(2)).toThrow(
      '16777217 elements are more than a tensor of this gpujs backend can have',
    )
  })

  test('refuses tensors of another backend, and those of one that was stopped', async () => {
    const other = await gpujs({ mode: 'webasm' })
    const x = tensor([1, 2], { backend: other })
    expect(() => x.add(tensor([1, 2]))).toThrow(/tensors live on two backends/)
    expect(() => backend.copy({ ...x, storage: x.storage, offset: 0 } as never)).toThrow(
      /^copy: a tensor lives in another memory than this gpujs backend/,
    )
    await other.stop()
    await other.stop()
    expect(() => x.add(1)).toThrow('this gpujs backend was stopped. Make another: await gpujs()')
    await expect(x.data()).rejects.toThrow(/^read: this gpujs backend was stopped/)
    expect(await tensor([1, 2]).add(1).toArray()).toEqual([2, 3])
  })

  test('says so when memory is used that was given back', async () => {
    const x = tensor([1, 2])
    backend.free(x.storage)
    expect(() => x.add(1)).toThrow(/^map: the memory of a tensor was given back with free/)
    await expect(x.data()).rejects.toThrow(/^read: the memory of a tensor was given back/)
  })
})

describe('reading', () => {
  test.each<[string, Shape, (x: Tensor) => Tensor]>([
    ['a corner of a large tensor', [200, 300], x => x.slice([3, 5], [7, 9])],
    ['a large tensor that is turned', [100, 90], x => x.transpose()],
    ['every third row', [120, 40], x => x.slice([0, 120, 3])],
    ['one value that is repeated', [1, 1], x => x.broadcastTo([70, 80])],
    ['nothing', [0, 4], x => x],
  ])('gives %s as the CPU does', async (_, shape, view) => {
    const values = (on: Tensor) => view(on).data()
    const host = normal(key(1), shape, { backend: cpu() })
    const found = await values(tensor(await host.data(), { shape }))
    expect(found).toEqual(await values(host))
  })
})

describe('few kernels that are kept', () => {
  test('change no number', async () => {
    const few = await gpujs({ mode: 'webasm', kernels: 4 })
    const slopes = async (on: Backend, width = 3) => {
      const loss = (x: Tensor) => (w: Tensor) => x.matmul(w).tanh().square().mean()
      const made = scope(() => {
        const x = normal(key(1), [4, 5], { backend: on })
        return grad(loss(x))(normal(key(2), [5, width], { backend: on }))
      })
      const values = await made.data()
      on.free(made.storage)
      return values
    }
    const [found, wanted] = [await slopes(few), await slopes(cpu())]
    for (const [i, value] of found.entries()) expect(value).toBeCloseTo(wanted[i]!, 5)
    await slopes(few, 4)
    const { compiled } = few.counts()
    expect(await slopes(few)).toEqual(found)
    expect(few.counts().compiled).toBeGreaterThan(compiled) // some were forgotten meanwhile
  })
})

describe('checked mode', () => {
  test('names the kernel, the module and the element where numbers end', async () => {
    const checked = await gpujs({ mode: 'webasm', check: true })
    const x = tensor([1, 2e20, 3], { backend: checked })
    const square = () => withScope('layers.2', () => x.square())
    expect(square).toThrow(NonFiniteError)
    expect(square).toThrow(
      /^map in layers\.2: element 1 of its 3 became \S+, though all that it read was finite\. /,
    )
    expect(checked.info()).toContain('gpujs: checked mode reads every result back')
  })

  test('lets what is finite pass', async () => {
    const checked = await gpujs({ mode: 'webasm', check: true })
    expect(await tensor([1, 2], { backend: checked }).square().sum().item()).toBe(5)
    expect(checked.counts().readBacks).toBeGreaterThan(2)
  })
})
