/**
 * The WebAssembly backend keeps every promise of the contract, with and without fused multiply-add. Conformance draws
 * small tensors; here are also those that fill whole vectors and blocks, beside the reference backend.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { fc, test as property } from '@fast-check/vitest'
import { cpu } from '@sensigrad/backend-cpu'
import { wasm } from '@sensigrad/backend-wasm'
import {
  allocate,
  type Backend,
  type DType,
  type Expression,
  expressions,
  type Reduction,
  type Storage,
  type SynchronousBackend,
  sizeOf,
  type View,
} from '@sensigrad/core'
import { conformance } from '@sensigrad/testing'
import { describe, expect, test } from 'vitest'
import { dense, numbers, plain, put, variants } from './support/wasm-views.ts'

const { e, input, constant } = expressions
const reference = cpu()

/** What a kernel gives on both backends must be the same, but for the sign of zeros; or near, by so many epsilons. */
function sameOn(
  backend: SynchronousBackend,
  dtype: DType,
  shape: readonly number[],
  run: (on: Backend) => Storage,
  epsilons = 0,
) {
  const [found, wanted] = [backend, reference].map(on => [...on.readSync(dense(run(on), dtype, shape))])
  const epsilon = dtype === 'float32' ? 2 ** -23 : 2 ** -52
  const allowed = epsilons * epsilon * wanted!.reduce((most, value) => Math.max(most, Math.abs(value)), 1)
  const wrong = [...found!.entries()].filter(([i, value]) => !(Math.abs(value - wanted![i]!) <= allowed))
  expect(found!.length).toBe(sizeOf(shape))
  expect(wrong.map(([i, value]) => ({ i, value, wanted: wanted![i] }))).toEqual([])
}

describe.each(variants)('with %s', (_, backend) => {
  for (const { name, holds } of conformance(backend)) test(name, holds)

  const [x, y] = [input(0), input(1)]
  const light: [string, DType, Expression][] = [
    ['float32', 'float32', e.sub(e.mul(x, y), 1)],
    ['float64', 'float64', e.sub(e.mul(x, y), 1)],
    ['int32', 'int32', e.sub(e.mul(x, y), 1)],
    ['float32', 'bool', e.less(x, y)],
    ['float64', 'bool', e.less(x, y)],
    ['int32', 'bool', e.less(x, y)],
    ['bool', 'bool', e.and(x, e.not(y))],
    ['bool', 'float32', e.where(x, 1, e.where(y, 2, 3))],
    ['bool', 'float64', e.where(x, 1, e.where(y, 2, 3))],
    ['bool', 'int32', e.where(x, 1, e.where(y, 2, 3))],
  ].map(([from, to, expression]) => [from, to, expression] as [string, DType, Expression])

  test.each(light)('a light loop of %s that gives %s is right for every length', (from, to, expression) => {
    for (let n = 0; n <= 70; n++) {
      sameOn(backend, to, [n], on => {
        return on.map(expression, [put(on, from as DType, [n]), put(on, from as DType, [n], 5)], [n], to)
      })
    }
  })

  test.each(['float32', 'float64'] as const)('a heavy loop of %s is right for every length', dtype => {
    const expression = e.add(e.tanh(x), e.mul(e.sin(e.div(y, 8)), e.log1p(e.square(x))))
    for (let n = 0; n <= 20; n++) {
      const run = (on: Backend) =>
        on.map(expression, [put(on, dtype, [n]), put(on, dtype, [n], 5)], [n], dtype)
      sameOn(backend, dtype, [n], run, 8)
    }
  })

  property.prop([
    fc.tuple(
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 40 }),
    ),
    fc.constantFrom<DType>('float32', 'float64', 'int32'),
    fc.array(fc.constantFrom('dense', 'turned', 'row', 'column', 'scalar'), { minLength: 14, maxLength: 14 }),
    fc.integer({ min: 1, max: 14 }),
  ])(
    'rows, columns, scalars and transposes meet in one map of any number of inputs',
    (shape, dtype, layouts, count) => {
      const view = (on: Backend, i: number): View => {
        const layout = layouts[i]!
        const whole = put(on, dtype, shape, i, layout === 'turned')
        const [a, b, c] = whole.strides as [number, number, number]
        if (layout === 'row') return { ...whole, strides: [0, 0, c] }
        if (layout === 'column') return { ...whole, strides: [a, b, 0] }
        return layout === 'scalar' ? { ...whole, strides: [0, 0, 0] } : whole
      }
      const inputs = Array.from({ length: count }, (_, i) => input(i))
      const expression = inputs.reduce<Expression>(
        (sum, each, i) => e.add(sum, e.mul(each, i + 1)),
        constant(0),
      )
      sameOn(backend, dtype, shape, on =>
        on.map(
          expression,
          inputs.map((_, i) => view(on, i)),
          shape,
          dtype,
        ),
      )
    },
  )

  property.prop([
    fc.integer({ min: 1, max: 200 }),
    fc.integer({ min: 1, max: 17 }),
    fc.constantFrom<DType>('float32', 'float64', 'int32', 'bool'),
    fc.constantFrom<DType>('float32', 'bool'),
  ])('many short rows meet the same row', (rows, columns, from, to) => {
    const shape = [rows, columns]
    const expression = from === 'bool' ? e.where(x, e.where(y, 1, 2), 3) : e.less(x, y)
    const dtype = from === 'bool' ? to : 'bool'
    sameOn(backend, dtype, shape, on => {
      const row = { ...put(on, from, [columns], 3), shape, strides: [0, 1] }
      const given = from === 'bool' && to === 'bool' ? e.or(x, e.not(y)) : expression
      return on.map(given, [put(on, from, shape), row], shape, dtype)
    })
  })

  property.prop([
    fc.tuple(
      fc.integer({ min: 1, max: 2 }),
      fc.integer({ min: 1, max: 70 }),
      fc.integer({ min: 1, max: 300 }),
    ),
    fc.constantFrom<DType>('float32', 'float64', 'int32', 'bool'),
    fc.boolean(),
  ])('copies and joins of any size, as they lie and transposed', ([batch, rows, columns], dtype, turned) => {
    const shape = [batch, rows, columns]
    sameOn(backend, dtype, shape, on => on.copy(put(on, dtype, shape, 1, turned)))
    sameOn(backend, dtype, [batch, rows, 2 * columns], on => {
      return on.concat([put(on, dtype, shape, 1, turned), put(on, dtype, shape, 2)], 2)
    })
  })

  property.prop([
    fc.tuple(
      fc.integer({ min: 1, max: 3 }),
      fc.integer({ min: 1, max: 30 }),
      fc.integer({ min: 1, max: 70 }),
    ),
    fc.constantFrom<DType>('float32', 'float64', 'int32'),
    fc.constantFrom<Reduction>('sum', 'max', 'min'),
    fc.subarray([0, 1, 2], { minLength: 1 }),
    fc.boolean(),
  ])('reductions of long axes, wherever they lie', (shape, dtype, reduction, axes, turned) => {
    const kept = shape.filter((_, axis) => !axes.includes(axis))
    sameOn(backend, dtype, kept, on => on.reduce(reduction, put(on, dtype, shape, 0, turned), axes))
  })

  test.each(['float32', 'float64'] as const)('a view of %s sums to the same bits as its copy', dtype => {
    for (const shape of [
      [40, 51],
      [7, 3],
      [129, 2],
      [2, 129],
    ]) {
      const values = allocate(dtype, sizeOf(shape)).map((_, i) => Math.sin(i * i))
      const [rows, columns] = shape as [number, number]
      const storage = backend.upload(values, dtype)
      const turned = { storage, dtype, shape: [columns, rows], strides: [1, columns], offset: 0 }
      const copied = dense(backend.copy(turned), dtype, [columns, rows])
      for (const axes of [[0], [1], [0, 1]]) {
        const [found, wanted] = [turned, copied].map(view => {
          const kept = view.shape.filter((_, axis) => !axes.includes(axis))
          return backend.readSync(dense(backend.reduce('sum', view, axes), dtype, kept))
        })
        expect(found).toEqual(wanted)
      }
    }
  })

  test('a sum of float32 keeps what single precision would lose', () => {
    const values = Float32Array.from({ length: 100_000 }, (_, i) => (i === 0 ? 2 ** 24 : 1))
    for (const shape of [[100_000], [100_000, 1]]) {
      const of = dense(backend.upload(values.slice(), 'float32'), 'float32', shape)
      const sum = backend.readSync(dense(backend.reduce('sum', of, [0]), 'float32', shape.slice(1)))
      expect(sum[0]).toBe(Math.fround(2 ** 24 + 99_999)) // rounded once
    }
  })

  test('long axes are sorted stably', () => {
    sameOn(backend, 'int32', [2, 1000], on => on.argSort(put(on, 'float32', [2, 1000]), 1, true))
  })

  test('the same program gives the same bits', () => {
    const run = () => {
      const a = put(backend, 'float32', [33, 65])
      const product = dense(backend.contract(a, put(backend, 'float32', [65, 17], 3)), 'float32', [33, 17])
      const squashed = dense(backend.map(e.tanh(x), [product], [33, 17], 'float32'), 'float32', [33, 17])
      return backend.readSync(dense(backend.reduce('sum', squashed, [0]), 'float32', [17]))
    }
    expect(run()).toEqual(run())
  })
})

describe('memory', () => {
  test('is flat over a loop that frees what it makes', async () => {
    const backend = await wasm()
    let state = put(backend, 'float32', [100])
    const { buffers, bytes } = backend.memory()
    for (let step = 0; step < 10_000; step++) {
      const next = backend.map(e.tanh(input(0)), [state], [100], 'float32')
      backend.free(state.storage)
      state = dense(next, 'float32', [100])
    }
    expect(backend.memory()).toEqual({ buffers, bytes })
  })

  test('grows in the middle of use and keeps what it holds', async () => {
    const backend = await wasm()
    const first = put(backend, 'float64', [1000])
    const made = Array.from({ length: 40 }, (_, i) => put(backend, 'float64', [40_000], i)) // 12 MB, from 4
    expect(backend.readSync(first)).toEqual(numbers('float64', 1000))
    const isKept = (view: View, seed: number) => {
      const wanted = numbers('float64', 40_000, seed)
      return backend.readSync(view).every((value, i) => value === wanted[i])
    }
    expect(made.every(isKept)).toBe(true)
    const sum = backend.map(e.add(input(0), input(1)), [made[0]!, made[39]!], [40_000], 'float64')
    expect(backend.readSync(dense(sum, 'float64', [40_000]))[0]).toBe(-31 + ((39 * 37) % 64) - 31)
  })

  test('that is full says so, and serves on once something was freed', async () => {
    const backend = await wasm({ maximumPages: 16 }) // 1 MiB
    const large = put(backend, 'float32', [150_000])
    expect(() => put(backend, 'float32', [150_000])).toThrow(
      /^upload: the WebAssembly memory is full: \d+ bytes were asked for, and 1 tensors hold \d+ of 1048576\. Give back/,
    )
    expect(() => backend.map(e.neg(input(0)), [large], [150_000], 'float32')).toThrow(/^map: /)
    backend.free(large.storage)
    const small = Array.from({ length: 100 }, () => put(backend, 'float32', [1000])) // cut from the freed one
    expect(backend.readSync(small[99]!)).toEqual(numbers('float32', 1000))
    expect(backend.memory().buffers).toBe(100)
  })

  test('freed twice is freed once; used after that is an error that says so', async () => {
    const backend = await wasm()
    const x = put(backend, 'float32', [3])
    backend.free(x.storage)
    backend.free(x.storage)
    expect(backend.memory()).toEqual({ buffers: 0, bytes: 0 })
    expect(() => backend.map(e.neg(input(0)), [x], [3], 'float32')).toThrow(
      'map: the memory of a tensor was given back with free. Free a tensor, and the views of it, after their last use',
    )
  })

  test('that was forgotten comes back once the loop yields and the garbage collector has been', async () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const backend = await wasm()
    const kept = put(backend, 'float32', [100])
    for (let i = 0; i < 1000; i++) put(backend, 'float32', [100])
    put(backend, 'float32', [100_000])
    expect(backend.memory().buffers).toBe(1002)
    for (let turn = 0; turn < 50 && backend.memory().buffers > 100; turn++) {
      collect()
      await new Promise(resolve => setTimeout(resolve, 1))
    }
    expect(backend.memory().buffers).toBeLessThan(100) // small ones come back in groups
    expect(backend.readSync(kept)).toEqual(numbers('float32', 100))
  })

  test('of another backend is refused', async () => {
    const [here, there] = [await wasm(), await wasm()]
    expect(() => here.copy(put(there, 'float32', [3]))).toThrow(/^copy: a tensor lives in another memory/)
  })

  test.each([0, 1.5, 65_537])('of %d pages is refused', async maximumPages => {
    await expect(wasm({ maximumPages })).rejects.toThrow(
      `wasm: maximumPages is ${maximumPages}. Give a whole number`,
    )
  })
})

test('plain SIMD is what relaxed: false gives', () => {
  expect(plain.variant).toBe('simd')
})
