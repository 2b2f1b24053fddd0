/** Threads on the WebAssembly backend: the same promises, the same bits, and a program that ends when it is done. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { fc, test as property } from '@fast-check/vitest'
import { type WasmBackend, wasm } from '@sensigrad/backend-wasm'
import { allocate, type DType, expressions, type Storage, type TypedArray, type View } from '@sensigrad/core'
import { conformance } from '@sensigrad/testing'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { dense } from './support/wasm-views.ts'

const { e, input } = expressions
const one = await wasm()
const crews = await Promise.all([2, 3].map(threads => wasm({ threads, sharedFrom: 1 })))

afterAll(() => Promise.all(crews.map(crew => crew.stop())))
afterEach(() => vi.unstubAllGlobals())

describe.each(crews.map(crew => [crew.info().find(line => line.includes('threads')), crew] as const))(
  '%s',
  (_, crew) => {
    describe('keep every promise:', () => {
      for (const { name, holds } of conformance(crew)) test(name, holds)
    })

    /** A view of fractions, some of them beyond what sine reduces by itself. */
    function fractions(on: WasmBackend, dtype: DType, shape: readonly number[], seed: number): View {
      const values = allocate(dtype, shape[0]! * shape[1]!)
      for (let i = 0; i < values.length; i++) {
        const value = Math.sin(1 + i * 12.9898 + seed)
        values[i] = i % 23 === 0 ? 1e9 * value : value
      }
      return dense(on.upload(values, dtype), dtype, shape)
    }
    const transposed = ({ shape, strides, ...view }: View): View => ({
      ...view,
      shape: [...shape].reverse(),
      strides: [...strides].reverse(),
    })

    const side = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 21, max: 150 }))
    const floats = fc.constantFrom<DType>('float32', 'float64')

    property.prop([fc.tuple(side, side, side), floats, fc.boolean(), fc.boolean()], { numRuns: 100 })(
      'products have the same bits as with one thread',
      ([m, k, n], dtype, turnsLeft, turnsRight) => {
        const product = (on: WasmBackend) => {
          const left = fractions(on, dtype, turnsLeft ? [k, m] : [m, k], 1)
          const right = fractions(on, dtype, turnsRight ? [n, k] : [k, n], 2)
          const of = [turnsLeft ? transposed(left) : left, turnsRight ? transposed(right) : right] as const
          return read(on, on.contract(...of), dtype, [m, n])
        }
        expect(firstDifference(product(crew), product(one))).toBe(-1)
      },
    )

    const programs = {
      sine: e.sin(input(0)),
      'tanh of a sum': e.tanh(e.add(input(0), input(1))),
      remainder: e.mod(input(0), input(1)),
      comparison: e.less(input(0), input(1)),
    }
    const kind = fc.constantFrom('whole', 'row', 'column', 'turned')

    property.prop([fc.tuple(side, side), floats, fc.constantFrom(...Object.keys(programs)), kind], {
      numRuns: 100,
    })('maps have the same bits as with one thread', ([rows, columns], dtype, name, kind) => {
      const expression = programs[name as keyof typeof programs]
      const gives = name === 'comparison' ? 'bool' : dtype
      const mapped = (on: WasmBackend) => {
        const inputs = [fractions(on, dtype, [rows, columns], 1), fractions(on, dtype, [rows, columns], 2)]
        if (kind === 'row') inputs[1] = { ...inputs[1]!, strides: [0, 1] }
        if (kind === 'column') inputs[1] = { ...inputs[1]!, strides: [1, 0] }
        if (kind === 'turned') inputs[0] = { ...inputs[0]!, strides: [1, rows] }
        const storage = on.map(expression, name === 'sine' ? [inputs[0]!] : inputs, [rows, columns], gives)
        return read(on, storage, gives, [rows, columns])
      }
      expect(firstDifference(mapped(crew), mapped(one))).toBe(-1)
    })
  },
)

function read(on: WasmBackend, storage: Storage, dtype: DType, shape: readonly number[]) {
  return on.readSync(dense(storage, dtype, shape))
}

/** Where the bits of two arrays differ first, or -1. */
function firstDifference(a: TypedArray, b: TypedArray): number {
  const [x, y] = [a, b].map(({ buffer }) => new Uint8Array(buffer)) as [Uint8Array, Uint8Array]
  return x.findIndex((byte, i) => byte !== y[i])
}

test('memory that grows while threads have it stays one memory', async () => {
  const crew = await wasm({ threads: 2, sharedFrom: 1 })
  for (const length of [100_000, 1_000_000, 3_000_000]) {
    const x = dense(crew.upload(new Float32Array(length).fill(2), 'float32'), 'float32', [length])
    const doubled = dense(crew.map(e.mul(input(0), 2), [x], [length], 'float32'), 'float32', [length])
    expect(crew.readSync(doubled).every(value => value === 4)).toBe(true)
  }
  await crew.stop()
})

test('a backend whose threads were stopped works on, and stopping twice is harmless', async () => {
  const crew = await wasm({ threads: 2, sharedFrom: 1 })
  expect(crew.info()).toContain('wasm: 2 threads')
  const x = dense(crew.upload(new Float32Array(1000).fill(2), 'float32'), 'float32', [1000])
  const doubled = () =>
    crew.readSync(dense(crew.map(e.mul(input(0), 2), [x], [1000], 'float32'), 'float32', [1000]))
  const before = doubled()
  await crew.stop()
  await crew.stop()
  expect(doubled()).toEqual(before)
  expect(crew.info()).toContain('wasm: one thread: the others were stopped')
})

test('without a SharedArrayBuffer there is one thread, and info says why', async () => {
  vi.stubGlobal('SharedArrayBuffer', undefined)
  const backend = await wasm({ threads: 2 })
  expect(backend.info()).toContain(
    'wasm: one thread: there is no SharedArrayBuffer, which a page has only if it is cross-origin isolated',
  )
  for (const { holds } of conformance(backend).slice(0, 20)) await holds()
})

test('threads are not spoken of unless asked for', () => {
  expect(one.info().join()).not.toContain('thread')
})

test("'auto' takes as many as there are cores", async () => {
  const crew = await wasm({ threads: 'auto' })
  await crew.stop()
})

test.each([0, 1.5, 33, 'all', null])('%j threads are refused', async threads => {
  await expect(wasm({ threads: threads as number })).rejects.toThrow(/^wasm: threads is .*\. Give a whole/)
})

test.each([0, Number.NaN, -1])('sharing from %d on is refused', async sharedFrom => {
  await expect(wasm({ threads: 2, sharedFrom })).rejects.toThrow(/^wasm: sharedFrom is .*\. Give a number/)
})

test('a program with threads ends by itself', async () => {
  const program = `
    import { wasm } from '@sensigrad/backend-wasm'
    const backend = await wasm({ threads: 2, sharedFrom: 1 })
    const x = { storage: backend.upload(new Float32Array(64 * 64).fill(1), 'float32'), dtype: 'float32', shape: [64, 64], strides: [64, 1], offset: 0 }
    console.log(backend.info()[1], backend.readSync({ ...x, storage: backend.contract(x, x) })[0])`
  const flags = ['--conditions=@sensigrad/source', '--import=tsx', '--input-type=module', '--eval', program]
  const { stdout } = await promisify(execFile)(process.execPath, flags, {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    timeout: 20_000,
  })
  expect(stdout.trim()).toBe('wasm: 2 threads 64')
}, 30_000)
